"""What a migration says about a program, as values: a line, a code, and how certain the rewriting is."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field


class Level(enum.Enum):
    """What a finding means for the rewriting. The values are printed."""

    NOTE = "note"
    """The rewriting is certain; somebody should know this."""
    REMARK = "remark"
    """The rewritten program may behave differently, so it is written only if the user says so."""
    KEPT = "kept"
    """The place stays as it is."""


class Code(enum.Enum):
    """The kinds of findings. The values are printed, and scripts may look for them."""

    MODEL_NOT_KNOWN = "model-not-known"
    NO_PACKAGE = "no-package"
    NO_METHODS = "no-methods"
    OTHER_ARGUMENTS = "other-arguments"
    INTROSPECTION = "introspection"
    PRIVATE = "private"
    DYNAMIC = "dynamic"
    ESCAPES = "escapes"
    PROTO = "proto"
    WITH_PROTO = "with-proto"
    IN_A_MODEL = "in-a-model"
    OLD_CALL = "old-call"
    WORKFLOW = "workflow"
    INFERENCE_PARAMS = "inference-params-take-effect"
    OTHER_ERRORS = "other-errors"
    OWN_RETRIES = "own-retries"
    BLOCKS_THE_LOOP = "blocks-the-loop"
    BATCH_OR_VALUE = "batch-or-value"
    IMPORT_GUARD = "import-guard"
    BOX_MAY_BE_NONE = "box-may-be-none"
    CREDENTIAL_IN_CODE = "credential-in-code"
    IGNORED_ARGUMENT = "ignored-argument"
    TOKEN = "session-token"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A place of a program that somebody should know about.

    Attributes:
        line: The line, from 1.
        code: Its kind.
        message: A sentence without a full stop. It may contain text of the program.
        level: What it means for the rewriting.
    """

    line: int
    code: Code = field(compare=False)
    message: str
    level: Level = field(compare=False, default=Level.KEPT)


class Kept(Exception):
    """Ends the planning of a variable: one of its uses is not certain, so all of them stay."""

    def __init__(self, line: int, code: Code, message: str) -> None:
        self.finding = Finding(line, code, message)
        super().__init__(message)
