"""The kinds of changes and their impact: those of the runtime, whose clients compare interfaces, too."""

from __future__ import annotations

from clarigen._tooling import Change, Impact, Rule

__all__ = ["Change", "Impact", "Rule"]
