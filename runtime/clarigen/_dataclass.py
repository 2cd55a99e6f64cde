"""Dataclasses whose methods are compiled when the class is first used.

The standard library compiles the methods of a dataclass as the class is defined, and loads `inspect`, `ast` and
`tokenize` for that: two fifths of the benchmark "import of a generated package". Here, a class is defined with its
slots only. Its first instance, or the first look at its fields, has `dataclasses.dataclass` complete it. Afterwards
there is no difference.
"""

from __future__ import annotations

import os
from _thread import RLock  # `threading` takes longer to load
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

_ClassT = TypeVar("_ClassT", bound=type[Any])

_lock: Final = RLock()
"""Held while a class is compiled; another thread that needs the class waits."""

_pending: Final[dict[type[Any], tuple[dict[str, Any], dict[str, Any]]]] = {}
"""The classes that are not compiled yet, with the defaults of their fields and the options of the decorator."""

if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    # A child must not inherit a class that another thread is compiling.
    os.register_at_fork(
        before=_lock.acquire, after_in_child=_lock.release, after_in_parent=_lock.release
    )


class field:  # noqa: N801 - the name in the standard library
    """The arguments of `dataclasses.field`."""

    __slots__ = ("arguments",)

    def __init__(self, **arguments: Any) -> None:
        self.arguments = arguments


def dataclass(*, slots: bool, **options: Any) -> Callable[[_ClassT], _ClassT]:
    """Make a class a dataclass, with the arguments of `dataclasses.dataclass`.

    Args:
        slots: Must be True.
        options: The other arguments.

    The class is created anew, with slots: its methods cannot use `super()` without arguments.
    """
    assert slots

    def define(draft: Any) -> Any:
        names = tuple(draft.__annotations__)
        body = dict(draft.__dict__)
        defaults = {name: body.pop(name) for name in names if name in body}
        del body["__dict__"], body["__weakref__"]
        body["__slots__"] = names
        # In the class itself, not in its base: pydantic looks only there.
        body["__dataclass_fields__"] = _CompiledAttribute("__dataclass_fields__")
        bases = tuple(base for base in draft.__bases__ if base is not object)
        if not issubclass(draft, Deferred):
            bases = (*bases, Deferred)
        metaclass: Any = draft.__class__
        cls = metaclass(draft.__name__, bases, body)
        cls.__qualname__ = draft.__qualname__
        _pending[cls] = defaults, options
        return cls

    return define


def compile_dataclass(cls: type[Any]) -> type[Any] | None:
    """Compile a class and its bases; return the first of them that is a dataclass, or None."""
    with _lock:
        for base in reversed(cls.__mro__):
            if base in _pending:
                _compile_methods(base, *_pending[base])
                del _pending[base]
    return next((base for base in cls.__mro__ if "__dataclass_fields__" in base.__dict__), None)


def _compile_methods(cls: Any, defaults: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    """Have the standard library write the methods.

    It reads the defaults in the place of the slots. The class gets its `__init__` last, when it has its slots again:
    another thread may be about to create an instance.
    """
    import dataclasses

    slots = {name: cls.__dict__[name] for name in defaults}
    body = {name: value for name, value in cls.__dict__.items() if name not in cls.__slots__}
    del body["__slots__"], body["__dataclass_fields__"]
    body.update(_create_fields(defaults))
    twin: Any = dataclasses.dataclass(**options)(type(cls)(cls.__name__, cls.__bases__, body))
    for name, default in _create_fields(defaults).items():
        setattr(cls, name, default)
    dataclasses.dataclass(init=False, **options)(cls)
    for name, slot in slots.items():
        setattr(cls, name, slot)
    cls.__init__ = twin.__init__


def _create_fields(defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return the defaults as the standard library expects them."""
    import dataclasses

    return {
        name: dataclasses.field(**default.arguments) if isinstance(default, field) else default
        for name, default in defaults.items()
    }


class _CompiledAttribute:
    """An attribute of a dataclass that exists once the class is compiled."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: object, cls: type[Any]) -> Any:
        """Compile the class and return the attribute."""
        compiled = compile_dataclass(cls)
        for base in () if compiled is None else compiled.__mro__:
            value = base.__dict__.get(self.name, self)
            if not isinstance(value, _CompiledAttribute):
                return value
        raise AttributeError(f"{cls.__name__!r} has no attribute {self.name!r}")


class Deferred:
    """The base of dataclasses that are compiled on first use."""

    __slots__ = ()

    __match_args__: Any = _CompiledAttribute("__match_args__")
    __signature__: Any = _CompiledAttribute("__signature__")

    def __init__(self, *arguments: Any, **named_arguments: Any) -> None:
        compiled: Any = compile_dataclass(type(self))
        compiled.__init__(self, *arguments, **named_arguments)

    def __getstate__(self) -> Sequence[Any]:
        return [getattr(self, name) for name in self._field_names()]

    def __setstate__(self, state: Sequence[Any]) -> None:
        for name, value in zip(self._field_names(), state, strict=True):
            object.__setattr__(self, name, value)

    @classmethod
    def _field_names(cls: Any) -> list[str]:
        return list(cls.__dataclass_fields__)
