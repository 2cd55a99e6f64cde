"""What is found in a model's source: what the upload will refuse, what it changes, and what cannot be told.

A reader raises a `Problem` where it cannot go on, and its callers collect the findings.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import Final

_MAX_TEXT: Final = 500
"""Characters of a message, and of a location."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding.

    Attributes:
        level: How grave it is.
        code: Its kind.
        message: A sentence without a full stop. It may repeat text of the source, and is escaped when printed.
        line: The line of the source, from 1.
        location: The method and the parameter (`predict.threshold`); empty for the file as a whole.
        remedy: What its author can do about it; or empty.
    """

    level: Level
    code: Code
    message: str
    line: int
    location: str = ""
    remedy: str = ""

    def __post_init__(self) -> None:
        """Cut long texts: many findings may repeat one name."""
        for name in ("message", "location"):
            text = getattr(self, name)
            if len(text) > _MAX_TEXT:
                object.__setattr__(self, name, f"{text[:_MAX_TEXT]}…")


class Level(enum.Enum):
    """How grave a finding is, the worst first. The values are printed."""

    UNSURE = "unsure"
    """It cannot be told from the source what is published."""
    ERROR = "error"
    """The upload refuses the model."""
    WARNING = "warning"
    """The upload publishes something else than what runs, or something that nobody wants."""


class Code(enum.Enum):
    """The kinds of findings. The values are stable: scripts compare them."""

    UNSURE = "unsure"
    UNSURE_TOOLS = "unsure-tools"
    SYNTAX = "syntax"
    IMPORT_FAILS = "import-fails"
    MODEL_CLASS = "model-class"
    NO_ANNOTATION = "no-annotation"
    TEXT_ANNOTATION = "text-annotation"
    UNSUPPORTED_TYPE = "unsupported-type"
    MOCKED_TYPE = "mocked-type"
    MOCKED_VALUE = "mocked-value"
    MOCKED_DECORATOR = "mocked-decorator"
    RESERVED_NAME = "reserved-name"
    STREAMS = "streams"

    MOCKED_DEFAULT = "mocked-default"
    LOST_METHOD = "lost-method"
    ASYNC_METHOD = "async-method"
    DEFAULT_TYPE = "default-type"
    EXTRA_KEYWORDS = "extra-keywords"


class Problem(Exception):
    """Something of the source has no signature, or none that is sure.

    Attributes:
        finding: The reason.
    """

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(finding.message)

    def at(self, location: str, line: int = 0) -> Problem:
        """Return the problem with a location, and a line if it has none."""
        finding = self.finding
        place = finding.location or location
        return Problem(replace(finding, location=place, line=finding.line or line))


PYTHON_REMEDY = "--python lets an interpreter read it"


def unsure(message: str, line: int = 0, remedy: str = PYTHON_REMEDY) -> Problem:
    """Return the problem of something that cannot be told from the source."""
    return Problem(Finding(Level.UNSURE, Code.UNSURE, message, line, remedy=remedy))


def refused(code: Code, message: str, line: int = 0, remedy: str = "") -> Problem:
    """Return the problem of something that the upload refuses."""
    return Problem(Finding(Level.ERROR, code, message, line, remedy=remedy))
