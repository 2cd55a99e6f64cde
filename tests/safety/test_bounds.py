"""Nothing of a model or a server is multiplied, and no decoder is chosen by its bytes."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import numpy
import PIL.Image
import pytest

from clarigen import Client, Image, _proto, wire
from clarigen._wire.codec import CodecError
from clarigen._wire.large_payloads import MIN_PAYLOAD_BYTES, extract_large_payloads
from clarigen.testing import Samples, serve
from gen_client import cli, limits
from gen_client.config import lines
from gen_client.source.model_file.findings import Level
from gen_client.source.model_file.read import read_model_file
from support import run_python

# Decoders


@pytest.mark.parametrize(
    "content",
    [
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n(x) print\n%%EOF\n",
        b"\xc5\xd0\xd3\xc6" + (30).to_bytes(4, "little") * 7,
        b"\xd7\xcd\xc6\x9a" + bytes(40),
        b"%PDF-1.4\n",
        b"SIMPLE  =                    T" + b" " * 2850,
    ],
    ids=["eps", "eps in dos", "wmf", "pdf", "fits"],
)
def test_no_picture_is_given_to_another_program(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("gs", "gswin64c", "convert"):
        (tmp_path / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/PWNED\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    image = Image(bytes=content)
    assert image._repr_png_() is None
    for convert in (image.to_pil, image.to_numpy):
        with pytest.raises(ValueError, match="not one that Pillow can read"):
            convert()
    assert not (tmp_path / "PWNED").exists()


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "PPM", "JPEG2000"])
def test_raster_formats_are_read(format: str) -> None:
    buffer = io.BytesIO()
    PIL.Image.new("RGB", (8, 8)).save(buffer, format)
    image = Image(bytes=buffer.getvalue())
    assert image.to_numpy().shape[:2] == (8, 8)
    assert image._repr_png_() or image._repr_jpeg_()


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_picture_of_many_pixels_is_not_converted() -> None:
    """A few kilobytes of TIFF are 177 megapixels."""
    buffer = io.BytesIO()
    PIL.Image.new("1", (13300, 13300)).save(buffer, "TIFF", compression="group4")
    begin = time.process_time()
    assert Image(bytes=buffer.getvalue())._repr_png_() is None
    assert time.process_time() - begin < 5


def test_a_bomb_is_a_value_error(monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = io.BytesIO()
    PIL.Image.new("1", (100, 100)).save(buffer, "PNG")
    monkeypatch.setattr(PIL.Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(ValueError, match="too many pixels"):
        Image(bytes=buffer.getvalue()).to_pil()


def decode_array(dtype: str, content: bytes = bytes(64)) -> Any:
    data = _proto.Data()
    data.ndarray.buffer, data.ndarray.dtype = content, dtype
    data.ndarray.shape.append(len(content))
    return wire.NDARRAY.decode(data, {})


@pytest.mark.parametrize(
    "dtype",
    [
        *(
            "06N",
            "1f4",
            "f4,f4",
            "(2,)f4",
            "m8",
            "M8",
            "O",
            "object",
            "S8",
            "U4",
            "V8",
            "void",
            "str",
        ),
        *("datetime64", "1e9f4", "{'a':1}", "i4i4", "<<i4", "float32\n", "٤f", "²", "", "x" * 99),
    ],
)
def test_a_dtype_is_a_word_of_a_list(dtype: str) -> None:
    with pytest.raises(CodecError):
        decode_array(dtype)


@pytest.mark.parametrize(
    "dtype",
    ["bool", "int8", "uint8", "<i4", ">f8", "=u2", "|u1", "float16", "complex64", "longdouble"],
)
def test_numeric_dtypes_are_read(dtype: str) -> None:
    data = _proto.Data()
    array = numpy.ones(4, dtype)
    data.ndarray.buffer, data.ndarray.dtype = array.tobytes(), dtype
    data.ndarray.shape.append(4)
    assert (wire.NDARRAY.decode(data, {}) == array).all()


def test_every_dtype_that_is_sent_can_be_received() -> None:
    for dtype in {numpy.dtype(kind) for kind in numpy.sctypeDict.values()}:
        if numpy.issubdtype(dtype, numpy.number) and dtype.kind != "m":
            for swapped in (dtype, dtype.newbyteorder("S")):
                array = numpy.ones(3, swapped)
                data = _proto.Data.FromString(wire_bytes(array))
                assert (wire.NDARRAY.decode(data, {}) == array).all()


def wire_bytes(array: Any) -> bytes:
    out: list[Any] = []
    wire.NDARRAY.encode(array, out)
    return b"".join(map(bytes, out))


NODES = """
from __future__ import annotations
from dataclasses import dataclass
@dataclass
class Node:
    child: Node | None = None
