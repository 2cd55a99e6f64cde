"""Python names for names on the wire, and the names that are reserved."""

from __future__ import annotations

import keyword
import sys
import unicodedata
from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarigen import AsyncClient, Client
from gen_client import pipeline
from gen_client.diagnostics import Refusal, Report
from gen_client.gate import expressions, imports
from gen_client.interface.model import (
    DataType,
    Member,
    Method,
    MethodKind,
    Model,
    NoDefault,
    Parameter,
    Result,
    TypeKind,
)
from gen_client.interface.write import write_signatures
from gen_client.naming.names import (
    TypeNames,
    builtin_type,
    field_names,
    keep_nameable_methods,
    method_names,
    shadowed_builtins,
)
from gen_client.naming.packages import check_package_name
from gen_client.naming.reserved import (
    BUILTIN_TYPES,
    CLASS_ATTRIBUTES,
    CLIENT_ATTRIBUTES,
    EXAMPLE_NAMES,
    KEYWORDS,
    MODULE_NAMES,
    MODULES,
)
from gen_client.plan.named import name_methods
from gen_client.source import Document

STR = DataType(TypeKind.STR)


def method(name: str, *parameters: str, kind: MethodKind = MethodKind.UNARY) -> Method:
    wire_parameters = (Parameter(parameter, STR, True, NoDefault()) for parameter in parameters)
    return Method(name, kind, "", tuple(wire_parameters), Result(STR))


def python_method_names(*wire_names: str) -> list[str]:
    methods = map(method, wire_names)
    return [str(names.method) for names in method_names(methods, "Model")]


def python_parameter_names(*wire_names: str) -> list[str]:
    (names,) = method_names([method("predict", *wire_names)], "Model")
    return [str(name) for name in names.parameters]


@pytest.mark.item(23)
def test_method_names() -> None:
    wire_names = ("class", "match", "close", "Image", "list", "__init__", "_x", "wire")
    expected = ["class_", "match", "close_", "Image_", "list", "init_", "x_", "wire_"]
    assert python_method_names(*wire_names) == expected


@pytest.mark.item(23)
@pytest.mark.defect("a parameter called `class` kills the client")
def test_parameter_names() -> None:
    wire_names = ("self", "None", "timeout", "input", "__class__", "_private", "npt")
    expected = ["self_", "None_", "timeout", "input", "class_", "private_", "npt_"]
    assert python_parameter_names(*wire_names) == expected


def test_unchanged_names_have_precedence_in_any_order() -> None:
    assert python_parameter_names("ﬁeld", "field") == ["field_", "field"]
    assert python_parameter_names("field", "ﬁeld") == ["field", "field_"]
    assert python_parameter_names("_a", "__a", "a_") == ["a___", "a__", "a_"]
    assert python_parameter_names("a_", "__a", "_a") == ["a_", "a__", "a___"]


def test_the_name_of_a_batch_method_is_reserved() -> None:
    assert python_method_names("predict", "predict_batch") == ["predict", "predict_batch_"]


def test_constants_and_examples() -> None:
    names = method_names(map(method, ("fooBar", "foo_bar", "print", "Model", "main")), "Model")
    assert [each.constant for each in names] == [
        "_FOO_BAR",
        "_FOO_BAR_",
        "_PRINT",
        "_MODEL_",
        "_MAIN",
    ]
    assert [each.example for each in names] == ["fooBar", "foo_bar", "print_", "Model_", "main_"]


def test_type_names_are_unique() -> None:
    methods = [method("detect", "box_x"), method("detect_box", "x"), method("DetectResult")]
    types = TypeNames("Model", methods, method_names(methods, "Model"))
    assert types.claim("detect", "box_x") == "DetectBoxX"
    assert types.claim("detect_box", "x") == "DetectBoxX_"
    assert types.claim("detect", "result") == "DetectResult_"
    assert types.claim("detect", "input") == "DetectInput_"


