"""Types as code, and the contents of a page. No template is needed for these tests."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest

from clarigen import ModelRef
from gen_client.diagnostics import Report
from gen_client.escape import Code
from gen_client.interface.model import (
    Choice,
    DataType,
    Default,
    KnownDefault,
    Member,
    Method,
    MethodKind,
    Model,
    NoDefault,
    NullDefault,
    Parameter,
    Range,
    Result,
    ServerDefault,
    TypeKind,
)
from gen_client.naming import names as naming
from gen_client.naming import packages
from gen_client.plan import build, descriptions, docstrings, types
from gen_client.plan.page import ClientMethod, Page

STR, INT, FLOAT = DataType(TypeKind.STR), DataType(TypeKind.INT), DataType(TypeKind.FLOAT)
REQUIRED = NoDefault()
POINT = DataType(
    TypeKind.NAMED_FIELDS, members=(Member("x", FLOAT), Member("class", STR, "Which."))
)


def list_of(item: DataType) -> DataType:
    return DataType(TypeKind.LIST, (item,))


def param(name: str, type_: DataType = STR, default: Default = REQUIRED, **more: Any) -> Parameter:
    parameter = Parameter(name, type_, isinstance(default, NoDefault), default)
    return replace(parameter, **more)


def method(
    *parameters: Parameter,
    returns: DataType = STR,
    kind: MethodKind = MethodKind.UNARY,
    description: str = "",
) -> Method:
    return Method("predict", kind, description, parameters, Result(returns))


def page(*methods: Method) -> Page:
    model = Model(ModelRef("acme", "vision", "detector"), "", methods)
    return build.build_page(model, packages.package_name_from_id("detector"), Report())


def function(*parameters: Parameter, **more: Any) -> ClientMethod:
    return page(method(*parameters, **more)).methods[0]


def shape(type_: DataType) -> types.Shape:
    methods = [method(param("p", type_))]
    names = naming.TypeNames("Model", methods, naming.method_names(methods, "Model"))
    return types.name_records(type_, names.claim, "predict", "p")


@pytest.mark.parametrize(
    ("kind", "passed", "returned"),
    [
        (TypeKind.STR, "str", "str"),
        (TypeKind.BYTES, "bytes", "bytes"),
        (TypeKind.INT, "int", "int"),
        (TypeKind.FLOAT, "float", "float"),
        (TypeKind.BOOL, "bool", "bool"),
        (TypeKind.TEXT, "Text | str", "Text"),
        (TypeKind.IMAGE, "Image", "Image"),
        (TypeKind.AUDIO, "Audio", "Audio"),
        (TypeKind.VIDEO, "Video", "Video"),
        (TypeKind.CONCEPT, "Concept", "Concept"),
        (TypeKind.REGION, "Region", "Region"),
        (TypeKind.FRAME, "Frame", "Frame"),
        (TypeKind.NDARRAY, "npt.ArrayLike", "npt.NDArray[Any]"),
        (TypeKind.JSON_DATA, "JSON", "Any"),
    ],
)
def test_plain_types(kind: TypeKind, passed: str, returned: str) -> None:
    named_shape = shape(DataType(kind))
    assert types.format_annotation(named_shape, types.Use.PARAM) == passed
    assert types.format_annotation(named_shape, types.Use.RESULT) == returned
    assert (
        types.format_codec(named_shape)
        == f"wire.{'JSON' if kind is TypeKind.JSON_DATA else kind.value}"
    )


@pytest.mark.parametrize(
    ("type_", "passed", "returned", "codec"),
    [
        (list_of(INT), "Sequence[int]", "list[int]", "wire.list_of(wire.INT)"),
        (list_of(STR), "SequenceNotStr[str]", "list[str]", "wire.list_of(wire.STR)"),
        (
            list_of(list_of(STR)),
            "Sequence[SequenceNotStr[str]]",
            "list[list[str]]",
            "wire.list_of(wire.list_of(wire.STR))",
        ),
        (
            DataType(TypeKind.TUPLE, (INT, list_of(FLOAT))),
            "tuple[int, Sequence[float]]",
            "tuple[int, list[float]]",
            "wire.tuple_of(wire.INT, wire.list_of(wire.FLOAT))",
        ),
        (
            POINT,
            "PredictP",
            "PredictP",
            (
                'wire.record(PredictP, wire.field("x", wire.FLOAT), '
                'wire.field("class", wire.STR, name="class_"))'
            ),
        ),
    ],
)
def test_containers(type_: DataType, passed: str, returned: str, codec: str) -> None:
    named_shape = shape(type_)
    assert types.format_annotation(named_shape, types.Use.PARAM) == passed
    assert types.format_annotation(named_shape, types.Use.RESULT) == returned
    assert types.format_codec(named_shape) == codec


def test_shadowed_builtins() -> None:
    hidden = frozenset({"list", "str", "float"})
    assert types.format_annotation(shape(list_of(STR)), types.Use.RESULT, hidden) == (
        "builtins.list[builtins.str]"
    )
    assert types.format_value(math.inf, shape(FLOAT), hidden) == 'builtins.float("inf")'


@pytest.mark.parametrize(
    ("value", "type_", "code"),
    [
        (1, FLOAT, "1.0"),
        ([1, 2], list_of(FLOAT), "(1.0, 2.0)"),
        ([], list_of(STR), "()"),
        ((1, "a"), DataType(TypeKind.TUPLE, (INT, STR)), '(1, "a")'),
        ({"x": 1, "class": "a"}, POINT, 'PredictP(x=1.0, class_="a")'),
        ({"k": [1, None]}, DataType(TypeKind.JSON_DATA), '{"k": (1, None)}'),
        (b"\0", DataType(TypeKind.BYTES), r"b'\x00'"),
    ],
)
def test_values(value: object, type_: DataType, code: str) -> None:
    assert types.format_value(value, shape(type_)) == code


@pytest.mark.parametrize(
    ("type_", "default", "annotation", "value", "wire"),
    [
        (STR, NoDefault(), "str", "", ""),
        (STR, NullDefault(), "str | None", "None", "default=None"),
        (STR, KnownDefault("a"), "str", '"a"', 'default="a"'),
        (STR, ServerDefault("?"), "str | Default", "SERVER_DEFAULT", "default=SERVER_DEFAULT"),
        (
            STR,
            ServerDefault(""),
            "str | Default | None",
            "SERVER_DEFAULT",
            "default=SERVER_DEFAULT",
        ),
        (INT, ServerDefault(""), "int | Default", "SERVER_DEFAULT", "default=SERVER_DEFAULT"),
        (
            POINT,
            KnownDefault({"x": 1.0, "class": "a"}),
            "PredictA | Default",
            "KNOWN_DEFAULT",
            'default=PredictA(x=1.0, class_="a")',
        ),
    ],
)
def test_defaults(
    type_: DataType, default: Default, annotation: str, value: str, wire: str
) -> None:
    client_method = function(param("a", type_, default))
    (shown_parameters,) = client_method.positional
    assert (
        " | ".join(filter(None, (shown_parameters.annotation, shown_parameters.default_type)))
        == annotation
    )
    assert shown_parameters.default == value
    assert (
        (f", {wire}),\n    returns" in client_method.wire)
        if wire
        else ("default" not in client_method.wire)
    )


def test_positions() -> None:
    client_method = function(param("a"), param("b"), param("c", STR, NullDefault()), param("d"))
    assert [p.name for p in client_method.positional] == ["a", "b"]
    assert [p.name for p in client_method.keywords] == ["c", "d"]
    assert client_method.arguments == ("a", "b", "c", "d")
    first = function(param("a", STR, NullDefault()), param("b"))
    assert [p.name for p in first.positional] == ["a"]
    assert function().positional == ()


def test_choices() -> None:
    several = tuple(Choice(text, text) for text in ("fast", "exact"))
    built_page = page(method(param("backend", STR, KnownDefault("fast"), choices=several)))
    assert built_page.methods[0].positional[0].annotation == 'Literal["fast", "exact"]'
    assert [(alias.name, alias.value, alias.doc) for alias in built_page.aliases] == [
        (
            "PredictBackend",
            'Literal["fast", "exact"]',
            "Values of the parameter `backend` of `predict`.",
        )
    ]
    assert 'choices=("fast", "exact")' in built_page.methods[0].wire
    floats = function(param("t", FLOAT, choices=(Choice("0.5", 0.5), Choice("1", 1.0))))
    assert floats.positional[0].annotation == "float"
    assert "choices=(0.5, 1.0)" in floats.wire
    assert "One of 0.5, 1." in floats.doc
    many = function(param("n", INT, choices=tuple(Choice(str(n), n) for n in range(257))))
    assert many.positional[0].annotation == "int"


@pytest.mark.parametrize(
    ("lowest", "highest", "type_", "words", "wire"),
    [
        (0.0, 1.0, FLOAT, "0.0 to 1.0.", "le=1.0"),
        (1.0, None, INT, "At least 1.", "ge=1"),
        (None, 9.0, INT, "At most 9.", "le=9"),
        (0.1, 0.9, FLOAT, "0.1 to 0.9.", "ge=0.1, le=0.9"),
        (-10.0, 0.0, INT, "-10 to 0.", "ge=-10"),
    ],
)
def test_ranges(
    lowest: float | None, highest: float | None, type_: DataType, words: str, wire: str
) -> None:
    client_method = function(
        param("a", type_, range=Range(lowest, highest), description="How much")
    )
    assert f"a: How much. {words}" in client_method.doc
    assert f'wire.field("a", wire.{type_.kind.value}, {wire})' in client_method.wire


@pytest.mark.parametrize(
    ("type_", "default", "said"),
    [
        (FLOAT, NullDefault(), "the model receives 0.0"),
        (FLOAT, ServerDefault(""), "the model receives 0.0"),
        (list_of(STR), ServerDefault("x"), "the model receives an empty list"),
        (list_of(STR), NullDefault(), "the model receives an empty list"),
        (POINT, ServerDefault("x"), "the model receives None"),
        (STR, ServerDefault("<Audio object at 0x7F0a>"), "model's own default applies."),
        (STR, ServerDefault("x\u202e"), "own default applies: `x\\u202e`."),
    ],
)
def test_docstring_says_what_an_omitted_first_parameter_means(
    type_: DataType, default: Default, said: str
) -> None:
    assert said in function(param("a", type_, default)).doc
    later = function(param("first"), param("a", FLOAT, NullDefault())).doc
    assert "receives" not in later


@pytest.mark.parametrize("kind", MethodKind)
def test_wire_description_has_the_name_in_python_if_it_differs(kind: MethodKind) -> None:
    a = param("a", is_stream=kind is MethodKind.BIDI_STREAM)
    plain = method(a, kind=kind)
    assert "name=" not in page(plain).methods[0].wire
    client_method = page(replace(plain, name="class")).methods[0]
    assert client_method.name == "class_"
    assert '(\n    "class",\n    wire.field(' in client_method.wire
    assert '),\n    name="class_",\n    returns=' in client_method.wire


def test_streams() -> None:
    client_method = function(
        param("a", STR, is_stream=True), kind=MethodKind.BIDI_STREAM, returns=list_of(INT)
    )
    assert client_method.is_stream
    assert client_method.returns == "list[int]"
    assert client_method.positional[0].is_stream
    assert client_method.wire.startswith(
        'wire.bidi_stream(\n    "predict",\n    wire.field("a", wire.STR, stream=True),\n'
    )
    assert "a: Each item is sent as soon as the iterable yields it." in client_method.doc
    assert client_method.example.arguments == ('["Hello"]',)


def test_records_are_named_after_method_and_field() -> None:
    nested = DataType(TypeKind.NAMED_FIELDS, members=(Member("box", POINT),))
    built_page = page(method(param("a", nested), param("b", list_of(POINT)), returns=nested))
    assert [record.name for record in built_page.records] == [
        *("PredictResult", "PredictBox", "PredictA", "PredictABox", "PredictB"),
    ]
    assert [field.name for field in built_page.records[1].fields] == ["x", "class_"]
    assert [field.doc for field in built_page.records[1].fields] == ["", "Which."]
    assert built_page.records[0].doc == "Result of `predict`."
    assert built_page.records[1].doc == "Value of `PredictResult.box`."


@pytest.mark.parametrize("type_", [POINT, list_of(POINT)])
def test_an_inner_record_keeps_result_if_a_parameter_has_the_shorter_name(type_: DataType) -> None:
    nested = DataType(TypeKind.NAMED_FIELDS, members=(Member("box", type_),))
    built_page = page(method(param("box", POINT), returns=nested))
    assert [record.name for record in built_page.records] == [
        *("PredictResult", "PredictResultBox", "PredictBox"),
    ]
    built_page = page(method(param("box", STR), returns=nested))
    assert [record.name for record in built_page.records] == ["PredictResult", "PredictResultBox"]
    built_page = page(
        method(
            param("b", DataType(TypeKind.NAMED_FIELDS, members=(Member("ox", POINT),))),
            returns=nested,
        )
    )
    assert built_page.records[1].name == "PredictBox"


def test_the_docstring_of_a_record_says_where_it_is() -> None:
    nested = DataType(TypeKind.NAMED_FIELDS, members=(Member("boxes", list_of(POINT)),))
    built_page = page(method(param("a", list_of(POINT)), returns=list_of(nested)))
    assert [record.doc for record in built_page.records] == [
        "Item of the result of `predict`.",
        "Item of `PredictResult.boxes`.",
        "Item of the parameter `a` of `predict`.",
    ]
    (record,) = page(method(kind=MethodKind.SERVER_STREAM, returns=POINT)).records
    assert record.doc == "Item of the stream that `predict` returns."


# A list of inputs


JSON = DataType(TypeKind.JSON_DATA)
IMAGE = DataType(TypeKind.IMAGE)


@pytest.mark.parametrize(
    ("first", "listed"),
    [
        (STR, True),
        (IMAGE, True),
        (DataType(TypeKind.NDARRAY), True),
        (POINT, True),
        (list_of(STR), True),
        (list_of(list_of(JSON)), True),
        (DataType(TypeKind.TUPLE, (STR, JSON)), True),
        (JSON, False),
        (list_of(JSON), False),
        (list_of(POINT), False),
        (DataType(TypeKind.TUPLE, (JSON, STR)), False),
        (DataType(TypeKind.TUPLE, (POINT, STR)), False),
    ],
)
def test_list_is_not_accepted_if_it_may_be_an_argument(first: DataType, listed: bool) -> None:
    client_method = page(method(param("a", first))).methods[0]
    assert (client_method.list_form is not None) is listed
    assert client_method.batch is not None
    assert ("a list of `PredictInput`" in client_method.doc) is listed


def test_streams_and_methods_without_parameters_accept_no_list() -> None:
    for wire_method in (method(), method(param("a"), kind=MethodKind.SERVER_STREAM)):
        assert page(wire_method).methods[0].list_form is None


def test_body_accepts_both_overloads() -> None:
    client_method = page(
        method(
            *(
                param("a", IMAGE),
                param("b", DataType(TypeKind.TEXT)),
                param("c", INT, KnownDefault(3)),
            ),
            *(param("d"), param("e", STR, NullDefault())),
        )
    ).methods[0]
    assert client_method.list_form is not None
    assert (client_method.list_form.inputs, client_method.list_form.returns) == (
        "Sequence[PredictInput]",
        "list[str]",
    )
    shown_parameters = [
        (p.name, p.annotation, p.default_type, p.default)
        for p in client_method.list_form.positional
    ]
    assert shown_parameters == [
        ("a", "Image | Sequence[PredictInput]", "", ""),
        ("b", "Text | str", "", "wire.REQUIRED"),
    ]
    shown_parameters = [
        (p.name, p.annotation, p.default_type, p.default) for p in client_method.list_form.keywords
    ]
    assert shown_parameters == [
        ("c", "int", "", "3"),
        ("d", "str", "", "wire.REQUIRED"),
        ("e", "str", "None", "None"),
    ]


def test_optional_first_parameter_keeps_its_default() -> None:
    client_method = page(method(param("a", IMAGE, NullDefault()), param("b"))).methods[0]
    assert client_method.list_form is not None
    (first,) = client_method.list_form.positional
    assert first.annotation == "Image | None | Sequence[PredictInput]"
    assert (first.default_type, first.default) == ("", "None")


def test_keys_of_an_input_have_docstrings() -> None:
    (built_page,) = page(
        method(
            param("a", IMAGE, description="The picture"),
            param(
                "b", FLOAT, KnownDefault(0.5), description="How sure.", range=Range(0.0, 1.0, 0.0)
            ),
            param("c", STR, ServerDefault("now()")),
            param("d", STR, NullDefault()),
            param("e", POINT, KnownDefault({"x": 1.0, "class": "k"})),
            param("f", INT, KnownDefault(1)),
        )
    ).inputs
    assert built_page.doc == "One input for `predict` or `predict_batch`."
    assert [(field.name, field.doc) for field in built_page.fields] == [
        ("a", "The picture."),
        ("b", "How sure. 0.0 to 1.0. Default: `0.5`."),
        ("c", "If omitted, the model's own default applies: `now()`."),
        ("d", ""),
        ("e", 'Default: `PredictE(x=1.0, class_="k")`.'),
        ("f", "Default: `1`."),
    ]
    (alone,) = page(method(param("a", JSON))).inputs
    assert alone.doc == "One input for `predict_batch`."


def test_exports() -> None:
    region = DataType(TypeKind.REGION)
    built_page = page(method(param("a", DataType(TypeKind.FRAME)), returns=list_of(region)))
    assert built_page.exports == (
        "AsyncDetector",
        "Box",
        "Detector",
        "Frame",
        "Image",
        "PredictInput",
        "Region",
    )
    assert built_page.reference == 'ModelRef("acme", "vision", "detector")'


def test_package_without_a_reference_explains_how_to_connect() -> None:
    model = Model(None, "", (method(param("a", DataType(TypeKind.TEXT))),))
    built_page = build.build_page(model, packages.check_package_name("held"), Report())
    assert built_page.reference == ""
    assert "    from held import Held\n" in built_page.doc
    assert "base_url" in built_page.doc
    assert "CLARIFAI_API_BASE" in built_page.examples_doc


def test_long_calls_break() -> None:
    built_page = page(
        method(*(param(f"parameter_{n}", DataType(TypeKind.IMAGE)) for n in range(4)))
    )
    assert max(map(len, built_page.doc.split("\n"))) < 100
    assert "    from detector import Detector, Image\n" in built_page.doc


DESCRIPTION = """Look.

