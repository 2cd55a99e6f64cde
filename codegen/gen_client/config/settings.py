"""What a configuration says, once it is checked.

What lives here: the nouns. Knows nothing of TOML.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gen_client.source.address import ModelAddress, RunnerAddress


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model of a configuration.

    Attributes:
        address: Where it is: a model of the platform, with the version that is pinned, or a runner.
        name: The name of its package: valid, and the only one of its kind at its place.
        out: The folder that gets the package: inside the repository, relative to the working folder where it can be.
        methods: The methods that are wanted, as the model calls them; empty for all.
        exclude: The methods that are not wanted.
        client: What the generated client is told where its user says nothing, by keyword: a pinned `version_id`,
            `deployment_id` and its kin.
        types: The types of the user's that JSON is given: `METHOD.PARAMETER` or `METHOD.return`, and the type's text,
            in the order of their keys. Which of them there are, only the model tells.
    """

    address: ModelAddress | RunnerAddress
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
        file: Where it stands.
        api_base: The platform's base URL, or None for the usual one.
        entries: Its models, in order; their packages do not overlap.
    """

    path: Path
    api_base: str | None
    entries: tuple[ModelEntry, ...]
