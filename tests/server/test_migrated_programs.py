"""A program gives the same output with the SDK and, once it is migrated, with the generated client.

Both call the official server. Only `from_local_grpc` reaches it with the SDK, because it is no platform; the other
constructor in each program names the model.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import pytest

from command import run_command
from server.conftest import Served

HEAD: Final = """\
from clarifai.client import Model
from clarifai.client.model_client import ModelClient


def connect(local=True):
    if local:
        return ModelClient.from_local_grpc(PORT)
    return Model(url)


model = connect()
"""
PROGRAMS: Final = {
    "values": """\
from clarifai.runners.utils.data_types import Concept, Image, Region, Text
image = model.echo_image(Image(bytes=b"picture"))
print(image.bytes, image.url)
concept = model.echo_concept(x=Concept("a cat", 0.5))
print(concept.name, concept.value, concept.id)
region = model.echo_region(Region(box=[0.25, 0.5, 0.75, 1.0], concepts=[concept], track_id="7"))
print(list(region.box), region.concepts[0].name, region.track_id)
print(model.echo_text(Text("x")).text, [text.text for text in model.texts([Text("a"), Text("b")])])
""",
    "plain": """\
print(model.echo_str("x"), model.echo_int(x=3), model.pair((1, "a")), model.matrix([[1], [2, 3]]))
print(model.echo_json({"a": [1]}), model.first_float(0.5, "y"), model.first_list(["b"], "z"))
print(model.list("kind", 3))
""",
    "streams": """\
from clarifai.runners.utils.data_types import Image
print("".join(model.count(3)), list(model.count(n=2)))
print(list(model.double(iter([1, 2, 3]), 5)))
for picture in model.pictures(x=Image(bytes=b"p"), times=2):
    print(picture.bytes)
""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_output_is_the_same(
    name: str,
    official: Served,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = HEAD.replace("PORT", official.url.rpartition(":")[2]) + PROGRAMS[name]
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "program.py"
    path.write_text(text)
    line = 1 + text.split("\n").index("    return Model(url)")
    options = ("--write", "--as", f"program.py:{line}=everything")
    packages = ("--packages", official.folder.parent.parent)
    code, out, _ = run_command(capsys, "migrate", path.name, *options, *packages)
    assert (code, "wrote program.py" in out) == (0, True), out
    migrated = path.read_text()
    assert "clarifai." not in migrated.replace("clarifai.com", "")
    monkeypatch.setattr(sys, "path", [str(official.folder.parent.parent), *sys.path])
    results: list[str] = []
    for program in (text, migrated):
        capsys.readouterr()
        exec(compile(program, "program.py", "exec"), {"__name__": "program"})
        results.append(capsys.readouterr().out)
    assert results[0] == results[1] != ""
