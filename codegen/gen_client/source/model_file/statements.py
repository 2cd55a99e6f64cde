"""A module or a class body, read statement by statement as Python would run it.

A statement that may or may not run makes the names that it binds unknown, and one that is not understood makes unknown
what it can reach. Function bodies are not run.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable, Sequence
from typing import Final

from gen_client.source.model_file.expressions import Evaluator
from gen_client.source.model_file.findings import Code, Finding, Level, Problem, refused, unsure
from gen_client.source.model_file.functions import define_function
from gen_client.source.model_file.records import read_fields
from gen_client.source.model_file.state import State
from gen_client.source.model_file.values import (
    Class,
    Constant,
    Items,
    Known,
    Unknown,
    Value,
)
from gen_client.source.model_file.walk import (
    catches_imports,
    find_variable,
    is_exit,
    iterate_bound,
    iterate_expressions,
    iterate_run,
)

_SAFE_DECORATORS: Final = frozenset({"typing.final", "typing.override"})


class Interpreter:
    """Runs statements without their effects.

    Args:
        state: The names.
        findings: Collects what is found in definitions of methods.

    Attributes:
        has_text_annotations: Whether `from __future__ import annotations` makes text of all annotations.
    """

    def __init__(self, state: State, findings: list[Finding]) -> None:
        self.has_text_annotations = False
        self._state = state
        self._findings = findings
        self._evaluator = Evaluator(state)

    def run(self, body: Iterable[ast.stmt]) -> None:
        """Run statements in the present scope.

        Raises:
            Problem: The import of the file fails here, or may fail.
        """
        for statement in body:
            self._check_names(statement)
            self._check_ends(statement)
            self._run_statement(statement)

    def _run_statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Import() | ast.ImportFrom():
                self._import(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._define_function(node)
            case ast.ClassDef():
                self._define_class(node)
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign() | ast.Delete():
                self._assign_statement(node)
            case ast.Expr(value=ast.Constant()) | ast.Pass():
                pass
            case ast.Global() | ast.Nonlocal():
                if self._state.class_names is not None:
                    raise unsure("a class body sets names of the module", node.lineno)
            case ast.Expr(value=value):
                self._evaluator.evaluate(value)
            case ast.If():
                self._run_if(node)
            case ast.Try() | ast.TryStar():
                self._run_try(node)
            case ast.Raise():
                raise refused(Code.IMPORT_FAILS, "the file raises when it is imported", node.lineno)
            case _:
                self._run_maybe([node], node.lineno)

    # Names that must exist

    def _check_names(self, node: ast.stmt) -> None:
        """Raise `Problem` if a statement uses a name that nothing defines, or needs a missing variable."""
        for expression in iterate_expressions(node):
            for part in iterate_run(expression, surely=True):
                if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load):
                    if not self._state.is_defined(part.id):
                        message = f"nothing defines `{part.id}`, so the import fails"
                        raise refused(Code.IMPORT_FAILS, message, part.lineno)
                elif isinstance(part, ast.Compare):
                    self._check_comparison(part)

    def _check_comparison(self, node: ast.Compare) -> None:
        """Report a comparison that fails with the mocks of the upload."""
        if not any(isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE) for op in node.ops):
            return
        values = map(self._evaluator.evaluate, (node.left, *node.comparators))
        if any(isinstance(value, Unknown) and value.is_mocked for value in values):
            message = "the upload fails: it has a mock of a library here, which has no order"
            remedy = "compare in load_model()"
            finding = Finding(Level.ERROR, Code.MOCKED_VALUE, message, node.lineno, "", remedy)
            self._findings.append(finding)

    def _check_ends(self, node: ast.stmt) -> None:
        """Raise `Problem` if the import may end at a statement, in it or in a function that it calls."""
        if isinstance(node, ast.Assert):
            raise unsure("the import may end here", node.lineno)
        if isinstance(
            node, ast.Try | ast.TryStar | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        ):
            return  # the parts of a class are checked one by one; a `try` may catch it
        if isinstance(node, ast.If) and self._is_main(node):
            return
        run = set(iterate_run(node))
        for part in self._state.iterate_reachable(node):
            if isinstance(part, ast.Subscript) and isinstance(part.ctx, ast.Load):
                self._check_environment(part)
            elif part in run and is_exit(part):
                raise unsure("the import may end here", node.lineno)

    def _check_environment(self, node: ast.Subscript) -> None:
        """Raise `Problem` if the import needs a variable of the environment that is not set here."""
        name = find_variable(node)
        if name and name not in os.environ:
            raise _miss_variable(name, node.lineno)

    # Imports

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                self._import_module(alias, node.lineno)
            return
        if node.module == "__future__" and not node.level:
            self.has_text_annotations |= any(a.name == "annotations" for a in node.names)
            return
        for alias in node.names:
            if alias.name == "*":
                self._import_all(node)
            else:
                self._state.bind(alias.asname or alias.name, self._get_imported(node, alias.name))

    def _import_module(self, alias: ast.alias, line: int) -> None:
        libraries = self._state.libraries
        value = libraries.import_module(alias.name, line)
        if libraries.is_missing(value):
            raise self._refuse_import(value, line)
        root = alias.name.partition(".")[0]
        if alias.asname is not None:
            self._state.bind(alias.asname, value)
        else:
            self._state.bind(root, libraries.import_module(root, line))

    def _get_imported(self, node: ast.ImportFrom, name: str) -> Value:
        libraries = self._state.libraries
        if node.level or node.module is None:
            path = "." * node.level + (node.module or "")
            raise refused(
                Code.IMPORT_FAILS,
                f"`from {path} import …` fails: the file is no package",
                node.lineno,
            )
        value = libraries.get_attribute(node.module, name, node.lineno)
        if libraries.is_missing(value):
            raise self._refuse_import(value, node.lineno)
        return value

    @staticmethod
    def _refuse_import(value: Value, line: int) -> Problem:
        reason = value.reason if isinstance(value, Unknown) else "it is missing"
        return unsure(f"the import fails: {reason}", line)

    def _import_all(self, node: ast.ImportFrom) -> None:
        names = self._state.libraries.list_names(node.module or "") if not node.level else None
        if names is not None:
            for name in names:
                self._state.bind(name, self._get_imported(node, name))
            return
        self._state.has_star = True
        self._state.spend(len(self._state.names), node.lineno)
        reason = f"`from {node.module} import *` in line {node.lineno} may bind it"
        for name in list(self._state.names):
            self._state.names[name] = Unknown(
                reason, node.lineno, may_be_model=True, may_be_class=True
            )

    # Definitions

    def _define_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        value = define_function(
            node,
            self._state,
            self._evaluator,
            self._findings,
            has_text_annotations=self.has_text_annotations,
        )
        self._state.bind(node.name, value)

    def _define_class(self, node: ast.ClassDef) -> None:
        bases = tuple(self._evaluator.evaluate(base) for base in node.bases)
        value = Class(node, bases)
        decorators = [self._evaluator.evaluate(decorator) for decorator in node.decorator_list]
        if self._state.class_names is not None:  # a class in a class is never the model
            self._state.touch(node, node.lineno)
            self._state.bind(
                node.name, Unknown(f"`{node.name}` is a class in a class", node.lineno)
            )
            return
        self._state.class_names = value.names
        try:
            self.run(node.body)
            if not self.has_text_annotations:
                value.fields = read_fields(node, bases, self._evaluator)
        finally:
            self._state.class_names = None
        if node.keywords:
            value.problem = Unknown("its class statement has keywords", node.lineno)
        if any(not (isinstance(d, Known) and d.key in _SAFE_DECORATORS) for d in decorators):
            value.problem = Unknown("a decorator may change it", node.lineno)
        self._state.bind(node.name, value)

    # Assignments

    def _assign_statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Assign(targets=targets, value=expression):
                value = self._evaluator.evaluate(expression)
                for target in targets:
                    self._assign(target, value, node.lineno)
            case ast.AnnAssign(target=target, annotation=annotation, value=expression):
                if not self.has_text_annotations:
                    self._evaluator.evaluate(annotation)
                if expression is not None:
                    self._assign(target, self._evaluator.evaluate(expression), node.lineno)
            case ast.AugAssign():
                self._augment(node)
            case ast.Delete(targets=targets):
                for target in targets:
                    if isinstance(target, ast.Name):
                        self._state.unbind(target.id, node.lineno)
                    else:
                        self._state.touch_target(target, node.lineno)
            case _:
                pass

    def _assign(self, target: ast.expr, value: Value, line: int) -> None:
        match target:
            case ast.Name(id=name):
                self._state.bind(name, value)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                items = value.items if isinstance(value, Items) and value.kind is not set else ()
                starred = any(isinstance(item, ast.Starred) for item in targets)
                is_known = len(items) == len(targets) and not starred
                for index, item in enumerate(targets):
                    reason = f"it is unpacked in line {line}"
                    unknown = self._derive(value, reason, line)
                    self._assign(item, items[index] if is_known else unknown, line)
            case ast.Starred(value=inner):
                self._assign(
                    inner, self._derive(value, f"it is unpacked in line {line}", line), line
                )
            case _:
                self._state.touch_target(target, line)

    @staticmethod
    def _derive(value: Value, reason: str, line: int) -> Unknown:
        return (
            value
            if isinstance(value, Unknown)
            else Unknown(reason, line, may_be_model=True, may_be_class=True)
        )

    def _augment(self, node: ast.AugAssign) -> None:
        if not isinstance(node.target, ast.Name):
            self._state.touch_target(node.target, node.lineno)
            self._evaluator.evaluate(node.value)
            return
        name = ast.copy_location(ast.Name(node.target.id, ast.Load()), node)
        old = self._state.look_up(name.id, node.lineno)
        combined = ast.copy_location(ast.BinOp(name, node.op, node.value), node)
        value = self._evaluator.evaluate(combined)
        if not isinstance(old, Constant):
            self._state.touch(combined, node.lineno)
        self._state.bind(name.id, value)

    # Statements that may not run

    def _run_if(self, node: ast.If) -> None:
        match node.test:
            case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
                value = self._evaluator.evaluate(node.test)
                if isinstance(value, Known) and value.key == "typing.TYPE_CHECKING":
                    self.run(node.orelse)
                    return
            case _:
                pass
        if self._is_main(node):
            self.run(node.orelse)
            return
        self._evaluator.evaluate(node.test)
        self._run_maybe([*node.body, *node.orelse], node.lineno)

    def _is_main(self, node: ast.If) -> bool:
        """Return whether a statement runs only if the file is run as a program."""
        match node.test:
            case ast.Compare(
                left=ast.Name(id="__name__"),
                ops=[ast.Eq()],
                comparators=[ast.Constant(value="__main__")],
            ):
                scopes = (self._state.names, self._state.class_names or {})
                return not any("__name__" in scope for scope in scopes)
            case _:
                return False

    def _run_try(self, node: ast.Try | ast.TryStar) -> None:
        if catches_imports(node) and all(self._succeeds(statement) for statement in node.body):
            self.run(node.body)
            self.run(node.orelse)
            self.run(node.finalbody)
            return
        handlers = [statement for handler in node.handlers for statement in handler.body]
        handlers = [statement for statement in handlers if not isinstance(statement, ast.Raise)]
        names = [handler.name for handler in node.handlers if handler.name]
        self._run_maybe([*node.body, *handlers, *node.orelse], node.lineno, names)
        self.run(node.finalbody)

    def _succeeds(self, node: ast.stmt) -> bool:
        """Return whether a statement is an import that succeeds wherever the SDK is installed."""
        libraries = self._state.libraries
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            root = node.module.partition(".")[0]
            values = [libraries.get_attribute(node.module, a.name, node.lineno) for a in node.names]
            is_ours = root == "clarifai" and not any(map(libraries.is_missing, values))
            return is_ours or root in ("typing", "collections", "numpy", "PIL")
        return False

    def _run_maybe(self, body: Sequence[ast.stmt], line: int, names: Sequence[str] = ()) -> None:
        """Make unknown what statements bind that may run, or not, or more than once."""
        mocked = _find_mocked_imports(body, self._state)
        for statement in body:
            for part in iterate_run(statement):
                if isinstance(part, ast.Raise):
                    raise unsure("the import may end here", part.lineno)
        state = self._state
        may_be_model = any(state.reaches_sdk(statement, imported=True) for statement in body)
        may_be_class = any(state.reaches_sdk(statement, imported=False) for statement in body)
        for statement in body:
            state.touch(statement, line)
        for name in (*iterate_bound(body), *names):
            value = Unknown(
                f"`{name}` depends on what runs in line {line}",
                line,
                mocked.get(name, ""),
                is_mocked=name in mocked,
                may_be_model=may_be_model and not self._is_harmless_import(mocked.get(name, "")),
                may_be_class=may_be_class and name not in mocked,
            )
            self._state.bind(name, value)

    def _is_harmless_import(self, library: str) -> bool:
        return bool(library) and self._state.libraries.is_harmless(library)


def _miss_variable(name: str, line: int) -> Problem:
    message = f"the import needs the environment variable `{name}`, which is not set here"
    return unsure(message, line, remedy="set it, or read it in load_model()")


def _find_mocked_imports(body: Sequence[ast.stmt], state: State) -> dict[str, str]:
    """Return the names that statements import from libraries, each with its library."""
    names: dict[str, str] = {}
    for statement in body:
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                root = alias.name.partition(".")[0]
                names[alias.asname or root] = root
        elif isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
            root = statement.module.partition(".")[0]
            names |= {alias.asname or alias.name: root for alias in statement.names}
    return {
        name: root
        for name, root in names.items()
        if not state.libraries.is_standard(root) and not root.startswith("clarifai")
    }
