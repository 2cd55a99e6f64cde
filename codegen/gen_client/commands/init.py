"""`gen-client init`: writes an entry into pyproject.toml, and leaves all else in it as it is.

What lives here: its options, and how the entry gets there. What is written has been read as a configuration
before. tomlkit, which keeps a file's formatting, is imported here alone.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gen_client.commands.command import Command
from gen_client.diagnostics import Refusal
from gen_client.exit_codes import DONE
from gen_client.terminal.console import Console

if TYPE_CHECKING:
    from gen_client.config import ConfigFile, Settings

_EXAMPLES = (
    (
        "a model of the platform",
        "gen-client init openai/chat-completion/models/o4-mini --out src/models",
    ),
    (
        "one version, and no later one",
        "gen-client init acme/vision/models/eye/versions/v7 --name eyes",
    ),
    ("a local runner", "gen-client init grpc://127.0.0.1:8000 --name my_model"),
)


def declare(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "url",
        metavar="URL",
        help="the model: its address, USER/APP/models/MODEL, or a local runner",
    )
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        help="the folder that gets the package, in the repository",
    )
    parser.add_argument("--name", default="", help="the package's name (default: the model's id)")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Write the entry, unless it is there."""
    from gen_client import config

    place = config.find_or_new_config(config.working_folder())
    old = None if place.section is None else config.read_settings(place)
    entry = {"url": arguments.url, **({"name": arguments.name} if arguments.name else {})}
    try:
        if old is not None and _listed(old, entry, place):
            console.print_note(f"gen-client: {place.path.name} lists this model already")
            return DONE
        text = _with_entry(place, entry, arguments.out)
        config.read_settings(config.parse_config(place.path, place.root, text))
    except Refusal as refusal:  # the place that it names is one in a file that is not written
        raise Refusal(
            refusal.diagnostic.message,
            exit_code=refusal.diagnostic.exit_code,
            remedy=refusal.diagnostic.remedy,
        ) from None
    work = place.path.with_name(f".{place.path.name}.gen-client")
    work.write_bytes(text.encode())
    if place.path.exists():
        work.chmod(place.path.stat().st_mode & 0o7777)
    work.replace(place.path)
    console.print_result(os.path.relpath(place.path))
    console.flush()
    console.print_note("gen-client: run gen-client to generate it")
    return DONE


def _listed(settings: Settings, entry: dict[str, str], place: ConfigFile) -> bool:
    """Whether an entry of this model, and of this name if one is given, is there."""
    from gen_client import config

    meant = config.read_settings(
        config.parse_config(place.path, place.root, _with_entry(None, entry, None))
    )
    its = meant.entries[0]
    return any((other.address, other.name) == (its.address, its.name) for other in settings.entries)


def _with_entry(place: ConfigFile | None, entry: dict[str, str], out: Path | None) -> str:
    """The text of a file with one entry more."""
    import tomlkit
    from tomlkit.items import AoT

    document: Any = tomlkit.parse(place.text if place else "")
    tool = _table(document, "tool", inner=True)
    section = _table(tool, "gen-client", inner=False)
    if out is not None and place is not None:
        folder = Path(os.path.relpath(out, place.path.parent)).as_posix()
        if "out" not in section and "models" not in section:
            section["out"] = folder
        elif section.get("out", ".") != folder:
            entry = {**entry, "out": folder}
    models: Any = section.setdefault("models", tomlkit.aot())
    tables = type(models) is AoT
    table: Any = tomlkit.table() if tables else tomlkit.inline_table()
    table.update(entry)
    if tables:  # with a blank line before it, and after it if there was one
        if models and models[-1].as_string().endswith("\n\n"):
            table.add(tomlkit.nl())
        else:
            table.trivia.indent = "\n"
    models.append(table)  # pyright: ignore[reportUnknownMemberType]  # tomlkit gives it no type
    return tomlkit.dumps(document)


def _table(parent: MutableMapping[str, Any], key: str, *, inner: bool) -> Any:
    import tomlkit

    if key not in parent:
        parent[key] = tomlkit.table(is_super_table=inner)
    return parent[key]


COMMAND = Command(
    name="init",
    summary="Write a model into pyproject.toml, for `gen-client` to generate.",
    examples=_EXAMPLES,
    declare=declare,
    run=run,
)
