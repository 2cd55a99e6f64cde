"""Wire names to Python names."""

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
from gen_client.gate import grammar, imports
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
from gen_client.naming import names as naming
from gen_client.naming.reserved import (
    BUILTIN_TYPES,
    CLASS_ATTRIBUTES,
    CLIENT_ATTRIBUTES,
    EXAMPLE_NAMES,
    KEYWORDS,
    MODULE_NAMES,
    MODULES,
    WINDOWS_DEVICES,
)
from gen_client.plan.named import name_methods
from gen_client.source import Document

STR = DataType(TypeKind.STR)


def method(name: str, *parameters: str, kind: MethodKind = MethodKind.UNARY) -> Method:
    its = tuple(Parameter(parameter, STR, True, NoDefault()) for parameter in parameters)
    return Method(name, kind, "", its, Result(STR))


def method_names(*names: str) -> list[str]:
    return [str(its.method) for its in naming.method_names(map(method, names), "Model")]


def parameter_names(*names: str) -> list[str]:
    (its,) = naming.method_names([method("predict", *names)], "Model")
    return [str(name) for name in its.parameters]


@pytest.mark.parametrize(
    ("model_id", "package", "client"),
    [
        ("o4-mini", "o4_mini", "O4Mini"),
        ("qwen3-0_6B.v1.5", "qwen3_0_6b_v1_5", "Qwen3_0_6bV1_5"),
        ("SmolLM2-135M-Instruct", "smol_lm2_135m_instruct", "SmolLm2_135mInstruct"),
        ("HTTPServer", "http_server", "HttpServer"),
        ("3d-pose-2", "model_3d_pose_2", "Model3dPose2"),
        ("class", "class_", "Class"),
        ("none", "none", "NoneModel"),
        ("text", "text", "TextModel"),
        ("client", "client", "ClientModel"),
        ("typing", "typing_model", "TypingModel"),
        ("clarigen", "clarigen_model", "ClarigenModel"),
        ("CON", "con_model", "ConModel"),
        ("__main__", "main", "Main"),
    ],
)
def test_package_and_class(model_id: str, package: str, client: str) -> None:
    assert naming.package_name(model_id) == package
    assert naming.class_name(package) == client


@pytest.mark.parametrize(
    "model_id",
    [
        "",
        ".",
        "..",
        ".bashrc",
        "-rf",
        "---",
        "a/b",
        "..\\x",
        "C:evil",
        "a b",
        "x\0",
        "m" * 500,
        "模型",
    ],
)
def test_ids_that_need_a_name(model_id: str) -> None:
    with pytest.raises(Refusal) as refusal:
        naming.package_name(model_id)
    assert refusal.value.diagnostic.exit_code == 2
    assert "--name" in refusal.value.diagnostic.remedy


@pytest.mark.parametrize("name", ["held", "my_model", "O4", "modèle"])
def test_given_names(name: str) -> None:
    assert naming.check_package_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a.b",
        "a-b",
        "../x",
        "class",
        "__init__",
        "_",
        "1a",
        "ﬁeld",
        "con",
        "clarigen",
        "x" * 200,
    ],
)
def test_given_names_that_are_refused(name: str) -> None:
    with pytest.raises(Refusal) as refusal:
        naming.check_package_name(name)
    assert refusal.value.diagnostic.exit_code == 2


@pytest.mark.item(23)
def test_method_names() -> None:
    given = ("class", "match", "close", "Image", "list", "__init__", "_x", "wire")
    wanted = ["class_", "match", "close_", "Image_", "list", "init_", "x_", "wire_"]
    assert method_names(*given) == wanted


@pytest.mark.item(23)
@pytest.mark.defect("a parameter called `class` kills the client")
def test_parameter_names() -> None:
    given = ("self", "None", "timeout", "input", "__class__", "_private", "npt")
    wanted = ["self_", "None_", "timeout", "input", "class_", "private_", "npt_"]
    assert parameter_names(*given) == wanted


