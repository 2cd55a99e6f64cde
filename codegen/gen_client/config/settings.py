"""The content of a configuration, checked.

`keys` creates these values. They know nothing of TOML.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gen_client.source.address import Address


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model of a configuration.

    Attributes:
        address: A model of the platform, with its version if one is pinned; a runner; or a file or folder inside the
            repository, relative to the working folder if it is inside.
        name: The name of its package: valid, and unique in its folder.
        out: The folder that gets the package: inside the repository, relative to the working folder if it is inside.
        methods: The methods to generate, by their names on the wire; empty for all.
        exclude: The methods to leave out.
        client_options: Defaults that the generated client gets: keywords (`version_id`, `deployment_id`, …) and ids.
        json_types: The user's types for JSON values: `METHOD.PARAMETER` or `METHOD.return`, and the text of a type,
            sorted by key. Only the model can say whether the keys exist.
    """

    address: Address
    name: str
    out: Path
    methods: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    client_options: tuple[tuple[str, str], ...] = ()
    json_types: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """A configuration.

    Attributes:
        path: The file that it was read from.
        api_base: The platform's base URL; None for the default.
        entries: The models, in the order of the file; their packages do not overlap.
    """

    path: Path
    api_base: str | None
    entries: tuple[ModelEntry, ...]
