"""Parsing of `--url`: models, runners, and text that names neither."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clarigen import ModelRef
from gen_client.diagnostics import Refusal
from gen_client.source.address import ModelAddress, RunnerAddress, parse_address

REFERENCE = ModelRef("openai", "chat-completion", "o4-mini")


@pytest.mark.parametrize(
    ("url", "version_id"),
    [
        ("https://clarifai.com/openai/chat-completion/models/o4-mini", ""),
        ("http://www.clarifai.com/openai/chat-completion/models/o4-mini/", ""),
        ("clarifai.com/openai/chat-completion/models/o4-mini", ""),
        ("openai/chat-completion/models/o4-mini", ""),
        ("  openai/chat-completion/models/o4-mini\n", ""),
        ("https://web.example:8443/openai/chat-completion/models/o4-mini?tab=1#top", ""),
        ("https://clarifai.com/openai/chat-completion/models/o4-mini/versions/abc", "abc"),
        ("https://clarifai.com/openai/chat-completion/models/o4-mini/model_version/abc", "abc"),
        ("https://clarifai.com/openai/chat%2Dcompletion/models/o4-mini", ""),
        (
            "https://api.x/v2/users/openai/apps/chat-completion/models/o4-mini/versions/abc",
            "abc",
        ),
    ],
)
def test_addresses_of_models(url: str, version_id: str) -> None:
    assert parse_address(url) == ModelAddress(REFERENCE, version_id)


@pytest.mark.parametrize(
    "url",
    [
        "grpc://127.0.0.1:8000",
        "grpcs://runner.example:443",
        "http://127.0.0.1:8000",
        "http://localhost:8000/",
        "https://runner.example",
        "127.0.0.1:8000",
        "[::1]:8000",
        "grpc://[::1]:8000",
        "runner.example:8000",
    ],
)
def test_addresses_of_runners(url: str) -> None:
    assert parse_address(url) == RunnerAddress(url)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "not an address"),
        ("   ", "not an address"),
        ("a b", "not an address"),
        ("u/a/models/\x1b[2J", "not an address"),
        ("u/a/models/\u202em", "not an address"),
        ("https://clarifai.com", "names the platform, but no model"),
        ("grpc://clarifai.com:443", "names the platform, but no model"),
        ("clarifai.com", "does not name a model"),
        ("https://clarifai.com/openai", "does not name a model"),
        ("https://clarifai.com/openai/chat-completion/models", "does not name a model"),
        ("https://clarifai.com/u/a/models/m/versions", "does not name a model"),
        ("https://clarifai.com/u/a/models/m/words/v", "does not name a version"),
        ("https://clarifai.com/u//models/m", "empty part"),
        ("https://clarifai.com/u/a/workflows/w", "workflow"),
        ("u/a/workflows/w", "workflow"),
        ("u/a/m", "does not name a model"),
        ("https://u/a/models/m", "does not name a model"),
        ("https:///u/a/models/m", "has no host"),
        ("grpc://", "has no host"),
        ("grpc://h:99999", "host or port"),
        ("grpc://h:port", "host or port"),
        ("http://[::1", "host or port"),
        ("grpc://h:1/u/a/models/m", "has a path"),
        ("grpc://h:1?x=1", "has a path"),
        ("ftp://h/u/a/models/m", "ftp://"),
        ("file:///etc/passwd", "file://"),
        ("https://clarifai.com/u/a/models/..", "is not an id"),
        ("https://clarifai.com/u/a/models/m%20n", "is not an id"),
        ("https://clarifai.com/u/a/models/%1b", "is not an id"),
        ("https://clarifai.com/u/a%2Fb/models/m", "part"),
        ("u/a/models/m/versions/$(x)", "is not an id"),
    ],
)
def test_text_that_names_neither_is_refused(url: str, message: str) -> None:
    with pytest.raises(Refusal) as caught:
        parse_address(url)
    text = str(caught.value)
    assert caught.value.diagnostic.exit_code == 2
    assert message in text
    assert text.replace("\n", "").isprintable()
    assert text.count("\n") <= 1
    assert "expected" in text or "a model is" in text


@pytest.mark.parametrize(
    "url",
    [
        "https://me:secret@clarifai.com/u/a/models/m",
        "grpc://me:secret@127.0.0.1:8000",
        "https://secret@clarifai.com/u/a/models/m",
        "me:secret@clarifai.com/u/a/models/m",
    ],
)
def test_credentials_in_a_url_are_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(Refusal) as caught:
        parse_address(url)
    assert caught.value.diagnostic.exit_code == 2
    assert "user:password@" in str(caught.value)
    assert "secret" not in str(caught.value)


@settings(deadline=None)
@given(st.text() | st.from_regex(r"(https?|grpcs?)://[^\s]*"))
def test_any_text_is_an_address_or_refused(url: str) -> None:
    result = parse_or_refuse(url)
    if isinstance(result, Refusal):
        assert result.diagnostic.exit_code == 2
        assert str(result).replace("\n", "").isprintable()


def parse_or_refuse(url: str) -> ModelAddress | RunnerAddress | Refusal:
    try:
        return parse_address(url)
    except Refusal as refusal:
        return refusal