Args:
    image (str): The picture
        to search.
    * gone (int): Not there any more.

Returns:
    List[float]: What was found.
Look again."""


def test_sections_of_the_author_are_not_repeated() -> None:
    doc = function(param("image"), description=DESCRIPTION).doc
    assert doc == (
        "Look.\n\n* gone (int): Not there any more.\n\nLook again.\n\n"
        "Args:\n    image: The picture\n        to search.\n"
        "        Also accepts a list of `PredictInput` and then returns a list of results.\n\n"
        "Returns:\n    What was found."
    )


def test_hostile_descriptions_are_parsed_quickly() -> None:
    for text in (
        "Args:\n" + "    a" * 50_000,
        "Args:\n  * `" + "(" * 100_000,
        "Returns:\n " + "str[" * 50_000,
    ):
        descriptions.parse_description(text, ["a"])


def test_lines_are_wrapped() -> None:
    bullet = docstrings.wrap(["* " + "word " * 10], 30)
    assert bullet == ["* word word word word word", "  word word word word word"]
    assert docstrings.wrap(["short", "  kept"], 30) == ["short", "  kept"]
    long = "x" * 200
    assert docstrings.wrap([long], 30) == [long]
    assert function(description="See https://example.com/a").doc == "See https://example.com/a"
    assert function(description="Say so").doc == "Say so."
    assert function(description=" \n ").doc == "Call the model's `predict`."


def test_samples_are_valid() -> None:
    client_method = function(
        param("n", INT, range=Range(5.0, 9.0)),
        param("t", FLOAT, range=Range(None, 0.5)),
        param("mode", STR, choices=(Choice("a", "a"),)),
        param("known", INT, KnownDefault(7)),
        param("unknown", INT, ServerDefault("x")),
    )
    assert client_method.example.arguments == ("5", "0.5", '"a"', "known=7")
    assert all(isinstance(argument, Code) for argument in client_method.example.arguments)


def test_default_that_checkers_reject_as_json_is_in_the_docstring() -> None:
    for text, expected in (
        ('{"a": 1, "b": "x", "c": null}', '{"a": 1, "b": "x", "c": None}'),
        ('{"k": [1, null, "x"]}', '{"k": (1, None, "x")}'),
        ("[[1], []]", "((1,), ())"),
        ('{"a": [1], "b": 2}', "KNOWN_DEFAULT"),
        ('{"a": {"b": 1}}', "KNOWN_DEFAULT"),
        ('[{"a": 1}, {"b": "x"}]', "KNOWN_DEFAULT"),
    ):
        value = json.loads(text)
        client_method = function(param("x", JSON, KnownDefault(value)))
        assert [one.default for one in (*client_method.positional, *client_method.keywords)] == [
            expected
        ]
        assert ("Default: `" in client_method.doc) is (expected == "KNOWN_DEFAULT")
        assert f"default={types.format_value(value, types.Shape(JSON))}" in client_method.wire
