"""What a server wrote reaches no terminal, log or CI runner as a command, and no secret reaches a message."""

from __future__ import annotations

import io
import logging
import pickle
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from types import FrameType
from typing import Any
from unittest.mock import patch

import pytest

from clarigen import AsyncClient, Client, ModelRef, errors, examples, wire
from clarigen._text import escape_unprintable, quote, quote_address, show
from clarigen.testing import serve
from gen_client import cli
from gen_client.characters import HIDDEN_CHARACTER

EVIL = "\x1b]52;c;Y3VybA==\x07\x1b[2J\nforged line\r\u202e##[add-mask]x ##vso[task]y \u3164\ufe0f"
SECRET = "S3CRET"


class Echo(Client):
    """A client with one method."""

    def predict(self, x: Any) -> str:
        return self._unary(METHOD, x)


METHOD = wire.unary("predict", wire.field("x", wire.STR), returns=wire.STR)


def is_safe(text: str) -> bool:
    return text.isprintable() and "##[" not in text and "##vso[" not in text


@pytest.mark.parametrize("name", errors.__all__)
def test_the_message_of_an_error_is_one_printable_line(name: str) -> None:
    kind = getattr(errors, name)
    error = kind(f"predict: {EVIL}")
    assert is_safe(str(error)), str(error)
    assert str(error).startswith("predict: \\x1b]52")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_details_stay_as_the_server_wrote_them() -> None:
    error = errors.ModelError(EVIL, details=EVIL)
    assert error.details == EVIL


def test_differences_are_a_line_each() -> None:
    error = errors.SignatureMismatchError("changed", differences=("one", f"two {EVIL}"))
    first, *others = str(error).split("\n")
    assert (first, len(others)) == ("changed", 2)
    assert all(map(is_safe, others))


def test_every_hidden_character_is_escaped_as_in_the_generator() -> None:
    for code_point in range(0x110000):
        character = chr(code_point)
        if HIDDEN_CHARACTER.match(character):
            assert escape_unprintable(character) != character, ascii(character)


# Examples


def printed(*parts: str) -> str:
    """Return what an example of a stream with these parts prints."""

    def predict() -> None:
        for part in parts:
            print(part, end="", flush=True)

    with redirect_stdout(io.StringIO()) as stream, patch.object(sys, "argv", ["x", "predict"]):
        examples.main(predict)
    return stream.getvalue()


@pytest.mark.parametrize(
    "parts",
    [
        [EVIL],
        ["##", "[error]x"],
        ["#", "#[error]x"],
        ["##vs", "o[task]x"],
        ["::add-mask::x"],
        [":", ":add-mask::x"],
        ["a\n  ", "::add-mask::x"],
        ["a\n", ":", ":x"],
    ],
    ids=repr,
)
def test_an_example_prints_nothing_that_others_obey(parts: list[str]) -> None:
    for line in printed(*parts).split("\n"):
        assert is_safe(line), line
        assert not line.lstrip().startswith("::"), line


def test_an_example_prints_plain_text_as_it_is() -> None:
    text = "# Title\n\n## Part: a\nuse std::vector and a[0], naïve 名 🎉\n"
    assert printed(text) == text
    assert printed(*text) == text


# Values


@pytest.mark.parametrize("value", [10**5000, -(10**5000), 10**100], ids=["large", "low", "short"])
def test_a_value_without_a_repr_is_an_input_error(value: int) -> None:
    with Echo(base_url="grpc://127.0.0.1:1") as client, pytest.raises(errors.InputError):
        client.predict(value)


@pytest.mark.parametrize("option", ["timeout", "max_retries"])
def test_an_option_without_a_repr_is_a_config_error(option: str) -> None:
    with pytest.raises(errors.ConfigError, match=option):
        Echo(base_url="grpc://127.0.0.1:1", **{option: -(10**5000)})  # type: ignore[arg-type]


def test_show() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError

    assert show(Broken()) == "a value of the type Broken"
    assert show([10**5000]) == "a value of the type list"
    assert show("x\n") == r"'x\n'"
    assert len(show("x" * 1000)) == 120
    assert is_safe(quote(EVIL))


# Secrets

