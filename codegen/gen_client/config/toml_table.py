"""A table of a configuration, read key by key.

`Table` refuses unknown keys and wrong types, and every refusal names a line. It does not know what a key means.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from gen_client.config.find import ConfigFile
from gen_client.config.lines import KeyPath, find_line
from gen_client.diagnostics import Refusal, suggest
from gen_client.exit_codes import USAGE
from gen_client.identifiers import is_identifier
from gen_client.json_text import is_array, is_object
from gen_client.text import quote

MAX_TEXT_LENGTH: Final = 1_000
"""Maximum length of a text, in characters."""


class Table:
    """One table, with its path for messages."""

    def __init__(
        self, file: ConfigFile, content: Any, path: KeyPath, allowed: Collection[str]
    ) -> None:
        """Check the keys of a table.

        Args:
            file: The file of the table.
            content: The parsed table; a value of another type is refused.
            path: The table's path below `[tool.gen-client]`.
            allowed: The keys that the table may have.

        Raises:
            Refusal: Exit 2: the content is not a table, or has another key.
        """
        self._file = file
        self._path = path
        if not isinstance(content, dict):
            raise self.refuse("", "is not a table")
        self._content: dict[str, Any] = content
        for key in self._content:
            if key not in allowed:
                normalized = key.lower().replace("_", "-")
                raise self.refuse(key, "is not known", suggest(normalized, allowed, cutoff=0.5))

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the table, in order."""
        return tuple(self._content)

    def get_text(self, key: str) -> str:
        """Return a text; empty if the key is missing."""
        if key not in self._content:
            return ""
        value = self._content[key]
        if not isinstance(value, str):
            raise self.refuse(key, "is not text", f'write {key} = "…"')
        if not value:
            raise self.refuse(key, "is empty")
        if len(value) > MAX_TEXT_LENGTH:
            raise self.refuse(key, f"is longer than {MAX_TEXT_LENGTH} characters")
        return value

    def get_texts(self, key: str) -> tuple[str, ...]:
        """Return an array of distinct texts; empty if the key is missing."""
        value = self._content.get(key, [])
        items = list(value) if is_array(value) else [value]
        texts = tuple(item for item in items if isinstance(item, str) and item)
        if not is_array(value) or len(texts) < len(items):
            raise self.refuse(key, "is not an array of strings", f'write {key} = ["…", "…"]')
        if len(set(texts)) < len(texts):
            raise self.refuse(key, "names the same twice")
        if key in self._content and not texts:
            raise self.refuse(key, "is empty", "leave it out")
        return texts

    def get_table(self, key: str, allowed: Collection[str]) -> Table:
        """Return a table inside this one; an empty one if the key is missing."""
        return Table(self._file, self._content.get(key, {}), (*self._path, key), allowed)

    def get_open_table(self, key: str) -> Table:
        """Return a table inside this one that may have any keys."""
        content = self._content.get(key, {})
        return self.get_table(key, [str(name) for name in content] if is_object(content) else ())

    def get_tables(self, key: str, allowed: Collection[str]) -> list[Table]:
        """Return an array of tables; empty if the key is missing."""
        value = self._content.get(key, [])
        if not is_array(value):
            raise self.refuse(
                key, "is not an array of tables", f"write [[tool.{self._file.tool}.{key}]]"
            )
        return [
            Table(self._file, item, (*self._path, key, index), allowed)
            for index, item in enumerate(value)
        ]

    def refuse(self, key: str, problem: str, remedy: str = "", exit_code: int = USAGE) -> Refusal:
        """Return a refusal that names a key and its line.

        Args:
            key: The key; empty for the table itself.
            problem: What is wrong with it, as a sentence without its subject.
            remedy: What the user can do.
            exit_code: The exit code.
        """
        path = (*self._path, key) if key else self._path
        line = find_line(self._file.text, ("tool", self._file.tool, *path))
        if not line:  # the key is missing: name the line of the table
            line = find_line(self._file.text, ("tool", self._file.tool, *self._path))
        location = f"{quote(str(self._file.path), 400)}, line {line}"
        return Refusal(
            f"{_format_path(path) or f'[tool.{self._file.tool}]'} {problem}",
            exit_code=exit_code,
            location=location,
            remedy=remedy,
        )


def _format_path(path: KeyPath) -> str:
    """Format a path for a message: `models[2].url`; empty for the section itself."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        else:
            text += f".{_format_key(key)}"
    return text.removeprefix(".")


def _format_key(key: str) -> str:
    is_short_name = is_identifier(key.replace("-", "_")) and len(key) <= 80
    return key if is_short_name else quote(key)