"""


def test_deep_json_for_a_recursive_type_is_a_decode_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "recursive_nodes.py").write_text(NODES)
    monkeypatch.syspath_prepend(tmp_path)
    codec = wire.json_as("recursive_nodes:Node")
    for depth in (400, 3_000):
        data = _proto.Data()
        data.string_value = '{"child":' * depth + "{}" + "}" * depth
        with pytest.raises(CodecError):
            codec.decode(data, {})


# Memory


def kept_bytes(array: Any) -> int:
    """Return the size of the buffer that an array keeps alive."""
    while getattr(array, "base", None) is not None:
        array = array.base
    owner = getattr(array, "obj", array)
    return memoryview(owner).nbytes


@pytest.mark.parametrize("others", [0, 1_000_000, 50_000_000])
def test_a_small_array_does_not_keep_a_large_answer(others: int) -> None:
    reply = _proto.MultiOutputResponse()
    data = reply.outputs.add().data
    data.ndarray.buffer, data.ndarray.dtype = bytes(MIN_PAYLOAD_BYTES), "uint8"
    data.ndarray.shape.append(MIN_PAYLOAD_BYTES)
    data.bytes_value = bytes(others)
    rest, payloads = extract_large_payloads(reply.SerializeToString())
    output = _proto.MultiOutputResponse.FromString(rest).outputs[0].data
    array = wire.NDARRAY.decode(output, payloads)
    assert not array.flags.writeable
    assert kept_bytes(array) <= 10 * array.nbytes


def nested_lists(depth: int) -> dict[str, Any]:
    type_: dict[str, Any] = {"type": "STR"}
    for _ in range(depth):
        type_ = {"type": "LIST", "type_args": [type_]}
    return {"name": "return", **type_}


def signature(output: dict[str, Any], name: str = "predict") -> dict[str, Any]:
    return {
        "name": name,
        "method_type": "UNARY_UNARY",
        "input_fields": [{"name": "prompt", "type": "STR", "required": True}],
        "output_fields": [output],
    }


MEASURE = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, done.returncode, done.stderr)
"""


