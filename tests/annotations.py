"""Whether the annotations of modules resolve at run time."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Iterator
from types import ModuleType
from typing import Any, Final

DUNDERS: Final = (
    "__init__",
    "__enter__",
    "__exit__",
    "__aenter__",
    "__aexit__",
    "__iter__",
    "__next__",
)


def public_objects(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """Yield the public classes and functions of a module, and the public methods of the classes."""
    for name in module.__all__:
        value = getattr(module, name)
        if inspect.isclass(value):
            yield name, value
            yield from (
                (f"{name}.{attribute}", function)
                for attribute in dir(value)
                if not attribute.startswith("_") or attribute in DUNDERS
                if inspect.isfunction(function := _function_of(value, attribute))
            )
        elif inspect.isfunction(value):
            yield name, value


def _function_of(cls: type[Any], name: str) -> Any:
    attribute = inspect.getattr_static(cls, name)
    function = attribute.fget if isinstance(attribute, property) else attribute
    return getattr(function, "__func__", function)


def unresolved(module: ModuleType) -> dict[str, str]:
    """Return the names of public objects whose annotations do not resolve, and why."""
    errors: dict[str, str] = {}
    for name, value in public_objects(module):
        if getattr(value, "__module__", "").split(".")[0] in ("clarigen", module.__name__):
            try:
                typing.get_type_hints(value, include_extras=True)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is reported
                errors[name] = f"{type(error).__name__}: {error}"
    return errors
