"""The variables of a program that may hold the same model, and what is done with it."""

from __future__ import annotations

from dataclasses import dataclass, field

import libcst as cst

from gen_client.migrate.findings import Finding
from gen_client.migrate.program import Reference

Key = tuple[str, object, str]
"""A variable: its kind (`name`, `attribute`, `result`), its scope, class or function, and its name."""


@dataclass(frozen=True, slots=True, eq=False)
class Construction:
    """A place that makes a model.

    Attributes:
        call: The call.
        reference: The name of the class.
        method: The class method that makes it; empty for the class itself.
    """

    call: cst.Call
    reference: Reference
    method: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """A call of a method, or a method that is handed to somebody who calls it.

    Attributes:
        attribute: The expression before the call: `model.predict`.
        name: The name of the method.
        call: The call; for a method that is handed over, the call that gets it.
        passed: The position of the method among the arguments of `call`; -1 if it is called itself.
    """

    attribute: cst.Attribute
    name: str
    call: cst.Call
    passed: int = -1


@dataclass(frozen=True, slots=True, eq=False)
class OutsideUse:
    """A call of a method of an attribute that has the same name, of an object that is not known."""

    node: cst.Attribute
    method: str


@dataclass(slots=True, eq=False)
class Group:
    """The variables that may hold the same model.

    Attributes:
        constructions: Where it is made.
        uses: Where its methods are called.
        keys: The variables.
        annotations: The annotations that name its class.
        obstacles: What is done with it that no client allows.
        values: What the variables are bound to.
        owner: The group that has absorbed this one; None if there is none.
    """

    constructions: list[Construction] = field(default_factory=list[Construction])
    uses: list[Use] = field(default_factory=list[Use])
    keys: set[Key] = field(default_factory=set[Key])
    annotations: list[Reference] = field(default_factory=list[Reference])
    obstacles: list[Finding] = field(default_factory=list[Finding])
    values: list[cst.BaseExpression | OutsideUse] = field(
        default_factory=list["cst.BaseExpression | OutsideUse"]
    )
    owner: Group | None = None

    def absorb(self, other: Group) -> None:
        """Take over what another group has."""
        other.owner = self
        self.constructions += other.constructions
        self.uses += other.uses
        self.keys |= other.keys
        self.annotations += other.annotations
        self.obstacles += other.obstacles
        self.values += other.values
