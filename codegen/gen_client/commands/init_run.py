"""`gen-client init`: adds an entry for a model to pyproject.toml, and leaves the rest of the file unchanged.

The new text is read as a configuration before it is written. tomlkit keeps the file's formatting.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import MutableMapping, Sequence
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import AoT

from gen_client import config
from gen_client.config import ConfigFile, Settings
from gen_client.diagnostics import Refusal, Report
from gen_client.exit_codes import DONE, USAGE
from gen_client.json_text import is_object
from gen_client.naming.packages import package_name_from_id
from gen_client.output.work_files import replace_file
from gen_client.source.address import Address, ModelAddress, parse_address
from gen_client.source.file import STDIN
from gen_client.source.local import is_path, open_local
from gen_client.terminal.console import Console
from gen_client.text import quote


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Write the entry unless the configuration has it, and return the exit code."""
    file = config.find_config_file(config.working_folder())
    key, value = _name_model(arguments.source, file)
    entry = {key: value, **({"name": arguments.name} if arguments.name else {})}
    text = _extend(file, entry, arguments.out)
    if text is None:
        console.print_note(f"gen-client: {file.path.name} lists this model already")
        return DONE
    _write_config(file.path, text)
    console.print_result(os.path.relpath(file.path))
    console.flush()
    console.print_note("gen-client: run gen-client to generate it")
    return DONE


def add_models(models: Sequence[str], out: Path | None) -> Path | None:
    """Add models to the configuration.

    Args:
        models: Models of the platform: `USER/APP/models/MODEL`.
        out: The folder that gets their packages; None for the section's own.

    Returns:
        The path of the file; None if it lists all of them already.

    Raises:
        Refusal: Exit 2: the file cannot be read or written, or would be wrong.
    """
    file = config.find_config_file(config.working_folder())
    old = file.text
    for model in models:
        entries = config.read_settings(file).entries if _lists_models(file) else ()
        address = parse_address(model)
        if any(_is_same_model(entry.address, address) for entry in entries):
            continue
        user_id, app_id, _, model_id = model.split("/")
        names = (model_id, f"{app_id}-{model_id}", f"{user_id}-{app_id}-{model_id}")
        usual, *others = map(package_name_from_id, names)
        taken = {entry.name for entry in entries}
        name = next((name for name in (usual, *others) if name not in taken), usual)
        text = _extend(file, {"url": model, **({} if name == usual else {"name": name})}, out)
        assert text is not None
        file = config.parse_config(file.path, file.root, text)
    if file.text == old:
        return None
    _write_config(file.path, file.text)
    return file.path


def _is_same_model(address: Address, other: Address) -> bool:
    """Return whether two addresses name the same model of the platform, in whichever version."""
    if not (isinstance(address, ModelAddress) and isinstance(other, ModelAddress)):
        return False
    return address.reference == other.reference


def _extend(file: ConfigFile, entry: dict[str, str], out: Path | None) -> str | None:
    """Return the text of a configuration with one more entry; None if it has the entry.

    Raises:
        Refusal: Exit 2: the configuration is wrong, or would be.
    """
    settings = config.read_settings(file) if _lists_models(file) else None
    try:
        if settings is not None and _has_entry(settings, entry, file):
            return None
        text = _add_entry(file.text, entry, _relative_out(out, file), file.tool)
        config.read_settings(config.parse_config(file.path, file.root, text))
    except Refusal as refusal:
        # The location is dropped: it is a line of a text that is not written.
        raise Refusal(
            refusal.diagnostic.message,
            exit_code=refusal.diagnostic.exit_code,
            remedy=refusal.diagnostic.remedy,
        ) from None
    return text


def _name_model(text: str, file: ConfigFile) -> tuple[str, str]:
    """Return the key and the value with which an entry names a model."""
    if text == STDIN:
        raise Refusal(
            "standard input cannot be listed in pyproject.toml",
            exit_code=USAGE,
            remedy="write it to a file of the repository, and name that",
        )
    if not is_path(text):
        return "url", text
    open_local(text, Report())  # refuses what does not exist
    return "signatures", Path(os.path.relpath(text, file.path.parent)).as_posix()


def _lists_models(file: ConfigFile) -> bool:
    """Return whether the section has models. One without them may be complete once the entry is added."""
    return file.section is not None and not (
        is_object(file.section) and not file.section.get("models")
    )


def _has_entry(settings: Settings, entry: dict[str, str], file: ConfigFile) -> bool:
    """Return whether the settings have an entry of the same model, and of the same name if one is given."""
    text = _add_entry("", entry, "", file.tool)
    new = config.read_settings(config.parse_config(file.path, file.root, text)).entries[0]
    return any((old.address, old.name) == (new.address, new.name) for old in settings.entries)


def _relative_out(out: Path | None, file: ConfigFile) -> str:
    """Return the folder of `--out` relative to the configuration's folder; empty without `--out`."""
    return "" if out is None else Path(os.path.relpath(out, file.path.parent)).as_posix()


def _add_entry(text: str, entry: dict[str, str], out: str, tool_name: str) -> str:
    """Return the text of a configuration with one more entry.

    Args:
        text: The text of the file, or empty.
        entry: The keys of the entry, except `out`.
        out: The folder that gets the package, relative to the file's folder; empty for the section's own.
        tool_name: The name of the configuration's table.
    """
    document: Any = tomlkit.parse(text)
    tool = _get_or_add_table(document, "tool", is_super_table=True)
    section = _get_or_add_table(tool, tool_name, is_super_table=False)
    if out:
        if "out" not in section and "models" not in section:
            section["out"] = out
        elif section.get("out", ".") != out:
            entry = {**entry, "out": out}
    models: Any = section.setdefault("models", tomlkit.aot())
    is_array_of_tables = type(models) is AoT
    table: Any = tomlkit.table() if is_array_of_tables else tomlkit.inline_table()
    table.update(entry)
    if is_array_of_tables:
        # One blank line before the new table, and one after it if there was one.
        if models and models[-1].as_string().endswith("\n\n"):
            table.add(tomlkit.nl())
        else:
            table.trivia.indent = "\n"
    models.append(table)  # pyright: ignore[reportUnknownMemberType]  # tomlkit gives it no type
    return tomlkit.dumps(document)


def _get_or_add_table(parent: MutableMapping[str, Any], key: str, *, is_super_table: bool) -> Any:
    if key not in parent:
        parent[key] = tomlkit.table(is_super_table=is_super_table)
    return parent[key]


def _write_config(path: Path, text: str) -> None:
    try:
        replace_file(path, text.encode())
    except OSError as error:
        raise Refusal(
            f"cannot be written: {error.strerror or type(error).__name__}",
            exit_code=USAGE,
            location=quote(os.path.relpath(path), 400),
        ) from None
