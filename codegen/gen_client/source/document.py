"""What a place gives: a model's signatures as they were found.

What lives here: `Document` alone, so that the rest of the generator can name it without any place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clarigen import ModelRef


@dataclass(frozen=True, slots=True)
class Document:
    """A model's signatures as they were found.

    Attributes:
        reference: Which model of the platform; None if it is none, or not known.
        version_id: The version that was seen, or empty.
        signatures: The JSON form of `MethodSignature` messages, in their order; nothing is checked.
        client: What the generated client is told where its user says nothing, by keyword: `version_id`,
            `deployment_id` and its kin; nothing is checked.
        types: The types of the user's that JSON is given, by `METHOD.PARAMETER`; nothing is checked.
    """

    reference: ModelRef | None
    version_id: str
    signatures: tuple[Mapping[str, object], ...]
    client_options: tuple[tuple[str, str], ...] = ()
    json_types: tuple[tuple[str, str], ...] = ()
