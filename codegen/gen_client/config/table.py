"""A table of a configuration, read key by key: what is not known is refused, and every refusal has its place.

What lives here: `Table`. It knows types and lines; what a key means is not known here.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from gen_client.config.find import TOOL, ConfigFile
from gen_client.config.lines import KeyPath, find_line
from gen_client.diagnostics import Refusal, suggest
from gen_client.exit_codes import USAGE
from gen_client.json_text import is_array, is_object
from gen_client.text import quote

MAX_TEXT_LENGTH = 1_000
"""Characters that a text may have."""


class Table:
    """One table.

    Args:
        place: The file it is from.
        content: What was parsed, of any type.
        path: Where it stands below `[tool.gen-client]`.
        known: The keys that it may have.

    Raises:
        Refusal: Exit 2: it is no table, or has another key.
    """

    def __init__(
        self, place: ConfigFile, content: Any, path: KeyPath, known: Collection[str]
    ) -> None:
        self._place = place
        self._path = path
        if not isinstance(content, dict):
            raise self.refusal("", "is not a table")
        self._content: dict[str, Any] = content
        for key in self._content:
            if key not in known:
                word = key.lower().replace("_", "-")
                raise self.refusal(key, "is not known", suggest(word, known, cutoff=0.5))

    def get_text(self, key: str) -> str:
        """A text, or an empty one where the key is not there."""
        if key not in self._content:
            return ""
        value = self._content[key]
        if not isinstance(value, str):
            raise self.refusal(key, "is not text", f'write {key} = "…"')
        if not value or len(value) > MAX_TEXT_LENGTH:
            raise self.refusal(
                key, "is empty" if not value else f"is longer than {MAX_TEXT_LENGTH} characters"
            )
        return value

    def get_texts(self, key: str) -> tuple[str, ...]:
        """An array of different texts, or nothing where the key is not there."""
        value = self._content.get(key, [])
        items = list(value) if is_array(value) else [value]
        texts = tuple(item for item in items if isinstance(item, str) and item)
        if not is_array(value) or len(texts) < len(items):
            raise self.refusal(key, "is not an array of texts", f'write {key} = ["…", "…"]')
        if len(set(texts)) < len(texts):
            raise self.refusal(key, "names the same twice")
        if key in self._content and not texts:
            raise self.refusal(key, "is empty", "leave it out")
        return texts

    def get_table(self, key: str, known: Collection[str]) -> Table:
        """A table inside this one, or an empty one where the key is not there."""
        return Table(self._place, self._content.get(key, {}), (*self._path, key), known)

    def get_open_table(self, key: str) -> Table:
        """A table inside this one that may have any key."""
        content = self._content.get(key, {})
        return self.get_table(key, [str(name) for name in content] if is_object(content) else ())

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that it has, in order."""
        return tuple(self._content)

    def get_tables(self, key: str, known: Collection[str]) -> list[Table]:
        """An array of tables, or nothing where the key is not there."""
        value = self._content.get(key, [])
        if not is_array(value):
            raise self.refusal(key, "is not an array of tables", f"write [[tool.{TOOL}.{key}]]")
        return [
            Table(self._place, item, (*self._path, key, index), known)
            for index, item in enumerate(value)
        ]

    def refusal(self, key: str, what: str, remedy: str = "", exit_code: int = USAGE) -> Refusal:
        """A refusal of what stands under a key, or of the table itself.

        Args:
            key: The key; empty for the table.
            what: What is wrong with it.
            remedy: What to do.
            exit_code: What the command exits with.
        """
        path = (*self._path, key) if key else self._path
        line = find_line(self._place.text, ("tool", TOOL, *path))
        if not line:  # a key that is missing: the table's own line
            line = find_line(self._place.text, ("tool", TOOL, *self._path))
        where = f"{quote(str(self._place.path), 400)}, line {line}"
        return Refusal(
            f"{_format_path(path)} {what}", exit_code=exit_code, location=where, remedy=remedy
        )


def _format_path(path: KeyPath) -> str:
    """A path as it is written in messages: `models[2].url`."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        else:
            text += f".{_format_key(key)}"
    return text.removeprefix(".") or f"[tool.{TOOL}]"


def _format_key(key: str) -> str:
    return key if key.replace("-", "_").isidentifier() and len(key) <= 80 else quote(key)
