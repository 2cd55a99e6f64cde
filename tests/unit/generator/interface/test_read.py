"""Reading of interfaces: lenient access, refusals, methods that are left out, and the way back to signatures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clarigen import ModelRef
from gen_client import limits
from gen_client.diagnostics import Refusal, Report
from gen_client.interface.model import MethodKind, Model, TypeKind
from gen_client.interface.read import read_model
from gen_client.interface.write import write_signatures
from gen_client.source import Document
from strategies import models
from support import CORPUS
from unit.generator.signatures import (
    RETURN,
    TEXT,
    Signature,
    method,
    read_methods,
    read_parameter,
    refuse,
)


def read_or_refuse(document: Document) -> Model | Refusal:
    try:
        return read_model(document, Report())
    except Refusal as refusal:
        return refusal


def corpus() -> list[Path]:
    return sorted(CORPUS.glob("*/*.json"))


# The corpus


@pytest.mark.parametrize("path", corpus(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_each_file_of_the_corpus_is_read_or_refused_as_it_says(path: Path) -> None:
    content = json.loads(path.read_text("utf-8"))
    ids = content["model"]
    document = Document(
        ModelRef(ids["user_id"], ids["app_id"], ids["model_id"]),
        ids.get("version_id", ""),
        tuple(content["method_signatures"]),
    )
    expected = content.get("expect", "ok" if document.signatures else "reject")
    result = read_or_refuse(document)
    if isinstance(result, Refusal):
        assert expected != "ok", str(result)
        assert result.diagnostic.exit_code == 4
        assert str(result).replace("\n", "").isprintable()
    else:
        assert expected != "reject"
        again = Document(document.reference, document.version_id, tuple(write_signatures(result)))
        assert read_model(again, Report()) == result


@pytest.mark.parametrize("folder", ["docs", "kitchen_sink", "real"])
def test_no_method_of_a_real_model_is_left_out(folder: str) -> None:
    for path in sorted((CORPUS / folder).glob("*.json")):
        signatures = json.loads(path.read_text("utf-8"))["method_signatures"]
        if signatures:
            model, _ = read_methods(*signatures)
            assert len(model.methods) == len(signatures)


# Reading and writing


@settings(max_examples=100, deadline=None)
@given(models())
def test_a_model_survives_writing_and_reading(model: Model) -> None:
    report = Report()
    written = write_signatures(model)
    document = Document(model.reference, model.version_id, tuple(json.loads(json.dumps(written))))
    assert read_model(document, report) == model
    assert write_signatures(read_model(document, report)) == written


@pytest.mark.item(15)
@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "name",
                    "type",
                    "inputFields",
                    "input_fields",
                    "output_fields",
                    "type_args",
                    "id",
                    "default",
                    "required",
                    "methodType",
                    "model_type_range_info",
                    "min",
                    "iterator",
                ]
            ),
            inner,
            max_size=4,
        ),
        max_leaves=20,
    )
)
def test_any_content_is_read_or_refused(content: Any) -> None:
    result = read_or_refuse(Document(None, "", (content,)))
    assert isinstance(result, Model) or result.diagnostic.exit_code == 4


@pytest.mark.item(15)
def test_camel_case_numbers_and_explicit_zeros_read_the_same() -> None:
    snake, _ = read_methods(method({**TEXT, "default": "", "iterator": False, "type_args": []}))
    camel, _ = read_methods(
        {
            "name": "predict",
            "methodType": 1,
            "description": None,
            "inputFields": [{"name": "prompt", "type": 1, "required": True, "typeArgs": None}],
            "outputFields": [RETURN],
            "brandNew": {"deep": [[[[]]]]},
        }
    )
    assert snake == camel


def test_type_numbers_are_those_of_the_platform() -> None:
    from clarifai_grpc.grpc.api import resources_pb2

    for name, number in resources_pb2.ModelTypeField.DataType.items():
        arguments = [TEXT] if name in ("LIST", "TUPLE", "NAMED_FIELDS") else []
        if name == "NOT_SET":
            refuse(method({"name": "x", "type": number}))
        else:
            assert read_parameter(type=number, type_args=arguments)[0].type.kind is TypeKind[name]


def test_method_type_numbers_are_those_of_the_platform() -> None:
    from clarifai_grpc.grpc.api import resources_pb2

    for name, number in resources_pb2.RunnerMethodType.items():
        if name in [kind.value for kind in MethodKind]:
            stream = {**TEXT, "iterator": number == 4}
            model, _ = read_methods(method(stream, method_type=number))
            assert model.methods[0].kind is MethodKind(name)


def test_a_field_given_twice_is_refused() -> None:
    assert "given twice" in refuse({**method(), "outputFields": [RETURN]})


@pytest.mark.parametrize(
    ("signature", "message"),
    [
        ({**method(), "name": 5}, "method_signatures[0].name: expected text, not a number"),
        (method(description=True), "predict.description: expected text, not a boolean"),
        (method(input_fields={}), "predict.input_fields: expected an array, not an object"),
        (method(input_fields=["x"]), "predict.input_fields[0]: expected an object, not text"),
        (method({**TEXT, "required": "yes"}), "predict.prompt.required: expected a boolean"),
        (method({**TEXT, "default": 5}), "predict.prompt.default: expected text, not a number"),
        (method({**TEXT, "type": 1.5}), "predict.prompt.type: expected a name"),
        (method({**TEXT, "type": True}), "predict.prompt.type: expected a name"),
        (
            method({**TEXT, "type": "INT", "model_type_range_info": {"min": "low"}}),
            "min: expected a number, not text",
        ),
        ([], "method_signatures[0]: expected an object, not an array"),
        (method(description="\ud800"), "predict.description: it has a lone surrogate"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_with_its_location(
    signature: Any, message: str
) -> None:
    assert message in refuse(signature)


# Names


def test_duplicate_names_are_refused() -> None:
    assert "two methods" in refuse(method(), method())
    assert "two parameters called 'prompt'" in refuse(method(TEXT, TEXT))
    members = {"name": "x", "type": "NAMED_FIELDS", "type_args": [TEXT, TEXT]}
    assert "predict.x: there are two named fields called 'prompt'" in refuse(method(members))
    assert "two named fields" in refuse(method(output_fields=[TEXT, TEXT]))


@pytest.mark.parametrize("name", ["", "a-b", "1a", "a b", "x\ny", "*args", "a.b", "²"])
def test_a_method_with_an_invalid_name_is_left_out(name: str) -> None:
    invalid = [
        method(name=name),
        method({**TEXT, "name": name}, name="first"),
        method(
            {"name": "x", "type": "NAMED_FIELDS", "type_args": [{**TEXT, "name": name}]},
            name="second",
        ),
        method(output_fields=[TEXT, {**RETURN, "name": name}], name="third"),
    ]
    model, warnings = read_methods(*invalid, method(name="good"))
    assert [each.name for each in model.methods] == ["good"]
    assert len(warnings) == 4
    for signature in invalid:
        refuse(signature)


def test_names_that_are_only_reserved_in_python_are_kept() -> None:
    model, warnings = read_methods(
        method(*({**TEXT, "name": name} for name in ("class", "ﬁ", "self")))
    )
    assert [each.name for each in model.methods[0].parameters] == ["class", "ﬁ", "self"]
    assert warnings == []


@pytest.mark.parametrize(
    "invalid", ["", ".", "..", "a/b", "a\\b", "a b", "a\n", "$(x)", "a" * 256, "'"]
)
@pytest.mark.parametrize("position", [0, 1, 2, 3])
def test_an_invalid_id_is_refused(invalid: str, position: int) -> None:
    ids = ["user", "app", "model", "version"]
    ids[position] = invalid
    document = Document(ModelRef(*ids[:3]), ids[3], (method(),))
    if position == 3 and not invalid:
        assert read_model(document, Report()).version_id == ""
        return
    with pytest.raises(Refusal) as caught:
        read_model(document, Report())
    assert caught.value.diagnostic.exit_code == 4
    assert caught.value.diagnostic.location.startswith("model.")


# Kinds of methods


@pytest.mark.parametrize(
    ("method_type", "has_input_stream", "has_output_stream", "kind"),
    [
        ("UNARY_UNARY", False, False, MethodKind.UNARY),
        ("UNARY_UNARY", False, True, MethodKind.UNARY),
        ("UNARY_STREAMING", False, True, MethodKind.SERVER_STREAM),
        ("UNARY_STREAMING", False, False, MethodKind.SERVER_STREAM),
        ("STREAMING_STREAMING", True, True, MethodKind.BIDI_STREAM),
        ("STREAMING_STREAMING", True, False, MethodKind.BIDI_STREAM),
        (None, False, False, MethodKind.UNARY),
        (None, False, True, MethodKind.SERVER_STREAM),
        (None, True, True, MethodKind.BIDI_STREAM),
        ("UNARY_UNARY", True, False, None),
        ("UNARY_STREAMING", True, True, None),
        ("STREAMING_STREAMING", False, True, None),
        ("STREAMING_UNARY", True, False, None),
        (None, True, False, None),
        ("NEW_KIND", False, False, None),
        (17, False, False, None),
    ],
)
def test_kinds_of_methods(
    method_type: str | int | None,
    has_input_stream: bool,
    has_output_stream: bool,
    kind: MethodKind | None,
) -> None:
    signature = method(
        {**TEXT, "iterator": has_input_stream},
        method_type=method_type,
        output_fields=[{**RETURN, "iterator": has_output_stream}],
    )
    if kind is None:
        assert "predict" in refuse(signature)
    else:
        assert read_methods(signature)[0].methods[0].kind is kind


def test_a_second_input_stream_is_refused() -> None:
    streams = [{**TEXT, "name": name, "iterator": True} for name in "ab"]
    assert "2 streams" in refuse(method(*streams, method_type="STREAMING_STREAMING"))


# Types


def test_nesting_is_bounded_before_anything_recurses() -> None:
    def nested(levels: int) -> Signature:
        type: Signature = {"type": "INT"}
        for _ in range(levels - 1):
            type = {"type": "LIST", "type_args": [type]}
        return method({"name": "x", **type})

    read_methods(nested(limits.NESTING))
    assert "nested" in refuse(nested(limits.NESTING + 1))
    assert "nested" in refuse(nested(100_000))


@pytest.mark.parametrize("position", ["input", "output", "outputs"])
def test_records_within_records_are_bounded(position: str) -> None:
    def nested(levels: int) -> Signature:
        type: Signature = {"type": "INT"}
        for _ in range(levels):
            members = [{"name": "x", "type": "LIST", "type_args": [type]}]
            type = {"type": "NAMED_FIELDS", "type_args": members}
        if position == "input":
            return method({"name": "x", **type})
        names = ["return"] if position == "output" else ["a", "b"]
        return {**method(), "output_fields": [{"name": name, **type} for name in names]}

    maximum = limits.RECORDS - (position == "outputs")
    read_methods(nested(maximum))
    assert "within each other" in refuse(nested(maximum + 1))


@pytest.mark.item(22)
@pytest.mark.parametrize(
    "type",
    [
        {"type": "LIST"},
        {"type": "LIST", "type_args": [TEXT, TEXT]},
        {"type": "TUPLE"},
        {"type": "NAMED_FIELDS"},
        {"type": "NOT_SET"},
        {"type": "HOLOGRAM"},
        {"type": 99},
        {"type": -1},
        {},
    ],
)
def test_a_method_with_an_invalid_type_is_left_out(type: Signature) -> None:
    model, warnings = read_methods(
        method({"name": "x", **type}),
        method(name="deep", output_fields=[{**RETURN, "type": "LIST", "type_args": [type]}]),
        method(name="good"),
    )
    assert [each.name for each in model.methods] == ["good"]
    assert "predict.x" in warnings[0]
    assert "deep.return" in warnings[1]


def test_the_refusal_of_a_model_without_methods_says_why() -> None:
    assert "predict.x" in refuse(method({"name": "x"}))
    assert "no method signatures" in refuse()


# Results


def test_several_outputs_form_a_record() -> None:
    outputs = [
        {"name": "head", "type": "STR", "description": "First."},
        {"name": "n", "type": "INT"},
    ]
    model, warnings = read_methods(method(output_fields=outputs))
    result = model.methods[0].result
    assert warnings == []
    assert result.multiple_outputs
    assert result.type.kind is TypeKind.NAMED_FIELDS
    assert [member.name for member in result.type.members] == ["head", "n"]
    assert result.type.members[0].description == "First."
    assert write_signatures(model)[0]["output_fields"] == outputs


def test_one_output_of_another_name_forms_a_record() -> None:
    result = (
        read_methods(method(output_fields=[{"name": "answer", "type": "STR"}]))[0].methods[0].result
    )
    assert result.multiple_outputs
    assert [member.name for member in result.type.members] == ["answer"]


def test_outputs_that_are_ambiguous_or_missing_are_refused() -> None:
    assert "'return'" in refuse(method(output_fields=[RETURN, TEXT]))
    assert "no output" in refuse(method(output_fields=[]))
