"""What the named methods and the named tools of a model have in common: each becomes a method of the client."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from gen_client.escape import Code
from gen_client.naming.names import MethodNames


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedCallable(ABC):
    """A method of the model or a tool, with all its names.

    Attributes:
        names: Its names in Python.
        description: The lines of its description, without `Args:` and `Returns:`.
        returns: The lines that describe its result.
        input: The name of the `TypedDict` for one input of a batch; None if it has no batch.
    """

    names: MethodNames
    description: tuple[str, ...]
    returns: tuple[str, ...]
    input: Code | None

    @property
    def name(self) -> Code:
        """The name of its method."""
        return self.names.method

    @property
    @abstractmethod
    def required(self) -> Sequence[bool]:
        """Whether each parameter is required, in the order of the parameters."""

    @property
    def positional_count(self) -> int:
        """The number of parameters that can be passed by position: the leading required ones, at least the first."""
        required = self.required
        leading = required.index(False) if False in required else len(required)
        return min(max(leading, 1), len(required))
