"""Results as JSON, and their files.

The JSON is that of the schemas of `gen-client show --json-schema`. Media, bytes and arrays stand in it, or in files that
it names. Nothing of a result is left out: what has no attribute is in `extra`.
"""

from __future__ import annotations

import base64
import dataclasses
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from clarigen import (
    Audio,
    Box,
    Embedding,
    Image,
    Keypoint,
    Point,
    Text,
    ToolResult,
    Video,
)
from gen_client.call.readers import has_type
from gen_client.diagnostics import Refusal
from gen_client.exit_codes import USAGE
from gen_client.text import quote

_MEDIA: Final = (Image, Audio, Video)
_TUPLES: Final = (Box, Point, Keypoint)
_SIGNATURES: Final = (
    (0, b"\x89PNG\r\n\x1a\n", ".png"),
    (0, b"\xff\xd8\xff", ".jpg"),
    (0, b"GIF8", ".gif"),
    (8, b"WEBP", ".webp"),
    (0, b"BM", ".bmp"),
    (0, b"II*\0", ".tif"),
    (0, b"MM\0*", ".tif"),
    (8, b"WAVE", ".wav"),
    (0, b"ID3", ".mp3"),
    (0, b"\xff\xfb", ".mp3"),
    (0, b"\xff\xf3", ".mp3"),
    (0, b"fLaC", ".flac"),
    (0, b"OggS", ".ogg"),
    (4, b"ftypM4A", ".m4a"),
    (4, b"ftyp", ".mp4"),
    (0, b"\x1aE\xdf\xa3", ".webm"),
    (8, b"AVI ", ".avi"),
    (0, b"%PDF", ".pdf"),
)
"""The bytes by which file formats are told: their position, the bytes and the suffix."""


class Files:
    """Writes the files of results: to one path, numbered from the second on, or into a folder.

    Only the path that the user names is replaced. The other names can be foreseen, so that somebody else may have put a
    link there: a file of such a name is always new.
    """

    def __init__(self, target: str, method: str) -> None:
        """Choose the place of the files; a folder is created.

        Args:
            target: A file, or a folder: one that exists, or a path that ends with a slash.
            method: The name of the method, for the names of files in a folder.

        Raises:
            Refusal: Exit 2: the folder cannot be created.
        """
        self._path = Path(target)
        self._method = method
        self._count = 0
        self._is_folder = target.endswith(("/", "\\")) or self._path.is_dir()
        folder = self._path if self._is_folder else self._path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _refuse_file(folder, error) from None

    def write(self, content: bytes, suffix: str) -> str:
        """Write a file and return its path.

        Args:
            content: The content.
            suffix: The suffix of a file in a folder.

        Raises:
            Refusal: Exit 2: the file cannot be written.
        """
        path = self._path
        while True:
            self._count += 1
            is_named = self._count == 1 and not self._is_folder
            if self._is_folder:
                path = self._path / f"{self._method}-{self._count}{suffix}"
            elif not is_named:
                path = self._path.with_stem(f"{self._path.stem}-{self._count}")
            try:
                with path.open("wb" if is_named else "xb") as file:
                    file.write(content)
            except FileExistsError:
                continue
            except OSError as error:
                raise _refuse_file(path, error) from None
            return str(path)


def _refuse_file(path: Path, error: OSError) -> Refusal:
    return Refusal(
        f"{quote(str(path), 200)} cannot be written: {error.strerror}",
        exit_code=USAGE,
        remedy="--out takes a file, or a folder that ends with /",
    )


def to_json(value: Any, files: Files | None = None) -> Any:
    """Return a result as a JSON value.

    Args:
        value: The result.
        files: Takes media, bytes and arrays; None to leave them in the JSON.
    """
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if has_type(value, bytes, bytearray, memoryview):
        return _encode_bytes(bytes(value), files)
    if isinstance(value, _MEDIA):
        return _encode_media(value, files)
    if isinstance(value, Text):
        return value.text if not value.url else {"text": value.text, "url": value.url}
    if isinstance(value, Embedding):
        return list(value.vector)
    if isinstance(value, _TUPLES):
        return dict(zip(value._fields, value, strict=True))
    if isinstance(value, ToolResult):
        return {"content": value.content, "structured": value.structured}
    if hasattr(value, "__dataclass_fields__"):
        return _encode_attributes(value, files)
    if has_type(value, Mapping):
        return {str(key): to_json(item, files) for key, item in value.items()}
    if has_type(value, Sequence):
        return [to_json(item, files) for item in value]
    return _encode_array(value, files)


def _encode_bytes(content: bytes, files: Files | None, suffix: str = "") -> Any:
    if files is None:
        return base64.b64encode(content).decode("ascii")
    return {"file": files.write(content, suffix or _find_suffix(content))}


def _encode_media(value: Any, files: Files | None) -> dict[str, Any]:
    content: dict[str, Any] = {"url": value.url} if value.url else {}
    if value.bytes:
        encoded = _encode_bytes(bytes(value.bytes), files)
        content |= encoded if has_type(encoded, dict) else {"bytes": encoded}
    if value.extra:
        content["extra"] = _encode_bytes(value.extra, None)
    return content


def _encode_attributes(value: Any, files: Files | None) -> dict[str, Any]:
    """Encode a record, or a value of the platform without the attributes that are not set."""
    is_record = not hasattr(value, "extra")
    content: dict[str, Any] = {}
    for field in dataclasses.fields(value):
        item = getattr(value, field.name)
        if field.name == "extra" and not is_record:
            if item:
                content["extra"] = _encode_bytes(item, None)
        elif is_record or field.name in ("name", "value") or (item is not None and item != ()):
            content[field.name] = to_json(item, files)
    if is_record:
        return content
    return {key: item for key, item in content.items() if item not in ("", {}, []) or key == "name"}


def _encode_array(value: Any, files: Files | None) -> Any:
    """Encode an array of numpy, or one of its scalars."""
    if files is None or not getattr(value, "shape", ()):
        return to_json(value.tolist()) if hasattr(value, "tolist") else str(value)
    import numpy as np

    buffer = io.BytesIO()
    np.save(buffer, value, allow_pickle=False)
    return _encode_bytes(buffer.getvalue(), files, ".npy")


def _find_suffix(content: bytes) -> str:
    """Return the suffix of the format of a file; `.bin` if it is not known."""
    for position, signature, suffix in _SIGNATURES:
        if content.startswith(signature, position):
            return suffix
    return ".bin"
