"""Addresses of models, and the grammar of those that are not local: a model of the platform, or a runner.

The URL of a model is that of a web page, not of a server, so its host is dropped here. `local` knows what is on this
machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult

from clarigen import ModelRef
from clarigen._tooling import Target, may_hold_secret, split_url
from clarigen.errors import ConfigError
from gen_client import limits
from gen_client.diagnostics import Refusal
from gen_client.exit_codes import USAGE
from gen_client.text import quote

EXPECTED: Final = (
    "expected https://clarifai.com/USER/APP/models/MODEL, USER/APP/models/MODEL, or a runner:"
    " grpc://127.0.0.1:8000"
)
_WEB_SCHEMES: Final = ("http", "https")
_GRPC_SCHEMES: Final = ("grpc", "grpcs")
_PLATFORM_HOSTS: Final = ("clarifai.com", "www.clarifai.com")


@dataclass(frozen=True, slots=True)
class ModelAddress:
    """The address of a model on the platform.

    Attributes:
        reference: The model.
        version_id: The version; empty for the latest.
    """

    reference: ModelRef
    version_id: str


@dataclass(frozen=True, slots=True)
class RunnerAddress:
    """The address of a server that serves one model.

    Attributes:
        base_url: The server's URL.
    """

    base_url: str


@dataclass(frozen=True, slots=True)
class LocalAddress:
    """A file or a folder on this machine.

    Attributes:
        path: A generated package, its lock, a signature file, an answer to `tools/list`, or a model's folder; `-` for
            standard input.
    """

    path: str


Address = ModelAddress | RunnerAddress | LocalAddress
"""Any place that has the signatures of a model."""


def parse_address(url: str) -> ModelAddress | RunnerAddress:
    """Parse the address of a model that is not local, such as the argument of `--url`.

    Raises:
        Refusal: Exit 2: the text names neither a model nor a runner. The message says what was expected.
    """
    url = url.strip()
    if not url or not url.isprintable() or any(map(str.isspace, url)):
        raise _refuse_url(f"{_quote_url(url)} is not an address")
    try:
        parts = split_url(url)
    except ValueError:
        raise _refuse_url(f"{_quote_url(url)} is not a URL: its host or port is wrong") from None
    for refusal in _find_faults(url, parts):
        raise refusal
    if not _is_runner(parts):
        return _parse_model(url)
    parse_base_url(url)
    return RunnerAddress(url)


def parse_base_url(url: str) -> Target:
    """Parse a base URL: the platform's, or that of a runner.

    Raises:
        Refusal: Exit 2: the text is not a base URL.
    """
    try:
        return Target.parse(url)
    except ConfigError as error:
        raise _refuse_url(str(error)) from None


def _find_faults(url: str, parts: SplitResult) -> Iterator[Refusal]:
    """Yield what is wrong with the parts of a URL, the most important fault first."""
    # The URL is not repeated: it has a password in it. Ids with an `@` need the short form.
    if "@" in (url if "://" in url else parts.netloc):
        yield Refusal(
            "a URL with user:password@ is refused",
            remedy="give the credential in CLARIFAI_PAT",
            exit_code=USAGE,
        )
    if parts.scheme not in ("", *_WEB_SCHEMES, *_GRPC_SCHEMES):
        yield _refuse_url(f"{_quote_url(url)}: {quote(parts.scheme + '://')} is not supported")
    if parts.scheme and not parts.hostname:
        yield _refuse_url(f"{_quote_url(url)} has no host")
    if parts.hostname in _PLATFORM_HOSTS and _is_runner(parts):
        yield _refuse_url(f"{_quote_url(url)} names the platform, but no model")


def _is_runner(parts: SplitResult) -> bool:
    """Return whether a URL names a server: by its scheme, or because it has nothing but a host."""
    if parts.scheme in _GRPC_SCHEMES:
        return True
    has_path = bool(parts.path.strip("/") or parts.query or parts.fragment)
    return not has_path and (parts.scheme in _WEB_SCHEMES or parts.port is not None)


def _parse_model(url: str) -> ModelAddress:
    try:
        reference, version_id = ModelRef.parse(url)
    except ConfigError as error:
        raise Refusal(str(error), exit_code=USAGE) from None
    for text in (*reference, *([version_id] if version_id else [])):
        if not limits.is_id(text):
            raise _refuse_url(
                f"{_quote_url(url)}: {'a part of it' if '@' in text else quote(text)} is not an id"
            )
    return ModelAddress(reference, version_id)


def _quote_url(url: str) -> str:
    return "the address" if may_hold_secret(url) else quote(url)


def _refuse_url(message: str) -> Refusal:
    return Refusal(message, remedy=EXPECTED, exit_code=USAGE)