@pytest.mark.parametrize("compression", [grpc.Compression.Gzip, grpc.Compression.NoCompression])
def test_discovery_receives_no_large_answer(tmp_path: Path, compression: grpc.Compression) -> None:
    """200 MB, of which gzip makes 200 kB on the wire."""
    reply = _proto.MultiOutputResponse()
    reply.status.code = 10000
    output = reply.outputs.add()
    output.status.code, output.data.text.raw = 10000, "A" * 200_000_000
    body = reply.SerializeToString()

    class Handler(grpc.GenericRpcHandler):
        def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
            return grpc.unary_unary_rpc_method_handler(lambda request, context: body)

    server = grpc.server(
        ThreadPoolExecutor(2),
        handlers=[Handler()],
        compression=compression,
        options=[("grpc.max_send_message_length", -1)],
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        command = [sys.executable, "-m", "gen_client", "--url", f"grpc://127.0.0.1:{port}"]
        options = ["--name", "pkg", "--out", str(tmp_path)]
        measured = run_python(MEASURE, *command, *options)
    finally:
        server.stop(None)
    megabytes, code, said = measured.stdout.split(" ", 2)
    assert int(megabytes) < 200
    assert (int(code), "larger than max" in said) == (3, True), said


def test_samples_of_nested_lists_are_few() -> None:
    """Three items in each of thirty levels would be more than a machine has memory for."""
    content = json.dumps({"method_signatures": [signature(nested_lists(30))]})
    codec: Any = wire.STR
    for _ in range(30):
        codec = wire.list_of(codec)
    method = wire.unary("predict", wire.field("prompt", wire.STR), returns=codec)

    class Nested(Client):
        def predict(self, prompt: str) -> Any:
            return self._unary(method, prompt)

    model = Samples(json.loads(content)["method_signatures"])
    with serve(model) as server, Nested(base_url=server.url, timeout=60) as client:
        value = client.predict("a")
    count = 1
    while isinstance(value, list):
        count *= len(value)
        value = value[0]
    assert count <= 27


# Time


def tree(depth: int, leaf: str) -> dict[str, Any]:
    if not depth:
        return {"name": "x", "type": leaf}
    return {"name": "x", "type": "TUPLE", "type_args": [tree(depth - 1, leaf) for _ in range(2)]}


def test_diff_writes_a_type_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, leaf in (("a", "STR"), ("b", "INT")):
        output = {**tree(10, leaf), "name": "return"}
        (tmp_path / f"{name}.json").write_text(
            json.dumps({"method_signatures": [signature(output)]})
        )
    begin = time.process_time()
    assert cli.main(["diff", str(tmp_path / "a.json"), str(tmp_path / "b.json")]) == 1
    assert time.process_time() - begin < 20  # 20 seconds and more when it was written for each leaf
    assert capsys.readouterr().out.count("return") < 5


def test_trees_of_types_are_too_heavy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    methods = [signature({**tree(d, "STR"), "name": "return"}, f"m{d}") for d in (12, 11, 10)]
    Path("s.json").write_text(json.dumps({"method_signatures": methods}))
    assert cli.main(["--signatures", "s.json", "--name", "pkg"]) == 4
    assert "too large" in capsys.readouterr().err


@pytest.mark.parametrize("count", [3_000, 30_000])
def test_the_line_of_a_mistake_is_given_up(count: int) -> None:
    text = f"x = [\n{'1,' + chr(10)!s}" + "1,\n" * count + "]\n[tool.gen-client]\nbad = 1\n"
    begin = time.process_time()
    assert lines.find_line(text, ("tool", "gen-client", "bad")) in (0, count + 5)
    assert time.process_time() - begin < 20  # minutes before


def test_the_line_of_a_mistake_in_an_ordinary_file() -> None:
    text = "x = [\n" + "1,\n" * 20 + "]\n[tool.gen-client]\nbad = 1\n"
    assert lines.find_line(text, ("tool", "gen-client", "bad")) == 24


# Exit codes


@pytest.mark.parametrize(
    "words", [["--check", "--offline", "--diff"], ["diff", "old.json", "pkg/m"]]
)
def test_a_closed_pipe_does_not_change_the_exit_code(tmp_path: Path, words: list[str]) -> None:
    """The output is larger than a pipe holds, and its reader leaves after the first line."""
    texts = {"old": "words " * 40, "new": "other " * 40}
    for name, text in texts.items():
        fields = [{"name": f"p{n}", "type": "STR" if name == "new" else "INT"} for n in range(200)]
        methods = [
            {
                **signature({"name": "return", "type": "STR"}, f"m{n}"),
                "description": text,
                "input_fields": fields,
            }
            for n in range(4)
        ]
        model = {"user_id": "u", "app_id": "a", "model_id": "m"}
        (tmp_path / f"{name}.json").write_text(
            json.dumps({"model": model, "method_signatures": methods})
        )
    (tmp_path / ".git").mkdir()
    (tmp_path / "pyproject.toml").write_text(
        '[tool.gen-client]\nout = "pkg"\n[[tool.gen-client.models]]\nurl = "u/a/models/m"\n'
    )
    command = [sys.executable, "-m", "gen_client"]
    first = [*command, "--signatures", "new.json", "--out", "pkg", "--quiet"]
    subprocess.run(first, cwd=tmp_path, check=True)
    (tmp_path / "pkg" / "m" / "client.py").write_text("")
    process = subprocess.Popen(
        [*command, *words], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    assert process.stdout.readline()
    process.stdout.close()
    assert process.wait(120) == 1


# Sources of models

MODEL = "from clarifai.runners.models.model_class import ModelClass\n"
METHOD = "class M(ModelClass):\n    @ModelClass.method\n    def m(self, x: list = {}) -> str: ...\n"
CLASSES = [f"class A{i}(NamedFields):\n    x: A{i - 1}\n    y: A{i - 1}\n" for i in range(1, 40)]
BASES = [f"class A{i}(A{i - 1}, B{i - 1}): ...\nclass B{i}(A{i - 1}, B{i - 1}): ...\n" for i in range(1, 60)]  # fmt: skip
DEFINITIONS = [f"def f{i}(): return f{i + 1}()\n" for i in range(400)]
CALLS = [f"x{i} = f0()\n" for i in range(400)]
SOURCES_WITHOUT_END = {
    "a list in itself": "x = [1]\n" + "x = [x, x]\n" * 60 + METHOD.format("x"),
    "a type in itself": "from typing import Tuple\nT = int\n"
    + "T = Tuple[T, T]\n" * 40
    + METHOD.format("1").replace("list", "T"),
    "a text": f't = "{"a" * 100_000}"\n' + "t = [t, t]\n" * 20 + METHOD.format("t"),
    "records": "from clarifai.runners.utils.data_types import NamedFields\nclass A0(NamedFields):\n    x: int\n"
    + "".join(CLASSES)
    + METHOD.format("1").replace("list", "A39"),
    "bases": "class A0: ...\nclass B0: ...\n" + "".join(BASES),
    "calls": "".join(DEFINITIONS + CALLS),
    "stars": "".join(f"a{i} = 1\n" for i in range(600)) + "from os import *\n" * 600,
    "size": "#" * limits.SOURCE_SIZE,
    "depth": "x = " + "1 + " * 20_000 + "1\n",
}


@pytest.mark.parametrize("source", SOURCES_WITHOUT_END.values(), ids=SOURCES_WITHOUT_END)
def test_a_source_that_multiplies_is_not_read_to_its_end(
    source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pull request can have any `model.py`, which `gen-client contract` reads."""
    monkeypatch.setattr(limits, "SOURCE_STEPS", 200_000)
    reading = read_model_file(f"{MODEL}{source}".encode())
    assert reading.signatures is None
    assert {finding.level for finding in reading.findings} == {Level.UNSURE}


def test_a_finding_repeats_no_long_text() -> None:
    text = "a" * 100_000
    source = f'{MODEL}t = "{text}"\n' + METHOD.format("t").replace("list", "int")
    (finding,) = read_model_file(source.encode()).findings
    assert len(finding.message) < 600


SERVER = """
from fastmcp import FastMCP
from pydantic import BaseModel
from clarifai.runners.models.mcp_class import MCPModelClass
{definitions}
server = FastMCP("x")
class M(MCPModelClass):
    def get_server(self):
        return server
@server.tool
def t(x: {type}) -> int: ...
"""
NESTED_MODELS = "".join(
    f"class A{i}(BaseModel):\n    x: A{i - 1}\n    y: A{i - 1}\n" for i in range(1, 40)
)


@pytest.mark.parametrize(
    ("definitions", "type"),
    [
        (f"class A0(BaseModel):\n    x: int\n{NESTED_MODELS}", "A39"),
        (
            "from typing import Union, Literal",
            f"Union[{', '.join(f'Literal[{n}]' for n in range(5_000))}]",
        ),
        ("", " | ".join(["'int'"] * 3_000)),
        ("".join(f"a = {n}\n" for n in range(3_000)), f"list[{', '.join(['a'] * 3_000)}]"),
    ],
    ids=["models", "unions", "depth", "names"],
)
def test_tools_that_multiply_are_not_read_to_their_end(definitions: str, type: str) -> None:
    reading = read_model_file(SERVER.format(definitions=definitions, type=type).encode())
    assert reading.offer is None
