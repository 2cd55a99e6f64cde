"""Our proto: the same wire format as the platform's, no conflict with its package, any protobuf."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from random import Random
from typing import Any

import pytest
from clarifai_grpc.grpc.api import resources_pb2, service_pb2
from clarifai_grpc.grpc.api.status import status_pb2
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st

from clarigen import _proto
from support import CORPUS, ROOT, run, run_python

# The stubs of protobuf have two unrelated classes of descriptors.
Field = Any

PROTOBUFS = ["5.29.6", "6.33.5", "7.34.0"]
FILE = _proto.clarigen_pb2.DESCRIPTOR
FIELDS: list[Field] = [
    field for descriptor in FILE.message_types_by_name.values() for field in descriptor.fields
]
TABLE = json.loads((CORPUS / "clarifai_v2_fields.json").read_text("utf-8"))["messages"]
OFFICIAL = [service_pb2, resources_pb2, status_pb2]


PLAIN = {
    "PlainFile": "Image",
    "PlainRegionData": "Data",
    "PlainRegionText": "Text",
    "PlainFrameData": "Data",
}
"""The platform's messages of which ours has a few fields and another name. PlainFile is Audio and Video too."""


def official_name(name: str) -> str:
    """Return the name of a message on the platform."""
    return PLAIN.get(name, name.removeprefix("Plain"))


def official(name: str) -> Any:
    """Return the platform's message of a name."""
    name = official_name(name)
    (message,) = (vars(module)[name] for module in OFFICIAL if name in vars(module))
    return message


def wire_type(field: Field) -> int:
    """Return the type of a field; an enum is an int32 on the wire."""
    kind = int(field.type)
    return FieldDescriptor.TYPE_INT32 if kind == FieldDescriptor.TYPE_ENUM else kind


def type_name(field: Field) -> str:
    """Return the name of the message in a field, in our package; empty for a scalar."""
    if field.message_type is None:
        return ""
    package, _, name = str(field.message_type.full_name).rpartition(".")
    package = package.replace("clarifai.api.status", "clarigen.api").replace(
        "clarifai.", "clarigen."
    )
    is_file = name in ("Image", "Audio", "Video")
    return f"{package}.{'Image' if is_file else official_name(name)}"


def test_every_message_is_exported() -> None:
    assert set(FILE.message_types_by_name) == set(_proto.__all__) - {"ProtobufDecodeError"}


def test_the_file_and_its_package_have_their_own_names() -> None:
    assert FILE.package == "clarigen.api"
    assert FILE.name == "clarigen/_proto/clarigen.proto"
    assert not FILE.enum_types_by_name
    assert not FILE.extensions_by_name


@pytest.mark.item(1)
@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.full_name)
def test_a_field_agrees_with_the_table(field: Field) -> None:
    owner = official_name(field.containing_type.name)
    space = "clarifai.api.status" if owner == "Status" else "clarifai.api"
    facts = TABLE[f"{space}.{owner}"][field.name]
    names = {
        kind: name[5:].lower()
        for name, kind in vars(FieldDescriptor).items()
        if name[:5] == "TYPE_"
    }
    kind = "int32" if facts["type"] == "enum" else facts["type"]
    assert (field.number, names[field.type]) == (facts["number"], kind)
    assert field.is_repeated == (facts["label"] == "repeated")
    if kind == "message":
        theirs = facts["type_name"].rpartition(".")[2]
        ours = field.message_type.name
        assert theirs in (official_name(ours), *(["Audio", "Video"] if ours == "PlainFile" else []))


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.full_name)
def test_a_field_agrees_with_the_official_package(field: Field) -> None:
    theirs = official(field.containing_type.name).DESCRIPTOR.fields_by_name[field.name]
    assert (field.number, wire_type(field)) == (theirs.number, wire_type(theirs))
    assert field.is_repeated == theirs.is_repeated
    assert field.is_packed == theirs.is_packed
    assert field.has_presence == theirs.has_presence
    assert type_name(field) == type_name(theirs)


@pytest.mark.item(2)
@pytest.mark.parametrize("step", [1, -1])
def test_both_packages_can_be_imported_in_either_order(step: int) -> None:
    imports = ["import clarigen._proto as ours", "from clarifai_grpc.grpc.api import service_pb2"]
    check = (
        "assert ours.Data.DESCRIPTOR.full_name == 'clarigen.api.Data'; print(service_pb2.__name__)"
    )
    result = run_python("\n".join([*imports[::step], check]))
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "clarifai_grpc.grpc.api.service_pb2"


