"""Values of the platform's types, read from the command line, from files and from JSON.

The JSON is that of the schemas of `gen-client show --json-schema`. Ranges, choices and the types of scalars are checked
by the runtime, which encodes the values.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from clarigen import (
    Audio,
    Box,
    Concept,
    Embedding,
    Frame,
    Image,
    Keypoint,
    Point,
    Region,
    Text,
    Video,
)
from gen_client.call.readers import decode_text, has_type, parse_json
from gen_client.diagnostics import suggest
from gen_client.interface.model import TypeKind
from gen_client.plan.types import Shape
from gen_client.text import quote

_MEDIA: Final[Mapping[TypeKind, Any]] = {
    TypeKind.IMAGE: Image,
    TypeKind.AUDIO: Audio,
    TypeKind.VIDEO: Video,
}
_TEXTS: Final = (TypeKind.STR, TypeKind.TEXT)
_FILES: Final = (*_MEDIA, TypeKind.BYTES)
_BOOLEANS: Final = {"true": True, "false": False, "1": True, "0": False}
_INT: Final = re.compile(r"[+-]?[0-9]{1,400}")
_FLOATS: Final = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
"""Floats that JSON has not, and the texts that stand for them."""
_NUMPY_MAGIC: Final = b"\x93NUMPY"


@dataclass(frozen=True, slots=True)
class ShapeReader:
    """Reads the values of a type of the platform.

    Attributes:
        shape: The type.
        records: The classes of its records, by name.
    """

    shape: Shape
    records: Mapping[str, type[Any]]

    @property
    def is_list(self) -> bool:
        """Whether the type is a list."""
        return self.shape.kind is TypeKind.LIST

    def read_text(self, text: str) -> Any:
        """Read the text after `name=`."""
        return self._read_text(text, self.shape)

    def read_content(self, content: bytes) -> Any:
        """Read the content of a file or of standard input."""
        return self._read_content(content, self.shape)

    def read_json(self, value: Any) -> Any:
        """Read a parsed JSON value."""
        return None if value is None else self._read_json(value, self.shape, "")

    # Text

    def _read_text(self, text: str, shape: Shape) -> Any:
        match shape.kind:
            case TypeKind.STR | TypeKind.TEXT:
                return text
            case TypeKind.INT:
                if not _INT.fullmatch(text):
                    raise ValueError(f"must be an int, not {quote(text)}")
                return int(text)
            case TypeKind.FLOAT:
                return _read_float(text)
            case TypeKind.BOOL:
                if text.lower() not in _BOOLEANS:
                    raise ValueError(f"must be true or false, not {quote(text)}")
                return _BOOLEANS[text.lower()]
            case TypeKind.BYTES:
                raise ValueError(f"must be @FILE, or - for standard input{_suggest_file(text)}")
            case kind if kind in _MEDIA:
                if "://" not in text:
                    hint = _suggest_file(text)
                    raise ValueError(f"must be @FILE, - for standard input, or a URL{hint}")
                return _MEDIA[kind](url=text)
            case TypeKind.LIST if not text.lstrip().startswith("["):
                return [self._read_text(text, shape.items[0])]
            case _:
                return self._read_json(parse_json(text), shape, "")

    def _read_content(self, content: bytes, shape: Shape) -> Any:
        match shape.kind:
            case kind if kind in _TEXTS:
                return decode_text(content)
            case TypeKind.BYTES:
                return content
            case kind if kind in _MEDIA:
                if not content:
                    raise ValueError("is an empty file")
                return _MEDIA[kind](bytes=content)
            case TypeKind.INT | TypeKind.FLOAT | TypeKind.BOOL:
                return self._read_text(decode_text(content).strip(), shape)
            case TypeKind.NDARRAY if content.startswith(_NUMPY_MAGIC):
                return _load_array(content)
            case TypeKind.LIST if shape.items[0].kind in _FILES:
                return [self._read_content(content, shape.items[0])]
            case _:
                return self._read_json(parse_json(decode_text(content)), shape, "")

    # JSON

    def _read_json(self, value: Any, shape: Shape, path: str) -> Any:
        match shape.kind:
            case TypeKind.FLOAT if isinstance(value, str) and value in _FLOATS:
                return _FLOATS[value]
            case TypeKind.BYTES:
                return _read_base64(value, path)
            case kind if kind in _CLASSES:
                return _CLASSES[kind](value, path)
            case TypeKind.LIST:
                items = _check_list(value, path)
                inner = shape.items[0]
                return [self._read_json(v, inner, f"{path}[{i}]") for i, v in enumerate(items)]
            case TypeKind.TUPLE:
                items = _check_list(value, path)
                if len(items) != len(shape.items):
                    raise _problem(path, f"must be an array of {len(shape.items)}")
                pairs = enumerate(zip(items, shape.items, strict=True))
                return tuple(self._read_json(v, t, f"{path}[{i}]") for i, (v, t) in pairs)
            case TypeKind.NAMED_FIELDS:
                return self._read_record(value, shape, path)
            case _:
                return value

    def _read_record(self, value: Any, shape: Shape, path: str) -> Any:
        names = {str(field.name): str(field.name) for field in shape.fields}
        names |= {field.wire.name: str(field.name) for field in shape.fields}
        content = _check_object(value, names, path)
        values = {names[key]: item for key, item in content.items()}
        for field in shape.fields:
            name = str(field.name)
            if name not in values:
                raise _problem(path, f"has no {quote(name)}")
            values[name] = self._read_json(values[name], field.shape, f"{path}.{name}")
        return self.records[str(shape.record)](**values)


def _problem(path: str, phrase: str) -> ValueError:
    return ValueError(f"{phrase} (at {path})" if path else phrase)


def _check_list(value: Any, path: str) -> list[Any]:
    if not has_type(value, list):
        raise _problem(path, "must be an array")
    return list(value)


def _check_object(value: Any, keys: Mapping[str, object], path: str) -> dict[str, Any]:
    if not has_type(value, dict):
        raise _problem(path, "must be an object")
    for key in value:
        if key not in keys:
            remedy = suggest(key, keys)
            raise _problem(path, f"has a key that is not known, {quote(key)}; {remedy}")
    return dict(value)


def _read_float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"must be a number, not {quote(text)}") from None


def _read_base64(value: Any, path: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise _problem(path, "must be base64 text") from None


def _load_array(content: bytes) -> Any:
    try:
        import numpy as np

        return np.load(io.BytesIO(content), allow_pickle=False)
    except ModuleNotFoundError:
        raise ValueError("is an array: pip install 'clarigen[numpy]'") from None
    except (ValueError, EOFError) as error:
        raise ValueError(f"is no array that numpy reads: {error}") from None


def _suggest_file(text: str) -> str:
    try:
        is_file = Path(text).is_file()
    except (OSError, ValueError):
        is_file = False
    return f"; did you mean {quote('@' + text)}?" if is_file else f", not {quote(text)}"


# The classes of the runtime


def _media_reader(cls: Any) -> Callable[[Any, str], Any]:
    def read(value: Any, path: str) -> Any:
        if isinstance(value, str) and "://" in value:
            return cls(url=value)
        content = _check_object(value, {"url": 0, "bytes": 0, "extra": 0}, path)
        for key in ("bytes", "extra"):
            if key in content:
                content[key] = _read_base64(content[key], f"{path}.{key}")
        return cls(**content)

    return read


def _read_text_value(value: Any, path: str) -> Any:
    if isinstance(value, str):
        return value
    return Text(**_check_object(value, {"text": 0, "url": 0}, path))


def _read_embedding(value: Any, path: str) -> Embedding:
    return Embedding(tuple(_check_list(value, path)))


def _tuple_reader(cls: Any) -> Callable[[Any, str], Any]:
    def read(value: Any, path: str) -> Any:
        try:
            return cls(**_check_object(value, dict.fromkeys(cls._fields), path))
        except TypeError:
            raise _problem(path, f"must have {', '.join(cls._fields)}") from None

    return read


def _read_point(value: Any, path: str) -> Any:
    is_keypoint = has_type(value, dict) and "visibility" in value
    return _tuple_reader(Keypoint if is_keypoint else Point)(value, path)


def _list_reader(read_item: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    def read(value: Any, path: str) -> Any:
        return [read_item(v, f"{path}[{i}]") for i, v in enumerate(_check_list(value, path))]

    return read


def _pass(value: Any, _: str) -> Any:
    return value


def _object_reader(cls: Any, **readers: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    def read(value: Any, path: str) -> Any:
        content = _check_object(value, readers, path)
        return cls(**{key: readers[key](v, f"{path}.{key}") for key, v in content.items()})

    return read


_read_concept = _object_reader(Concept, name=_pass, value=_pass, id=_pass, extra=_read_base64)
_read_image = _media_reader(Image)
_read_region = _object_reader(
    Region,
    box=_tuple_reader(Box),
    point=_tuple_reader(Point),
    mask=_read_image,
    concepts=_list_reader(_read_concept),
    text=_pass,
    value=_pass,
    id=_pass,
    track_id=_pass,
    polygon=_list_reader(_read_point),
    keypoints=_list_reader(_tuple_reader(Keypoint)),
    metadata=_pass,
    embeddings=_list_reader(_read_embedding),
    extra=_read_base64,
)
_read_frame = _object_reader(
    Frame,
    image=_read_image,
    regions=_list_reader(_read_region),
    time=_pass,
    index=_pass,
    concepts=_list_reader(_read_concept),
    text=_pass,
    metadata=_pass,
    embeddings=_list_reader(_read_embedding),
    id=_pass,
    extra=_read_base64,
)
_CLASSES: Final[Mapping[TypeKind, Callable[[Any, str], Any]]] = {
    TypeKind.TEXT: _read_text_value,
    TypeKind.IMAGE: _read_image,
    TypeKind.AUDIO: _media_reader(Audio),
    TypeKind.VIDEO: _media_reader(Video),
    TypeKind.CONCEPT: _read_concept,
    TypeKind.REGION: _read_region,
    TypeKind.FRAME: _read_frame,
    TypeKind.EMBEDDING: _read_embedding,
}