ADDRESSES = [
    f"https://user:{SECRET}@host",
    f"https://user:{SECRET[:2]}#{SECRET}@host",
    f"https://user:{SECRET[:2]}/{SECRET}@host",
    f"https://user:12/{SECRET}@host/a/models/m",
    f"https://user:{SECRET[:2]}?{SECRET}@host",
    f"https://user:x {SECRET}@host",
    f"https://user:{SECRET}@host:99999",
    f"https://user:{SECRET}@host:port",
    f"https://user:{SECRET}",
    f"user:{SECRET}",
    f"user:{SECRET}@host",
    f"https://user:{SECRET}%40host",
    f"https://host/?token={SECRET}",
    f"https://host:99999/?token={SECRET}",
    f"grpc://user:{SECRET}@127.0.0.1:8000",
    f"ftp://user:{SECRET}@host",
    f"https://user:{SECRET}\uff20host",
    f"https://[user:{SECRET}@host",
    f"https://user:\\{SECRET}@host",
]


@pytest.fixture(scope="module")
def platform() -> Iterator[str]:
    """The address of a server that answers at once, in place of the platform, which `doctor` asks."""
    with serve(Model()) as server:
        yield server.url


class Model:
    """A model with one method."""

    def predict(self, x: str) -> str:
        return x


@pytest.mark.parametrize("url", ADDRESSES)
def test_no_message_repeats_a_password_of_an_address(
    url: str,
    platform: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Any,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLARIFAI_PAT", "pat")
    monkeypatch.setenv("CLARIFAI_API_BASE", platform)
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    for words in (
        ["--url", url],
        ["--url", "u/a/models/m", "--api-base", url],
        ["doctor", "--url", url],
        ["init", url],
        ["show", "--url", url],
    ):
        code = cli.main(words)
        said = "".join(capsys.readouterr())
        assert code in (1, 2, 3), words
        assert SECRET not in said, (words, said)
    for build in (
        lambda: Echo(base_url=url, model="u/a/models/m", pat="x"),
        lambda: Echo(model=url, pat="x"),
        lambda: ModelRef.parse(url),
    ):
        assert SECRET not in message_of(build)


def message_of(build: Callable[[], object]) -> str:
    """Return the message of the ConfigError that a call raises; empty if it raises none."""
    try:
        build()
    except errors.ConfigError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "text", ["https://host/path", "ftp://host", "nonsense", "grpc://[::1]:99", "host:80/x"]
)
def test_a_harmless_address_is_repeated(text: str) -> None:
    assert quote_address(text) == repr(text)


def frames(error: BaseException) -> Iterator[FrameType]:
    """Yield the frames of an error and of all that it hides behind it."""
    seen: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending:
        current = pending.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        pending += [current.__cause__, current.__context__]
        trace = current.__traceback__
        while trace is not None:
            yield trace.tb_frame
            trace = trace.tb_next


def find_leaks(error: BaseException) -> list[str]:
    """Return the local variables of our frames whose repr has the secret."""
    return [
        f"{frame.f_code.co_qualname}.{name}"
        for frame in frames(error)
        if "clarigen" in frame.f_code.co_filename or "grpc" in frame.f_code.co_filename
        for name, value in frame.f_locals.items()
        if SECRET in show(value, 100_000)
    ]


FAULTS: dict[str, dict[str, Any]] = {
    "a path": {"base_url": "https://example.com/x"},
    "no model": {"model": "nothing"},
    "both": {"session_token": SECRET},
    "plain": {"base_url": "http://example.com"},
    "malformed": {"pat": f"{SECRET}\n{SECRET}"},
    "timeout": {"timeout": -1},
    "retries": {"max_retries": -1},
    "routing": {"compute_cluster_id": "x"},
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("base", [Client, AsyncClient])
def test_no_frame_of_a_constructor_holds_a_credential(base: Callable[..., Any], fault: str) -> None:
    arguments = {"pat": SECRET, "model": "u/a/models/m", **FAULTS[fault]}
    with pytest.raises(errors.ConfigError) as caught:
        base(**arguments)
    del arguments
    assert find_leaks(caught.value) == []


def test_no_log_line_has_a_command(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("clarigen").warning("%s", errors.ServerError(EVIL))
    assert is_safe(caplog.records[-1].getMessage())
