r"""What other programs than Python obey in a Python file, or in a printed line.

A docstring is a program for doctest, markup for Sphinx, MkDocs, pdoc and editors, and settings for an editor that looks
for modelines; a printed line can be a command for a CI runner. `escape_docstring_commands` breaks each of them with a
backslash, which reStructuredText and Markdown read as "the next character is text". It stands inside the command where
possible, because some editors show a docstring with two backslashes for one. The gate refuses a docstring in which
`find_docstring_command` still finds a command. This is the only list of such texts; it knows nothing of models.

Every pattern is bounded, so that each costs linear time.
"""

from __future__ import annotations

import functools
import re
from typing import Final

_HTML_NAMES: Final = """
    a abbr acronym address applet area article aside audio b base basefont bdi bdo bgsound big blink blockquote body br
    button canvas caption center cite code col colgroup command content data datalist dd del details dfn dialog dir div
    dl dt element em embed fencedframe fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head
    header hgroup hr html i iframe image img input ins isindex kbd keygen label legend li link listing main map mark
    marquee math menu menuitem meta meter multicol nav nextid nobr noembed noframes noscript object ol optgroup option
    output p param picture plaintext portal pre progress q rb rp rt rtc ruby s samp script search section select
    selectedcontent shadow slot small source spacer span strike strong style sub summary sup svg table tbody td template
    textarea tfoot th thead time title tr track tt u ul var video wbr xml xmp
"""
_DATA_LANGUAGES: Final = "csv|json|json5|jsonc|jsonl|plain|plaintext|text|toml|tsv|txt|xml|yaml|yml"
"""The languages of code blocks that no tool runs or draws."""

# A placeholder such as `<name>` is an unknown element without attributes: it does nothing, and stays as it is.
_TAG: Final = (
    rf"<(?=[A-Za-z/!?])(?!/?(?!(?:{'|'.join(_HTML_NAMES.split())})>)[A-Za-z][A-Za-z0-9_]{{0,63}}>)"
)

_DOCSTRING_COMMANDS: Final = (
    ("a doctest", r"(?<!\S)>>>", r"\\>>>"),
    ("an IPython prompt", r"(?<!\S)In[ ](?=\[[0-9]{1,9}\]:)", r"In \\"),
    # reStructuredText, MyST and MkDocs
    ("a directive", r"(?<!\S)\.\.(?!\S)", r"\\.."),
    ("a directive", r"(?<!\S):::", r"\\:::"),
    ("a role", r"(:[A-Za-z][A-Za-z0-9_.+:-]{0,64}:)(?=`)", r"\1\\"),
    ("a role", r"(\{[A-Za-z][A-Za-z0-9_.+:-]{0,64}\})(?=`)", r"\1\\"),
    ("a role", r"`(?=:[A-Za-z][A-Za-z0-9_.+-]{0,64}:)", r"`\\"),
    ("a link", r"(<\\?(?!\\?https?://)[^<>\n]{1,999}>)(?=`_)", r"\1\\"),
    ("an included file", r"(?<=-)8<(?=-)", r"8\\<"),
    ("an included file", r"\{!", r"{\\!"),
    # Markdown
    (
        "a code block that a tool may run",
        rf"(?<!\S)(`{{3,}}|~{{3,}})[ \t]*(?!(?:{_DATA_LANGUAGES})$)[^\s`~][^`\n]*$",
        r"\1text",
    ),
    ("an image", r"!(?=\[)", r"!\\"),
    ("a link", r"\](?=\((?!https?://))", r"]\\"),
    (
        "a link",
        r"^([ \t>]{0,99}\[[^\]\n]{1,99}\])(?=:(?![ \t]*https?://)[ \t]*\S{0,99}[:&])",
        r"\1\\",
    ),
    ("a link", r"(?<![A-Za-z0-9_])(javascript|vbscript)(?=:)", r"\1\\"),
    ("HTML", _TAG, r"<\\"),
    # Editors
    ("a modeline", r"(?<!\S)(vim?|ex)([<>=]?[0-9]{0,6})(?=:)", r"\1\2\\"),
    ("a modeline", r"(?<![A-Za-z0-9_])kate(?=:)", r"kate\\"),
    ("a modeline", r"(?<![A-Za-z0-9_])Local Variables(?=:)", r"Local Variables\\"),
    ("a modeline", r"-\*-", r"-\\*-"),
)
"""What it is, the pattern, and the text that replaces it. A replaced text matches no pattern again."""

_PARTS: Final = (
    *(
        ">>>",
        "in [",
        "..",
        ":::",
        ":`",
        "}`",
        "`:",
        ">`",
        "8<",
        "{!",
        "```",
        "~~~",
        "![",
        "](",
        "]:",
    ),
    *("script:", "<", "-*-"),
)
"""Each pattern but those of editors has one of these, in lower case."""

_EDITOR_COMMAND: Final = re.compile(
    r"(?:(?<!\S)(?:vim?|ex)[<>=]?[0-9]{0,6}|(?<![A-Za-z0-9_])(?:kate|Local Variables))(:)|(-)\*-",
    re.IGNORECASE,
)
"""The modelines of vim, Kate and Emacs; the group that matches is the character that makes it one."""

_RUNNER_COMMAND: Final = re.compile(r"##(?=[A-Za-z0-9_-]{0,64}\[)")


def escape_docstring_commands(text: str) -> str:
    """Return a text in which no reader of docstrings finds a command. The function is idempotent."""
    if not _may_hold_command(text):
        return text
    for _, pattern, replacement in _compile_docstring_commands():
        text = pattern.sub(replacement, text)
    return text


def find_docstring_command(text: str) -> str:
    """Return what kind of command a docstring holds; empty if it holds none."""
    if not _may_hold_command(text):
        return ""
    commands = _compile_docstring_commands()
    return next((name for name, pattern, _ in commands if pattern.search(text)), "")


def _may_hold_command(text: str) -> bool:
    """Return whether a text has a part that all commands have: most texts have none, and are done in one look."""
    lower = text.lower()
    return any(part in lower for part in _PARTS) or has_editor_command(text)


@functools.cache
def _compile_docstring_commands() -> tuple[tuple[str, re.Pattern[str], str], ...]:
    """Compile the patterns, which takes some milliseconds, when a docstring is written or checked."""
    return tuple(
        (name, re.compile(pattern, re.MULTILINE | re.IGNORECASE), replacement)
        for name, pattern, replacement in _DOCSTRING_COMMANDS
    )


def escape_editor_commands(literal: str) -> str:
    """Return the source of a string or bytes literal in which no editor finds a modeline; its value is the same."""
    return _EDITOR_COMMAND.sub(_escape_group, literal)


def has_editor_command(literal: str) -> bool:
    """Return whether an editor finds a modeline in the source of a literal."""
    return _EDITOR_COMMAND.search(literal) is not None


def _escape_group(match: re.Match[str]) -> str:
    text, position = match[0], match.start(match.lastindex or 0) - match.start()
    return f"{text[:position]}\\x{ord(text[position]):02x}{text[position + 1 :]}"


def escape_runner_commands(line: str) -> str:
    """Return a line without commands that CI runners obey anywhere in a line (`##[…]`, `##vso[…]`).

    The escape is also one of JSON, so that a line of JSON keeps its value.
    """
    return _RUNNER_COMMAND.sub(r"#\\u0023", line) if "##" in line else line


def escape_line_start(line: str) -> str:
    """Return a line that does not start with `::`, which CI runners obey, blanks before it or not."""
    bare = line.lstrip()
    if not bare.startswith("::"):
        return line
    return line[: len(line) - len(bare)] + r"\u003a" + bare[1:]
