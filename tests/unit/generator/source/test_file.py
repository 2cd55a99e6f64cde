"""Signature files: every form in JSON and YAML, and the refusal of other content."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from clarigen import ModelRef
from gen_client import limits, source
from gen_client.diagnostics import Refusal, Report
from gen_client.interface.model import Model
from gen_client.interface.read import read_model
from gen_client.output import lock_file
from gen_client.source import Document
from gen_client.source.file import parse_document
from support import CORPUS

SIGNATURE = {
    "name": "predict",
    "method_type": "UNARY_UNARY",
    "input_fields": [{"name": "x", "type": "LIST", "type_args": [{"type": "INT"}]}],
    "output_fields": [{"name": "return", "type": "STR"}],
}
CAMEL = {
    "methodType": "UNARY_UNARY",
    "inputFields": [{"name": "x", "type": "LIST", "typeArgs": [{"name": "x_item", "type": "INT"}]}],
    "outputFields": [{"name": "return", "type": "STR"}],
}
MODEL = {"user_id": "u", "app_id": "a", "model_id": "m", "version_id": "v"}


def read_file(path: Path | str, report: Report | None = None) -> Document:
    return source.SignatureFile(str(path), report or Report()).fetch()


def refuse(path: Path | str) -> tuple[int, str]:
    """Return the exit code and the message of the refusal to read a file."""
    with pytest.raises(Refusal) as caught:
        read_file(path)
    text = str(caught.value)
    assert text.replace("\n", "").isprintable()
    assert text.count("\n") <= 1
    return caught.value.diagnostic.exit_code, text


def interface_of(document: Document) -> Model:
    return read_model(document, Report())


@pytest.fixture
def expected() -> Model:
    return interface_of(Document(None, "", (SIGNATURE,)))


@pytest.mark.parametrize(
    "content",
    [
        {"method_signatures": [SIGNATURE]},
        {"methodSignatures": [SIGNATURE]},
        {"model": {}, "method_signatures": [SIGNATURE]},
        {"model": None, "method_signatures": [SIGNATURE], "notes": "…"},
        [SIGNATURE],
        {"predict": SIGNATURE},
        {"predict": CAMEL},
        {"predict": {**CAMEL, "name": "predict"}},
    ],
    ids=range(8),
)
@pytest.mark.parametrize("suffix", [".json", ".yaml", ".yml", ".txt", ""])
def test_every_form_is_read_from_json_and_yaml(
    tmp_path: Path, expected: Model, content: Any, suffix: str
) -> None:
    path = tmp_path / f"signatures{suffix}"
    for text in (json.dumps(content), yaml.safe_dump(content)):
        if suffix == ".json" and not text.startswith(("{", "[")):
            continue
        path.write_text(text, "utf-8")
        assert interface_of(read_file(path)) == expected


def test_a_file_names_its_model(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text(json.dumps({"model": MODEL, "method_signatures": [SIGNATURE]}), "utf-8")
    document = read_file(path)
    assert document.reference == ModelRef("u", "a", "m")
    assert document.version_id == "v"


def test_a_file_may_name_its_model_in_camel_case(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    ids = {"userId": "u", "appId": "a", "modelId": "m", "versionId": "v"}
    path.write_text(json.dumps({"model": ids, "methodSignatures": [SIGNATURE]}), "utf-8")
    document = read_file(path)
    assert (document.reference, document.version_id) == (ModelRef("u", "a", "m"), "v")


def test_a_lock_is_a_signature_file(tmp_path: Path, expected: Model) -> None:
    for original in (expected, Model(ModelRef("u", "a", "m"), "v", expected.methods)):
        path = tmp_path / "signatures.json"
        path.write_text(lock_file.format_lock(original), "utf-8")
        report = Report()
        assert interface_of(read_file(path, report)) == original
        assert report.warnings == []


def test_a_lock_edited_by_hand_is_warned_of(tmp_path: Path, expected: Model) -> None:
    path = tmp_path / "signatures.json"
    path.write_text(lock_file.format_lock(expected).replace('"STR"', '"TEXT"'), "utf-8")
    report = Report()
    read_file(path, report)
    assert "edited by hand" in str(report.warnings[0])


@pytest.mark.parametrize("wrong", [5, "", "abc", [], {"a": 1}])
def test_a_digest_that_does_not_match_is_warned_of(tmp_path: Path, wrong: Any) -> None:
    path = tmp_path / "s.json"
    path.write_text(json.dumps({"sha256": wrong, "method_signatures": [SIGNATURE]}), "utf-8")
    report = Report()
    read_file(path, report)
    assert len(report.warnings) == 1


@pytest.mark.parametrize("text", [json.dumps([SIGNATURE]), yaml.safe_dump([SIGNATURE])])
def test_a_dash_reads_standard_input(
    monkeypatch: pytest.MonkeyPatch, expected: Model, text: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert interface_of(read_file("-")) == expected


def test_a_byte_order_mark_is_skipped(tmp_path: Path, expected: Model) -> None:
    path = tmp_path / "s.json"
    path.write_text(json.dumps([SIGNATURE]), "utf-8-sig")
    assert interface_of(read_file(path)) == expected


def test_every_file_of_the_corpus_but_two_is_read() -> None:
    for path in sorted(CORPUS.glob("*/*.json")):
        if path.name.endswith(".expected.json"):  # what a test expects, not a source
            continue
        if path.stem in ("ids-empty", "nesting-two-hundred-lists"):
            assert refuse(path)[0] == 4
        else:
            content = json.loads(path.read_text("utf-8"))
            assert read_file(path).signatures == tuple(content["method_signatures"])


# Refusals


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    code, text = refuse(tmp_path / "none.json")
    assert code == 2
    assert "none.json" in text
    assert "No such file" in text


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert refuse(tmp_path)[0] == 2


def test_a_path_with_a_null_character_is_refused() -> None:
    assert refuse("a\0b")[0] == 2


def test_control_characters_of_a_path_are_escaped(tmp_path: Path) -> None:
    assert r"\x1b" in refuse(tmp_path / "\x1b[2J")[1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "neither"),
        (b"\xff\xfe", "UTF-8"),
        (b"{", "line 1, column 2"),
        (b'{"a": 1}', "method_signatures"),
        (b"5", "neither"),
        (b"null", "neither"),
        (b'"text"', "neither"),
        (b"[1]", "array of objects"),
        (b'{"method_signatures": {}}', "array of objects"),
        (b'{"method_signatures": [5]}', "array of objects"),
        (b'{"method_signatures": [], "method_signatures": []}', "twice"),
        (b'{"method_signatures": [], "model": 5}', "`model` is not an object"),
        (b'{"method_signatures": [], "model": {"user_id": 5}}', "`model.user_id` is not text"),
        (b'{"method_signatures": [], "model": {"user_id": "u"}}', "model.app_id"),
        (b'{"method_signatures": [], "model": {"user_id": ""}}', "model.user_id"),
        (b"[" * 100_000, "nested"),
        (b'{"a":' * 100_000, "nested"),
        (b"[1e999]", "too large"),
        (b"[" + b"9" * 5000 + b"]", "digits"),
        (b"a: [", "line"),
        (b"a: b: c", "line"),
        (b"\tx", "line"),
        (b"a: &x []\nb: *x", "anchors"),
        (b"*x", "anchors"),
        (b"a: {}\na: {}", "twice"),
        (b"5: {}", "key"),
        (b"? [a]\n: {}", "key"),
        (b"a: !!python/object/apply:os.system [exit]", "tags are not accepted"),
        (b"a: !!timestamp 2020-99-99", "tags are not accepted"),
        (b"a: !!binary AAAA", "tags are not accepted"),
        (b"a: !!set {a, b}", "tags are not accepted"),
        (b"a: !!int 1:1", "tags are not accepted"),
        (b"a: !evil b", "tags are not accepted"),
        (b"a: " + b"9" * 30, "too large"),
        (b"a: 1e999", "too large"),
        (b"--- {}\n--- {}", "document"),
        (b"- " * 5_000, "nested"),
        (b"a: \x07", "special characters"),
    ],
)
def test_content_without_signatures_is_refused(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "signatures"
    path.write_bytes(content)
    code, text = refuse(path)
    assert code == 4
    assert message in text


def test_the_nesting_of_flow_yaml_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text("[" * 100_000, "utf-8")
    assert "nested" in refuse(path)[1]


def test_sizes_are_bounded(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_bytes(b" " * (limits.SIZE + 1))
    assert "larger than 4 MB" in refuse(path)[1]
    path = tmp_path / "s.yaml"
    path.write_bytes(b" " * (limits.YAML_SIZE + 1))
    assert "512 kB" in refuse(path)[1]


def test_yaml_of_the_wrong_type_has_a_remedy(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(
        "predict: {input_fields: [{name: on, type: INT, default: 2020-01-01}]}", "utf-8"
    )
    with pytest.raises(
        Refusal, match="expected text, not a boolean\n  in YAML, write it in quotes"
    ):
        interface_of(read_file(path))


@pytest.mark.parametrize("number", [2, 10**30])
def test_the_lock_of_a_newer_gen_client_is_refused(tmp_path: Path, number: int) -> None:
    path = tmp_path / "signatures.json"
    content = {"format": number, "model": MODEL, "method_signatures": [SIGNATURE]}
    path.write_text(json.dumps(content), "utf-8")
    code, text = refuse(path)
    assert code == 4
    assert f"format: this lock was written by a newer gen-client: it has format {number}," in text
    assert "pip install -U 'clarigen[codegen]'" in text
    for accepted in (1, None, "2"):
        path.write_text(json.dumps({**content, "format": accepted}), "utf-8")
        assert read_file(path).version_id == "v"


YAML = b"""
- name: predict
  method_type: UNARY_UNARY
  description: 2001-01-01
  output_fields: [{name: return, type: STR, description: 1:30:00}]
  input_fields:
    - {name: p, type: INT, required: true, description: 0x1f, model_type_range_info: {min: -1, max: 1.5e1}}
    - {name: q, type: STR, default: "010", required: no, description: 1_000}
    - {name: r, type: STR, default: "5", required: off, description: <<}
"""


def test_yaml_has_the_values_of_json() -> None:
    """What YAML would read as a date, a time or a number that JSON does not have is text."""
    document = parse_document(YAML, "x", ".yaml", Report())
    (signature,) = cast("tuple[dict[str, Any], ...]", document.signatures)
    first, second, third = signature["input_fields"]
    assert signature["description"] == "2001-01-01"
    assert signature["output_fields"][0]["description"] == "1:30:00"
    assert (first["required"], first["description"]) == (True, "0x1f")
    assert first["model_type_range_info"] == {"min": -1, "max": 15.0}
    assert (second["default"], second["required"], second["description"]) == ("010", False, "1_000")
    assert (third["default"], third["required"], third["description"]) == ("5", False, "<<")
