"""Which kind of place a `--url` names: a model of the platform, or a runner.

What lives here: the grammar of addresses, and nothing else. A model's URL names a page of the web, never
a place to connect to: the host in it is dropped here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from clarigen import ModelRef
from clarigen._tooling import Target
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
    """A model of the platform.

    Attributes:
        reference: Which.
        version_id: Which version, or empty for the latest.
    """

    reference: ModelRef
    version_id: str


@dataclass(frozen=True, slots=True)
class RunnerAddress:
    """A server that serves one model.

    Attributes:
        base_url: Where it is.
    """

    base_url: str


def parse_address(url: str) -> ModelAddress | RunnerAddress:
    """Read an address.

    Args:
        url: What the user gave.

    Raises:
        Refusal: Exit 2: it names neither a model nor a runner. The message says what was expected.
    """
    url = url.strip()
    if not url or not url.isprintable() or any(map(str.isspace, url)):
        raise _refusal(f"{quote(url)} is no address")
    try:
        parts = urlsplit(url if "://" in url else f"//{url}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _refusal(f"{quote(url)} is no URL: its host or port is wrong") from None
    if "@" in parts.netloc:
        raise Refusal(
            "a URL with user:password@ is refused",
            remedy="give the credential in CLARIFAI_PAT",
            exit_code=USAGE,
        )
    if parts.scheme not in ("", *_WEB_SCHEMES, *_GRPC_SCHEMES):
        raise _refusal(f"{quote(url)}: {quote(parts.scheme + '://')} is not spoken here")
    if parts.scheme and not host:
        raise _refusal(f"{quote(url)} has no host")
    bare = not (parts.path.strip("/") or parts.query or parts.fragment)
    if parts.scheme in _GRPC_SCHEMES or (
        bare and (parts.scheme in _WEB_SCHEMES or port is not None)
    ):
        if host in _PLATFORM_HOSTS:
            raise _refusal(f"{quote(url)} names the platform, but no model")
        return _runner(url)
    return _parse_model(url)


def _runner(url: str) -> RunnerAddress:
    parse_base_url(url)
    return RunnerAddress(url)


def parse_base_url(url: str) -> Target:
    """The server that a base URL names.

    Args:
        url: The platform's base URL, or that of a runner.

    Raises:
        Refusal: Exit 2: it is none.
    """
    try:
        return Target.parse(url)
    except ConfigError as error:
        raise _refusal(str(error)) from None


def _parse_model(url: str) -> ModelAddress:
    try:
        reference, version_id = ModelRef.parse(url)
    except ConfigError as error:
        raise Refusal(str(error), exit_code=USAGE) from None
    for text in (*reference, *([version_id] if version_id else [])):
        if not limits.is_id(text):
            raise _refusal(f"{quote(url)}: {quote(text)} is no id")
    return ModelAddress(reference, version_id)


def _refusal(what: str) -> Refusal:
    return Refusal(what, remedy=EXPECTED, exit_code=USAGE)
