"""The exit codes of the command, and what each means.

To add a code, add a constant and its line in `MEANINGS`: the help of every command prints that table. This module
imports nothing, so that every module can use the codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DONE: Final = 0
DIFFERENT: Final = 1
USAGE: Final = 2
UNREACHABLE: Final = 3
UNUSABLE: Final = 4
INTERRUPTED: Final = 130
"""What a shell reports for a command that Ctrl-C ended."""

MEANINGS: Final[Mapping[int, str]] = {
    DONE: "done, or nothing to do",
    DIFFERENT: "a check failed: a difference, a fault, or a call that the model failed",
    USAGE: "the command line or the configuration is wrong",
    UNREACHABLE: "the model could not be reached, or it refused the credential",
    UNUSABLE: "no safe client can be generated from the model's signatures",
}
"""The codes that the help lists."""
