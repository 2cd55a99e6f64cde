"""`python -m safety.fuzz [SECONDS [NAME]]`: run all fuzzers one after the other, or one of them.

`documents` and `answers` are guided by coverage (atheris). The others are random, from a seed that is printed.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from clarifai_grpc.grpc.api import resources_pb2, service_pb2
from google.protobuf import struct_pb2

from support import CORPUS, ROOT, SOURCES, run

SECONDS = 600
MAX_SEED_BYTES = 9_000
"""The largest seed: the fuzzer reaches more with small ones."""
WORDS = (
    *("name", "type", "type_args", "default", "required", "description", "iterator", "id"),
    *("input_fields", "output_fields", "method_type", "model_type_enum_options"),
    *("model_type_range_info", "STR", "INT", "FLOAT", "LIST", "TUPLE", "NAMED_FIELDS", "JSON_DATA"),
)
ESCAPES = (r"\\\"\\\"\\\"", r"\\u202e", r"\\r", r"\\u0000", r"\\\\")


def main(seconds: int, only: str = "") -> int:
    """Run the fuzzers, or only one, and return the exit code. Inputs that fail are kept in `fuzz-found/`."""
    from safety.fuzz import gate, models, values

    exit_code = 0
    fuzzers = {
        "gate": gate.run,
        "models": models.run,
        "payloads": values.run_payloads,
        "dtypes": values.run_dtypes,
    }
    for name, fuzzer in fuzzers.items():
        if only in ("", name):
            seed = random.randrange(1 << 32)
            fault = fuzzer(random.Random(seed), _count_until(time.monotonic() + seconds))
            if fault:
                print(f"{name}, seed {seed}: {fault}")
                exit_code = 1
    if only in ("", "documents", "answers"):
        exit_code = max(exit_code, _run_guided(seconds, only))
    return exit_code


def _count_until(end: float) -> Iterator[int]:
    number = 0
    while time.monotonic() < end:
        yield number
        number += 1


def _run_guided(seconds: int, only: str) -> int:
    """Run the fuzzers that are guided by coverage, and return the exit code."""
    findings = ROOT / "fuzz-found"
    findings.mkdir(exist_ok=True)
    exit_code = 0
    for name, write_seeds in (("documents", _write_documents), ("answers", _write_answers)):
        if only not in ("", name):
            continue
        with tempfile.TemporaryDirectory() as folder:
            seeds, words = Path(folder) / "seeds", Path(folder) / "words"
            (Path(folder) / "new").mkdir()
            seeds.mkdir()
            write_seeds(seeds)
            quoted = [*(rf'"\"{word}\""' for word in WORDS), *(f'"{text}"' for text in ESCAPES)]
            words.write_text("\n".join(quoted), "utf-8")
            done = run(
                *(sys.executable, "-m", f"safety.fuzz.{name}", Path(folder) / "new", seeds),
                *(f"-dict={words}", f"-max_total_time={seconds}", "-max_len=8000"),
                *("-rss_limit_mb=1000", "-timeout=60", f"-artifact_prefix={findings}/{name}-"),
                env={"PYTHONPATH": f"{SOURCES}:{ROOT / 'tests'}"},
                timeout=seconds + 300,
            )
            print(name, *done.stderr.strip().splitlines()[-1:])
            if done.returncode:
                print(done.stderr[-4000:])
                exit_code = 1
    return exit_code


def _write_documents(folder: Path) -> None:
    for kind in ("hostile", "kitchen_sink"):
        for file in (CORPUS / kind).glob("*.json"):
            content = json.loads(file.read_text("utf-8"))
            ids = {key: content["model"].get(key, "") for key in ("user_id", "app_id", "model_id")}
            text = json.dumps({"model": ids, "method_signatures": content["method_signatures"][:3]})
            if len(text) <= MAX_SEED_BYTES:
                (folder / file.name).write_text(text, "utf-8")


def _write_answers(folder: Path) -> None:
    struct = struct_pb2.Struct()
    struct.update({"a": [1, None, {"b": True}], "_list": [1]})
    image = resources_pb2.Image(base64=b"abc", url="u")
    concept = resources_pb2.Concept(id="c", name="cat", value=0.5)
    region = resources_pb2.Region(
        id="r",
        region_info=resources_pb2.RegionInfo(
            bounding_box=resources_pb2.BoundingBox(top_row=0.1, right_col=0.9),
            mask=resources_pb2.Mask(image=image),
            point=resources_pb2.Point(row=0.5),
        ),
        data=resources_pb2.Data(concepts=[concept], text=resources_pb2.Text(raw="t")),
    )
    array = resources_pb2.NDArray(buffer=bytes(16), shape=[2, 2], dtype="float32")
    frame = resources_pb2.Frame(
        data=resources_pb2.Data(image=image), frame_info=resources_pb2.FrameInfo(time=5)
    )
    data = resources_pb2.Data(
        string_value="hello",
        int_value=-5,
        float_value=1.5,
        bool_value=True,
        bytes_value=b"\xff",
        text=resources_pb2.Text(raw="x"),
        image=image,
        audio=resources_pb2.Audio(url="u"),
        video=resources_pb2.Video(base64=b"x"),
        concepts=[concept],
        regions=[region],
        frames=[frame],
        ndarray=array,
        struct_value=struct,
    )
    parts = resources_pb2.Data(
        parts=[resources_pb2.Part(id=id, data=data) for id in ("return", "name", "box", "0", "1")]
    )
    for index, content in enumerate((data, parts)):
        answer = service_pb2.MultiOutputResponse()
        answer.status.code = 10000
        answer.outputs.add().data.CopyFrom(content)
        (folder / str(index)).write_bytes(answer.SerializeToString())


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else SECONDS, *sys.argv[2:3]))