SCALARS: dict[int, list[Any]] = {
    FieldDescriptor.TYPE_BOOL: [True, False],
    FieldDescriptor.TYPE_BYTES: [b"", b"\0\xff", bytes(300)],
    FieldDescriptor.TYPE_DOUBLE: [0.0, -0.0, 0.1, 1e300, float("inf")],
    FieldDescriptor.TYPE_ENUM: [0, 1, 2],
    FieldDescriptor.TYPE_FLOAT: [0.0, -0.0, 0.5, -3.0, float("inf")],
    FieldDescriptor.TYPE_INT32: [0, 1, -1, 2**31 - 1, -(2**31)],
    FieldDescriptor.TYPE_INT64: [0, 1, -1, 2**63 - 1, -(2**63)],
    FieldDescriptor.TYPE_STRING: ["", "text", "\0", "\u00e9\U0001f600", "long " * 50],
    FieldDescriptor.TYPE_UINT32: [0, 1, 2**32 - 1],
    FieldDescriptor.TYPE_UINT64: [0, 1, 2**64 - 1],
}


def fill(message: Message, chance: Random, depth: int) -> None:
    """Fill a message at random."""
    for field in message.DESCRIPTOR.fields:
        if chance.random() < 0.4:
            continue
        if field.message_type is None:
            values = SCALARS[field.type]
            if field.is_repeated:
                getattr(message, field.name).extend(chance.choices(values, k=2))
            else:
                setattr(message, field.name, chance.choice(values))
        elif field.message_type.full_name == "google.protobuf.Struct":
            getattr(message, field.name).update({"a": [None, 1.5], "": {"b": "c"}})
        elif field.message_type.full_name == "google.protobuf.Value":
            getattr(message, field.name).string_value = "a"
        elif depth:
            inner = getattr(message, field.name)
            fill(inner.add() if field.is_repeated else inner, chance, depth - 1)


@pytest.mark.item(2)
@given(
    name=st.sampled_from(["MultiOutputResponse", "PostModelOutputsRequest", "Data", "Model"]),
    chance=st.randoms(use_true_random=True),
)
def test_our_messages_survive_a_round_trip_through_the_official_package(
    name: str, chance: Random
) -> None:
    sent: Message = getattr(_proto, name)()
    fill(sent, chance, depth=4)
    theirs = official(name).FromString(sent.SerializeToString())
    returned = type(sent).FromString(theirs.SerializeToString())
    assert returned == sent


def test_undeclared_fields_are_preserved() -> None:
    theirs = resources_pb2.Concept(name="text")
    theirs.visibility.gettable = resources_pb2.Visibility.Gettable.PUBLIC
    theirs.created_at.seconds = 7
    ours = _proto.Concept.FromString(theirs.SerializeToString())
    assert ours.name == "text"
    ours.name = "other"
    rewritten = resources_pb2.Concept.FromString(ours.SerializeToString())
    assert rewritten.name == "other"
    assert rewritten.visibility == theirs.visibility
    assert rewritten.created_at.seconds == 7


def test_an_unknown_status_code_is_read() -> None:
    response = _proto.MultiOutputResponse.FromString(b"\x0a\x04\x08\xff\xff\x7f")
    assert response.status.code == 2**21 - 1


@pytest.fixture(scope="module", params=PROTOBUFS)
def interpreter(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment with one version of protobuf and no other package."""
    folder = tmp_path_factory.mktemp("protobuf") / str(request.param)
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    (site,) = folder.glob("[Ll]ib/**/site-packages")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "--no-deps", "--target", str(site), f"protobuf=={request.param}"], check=True
    )
    return next(path for path in folder.glob("*/python*") if path.stem == "python")


@pytest.mark.parametrize("implementation", ["upb", "python"])
def test_it_works_with_each_protobuf(interpreter: Path, implementation: str) -> None:
    code = """
import google.protobuf
from google.protobuf.internal import api_implementation
from clarigen import _proto
data = _proto.Data(int_value=7, parts=[_proto.Part(id="a", data=_proto.Data(string_value="b"))])
data.metadata["_method_name"] = "predict"
data.ndarray.shape.extend([2, 3])
request = _proto.PostModelOutputsRequest(model_id="m", inputs=[_proto.Input(data=data)])
request.user_app_id.user_id = "u"
assert _proto.PostModelOutputsRequest.FromString(request.SerializeToString()) == request
print(google.protobuf.__version__, api_implementation.Type(), request.SerializeToString(deterministic=True).hex())
"""
    environment = {
        "PYTHONPATH": str(ROOT / "runtime"),
        "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": implementation,
    }
    result = run(interpreter, "-W", "error", "-c", code, env=environment)
    assert result.returncode == 0, result.stderr
    version, kind, payload = result.stdout.split()
    assert version in str(interpreter)
    assert kind == implementation
    theirs = service_pb2.PostModelOutputsRequest.FromString(bytes.fromhex(payload))
    assert theirs.user_app_id.user_id == "u"
    assert theirs.inputs[0].data.metadata["_method_name"] == "predict"
    assert theirs.inputs[0].data.parts[0].data.string_value == "b"
    assert list(theirs.inputs[0].data.ndarray.shape) == [2, 3]
