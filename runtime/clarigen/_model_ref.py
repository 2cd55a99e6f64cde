"""References to models, in every spelling that the platform uses.

A reference names a model, never a server to connect to: the host in a model's URL is that of the web pages
and is ignored.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from .errors import ConfigError

ME: Final = "me"
"""The platform's name for the owner of the credential."""

_EXPECTED: Final = (
    "https://clarifai.com/USER/APP/models/MODEL[/versions/VERSION] or USER/APP/models/MODEL"
)
_VERSION_SEGMENTS: Final = ("versions", "version", "model_versions", "model_version")


class ModelRef(NamedTuple):
    """A model on the platform. Ids are case-sensitive.

    Attributes:
        user_id: The owner: a person or an organization.
        app_id: The owner's app that contains the model.
        model_id: The model.
    """

    user_id: str
    app_id: str
    model_id: str

    @property
    def url(self) -> str:
        """The URL of the model's web page."""
        return f"https://clarifai.com/{self.user_id}/{self.app_id}/models/{self.model_id}"

    @classmethod
    def parse(cls, text: str) -> tuple[ModelRef, str]:
        """Parse a reference: the URL of a web page or of the API, or the short form.

        Args:
            text: `https://clarifai.com/USER/APP/models/MODEL`, with or without scheme, host and
                `/versions/VERSION`; or an API address (`/v2/users/USER/apps/APP/models/MODEL`).

        Returns:
            The reference, and the id of the version (empty if the text names none).

        Raises:
            ConfigError: The text is not a reference to a model.
        """
        segments = _split_reference(text)
        if segments[2:3] == ["workflows"]:
            problem = f"names a workflow, not a model; a model is {_EXPECTED}"
        elif len(segments) not in (4, 6) or segments[2] != "models":
            problem = f"does not name a model; expected {_EXPECTED}"
        elif len(segments) == 6 and segments[4] not in _VERSION_SEGMENTS:
            problem = "does not name a version; expected …/models/MODEL/versions/VERSION"
        elif any(not segment or "/" in segment for segment in segments):
            problem = f"has an empty part; expected {_EXPECTED}"
        else:
            version_id = segments[5] if len(segments) == 6 else ""
            return cls(segments[0], segments[1], segments[3]), version_id
        raise _make_error(text, problem)


def _split_reference(text: str) -> list[str]:
    """Return the path of a reference as `[USER, APP, "models", MODEL, …]`, without scheme and host."""
    from urllib.parse import unquote, urlsplit

    text = text.strip()
    try:
        parts = urlsplit(text if "://" in text else f"//{text}")
    except ValueError:
        raise _make_error(text, f"is not a URL; expected {_EXPECTED}") from None
    if "@" in (text if "://" in text else parts.netloc):
        raise ConfigError("a URL with user:password@ is refused; use CLARIFAI_PAT")
    if parts.scheme not in ("", "http", "https"):
        raise _make_error(text, f"does not name a model; expected {_EXPECTED}")
    segments = [unquote(segment) for segment in parts.path.strip("/").split("/")]
    if "://" not in text and segments[1:2] in (["models"], ["workflows"]):
        segments.insert(0, unquote(parts.netloc))  # the user, not a host
    if segments[0] == "v2" and segments[1:2] == ["users"] and segments[3:4] == ["apps"]:
        segments = [*segments[2:3], *segments[4:]]  # the API's form
    return segments


def _make_error(text: str, problem: str) -> ConfigError:
    from ._text import quote_address

    return ConfigError(f"{quote_address(text)} {problem}")
