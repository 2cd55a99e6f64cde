"""The types of columns: each value of a method as plain data, and its Arrow type.

Plain data is what an Arrow array is built of, and what it returns: dicts, lists, bytes, texts and numbers. The tree of a
column's type follows from the wire description of the method, so that it is known before anything is sent. Scalars are
checked by the codecs of the method, not here. pyarrow is imported when the first Arrow type is needed.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from .._pictures import import_numpy
from .._wire.codec import CodecError, call_at, is_instance, type_mismatch
from ..errors import ConfigError

ArrowType: TypeAlias = Any
"""A `pyarrow.DataType`. pyarrow has no annotations."""

ArrowSchema: TypeAlias = Any
"""A `pyarrow.Schema`."""

ArrowArray: TypeAlias = Any
"""A `pyarrow.Array`."""

ArrowBatch: TypeAlias = Any
"""A `pyarrow.RecordBatch`."""


def import_pyarrow(module: str = "pyarrow") -> Any:
    """Import pyarrow or a module of it.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        raise ConfigError("tables need pyarrow: pip install 'clarigen[tables]'") from None


class ColumnType:
    """A type of a column. This class is that of scalars, whose values are plain data.

    Attributes:
        arrow_name: The name of the Arrow type, such as `int64`.
    """

    def __init__(self, arrow_name: str) -> None:
        self.arrow_name = arrow_name

    def make_arrow_type(self) -> Any:
        """Return the Arrow type."""
        return getattr(import_pyarrow(), self.arrow_name)()

    def to_plain(self, value: Any) -> Any:
        """Return a result as plain data; raise `CodecError` if it does not fit."""
        return value

    def from_plain(self, value: Any) -> Any:
        """Return the argument that plain data, which is not None, stands for.

        Raises:
            CodecError: It stands for none.
        """
        return value


class TextColumn(ColumnType):
    """The type of `Text`: its text, or its URL if it has only that."""

    def __init__(self) -> None:
        super().__init__("string")

    def to_plain(self, value: Any) -> Any:
        """Return the text."""
        return value.text or value.url


class JsonColumn(ColumnType):
    """The type of JSON as text.

    Args:
        convert: Converts a result to JSON.
        allows_text: Whether a text is a value itself, and not the JSON of one.
    """

    def __init__(
        self, convert: Callable[[Any], Any] | None = None, *, allows_text: bool = False
    ) -> None:
        super().__init__("string")
        self._convert = convert
        self._allows_text = allows_text

    def to_json(self, value: Any) -> Any:
        """Return a result as JSON, not as its text."""
        return value if self._convert is None else self._convert(value)

    def to_plain(self, value: Any) -> Any:
        """Return a result as JSON text."""
        return format_json(self.to_json(value))

    def from_plain(self, value: Any) -> Any:
        """Parse JSON text; a struct, a list or a map is JSON already."""
        if isinstance(value, str) and not self._allows_text:
            try:
                return json.loads(value)
            except (ValueError, RecursionError):
                raise CodecError("must be JSON text, and is not") from None
        return _map_to_dict(value)


