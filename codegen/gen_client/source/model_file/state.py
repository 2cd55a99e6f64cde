"""What is known while a source is read from its first line to its last: names, and what may have changed behind them.

A statement that is not understood may call functions of the file, and these may change what they mention. `State.touch`
follows that: the values that an expression or a function can reach are no longer known.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from typing import Final

from gen_client import limits
from gen_client.source.model_file.findings import unsure
from gen_client.source.model_file.libraries import Libraries, get_builtin, load_sdk
from gen_client.source.model_file.values import (
    Class,
    Constant,
    Function,
    Items,
    Known,
    Module,
    Pairs,
    Param,
    Unknown,
    Value,
    iterate_parts,
)

_TEXT_UNIT: Final = 64
"""Characters of text that weigh as much as a value."""
_ALL_NAMES: Final = frozenset(
    {"globals", "locals", "vars", "exec", "eval", "__builtins__", "_getframe", "currentframe"}
)
"""Names whose use can bind any name."""
_HIDDEN: Final = frozenset({"__dict__", "_cf_method_info", "_cf_model_methods_registry", "modules"})
"""Attributes whose use can change any object."""


MACHINERY: Final = frozenset(
    {"method", "_register_model_methods", "_get_method_infos", "_cf_model_methods_registry"}
)
"""Attributes with which the SDK finds methods."""
_HOOKS: Final = frozenset({"__set_name__", "__init_subclass__"})
"""Methods that can change a class that is made."""
_ASKING: Final = frozenset(
    {
        "isinstance",
        "issubclass",
        "print",
        "len",
        "str",
        "repr",
        "id",
        "hasattr",
        "getattr",
        "type",
        "super",
    }
)
"""Builtins that change no argument."""


class State:
    """The names of a module, and of the class whose body is read.

    Args:
        libraries: The modules that it can import.

    Attributes:
        libraries: The modules that it can import.
        names: The names of the module.
        class_names: The names of the class whose body is read; None outside of class bodies.
        tampered: Why nothing of the file is sure any more; None if it is.
        has_star: Whether a star import may have bound any name.
    """

    def __init__(self, libraries: Libraries) -> None:
        self.libraries = libraries
        self.names: dict[str, Value] = {}
        self.class_names: dict[str, Value] | None = None
        self.tampered: Unknown | None = None
        self.has_star = False
        self._changed: dict[Value, Unknown] = {}
        self._steps = 0
        self._weights: dict[Value, int] = {}

    # The work of reading

    def spend(self, steps: int, line: int) -> None:
        """Count work: a statement may reach everything, and so may the next one.

        Raises:
            Problem: The file asks for too much.
        """
        self._steps += steps
        if self._steps > limits.SOURCE_STEPS:
            raise unsure("the file asks for more work than a model's source needs", line)

    def weigh(self, value: Value, line: int) -> int:
        """Return the number of values in a value, each as often as it is in there: a few lines can double one many times.

        Raises:
            Problem: There are too many.
        """
        weight = self._weights.get(value)
        if weight is None:
            text = value.value if isinstance(value, Constant) else None
            size = len(text) // _TEXT_UNIT if isinstance(text, str | bytes) else 0
            weight = 1 + size + sum(self.weigh(part, line) for part in iterate_parts(value))
            if weight > limits.VALUE_PARTS:
                raise unsure(f"a value has more than {limits.VALUE_PARTS} parts", line)
            self._weights[value] = weight
        return weight

    # Names

    def bind(self, name: str, value: Value) -> None:
        """Bind a name in the scope that is read."""
        scope = self.names if self.class_names is None else self.class_names
        scope[name] = value

    def unbind(self, name: str, line: int) -> None:
        """Delete a name."""
        scope = self.names if self.class_names is None else self.class_names
        if scope.pop(name, None) is None:
            scope[name] = Unknown(f"`{name}` is deleted in line {line}", line)

    def look_up(self, name: str, line: int) -> Value:
        """Return the value of a name as an expression of the present scope sees it."""
        value = self._find(name, line)
        self.spend(self.weigh(value, line), line)
        if name in _ALL_NAMES and isinstance(value, Unknown) and value.library == "builtins":
            self._tamper(f"`{name}` is used in line {line}", line)
        return self.recall(value)

    def _find(self, name: str, line: int) -> Value:
        """Return the value that a name was bound to, even if it may have changed since."""
        for scope in (self.class_names, self.names):
            if scope is not None and name in scope:
                return scope[name]
        builtin = get_builtin(name)
        if builtin is not None and not self.has_star:
            return builtin
        if hasattr(builtins, name) or name in ("__name__", "__file__", "__doc__"):
            return Unknown(f"`{name}` is not read here", line, "builtins")
        return Unknown(f"nothing here defines `{name}`", line, may_be_model=True)

    def is_defined(self, name: str) -> bool:
        """Return whether a name stands for anything."""
        scopes = (self.class_names or {}, self.names)
        special = ("__name__", "__file__", "__doc__", "__spec__", "__package__", "__loader__")
        return (
            self.has_star
            or any(name in scope for scope in scopes)
            or hasattr(builtins, name)
            or name in (*special, "__module__", "__qualname__", "__annotations__", "__class__")
        )

    def recall(self, value: Value) -> Value:
        """Return a value, or what is unknown about it if it may have changed since it was made."""
        return self.find_change(value) or value

    def find_change(self, value: Value) -> Unknown | None:
        """Return why a value may have changed since it was made; None if it has not."""
        if value in self._changed:
            return self._changed[value]
        return next((c for part in iterate_parts(value) if (c := self.find_change(part))), None)

    # Effects of what is not understood

    def reaches_sdk(self, node: ast.AST, *, imported: bool) -> bool:
        """Return whether code can reach something that makes models or methods of them.

        Args:
            node: The code.
            imported: Whether to count what comes from modules that are not read.
        """
        asked: set[ast.expr] = set()
        for part in self.iterate_reachable(node):
            if isinstance(part, ast.FunctionDef) and part.name in _HOOKS:
                return True
            if isinstance(part, ast.Call) and len(part.args) == 1 and not part.keywords:
                asked.add(part.func)  # `type(x)` makes no class
            if isinstance(part, ast.Name) and not (part.id == "type" and part in asked):
                value = self._find(part.id, part.lineno)
                if isinstance(value, Unknown):
                    if value.may_be_class or (imported and value.may_be_model):
                        return True
                elif _makes_models(value, part.id):
                    return True
        return False

    def touch(self, node: ast.AST, line: int) -> None:
        """Note that code is run which is not understood."""
        for part in list(self.iterate_reachable(node)):
            self._touch_part(part, line)

    def _touch_part(self, part: ast.AST, line: int) -> None:
        match part:
            case ast.Name(id=name, ctx=ast.Load()):
                self.touch_value(self.look_up(name, part.lineno), name, line)
            case ast.NamedExpr(target=ast.Name(id=name)):
                self.bind(name, Unknown(f"`{name}` is set in line {part.lineno}", part.lineno))
            case ast.Global(names=names):
                for name in names:
                    self.names[name] = Unknown(
                        f"`{name}` may be set in line {part.lineno}",
                        line,
                        may_be_model=True,
                        may_be_class=True,
                    )
            case ast.Call(func=ast.Name(id="setattr" | "delattr"), args=[target, *_]):
                place = ast.Attribute(target, "", ast.Store())
                self.touch_target(ast.copy_location(place, part), line)
            case ast.Call(func=function, args=arguments):
                name = function.id if isinstance(function, ast.Name) else ""
                if name not in _ASKING and any(self._is_sdk_class(a) for a in arguments):
                    self._tamper(f"a class of the SDK is passed on in line {part.lineno}", line)
            case ast.Attribute(attr=attr) if attr in _HIDDEN or attr in _ALL_NAMES:
                self._tamper(f"`{attr}` is used in line {part.lineno}", line)
            case ast.Attribute(ctx=ast.Store() | ast.Del()):
                self.touch_target(part, line)
            case _:
                pass

    def _is_sdk_class(self, node: ast.expr) -> bool:
        if not isinstance(node, ast.Name):
            return False
        value = self._find(node.id, node.lineno)
        return isinstance(value, Known) and value.key.removeprefix("sdk.") in load_sdk().classes

    def touch_value(self, value: Value, name: str, line: int) -> None:
        """Note that a value may be changed, and what is in it."""
        self.spend(self.weigh(value, line), line)
        if isinstance(value, Items | Pairs | Param):
            for part in iterate_parts(value):
                self.touch_value(part, name, line)
        is_tuple = isinstance(value, Items) and value.kind is tuple
        if isinstance(value, Items | Pairs | Param | Class | Function) and not is_tuple:
            reason = f"line {line} may change `{name}`"
            change = Unknown(reason, line, may_be_model=True, may_be_class=True)
            self._changed.setdefault(value, change)

    def touch_target(self, target: ast.expr, line: int) -> None:
        """Note that an attribute or an item of something is set or deleted."""
        node: ast.expr = target
        attribute = ""
        while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
            attribute = node.attr if isinstance(node, ast.Attribute) else attribute
            if attribute in _HIDDEN or attribute in _ALL_NAMES:
                self._tamper(f"`{attribute}` is used in line {target.lineno}", line)
            node = node.value
        if not isinstance(node, ast.Name):
            self.touch(node, line)
            return
        value = self.look_up(node.id, line)
        self.touch_value(value, node.id, line)
        root = value.path.partition(".")[0] if isinstance(value, Module) else ""
        is_method = attribute in MACHINERY and isinstance(value, Unknown) and node.id != "self"
        if (
            isinstance(value, Known)
            or is_method
            or root == "clarifai"
            or (root and _is_read(attribute))
        ):
            self._tamper(f"line {line} changes `{node.id}`", line)

    def _tamper(self, reason: str, line: int) -> None:
        self.tampered = self.tampered or Unknown(reason, line, may_be_model=True)

    def iterate_reachable(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield all parts of code, and of the functions and classes of the file that it can reach."""
        pending, visited = [node], {node}
        while pending:
            for part in ast.walk(pending.pop()):
                self.spend(1, getattr(node, "lineno", 1))
                yield part
                names = [part.id] if isinstance(part, ast.Name) else []
                names += [part.attr] if isinstance(part, ast.Attribute) else []
                for name in names:
                    for scope in (self.class_names, self.names):
                        value = (scope or {}).get(name)
                        if isinstance(value, Function | Class) and value.node not in visited:
                            visited.add(value.node)
                            pending.append(value.node)


def _is_read(attribute: str) -> bool:
    """Return whether the reader looks an attribute up in libraries."""
    return attribute in {
        "ndarray",
        "Image",
        "NDArray",
        "List",
        "Dict",
        "Tuple",
        "Iterator",
        "typing",
    }


def _makes_models(value: Value, name: str) -> bool:
    if isinstance(value, Module):
        return value.path.partition(".")[0] == "clarifai"
    is_sdk = isinstance(value, Known) and value.key.startswith("sdk.")
    return is_sdk or name in ("type", "setattr", "delattr")