def test_what_stays_as_it_is_has_precedence_and_the_order_does_not_matter() -> None:
    assert parameter_names("ﬁeld", "field") == ["field_", "field"]
    assert parameter_names("field", "ﬁeld") == ["field", "field_"]
    assert parameter_names("_a", "__a", "a_") == ["a___", "a__", "a_"]
    assert parameter_names("a_", "__a", "_a") == ["a_", "a__", "a___"]


def test_the_name_of_a_batch_is_kept_for_it() -> None:
    assert method_names("predict", "predict_batch") == ["predict", "predict_batch_"]


def test_constants_and_examples() -> None:
    names = naming.method_names(
        map(method, ("fooBar", "foo_bar", "print", "Model", "main")), "Model"
    )
    assert [its.constant for its in names] == [
        "_FOO_BAR",
        "_FOO_BAR_",
        "_PRINT",
        "_MODEL_",
        "_MAIN",
    ]
    assert [its.example for its in names] == ["fooBar", "foo_bar", "print_", "Model_", "main_"]


def test_type_names_are_never_shared() -> None:
    methods = [method("detect", "box_x"), method("detect_box", "x"), method("DetectResult")]
    types = naming.TypeNames("Model", methods, naming.method_names(methods, "Model"))
    assert types.claim("detect", "box_x") == "DetectBoxX"
    assert types.claim("detect_box", "x") == "DetectBoxX_"
    assert types.claim("detect", "result") == "DetectResult_"
    assert types.claim("detect", "input") == "DetectInput_"


def test_members_and_shadowing() -> None:
    record = DataType(
        TypeKind.NAMED_FIELDS,
        members=(Member("class", STR), Member("bytes", STR), Member("_n", STR)),
    )
    assert naming.field_names(record) == ("class_", "bytes", "n_")
    assert naming.shadowed_builtins(["bytes", "print"]) == {"bytes"}
    assert naming.builtin_type(frozenset({"bytes"}), "bytes") == "builtins.bytes"


def test_a_name_that_cannot_be_said_leaves_its_method_out() -> None:
    report = Report()
    model = Model(None, "", (method("good", "x"), method("bad", "___")))
    assert [its.name for its in naming.keep_nameable_methods(model, report)] == ["good"]
    assert len(report.warnings) == 1
    with pytest.raises(Refusal) as refusal:
        naming.keep_nameable_methods(Model(None, "", (method("_"),)), Report())
    assert refusal.value.diagnostic.exit_code == 4


identifiers = st.text(
    st.characters(categories=("Lu", "Ll", "Lo", "Nd", "Pc"), include_characters="_ﬁ"),
    min_size=1,
    max_size=8,
).filter(lambda text: unicodedata.normalize("NFKC", text).isidentifier())


@given(st.lists(identifiers, min_size=1, max_size=8, unique=True))
def test_all_names_are_different_identifiers(wire_names: list[str]) -> None:
    usable = [name for name in wire_names if unicodedata.normalize("NFKC", name).strip("_")]
    methods = [method(name, *usable) for name in usable]
    names = naming.method_names(methods, "Model")
    for group in (
        [its.method for its in names],
        [its.constant for its in names],
        [its.example for its in names],
        *(list(its.parameters) for its in names),
    ):
        folded = [unicodedata.normalize("NFKC", name) for name in group]
        assert folded == [str(name) for name in group]
        assert len(set(folded)) == len(folded)
        assert all(name.isidentifier() for name in folded)
    public = {name for its in names for name in (its.method, *its.parameters)}
    assert not public & (KEYWORDS | MODULE_NAMES)
    assert not {its.method for its in names} & CLIENT_ATTRIBUTES
    assert not any(name.startswith("_") for name in public)


@given(st.lists(identifiers, min_size=2, max_size=6, unique=True), st.randoms())
def test_the_order_of_methods_decides_no_name(wire_names: list[str], random: Random) -> None:
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
    methods = list({its.name: its for its in methods}.values())
    shuffled = methods[:]
    random.shuffle(shuffled)
    if methods:
        assert _names(methods) == _names(shuffled)