def format_json(value: Any) -> str:
    """Format JSON as text that UTF-8 can encode."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        text = json.dumps(value, separators=(",", ":"))
    return text


def _map_to_dict(value: Any) -> Any:
    """Return a dict in place of the pairs of an Arrow map."""
    if is_instance(value, list) and value and all(is_instance(pair, tuple) for pair in value):
        return dict(value)
    return value


class MediaColumn(ColumnType):
    """The type of images, audio and videos: a struct of bytes and URL.

    Args:
        cls: The class.
    """

    def __init__(self, cls: Callable[..., Any]) -> None:
        super().__init__("struct")
        self._cls = cls

    def make_arrow_type(self) -> Any:
        """Return the Arrow type."""
        arrow = import_pyarrow()
        return arrow.struct([("bytes", arrow.binary()), ("url", arrow.string())])

    def to_plain(self, value: Any) -> Any:
        """Return the bytes and the URL, None in place of what is not there."""
        if value is None:
            return None
        return {"bytes": bytes(value.bytes) or None, "url": value.url or None}

    def from_plain(self, value: Any) -> Any:
        """Return the value that bytes, a URL or a struct of them stand for."""
        if is_instance(value, bytes):
            return self._cls(bytes=value)
        if is_instance(value, str):
            if "://" not in value:
                raise CodecError("must be binary or a URL, not another text")
            return self._cls(url=value)
        if not is_instance(value, Mapping):
            raise type_mismatch("binary, a URL, or a struct of bytes and url", value)
        content, url = value.get("bytes"), value.get("url")
        if content is None and url is None:
            raise CodecError("must have `bytes` or `url`")
        return self._cls(bytes=content or b"", url=url or "")


class ListColumn(ColumnType):
    """The type of lists.

    Args:
        item: The type of the items.
    """

    def __init__(self, item: ColumnType) -> None:
        super().__init__("list")
        self._item = item

    def make_arrow_type(self) -> Any:
        """Return the Arrow type."""
        return import_pyarrow().list_(self._item.make_arrow_type())

    def to_plain(self, value: Any) -> Any:
        """Return the items."""
        convert = self._item.to_plain
        return [None if item is None else convert(item) for item in value]

    def from_plain(self, value: Any) -> Any:
        """Return the items; other values are left to the codec, which refuses them."""
        if not is_instance(value, list):
            return value
        convert = self._item.from_plain
        return [
            None if item is None else call_at(f"[{index}]", convert, item)
            for index, item in enumerate(value)
        ]


class StructColumn(ColumnType):
    """The type of what has named members: records, tuples, values of the platform, objects of tools.

    Args:
        members: The name and the type of each member, in order.
        split: Returns the members of a result by name; those that are absent may lack.
        join: Makes a value of its members that are not null, by name.
    """

    def __init__(
        self,
        members: Mapping[str, ColumnType],
        split: Callable[[Any], Mapping[str, Any]],
        join: Callable[[dict[str, Any]], Any],
    ) -> None:
        super().__init__("struct")
        self.members = members
        self._split = split
        self._join = join

    def make_arrow_type(self) -> Any:
        """Return the Arrow type."""
        members = [(name, member.make_arrow_type()) for name, member in self.members.items()]
        return import_pyarrow().struct(members)

    def to_plain(self, value: Any) -> Any:
        """Return the members by name."""
        content = self._split(value)
        return {
            name: None if (item := content.get(name)) is None else member.to_plain(item)
            for name, member in self.members.items()
        }

    def from_plain(self, value: Any) -> Any:
        """Make the value; a null member is left out."""
        if not is_instance(value, Mapping):
            raise type_mismatch("a struct", value)
        unknown = next((name for name in value if name not in self.members), None)
        if unknown is not None:
            raise CodecError(f"has no member {unknown!r}; it has {', '.join(self.members)}")
        content = {
            name: call_at(f".{name}", self.members[name].from_plain, item)
            for name, item in value.items()
            if item is not None
        }
        try:
            return self._join(content)
        except TypeError:
            missing = ", ".join(name for name in self.members if name not in content)
            raise CodecError(f"lacks {missing}") from None


def split_attributes(members: Sequence[str]) -> Callable[[Any], Mapping[str, Any]]:
    """Return a function that returns the attributes of a value by name."""

    def split(value: Any) -> Mapping[str, Any]:
        return {name: getattr(value, name) for name in members}

    return split


class ArrayColumn(ColumnType):
    """The type of arrays, whatever their dtype and shape: a struct of both and the data in C order."""

    _NAMES: Final = ("dtype", "shape", "data")

    def __init__(self) -> None:
        super().__init__("struct")

    def make_arrow_type(self) -> Any:
        """Return the Arrow type."""
        arrow = import_pyarrow()
        types = (arrow.string(), arrow.list_(arrow.int64()), arrow.binary())
        return arrow.struct(list(zip(self._NAMES, types, strict=True)))

    def to_plain(self, value: Any) -> Any:
        """Return dtype, shape and data."""
        array = import_numpy().asarray(value)
        return {"dtype": str(array.dtype), "shape": list(array.shape), "data": array.tobytes()}

    def from_plain(self, value: Any) -> Any:
        """Return the array that a struct, or nested lists, stand for."""
        if not is_instance(value, Mapping):
            return value
        try:
            dtype, shape, data = (value[name] for name in self._NAMES)
            return import_numpy().frombuffer(data, import_numpy().dtype(dtype)).reshape(shape)
        except (KeyError, TypeError, ValueError):
            raise CodecError(
                "must be lists of numbers, or a struct of dtype, shape and data"
            ) from None
