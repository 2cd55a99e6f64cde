"""The help fits a terminal, and the command accepts what the help and the documentation show to type."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import pytest

from gen_client.commands.command import ENVIRONMENT, Command, build_parser
from gen_client.commands.registry import COMMANDS, GENERATE
from gen_client.exit_codes import MEANINGS
from support import ROOT

ALL = (GENERATE, *COMMANDS)
PAGES = "\n".join(
    path.read_text("utf-8") for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
)
"""The pages for users."""


def command_lines() -> Iterator[str]:
    """Return the command lines in the blocks of the pages and in the helps."""
    for block in re.findall(r"(?:^    .*\n)+|^```\w*\n(?s:.*?)^```", PAGES, re.MULTILINE):
        for line in block.splitlines():
            match = re.match(r"^ *(?:\$ |(?:- )?run: )?(gen-client(?!:)\b.*)", line)
            if match:
                yield match[1]
    for command in ALL:
        yield from (line for _, line in command.examples if line.startswith("gen-client"))


@pytest.mark.parametrize("command", ALL, ids=lambda command: command.name)
def test_the_help_fits_a_terminal(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text = build_parser(command, ALL).format_help()
    assert [line for line in text.splitlines() if len(line) > 80] == []
    assert text.count("  # ") == len(command.examples) > 0


@pytest.mark.parametrize("line", list(command_lines()))
def test_documented_command_lines_are_accepted(line: str) -> None:
    words = shlex.split(re.split(r" [|>] ", line)[0], comments=True)[1:]
    for command in COMMANDS:
        if words[:1] == [command.name]:
            build_parser(command).parse_args(words[1:])
            return
    build_parser(GENERATE).parse_args(words)


def test_each_option_is_documented() -> None:
    pages = "\n".join(build_parser(command, ALL).format_help() for command in ALL)
    every = set(re.findall(r"(?<![\w-])--[a-z][\w-]*", pages))
    assert len(every) > 20
    assert {option for option in every if option not in PAGES} == set()
    assert [name for name, _ in ENVIRONMENT if name not in PAGES] == []


def test_the_exit_codes_are_documented() -> None:
    page = (ROOT / "docs" / "command.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d) \| (.*) \|$", page, re.MULTILINE)
    assert [int(code) for code, _ in rows] == list(MEANINGS)
    for (_, long), short in zip(rows, MEANINGS.values(), strict=True):
        assert long.startswith(short.split(":")[0])
