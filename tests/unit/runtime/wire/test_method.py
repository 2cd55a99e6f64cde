"""Methods: which arguments are encoded, which are refused, and how results are decoded."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import pytest

from clarigen import KNOWN_DEFAULT, SERVER_DEFAULT, DecodeError, InputError, wire
from clarigen._proto import Data, PostModelOutputsRequest
from clarigen._wire.large_payloads import NO_PAYLOADS
from clarigen._wire.method import Method
from clarigen._wire.protobuf_writer import Buffers


def sent(request: Buffers) -> Data:
    """Parse a request; return the `Data` of its only input."""
    (only_input,) = PostModelOutputsRequest.FromString(b"".join(request)).inputs
    return only_input.data


def parts(method: Method[Any], *values: Any) -> dict[str, Data]:
    """Encode arguments; return the parts by id."""
    data = sent(method.encode_request(values))
    assert data.metadata.fields["_method_name"].string_value == method.wire_name
    assert len({part.id for part in data.parts}) == len(data.parts)
    return {part.id: part.data for part in data.parts}


def error_of(method: Method[Any], *values: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        method.encode_request(values)
    assert caught.value.method == method.name
    return caught.value


CHAT = wire.unary(
    "chat",
    wire.field("prompt", wire.STR),
    wire.field("class", wire.STR, name="class_", default=None),
    wire.field("temperature", wire.FLOAT, default=0.7, ge=0.1, le=2.0),
    wire.field("mode", wire.STR, default=SERVER_DEFAULT, choices=("fast", "exact")),
    returns=wire.STR,
)


@pytest.mark.item(26)
def test_known_defaults_are_sent_and_unknown_ones_are_not() -> None:
    sent = parts(CHAT, "hi", None, 0.7, SERVER_DEFAULT)
    assert set(sent) == {"prompt", "temperature"}
    assert sent["temperature"].float_value == 0.7


@pytest.mark.item(25)
def test_parts_carry_the_wire_names() -> None:
    assert set(parts(CHAT, "hi", "x", 1, "fast")) == {"prompt", "class", "temperature", "mode"}


IMPORT = wire.unary(
    "import", wire.field("class", wire.STR, name="class_"), name="import_", returns=wire.STR
)


def test_errors_use_the_names_in_python() -> None:
    """Requests use the names on the wire."""
    assert set(parts(IMPORT, "x")) == {"class"}
    error = error_of(IMPORT, 1)
    assert str(error) == "import_: `class_` must be a str, not int 1"
    assert (error.method, error.parameter) == ("import_", "class_")
    assert "`import_batch`" in str(error_of(IMPORT, [{"class_": "x"}]))


@pytest.mark.parametrize(
    ("codec", "default"),
    [
        (wire.INT, 3),
        (wire.STR, "x"),
        (wire.BOOL, True),
        (wire.TEXT, None),
        (wire.list_of(wire.INT), (1, 2)),
        (wire.JSON, {"a": 1}),
        (wire.STR, SERVER_DEFAULT),
    ],
)
def test_server_default_leaves_any_optional_argument_out(codec: Any, default: Any) -> None:
    optional = wire.field("n", codec, default=default)
    method = wire.unary("f", wire.field("a", wire.STR), optional, returns=wire.INT)
    assert list(parts(method, "x", SERVER_DEFAULT)) == ["a"]
    assert list(parts(method, *method.bind({"a": "x", "n": SERVER_DEFAULT}))) == ["a"]


def test_server_default_does_not_replace_a_required_argument() -> None:
    assert "must be a str" in str(error_of(CHAT, SERVER_DEFAULT, None, 0.7, SERVER_DEFAULT))


def test_known_default_is_sent() -> None:
    method = wire.unary("f", wire.field("n", wire.JSON, default={"a": {"b": 1}}), returns=wire.INT)
    assert parts(method, KNOWN_DEFAULT)["n"].string_value == '{"a":{"b":1}}'
    optional = wire.field("n", wire.JSON, default=None)
    assert "n" not in parts(wire.unary("f", optional, returns=wire.INT), KNOWN_DEFAULT)


def test_a_batch_sends_known_defaults_for_arguments_that_are_left_out() -> None:
    method = wire.unary("f", wire.field("n", wire.INT, default=3), returns=wire.INT)
    assert parts(method, *method.bind({}))["n"].int_value == 3


def test_none_may_be_the_default_of_a_str_that_only_the_model_knows() -> None:
    """SDK 11.3 declares `stop: str = None` without a default."""
    stop = wire.field("stop", wire.STR, default=SERVER_DEFAULT)
    method = wire.unary("f", wire.field("a", wire.STR), stop, returns=wire.STR)
    assert list(parts(method, "x", None)) == ["a"]
    assert parts(method, "x", "")["stop"].ByteSize() == 0
    known = wire.unary("f", wire.field("stop", wire.STR, default="x"), returns=wire.STR)
    assert "must be a str, not None" in str(error_of(known, None))


@pytest.mark.item(29)
def test_zero_values_are_sent_as_parts() -> None:
    method = wire.unary(
        "f",
        *(wire.field(name, codec, default=None) for name, codec in ZEROS),
        returns=wire.STR,
    )
    sent = parts(method, "", b"", 0, 0.0, False)
    assert list(sent) == [name for name, _ in ZEROS]
    assert all(data.ByteSize() == 0 for data in sent.values())


ZEROS: list[tuple[str, wire.Codec[Any]]] = [
    ("a", wire.STR),
    ("b", wire.BYTES),
    ("c", wire.INT),
    ("d", wire.FLOAT),
    ("e", wire.BOOL),
]


@pytest.mark.item(28)
def test_no_argument_is_one_empty_part() -> None:
    method = wire.unary("ping", returns=wire.STR)
    assert list(parts(method)) == [""]
    method = wire.unary("f", wire.field("a", wire.STR, default=None), returns=wire.STR)
    assert list(parts(method, None)) == [""]


@pytest.mark.parametrize(
    ("codec", "sent"),
    [
        (wire.list_of(wire.STR), ["first"]),
        (wire.tuple_of(wire.STR), ["first"]),
        (wire.list_of(wire.CONCEPT), ["first"]),
        (wire.STR, [""]),
        (wire.JSON, [""]),
    ],
)
def test_an_omitted_container_is_an_empty_part_if_it_is_the_first_parameter(
    codec: wire.Codec[Any], sent: list[str]
) -> None:
    for default in (None, SERVER_DEFAULT):
        method = wire.unary("f", wire.field("first", codec, default=default), returns=wire.STR)
        assert list(parts(method, default)) == sent


def test_an_omitted_container_is_no_part_if_it_is_a_later_parameter() -> None:
    lists = wire.list_of(wire.STR)
    method = wire.unary(
        "f", wire.field("a", wire.STR), wire.field("b", lists, default=None), returns=wire.STR
    )
    assert list(parts(method, "x", None)) == ["a"]


@pytest.mark.parametrize(
    ("values", "parameter", "words"),
    [
        ((None, None, 0.7, "fast"), "prompt", "chat: `prompt` must be a str, not None"),
        ((SERVER_DEFAULT, None, 0.7, "fast"), "prompt", "`prompt` must be a str, not Default"),
        (("x", 3, 0.7, "fast"), "class_", "`class_` must be a str, not int 3"),
        (("x", None, None, "fast"), "temperature", "`temperature` must be a float, not None"),
        (("x", None, 0.05, "fast"), "temperature", "must be at least 0.1, not 0.05"),
        (("x", None, 2.5, "fast"), "temperature", "must be at most 2.0, not 2.5"),
        (("x", None, float("nan"), "fast"), "temperature", "must be at least 0.1, not nan"),
        (
            ("x", None, 1, "fsat"),
            "mode",
            "must be one of 'fast', 'exact', not str 'fsat'; did you mean 'fast'?",
        ),
        (("x", None, 1, None), "mode", "`mode` must be a str, not None"),
    ],
)
def test_errors_name_method_and_parameter(
    values: tuple[Any, ...], parameter: str, words: str
) -> None:
    error = error_of(CHAT, *values)
    assert words in str(error)
    assert error.parameter == parameter


def test_errors_name_the_path_inside_a_value() -> None:
    method = wire.unary(
        "f", wire.field("m", wire.list_of(wire.list_of(wire.INT))), returns=wire.INT
    )
    error = error_of(method, [[1], [2, "x"]])
    assert str(error) == "f: `m[1][1]` must be an int, not str 'x'"
    assert error.parameter == "m[1][1]"


def test_many_choices_are_not_all_listed() -> None:
    choices = tuple(range(100))
    method = wire.unary("f", wire.field("n", wire.INT, choices=choices), returns=wire.INT)
    assert "11 and 88 more, not int 100" in str(error_of(method, 100))


PICK = wire.unary(
    "pick",
    wire.field("names", wire.list_of(wire.STR)),
    wire.field("from", wire.STR, name="from_"),
    wire.field("least", wire.FLOAT, default=float("nan")),
    wire.field("sizes", wire.tuple_of(wire.INT, wire.FLOAT), default=(1, float("nan"))),
    wire.field("mode", wire.STR, default=SERVER_DEFAULT),
    wire.field("extra", wire.JSON, default=None),
    returns=wire.STR,
)
REST = (wire.REQUIRED, float("nan"), (1, float("nan")), SERVER_DEFAULT, None)


@pytest.mark.parametrize("first", [[{"names": []}], ({"names": []}, 3), [OrderedDict()]])
def test_a_list_that_begins_with_a_mapping_is_many_inputs(first: Any) -> None:
    assert PICK.find_batch_inputs([first, *REST]) is first


@pytest.mark.parametrize(
    "first", [[], (), ["a"], ["a", {}], {"names": []}, "ab", None, iter([{}]), {1}, [[{}]]]
)
def test_anything_else_is_an_argument(first: Any) -> None:
    assert PICK.find_batch_inputs([first, "x", 1.0, (1, 2.0), "m", {}]) is None


@pytest.mark.parametrize(
    ("index", "value"),
    [(1, "x"), (2, 1.0), (3, (1, 1.0)), (3, [1, 1.0]), (4, "m"), (4, None), (5, {}), (5, 0)],
)
def test_no_argument_is_combined_with_many_inputs(index: int, value: Any) -> None:
    values = [[{"names": []}], *REST]
    values[index] = value
    with pytest.raises(InputError, match="cannot be combined with a list of inputs") as caught:
        PICK.find_batch_inputs(values)
    assert caught.value.parameter == PICK.fields[index].name


@pytest.mark.parametrize(
    "codec",
    [
        *(
            wire.STR,
            wire.BYTES,
            wire.INT,
            wire.FLOAT,
            wire.BOOL,
            wire.NDARRAY,
            wire.JSON,
            wire.TEXT,
        ),
        *(wire.IMAGE, wire.AUDIO, wire.VIDEO, wire.CONCEPT, wire.REGION, wire.FRAME),
        *(wire.list_of(wire.STR), wire.list_of(wire.NDARRAY), wire.tuple_of(wire.JSON)),
    ],
    ids=lambda codec: codec.label,
)
def test_a_missing_required_argument_is_named(codec: wire.Codec[Any]) -> None:
    method = wire.unary("f", wire.field("a", wire.STR), wire.field("b", codec), returns=wire.STR)
    assert str(error_of(method, "x", wire.REQUIRED)) == "f: `b` is required"
    assert repr(wire.REQUIRED) == "<required>"


def test_a_first_argument_that_looks_like_many_inputs_gets_a_hint() -> None:
    hint = "; to send many inputs, pass mappings of arguments to `chat_batch`"
    others: list[Any] = [["x"], {"prompt": "x"}, iter(["x"]), {"x"}, {}.keys()]
    for first in others:
        assert str(error_of(CHAT, first, None, 1.0, "fast")).endswith(hint)
    assert "many inputs" not in str(error_of(CHAT, "x", ["y"], 1.0, "fast"))
    assert "many inputs" not in str(error_of(CHAT, b"x", None, 1.0, "fast"))
    assert "many inputs" not in str(error_of(PICK, ["x", 1], *REST))


TRACK = wire.bidi_stream(
    "track",
    wire.field("frames", wire.STR, stream=True),
    wire.field("every", wire.INT, default=1),
    returns=wire.STR,
)


def test_items_of_a_stream_are_sent_in_their_own_requests() -> None:
    assert list(parts(TRACK, "unused", 2)) == ["every"]
    first = sent(TRACK.encode_item("x", TRACK.encode_arguments(["unused", 2])))
    assert [part.id for part in first.parts] == ["every", "frames"]
    later = sent(TRACK.encode_item(""))
    assert [part.id for part in later.parts] == ["frames"]
    assert later.metadata == first.metadata
    with pytest.raises(InputError, match="an item of `frames` must be a str, not int 3"):
        TRACK.encode_item(3)


@pytest.mark.parametrize("value", ["abc", b"abc", 3, None])
def test_a_stream_must_be_an_iterable_and_not_a_string(value: Any) -> None:
    with pytest.raises(InputError, match="track: `frames` must be an iterable"):
        TRACK.find_stream_argument([value, 1])
    assert list(TRACK.find_stream_argument([["a"], 1])) == ["a"]
    assert CHAT.find_stream_argument(["x", None, 1, "fast"]) is None


@pytest.mark.item(37)
def test_results_are_decoded_from_their_part_and_from_the_older_form() -> None:
    data = Data()
    part = data.parts.add(id="return")
    part.data.string_value = "new"
    assert CHAT.decode_result(data, NO_PAYLOADS) == "new"
    assert CHAT.decode_result(Data(string_value="old"), NO_PAYLOADS) == "old"
    older = Data()
    older.text.raw = "older"
    assert CHAT.decode_result(older, NO_PAYLOADS) == "older"
    assert CHAT.decode_result(Data(), NO_PAYLOADS) == ""


def test_the_error_of_a_result_names_the_path() -> None:
    method = wire.unary("f", returns=wire.list_of(wire.IMAGE))
    data = Data()
    data.parts.add(id="return").data.parts.add()
    with pytest.raises(
        DecodeError, match=r"f: `\[0\]` of the result is missing; an Image was expected"
    ):
        method.decode_result(data, NO_PAYLOADS)
    with pytest.raises(DecodeError, match="f: the result is missing"):
        wire.unary("f", returns=wire.TEXT).decode_result(Data(), NO_PAYLOADS)