def _names(methods: list[Method]) -> dict[str, object]:
    """All names of a package, by method."""
    named = name_methods(
        Model(None, "", tuple(methods)), naming.check_package_name("pkg"), Report()
    )
    return {its.wire.name: (its.names, its.input, *map(str, its.parameters)) for its in named}


# What is frozen, held against what is there


def test_what_clients_have_is_reserved() -> None:
    """Computed: every public name of the bases, of their instances too."""
    for base in (Client, AsyncClient):
        instance = base(base_url="grpc://127.0.0.1:9", model="a/b/models/c", pat="none")
        public = {name for name in (*dir(base), *vars(instance)) if not name.startswith("_")}
        assert public <= CLIENT_ATTRIBUTES
        assert set(_annotated(base)) <= CLIENT_ATTRIBUTES


def _annotated(base: type) -> Iterator[str]:
    for its in base.__mro__:
        slots = getattr(its, "__slots__", ())
        yield from (
            name for name in (*vars(its).get("__annotations__", ()), *slots) if name[0] != "_"
        )


def test_what_classes_have_is_no_field() -> None:
    """Computed: what a dataclass would take for a default."""
    assert {name for name in dir(type) if not name.startswith("_")} == CLASS_ATTRIBUTES
    record = DataType(TypeKind.NAMED_FIELDS, members=(Member("mro", STR),))
    assert naming.field_names(record) == ("mro_",)


def test_what_modules_import_is_reserved() -> None:
    """Computed: every name that the gate lets a module import."""
    imported = {name for names in imports.IMPORTS.values() for name in names}
    assert imported | {"builtins", "npt", "self"} <= MODULE_NAMES | EXAMPLE_NAMES
    assert grammar.PLAIN_TYPES - {"dict", "object"} <= BUILTIN_TYPES
    assert set(keyword.kwlist) == KEYWORDS


def test_what_the_standard_library_has_is_known() -> None:
    """Computed: no package takes the name of a module, so that none is hidden."""
    public = {name for name in sys.stdlib_module_names if not name.startswith("_")}
    assert {name.lower() for name in public} <= MODULES


@pytest.mark.parametrize("device", ["con", "NUL", "Com1", "LPT9", "aux", "PRN"])
def test_devices_of_windows_are_no_packages(device: str) -> None:
    assert naming.package_name(device).lower() not in WINDOWS_DEVICES
    with pytest.raises(Refusal):
        naming.check_package_name(device)


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
        ("True", "True_"),
        ("inputs", "inputs"),
        ("progress", "progress"),
    ],
)
def test_parameters_as_python_reads_them(wire: str, name: str) -> None:
    assert parameter_names(wire) == [name]


@pytest.mark.parametrize(
    ("names", "wanted"),
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
def test_derived_names_never_meet(names: tuple[str, ...], wanted: int) -> None:
    """Of methods, batches, constants, examples and types; whatever another name becomes."""
    record = DataType(TypeKind.NAMED_FIELDS, members=(Member("x", STR),))
    methods = [
        Method(
            name, MethodKind.UNARY, "", (Parameter("x", record, True, NoDefault()),), Result(record)
        )
        for name in names
    ]
    document = Document(None, "", tuple(write_signatures(Model(None, "", tuple(methods)))))
    files = pipeline.build(
        document, "pkg", Report()
    ).files  # the gate refuses what is defined twice
    namespace = name_methods(
        Model(None, "", tuple(methods)), naming.check_package_name("pkg"), Report()
    )
    attributes = [name for its in namespace for name in (its.names.method, its.names.batch)]
    assert len(namespace) == wanted
    assert len(set(attributes)) == len(attributes)
    assert not set(attributes) & CLIENT_ATTRIBUTES
    compile(files["client.py"], "client.py", "exec")
