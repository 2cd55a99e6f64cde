"""The words that may stand at the end of a command line that calls or shows a model: its methods and their parameters.

The scripts of `completion` ask for them. A key that is pressed sends nothing and waits for nothing: only a model that is
in files of this machine is read, never standard input, a pipe or a server.
"""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from gen_client.call.describe import Argument, CallableMethod
from gen_client.commands.call_methods import find_method, list_method_names
from gen_client.commands.command import build_parser
from gen_client.commands.registry import COMMANDS
from gen_client.commands.resolve_model import Interface, read_interface
from gen_client.diagnostics import Refusal, Report
from gen_client.source.local import find_lock, is_path, open_local
from gen_client.source.model_folder import find_model_folder

FILES: Final = "\t"
"""Starts the line that asks the shell for files; what follows is the part of the word before the path."""
_COMMANDS: Final = ("call", "run", "show")
_PLAIN: Final = re.compile(r"[\w.,:/%+-]+", re.ASCII)
"""Values to which no shell gives a meaning of its own."""


def complete_line(line: str) -> list[str]:
    """Return the words that may stand at the end of a line, and `FILES` if paths may.

    Args:
        line: The command line up to the cursor, with the name of the command.
    """
    words = _split_line(line)[1:]
    if not words or words[0] not in _COMMANDS:
        return []
    name, *before, current = words if len(words) > 1 else [*words, ""]
    source, positional = _find_source(name, before)
    if source is None:
        return [FILES]
    interface = _read_interface(source)
    if interface is None:
        return []
    if not positional:
        return _select(current, list_method_names(interface))
    if name == "show":
        return []
    try:
        method = find_method(interface, positional[0])
    except Refusal:
        return []
    return list(_complete_argument(current, method, positional[1:]))


def _split_line(line: str) -> list[str]:
    """Split a line as a shell does. The last word is the one at the cursor; it may be empty, or in an open quote."""
    for end in ("", '"', "'"):
        try:
            words = shlex.split(line + end)
        except ValueError:
            continue
        return [*words, ""] if not end and line[-1:].isspace() else words
    return line.split()


def _find_source(name: str, words: Sequence[str]) -> tuple[str | None, list[str]]:
    """Return the SOURCE before the cursor, or None if it is not written yet, and the words after it."""
    parser = build_parser(next(command for command in COMMANDS if command.name == name))
    options = {name: action for action in parser._actions for name in action.option_strings}
    source: str | None = None
    positional: list[str] = []
    expecting: argparse.Action | None = None
    for word in words:
        option, equals, value = word.partition("=")
        if expecting is not None or (equals and option in options):
            action = expecting or options[option]
            if action.dest in ("url", "signatures"):
                source = value if expecting is None else word
            expecting = None
        elif word in options:
            expecting = options[word] if options[word].nargs is None else None
        else:
            positional.append(word)
    if source is None and positional:
        source = positional.pop(0)
    return source, positional


def _read_interface(text: str) -> Interface | None:
    """Return the interface of a model in files; None if the model is elsewhere, or cannot be read."""
    try:
        if not is_path(text) or not (find_model_folder(text) or Path(find_lock(text)).is_file()):
            return None
        return read_interface(open_local(text, Report()), None, Report())
    except (Refusal, OSError, ValueError):
        return None


def _select(current: str, words: Sequence[str]) -> list[str]:
    return [word for word in words if word.startswith(current)]


def _complete_argument(current: str, method: CallableMethod, words: Sequence[str]) -> Iterator[str]:
    name, equals, text = current.partition("=")
    if not equals:
        present = {word.partition("=")[0].removesuffix(":") for word in words}
        names = [a.name for a in method.arguments if _is_repeatable(a) or a.name not in present]
        yield from _select(current, [f"{name}=" for name in names])
        return
    argument = method.find_argument(name.removesuffix(":"))
    if argument is None:
        return
    if text.startswith("@"):
        yield f"{FILES}{name}=@"
    elif argument.choices:
        plain = [choice for choice in argument.choices if _PLAIN.fullmatch(choice)]
        yield from (f"{name}={choice}" for choice in _select(text, plain))
    elif not text:
        yield f"{name}=@"


def _is_repeatable(argument: Argument) -> bool:
    return argument.is_stream or argument.reader.is_list
