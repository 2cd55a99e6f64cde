"""The common part of all sources: `Source`, their protocol, and `Document`, what they return.

No source is imported here, so every stage can use both names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from clarigen import ModelRef


@dataclass(frozen=True, slots=True)
class Document:
    """A model's signatures, unchecked.

    Attributes:
        reference: The model on the platform; None if it is not there, or not known.
        version_id: The version that the signatures belong to; empty if it is not known.
        signatures: `MethodSignature` messages in their JSON form, in the model's order.
        client_options: Defaults that the generated client gets: keywords of its constructor (`version_id`,
            `deployment_id`, …) and values.
        json_types: The user's types for JSON values: `METHOD.PARAMETER` or `METHOD.return`, and the text of a type.
        mcp: What an MCP model offers, in the forms of its protocol: `tools`, `prompts`, `resources`,
            `resourceTemplates` (arrays) and `instructions` (text). None if it is not an MCP model, or was not asked.
        public_transports: The names of transports that become methods of the client; others are left to the base
            class of their kind.
        model_type: The model type from which the signatures were derived; None for a model that has signatures.
        path: The path of the file that it was read from; empty if it was not read from a file.
    """

    reference: ModelRef | None
    version_id: str
    signatures: tuple[Mapping[str, object], ...]
    client_options: tuple[tuple[str, str], ...] = ()
    json_types: tuple[tuple[str, str], ...] = ()
    mcp: Mapping[str, object] | None = None
    public_transports: tuple[str, ...] = ()
    model_type: Mapping[str, object] | None = None
    path: str = field(default="", compare=False)


class Source(Protocol):
    """A place that has the signatures of one model."""

    def fetch(self) -> Document:
        """Read the signatures.

        Raises:
            Refusal: The source has none, or cannot be reached: exit 2, 3 or 4.
        """
        ...
