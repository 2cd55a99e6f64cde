"""Encoding of arguments as requests and decoding of results, without I/O."""

from types import ModuleType

from .._data import Value


def _load_messages() -> ModuleType:
    from . import messages

    return messages


Value._load_messages = staticmethod(_load_messages)  # pyright: ignore[reportPrivateUsage]
