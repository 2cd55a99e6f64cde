"""Generated packages, as a migration needs them: how to import one, and what its methods take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clarigen import ModelRef
from gen_client.interface.model import TypeKind
from gen_client.plan.named import NamedMethod
from gen_client.plan.types import Shape

_SDK_VALUES = frozenset(
    {
        *(TypeKind.IMAGE, TypeKind.AUDIO, TypeKind.VIDEO, TypeKind.TEXT),
        *(TypeKind.CONCEPT, TypeKind.REGION, TypeKind.FRAME),
    }
)


@dataclass(frozen=True, slots=True)
class Package:
    """A generated package.

    Attributes:
        module: The module, as programs import it.
        reference: The model on the platform; None if it is not there.
        client: The name of its client.
        async_client: The name of the asyncio twin.
        methods: Its methods, by their names on the wire.
        has_kind: Whether the client has `openai()` or tools in the place of some methods.
    """

    module: str
    reference: ModelRef | None
    client: str
    async_client: str
    methods: Mapping[str, NamedMethod]
    has_kind: bool = False


def exchanges_values(method: NamedMethod) -> bool:
    """Return whether a method takes or returns values that the SDK has classes for."""
    return any(kind in _SDK_VALUES for shape in method.shapes for kind in shape.iter_kinds())


def returns_regions(shape: Shape) -> bool:
    """Return whether a type has regions in it."""
    return any(kind in (TypeKind.REGION, TypeKind.FRAME) for kind in shape.iter_kinds())
