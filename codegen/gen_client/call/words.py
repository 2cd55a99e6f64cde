"""The arguments of a call, from words (`name=value`) and from the objects of a batch."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Final, TypeVar

from gen_client.call.describe import Argument, CallableMethod
from gen_client.call.readers import has_type, parse_json
from gen_client.diagnostics import Refusal, suggest
from gen_client.exit_codes import USAGE
from gen_client.identifiers import is_identifier
from gen_client.text import quote

STDIN: Final = "-"
_FILE: Final = "@"
_CHUNK: Final = 1 << 16
"""Bytes that are read from standard input at once."""

_T = TypeVar("_T")


class StandardInput:
    """Standard input, which can be read once: as a whole, or line by line."""

    def __init__(self, *, is_used: bool) -> None:
        """Start with an input that is not read yet.

        Args:
            is_used: Whether the signatures are read from it.
        """
        self._is_used = is_used

    def read(self) -> bytes:
        """Return the whole content."""
        return b"".join(self._open())

    def iter_lines(self) -> Iterator[bytes]:
        """Yield each line as it comes, without blank lines."""
        rest = b""
        for chunk in self._open():
            *lines, rest = (rest + chunk).split(b"\n")
            yield from filter(bytes.strip, lines)
        if rest.strip():
            yield rest

    def _open(self) -> Iterator[bytes]:
        if self._is_used:
            raise Refusal(
                "standard input is used twice",
                exit_code=USAGE,
                remedy="read one of them from a file: name=@FILE",
            )
        self._is_used = True
        return _iter_chunks(sys.stdin.buffer)


def _iter_chunks(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield the content as it comes.

    The descriptor is read directly: a thread that waits in the buffer holds a lock, and Python cannot end then.
    """
    try:
        descriptor = stream.fileno()
    except OSError:  # no descriptor: a stream in memory
        yield stream.read()
        return
    while chunk := os.read(descriptor, _CHUNK):
        yield chunk


class ArgumentReader:
    """Reads the arguments of a method.

    Attributes:
        method: The method.
        stdin: Standard input.
    """

    def __init__(self, method: CallableMethod, stdin: StandardInput) -> None:
        self.method = method
        self.stdin = stdin

    def read_words(self, words: Sequence[str]) -> dict[str, Any]:
        """Read words: `name=text`, `name=@FILE`, `name=-`, `name:=JSON`, or the first argument alone.

        Raises:
            Refusal: Exit 2: a word does not fit; the message says why.
        """
        values: dict[str, Any] = {}
        for word in words:
            argument, is_json, text = self._split(word)
            value = self._read_word(argument, text, is_json=is_json)
            if argument.is_stream:
                value = value if is_json and has_type(value, list) else [value]
            if argument.name not in values:
                values[argument.name] = value
            elif (argument.is_stream or argument.reader.is_list) and has_type(value, list):
                values[argument.name] = [*values[argument.name], *value]
            else:
                raise self.refuse(argument, "is given twice")
        return values

    def read_object(self, content: Any) -> dict[str, Any]:
        """Read the arguments of an object of JSON.

        Raises:
            Refusal: Exit 2: the object or a value does not fit.
        """
        if not has_type(content, dict):
            raise Refusal(
                f"{self.method.name}: must be an object of arguments, not {type(content).__name__}",
                exit_code=USAGE,
                remedy='an object has the names of parameters: {"name": value}',
            )
        values: dict[str, Any] = {}
        for key, value in content.items():
            argument = self.method.find_argument(key)
            if argument is None:
                raise self._refuse_name(key)
            values[argument.name] = self._read_value(argument, value)
        return values

    def read_item(self, argument: Argument, line: bytes) -> Any:
        """Read an item of a stream from a line of JSON."""
        return self._catch(
            argument, lambda: argument.reader.read_json(parse_json(line.decode("utf-8", "replace")))
        )

    def _read_value(self, argument: Argument, value: Any) -> Any:
        read = argument.reader.read_json
        if argument.is_stream:
            if not has_type(value, list):
                raise self.refuse(argument, "must be an array, one item of the stream each")
            return self._catch(argument, lambda: list(map(read, value)))
        return self._catch(argument, lambda: read(value))

    def _split(self, word: str) -> tuple[Argument, bool, str]:
        """Return the parameter of a word, whether its value is JSON, and the text of the value."""
        name, equals, text = word.partition("=")
        is_json = name.endswith(":")
        name = name.removesuffix(":")
        argument = self.method.find_argument(name) if equals else None
        if argument is not None:
            return argument, is_json, text
        if equals and is_identifier(name):
            raise self._refuse_name(name)
        if not self.method.arguments:
            raise Refusal(f"{self.method.name}: takes no arguments", exit_code=USAGE)
        return self.method.arguments[0], False, word

    def _read_word(self, argument: Argument, text: str, *, is_json: bool) -> Any:
        reader = argument.reader
        content: bytes | None = None
        if text == STDIN:
            content = self.stdin.read()
        elif text.startswith(_FILE):
            content = self._read_file(argument, text[1:])
        if is_json:
            source = text if content is None else content.decode("utf-8", "replace")
            return self._catch(argument, lambda: self._read_parsed(argument, parse_json(source)))
        if content is not None:
            return self._catch(argument, lambda: reader.read_content(content))
        return self._catch(argument, lambda: reader.read_text(text))

    def _read_parsed(self, argument: Argument, value: Any) -> Any:
        if argument.is_stream and has_type(value, list):
            return [argument.reader.read_json(item) for item in value]
        return argument.reader.read_json(value)

    def _read_file(self, argument: Argument, path: str) -> bytes:
        try:
            return Path(path).read_bytes()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is not a path"
            raise self.refuse(
                argument,
                f"{quote(path, 200)} cannot be read: {reason}",
                f"for a text that starts with @: {argument.name}:='\"@…\"'",
            ) from None

    def _catch(self, argument: Argument, read: Callable[[], _T]) -> _T:
        try:
            return read()
        except ValueError as error:
            raise self.refuse(argument, str(error)) from None

    def refuse(self, argument: Argument, problem: str, remedy: str = "") -> Refusal:
        """Return the refusal of a parameter's value."""
        return Refusal(
            f"{self.method.name}: `{argument.name}` {problem}", exit_code=USAGE, remedy=remedy
        )

    def _refuse_name(self, name: str) -> Refusal:
        names = [argument.name for argument in self.method.arguments]
        return Refusal(
            f"{self.method.name}: has no parameter {quote(name)}",
            exit_code=USAGE,
            remedy=suggest(name, names, fallback=f"it has {', '.join(names) or 'none'}"),
        )