def test_field_names_and_shadowed_builtins() -> None:
    record = DataType(
        TypeKind.NAMED_FIELDS,
        members=(Member("class", STR), Member("bytes", STR), Member("_n", STR)),
    )
    assert field_names(record) == ("class_", "bytes", "n_")
    assert shadowed_builtins(["bytes", "print"]) == {"bytes"}
    assert builtin_type(frozenset({"bytes"}), "bytes") == "builtins.bytes"


def test_a_method_with_an_invalid_name_is_left_out() -> None:
    report = Report()
    model = Model(None, "", (method("good", "x"), method("bad", "a b")))
    assert [kept.name for kept in keep_nameable_methods(model, report)] == ["good"]
    assert len(report.warnings) == 1
    with pytest.raises(Refusal) as refusal:
        keep_nameable_methods(Model(None, "", (method("1 2"),)), Report())
    assert refusal.value.diagnostic.exit_code == 4


identifiers = st.text(
    st.characters(categories=("Lu", "Ll", "Lo", "Nd", "Pc"), include_characters="_ﬁ"),
    min_size=1,
    max_size=8,
).filter(lambda text: unicodedata.normalize("NFKC", text).isidentifier())


@given(st.lists(identifiers, min_size=1, max_size=8, unique=True))
def test_all_names_are_distinct_identifiers(wire_names: list[str]) -> None:
    usable = [name for name in wire_names if unicodedata.normalize("NFKC", name).strip("_")]
    methods = [method(name, *usable) for name in usable]
    names = method_names(methods, "Model")
    for group in (
        [each.method for each in names],
        [each.constant for each in names],
        [each.example for each in names],
        *(list(each.parameters) for each in names),
    ):
        folded = [unicodedata.normalize("NFKC", name) for name in group]
        assert folded == [str(name) for name in group]
        assert len(set(folded)) == len(folded)
        assert all(name.isidentifier() for name in folded)
    public = {name for each in names for name in (each.method, *each.parameters)}
    assert not public & (KEYWORDS | MODULE_NAMES)
    assert not {each.method for each in names} & CLIENT_ATTRIBUTES
    assert not any(name.startswith("_") for name in public)


@given(st.lists(identifiers, min_size=2, max_size=6, unique=True), st.randoms())
def test_names_do_not_depend_on_the_order_of_methods(wire_names: list[str], random: Random) -> None:
    usable = [name for name in wire_names if unicodedata.normalize("NFKC", name).strip("_")]
    record = DataType(TypeKind.NAMED_FIELDS, members=(Member("x", STR),))
    methods = [
        Method(
            name, MethodKind.UNARY, "", (Parameter("x", record, True, NoDefault()),), Result(STR)
        )
        for name in (
            *usable,
            *(f"{name}_batch" for name in usable),
            *(f"{name}X" for name in usable),
        )
    ]
    methods = list({each.name: each for each in methods}.values())
    shuffled = methods[:]
    random.shuffle(shuffled)
    if methods:
        assert _names(methods) == _names(shuffled)


def _names(methods: list[Method]) -> dict[str, object]:
    """Return all names of a package, by method."""
    named = name_methods(Model(None, "", tuple(methods)), check_package_name("pkg"), Report())
    return {each.wire.name: (each.names, each.input, *map(str, each.parameters)) for each in named}


# The fixed lists, compared with what exists


def test_the_attributes_of_clients_are_reserved() -> None:
    """Every public name of the bases and of their instances, computed here."""
    for base in (Client, AsyncClient):
        instance = base(base_url="grpc://127.0.0.1:9", model="a/b/models/c", pat="none")
        public = {name for name in (*dir(base), *vars(instance)) if not name.startswith("_")}
        assert public <= CLIENT_ATTRIBUTES
        assert set(_annotated(base)) <= CLIENT_ATTRIBUTES


def _annotated(base: type) -> Iterator[str]:
    for class_ in base.__mro__:
        slots = getattr(class_, "__slots__", ())
        yield from (
            name for name in (*vars(class_).get("__annotations__", ()), *slots) if name[0] != "_"
        )


