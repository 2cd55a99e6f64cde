"""The names of a model's source: what it imports, its classes, and what hides what.

The methods of a class hide names of the module from the annotations after them, and fields of a record do so for type
checkers. So an import gets another name if a method or a field has its own. This module does not format types.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Final

from gen_client.escape import Code, format_code, join_code
from gen_client.interface.model import DataType, Model
from gen_client.naming import names
from gen_client.naming.namespace import Namespace
from gen_client.naming.reserved import BUILTIN_TYPES, KEYWORDS

MODEL_CLASS: Final = "ModelClass"
OPENAI_MODEL_CLASS: Final = "OpenAIModelClass"
MCP_MODEL_CLASS: Final = "MCPModelClass"
_DATA_TYPES: Final = Code("clarifai.runners.utils.data_types")
_MODULES: Final[Mapping[str, Code]] = {
    "Annotated": Code("typing"),
    "Any": Code("typing"),
    "Literal": Code("typing"),
    "BaseModel": Code("pydantic"),
    "Field": Code("pydantic"),
    "FastMCP": Code("fastmcp"),
    "Iterator": Code("collections.abc"),
    "OpenAI": Code("openai"),
    MODEL_CLASS: Code("clarifai.runners.models.model_class"),
    MCP_MODEL_CLASS: Code("clarifai.runners.models.mcp_class"),
    OPENAI_MODEL_CLASS: Code("clarifai.runners.models.openai_class"),
    "Param": Code("clarifai.runners.utils.data_utils"),
    **dict.fromkeys(
        (
            "Audio",
            "Concept",
            "Frame",
            "Image",
            "NamedFields",
            "Region",
            "Text",
            "Video",
        ),
        _DATA_TYPES,
    ),
}
"""The names that a source may import, each with its module."""
TOOL_NAMES: Final = frozenset({*_MODULES, "self", "NotImplementedError", "get_server"})
"""Names that the tools of an MCP model, their parameters and their types must not have."""
_STANDARD: Final = frozenset({"typing", "collections.abc"})
_NUMPY: Final = "np"
_BUILTINS: Final = "builtins"
NEEDED: Final = frozenset({_BUILTINS, "NotImplementedError", "self", "super"})
"""Names that the source needs itself, so that no method, parameter or field may have them."""


class SourceNames:
    """The names of one source.

    Args:
        model: The model.
        package: The name that its package would have.

    Attributes:
        model: The name of the model's class.
    """

    def __init__(self, model: Model, package: Code) -> None:
        taken = {method.name for method in model.methods} | {*_iterate_fields(model)}
        self._shadowed = names.shadowed_builtins(taken)
        self._namespace = Namespace({*taken, *KEYWORDS, *BUILTIN_TYPES, *NEEDED})
        imported = sorted([*_MODULES, _NUMPY])
        self._imported = {name: self._namespace.claim(name) for name in imported}
        self._used: set[str] = set()
        self.model = self._namespace.claim(names.class_name(package))

    def use(self, name: str) -> Code:
        """Return the name under which an object is imported, and import it."""
        self._used.add(name)
        return self._imported[name]

    def use_array(self) -> Code:
        """Return the type of arrays."""
        return format_code("{}.ndarray", self.use(_NUMPY))

    @property
    def uses_arrays(self) -> bool:
        """Whether the source imports numpy."""
        return _NUMPY in self._used

    def use_builtin(self, name: str) -> Code:
        """Return a builtin type."""
        if name in self._shadowed:
            self._used.add(_BUILTINS)
        return names.builtin_type(self._shadowed, name)

    def claim_record(self, *path: str) -> Code:
        """Name a class with named fields after the place of its first use."""
        return self._namespace.claim(names.type_name(*path))

    def format_imports(self) -> tuple[tuple[Code, ...], ...]:
        """Return the import statements for all that is used: those of the standard library, and the others."""
        plain = [Code("import builtins")] if _BUILTINS in self._used else []
        used = sorted((_MODULES[name], name) for name in self._used & _MODULES.keys())
        froms = [
            (module, format_code("from {} import {}", module, names_))
            for module, group in itertools.groupby(used, lambda pair: pair[0])
            for names_ in self._group_names([name for _, name in group])
        ]
        standard = [code for module, code in froms if module in _STANDARD]
        others = [code for module, code in froms if module not in _STANDARD]
        arrays = []
        if self.uses_arrays:
            arrays = [format_code("import numpy as {}", self._imported[_NUMPY])]
        sections = ((*plain, *standard), (*arrays, *others))
        return tuple(section for section in sections if section)

    def _group_names(self, imported: list[str]) -> list[Code]:
        """Return what follows `import` in each statement: a name with an alias has one of its own."""
        plain = [self._imported[name] for name in imported if self._imported[name] == name]
        groups = [(plain[0], join_code(", ", plain))] if plain else []
        groups += [
            (
                names.identifier_code(name),
                format_code("{} as {}", names.identifier_code(name), self._imported[name]),
            )
            for name in imported
            if self._imported[name] != name
        ]
        return [group for _, group in sorted(groups)]


def _iterate_fields(model: Model) -> Iterable[str]:
    """Yield the names of all fields of records."""
    for method in model.methods:
        for type_ in (
            method.result.type,
            *(parameter.type for parameter in method.parameters),
        ):
            yield from _iterate_members(type_)


def _iterate_members(type_: DataType) -> Iterable[str]:
    for member in type_.members:
        yield member.name
    for inner in (*type_.items, *(member.type for member in type_.members)):
        yield from _iterate_members(inner)