def test_the_attributes_of_classes_are_reserved() -> None:
    """Every name that a dataclass would take for a default, computed here."""
    assert {name for name in dir(type) if not name.startswith("_")} == CLASS_ATTRIBUTES
    record = DataType(TypeKind.NAMED_FIELDS, members=(Member("mro", STR),))
    assert field_names(record) == ("mro_",)


def test_imported_names_are_reserved() -> None:
    """Every name that the gate lets a module import, computed here."""
    imported = {name for names in imports.IMPORTS.values() for name in names}
    assert imported | {"builtins", "npt", "self"} <= MODULE_NAMES | EXAMPLE_NAMES
    assert expressions.PLAIN_TYPES - {"dict", "object"} <= BUILTIN_TYPES
    assert set(keyword.kwlist) == KEYWORDS


def test_the_modules_of_the_standard_library_are_reserved() -> None:
    """No package hides a module of the running Python."""
    public = {name for name in sys.stdlib_module_names if not name.startswith("_")}
    assert {name.lower() for name in public} <= MODULES


@pytest.mark.parametrize(
    ("wire", "name"),
    [
        ("\u017felf", "self_"),
        ("\uff43\uff4c\uff41\uff53\uff53", "class_"),
        ("\ufb01ne", "fine"),
        ("print\u00aa", "printa"),
        ("\u210c", "H"),
        ("match", "match"),
        ("type", "type"),
        ("case", "case"),
        ("list", "list"),
        ("print", "print"),
        ("__dict__", "dict_"),
        ("__init_subclass__", "init_subclass_"),
        ("_one", "one_"),
        ("_1", "n1_"),
        ("_", "n_"),
        ("___", "n_"),
        ("True", "True_"),
        ("inputs", "inputs"),
        ("progress", "progress"),
    ],
)
def test_names_of_parameters(wire: str, name: str) -> None:
    assert python_parameter_names(wire) == [name]


def test_batch_and_example_of_a_keyword_have_one_underscore() -> None:
    method = Method("import", MethodKind.UNARY, "", (), Result(STR))
    model = Model(None, "", (method,))
    (names,) = (each.names for each in name_methods(model, check_package_name("pkg"), Report()))
    assert (names.method, names.batch) == ("import_", "import_batch")
    assert (names.example, names.async_example) == ("import_", "import_async")


@pytest.mark.parametrize(
    ("names", "count"),
    [
        (("predict", "predict_batch", "predict_batch_batch"), 3),
        (("a", "A", "a_", "_a", "__a__", "\uff41"), 6),
        (("fooBar", "foo_bar", "FooBar", "foo_Bar", "FOO_BAR"), 5),
        (("predict", "predictInput", "PredictInput", "predict_input", "PredictBatch"), 5),
        (("Pkg", "AsyncPkg", "pkg", "async_pkg"), 4),
        (("main", "print", "IMAGE", "asyncio", "predict_async", "predict"), 6),
        (("close", "aclose", "with_options", "recording", "close_", "wait_until_ready"), 6),
    ],
)
def test_derived_names_are_distinct(names: tuple[str, ...], count: int) -> None:
    """The names of methods, batches, constants, examples and types."""
    record = DataType(TypeKind.NAMED_FIELDS, members=(Member("x", STR),))
    methods = [
        Method(
            name, MethodKind.UNARY, "", (Parameter("x", record, True, NoDefault()),), Result(record)
        )
        for name in names
    ]
    document = Document(None, "", tuple(write_signatures(Model(None, "", tuple(methods)))))
    files = pipeline.build_package(
        document, "pkg", Report()
    ).files  # the gate refuses a second definition
    namespace = name_methods(Model(None, "", tuple(methods)), check_package_name("pkg"), Report())
    attributes = [name for each in namespace for name in (each.names.method, each.names.batch)]
    assert len(namespace) == count
    assert len(set(attributes)) == len(attributes)
    assert not set(attributes) & CLIENT_ATTRIBUTES
    compile(files["client.py"], "client.py", "exec")
