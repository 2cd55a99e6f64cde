"""Which expressions of a program are models of the SDK: the variables that hold each, and all of their uses.

A model is followed from its constructor through names, attributes of `self`, results of functions and parameters of
the same file. Whatever else happens to it ends the group: all of its uses stay as they are.
"""

from __future__ import annotations

import libcst as cst

from gen_client.migrate import sdk
from gen_client.migrate.classes import Classes
from gen_client.migrate.expressions import (
    is_call,
    is_harmless,
    is_none,
    last_name,
    possible_values,
)
from gen_client.migrate.findings import Code, Finding
from gen_client.migrate.group import Construction, Group, Key, OutsideUse, Use
from gen_client.migrate.program import Program, Reference, dotted_name

_FACTORY_DECORATORS = frozenset(
    {
        *("cache", "lru_cache", "cache_resource", "experimental_singleton", "singleton"),
        *("property", "cached_property", "staticmethod", "classmethod"),
    }
)
"""The last part of decorators that leave a function's result as it is."""
_PROPERTIES = frozenset({"property", "cached_property"})


def find_groups(program: Program) -> list[Group]:
    """Return the groups of a program, in the order of their first constructors."""
    return _Search(program).run()


class _Search:
    """One search for groups. Each expression that is a model is looked at once."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._classes = Classes(program)
        self._groups: list[Group] = []
        self._owners: dict[Key, Group] = {}
        self._models: set[cst.CSTNode] = set()
        self._pending: list[tuple[cst.BaseExpression, Group]] = []

    def run(self) -> list[Group]:
        """Find all groups."""
        annotations: list[Reference] = []
        for reference in self._program.references:
            construction = self._find_construction(reference)
            if construction is not None:
                group = Group([construction])
                self._groups.append(group)
                self._pending.append((construction.call, group))
            elif reference.symbol in sdk.MODEL:
                annotations.append(reference)
        while self._pending:
            expression, group = self._pending.pop()
            if expression not in self._models:
                self._models.add(expression)
                self._look_at(expression, group)
        for reference in annotations:
            self._attach_annotation(reference)
        groups = [group for group in self._groups if group.owner is None]
        for group in groups:
            self._check_values(group)
            group.uses.sort(key=lambda use: self._program.line(use.attribute))
            group.constructions.sort(key=lambda item: self._program.line(item.call))
            group.obstacles = sorted(set(group.obstacles))
        return sorted(groups, key=lambda group: self._program.line(group.constructions[0].call))

    def _find_construction(self, reference: Reference) -> Construction | None:
        parent = self._program.parent(reference.node)
        if reference.symbol in sdk.MODEL and isinstance(parent, cst.Call):
            return Construction(parent, reference) if parent.func is reference.node else None
        names = (
            sdk.OTHER_CONSTRUCTORS
            if reference.symbol in sdk.MODEL
            else {sdk.LOCAL_SERVER} if reference.symbol == sdk.MODEL_CLIENT else set[str]()
        )
        if isinstance(parent, cst.Attribute) and parent.attr.value in names:
            call = self._program.parent(parent)
            if isinstance(call, cst.Call) and call.func is parent:
                return Construction(call, reference, parent.attr.value)
        return None

    # Groups

    def _find(self, group: Group) -> Group:
        """Return the group that has absorbed a group, or the group itself."""
        while group.owner is not None:
            group = group.owner
        return group

    def _join(self, key: Key, group: Group) -> tuple[Group, bool]:
        """Add a variable to a group; return the joined group, and whether the variable is new."""
        group = self._find(group)
        owner = self._owners.get(key)
        if owner is None:
            self._owners[key] = group
            group.keys.add(key)
            return group, True
        owner = self._find(owner)
        if owner is not group:
            owner.absorb(group)
        return owner, False

    def _stop(self, group: Group, node: cst.CSTNode, code: Code, message: str) -> None:
        self._find(group).obstacles.append(Finding(self._program.line(node), code, message))

    # Uses of an expression

    def _look_at(self, node: cst.BaseExpression, group: Group) -> None:
        """Follow an expression that is a model to what is done with it."""
        parent = self._program.parent(node)
        match parent:
            case cst.Attribute() if parent.value is node:
                self._look_at_attribute(parent, group)
            case cst.Assign():
                for target in parent.targets:
                    self._bind(target.target, group)
            case cst.AnnAssign() | cst.NamedExpr() if parent.value is node:
                self._bind(parent.target, group)
                if isinstance(parent, cst.NamedExpr):
                    self._pending.append((parent, group))
            case cst.Return():
                self._bind_result(parent, group)
            case cst.Arg():
                self._look_at_argument(parent, group)
            case cst.Comparison() | cst.ComparisonTarget():
                self._look_at_comparison(parent, group)
            case cst.BooleanOperation() | cst.IfExp():
                if not (isinstance(parent, cst.IfExp) and parent.test is node):
                    self._pending.append((parent, group))
            case _ if not is_harmless(parent):
                self._stop(group, node, Code.ESCAPES, "the model goes where it cannot be followed")
            case _:
                pass

    def _look_at_comparison(
        self, node: cst.Comparison | cst.ComparisonTarget, group: Group
    ) -> None:
        comparison = node if isinstance(node, cst.Comparison) else self._program.parent(node)
        assert isinstance(comparison, cst.Comparison)
        operators = (cst.Is, cst.IsNot, cst.Equal, cst.NotEqual)
        if not all(isinstance(part.operator, operators) for part in comparison.comparisons):
            self._stop(group, node, Code.ESCAPES, "the model is compared")

    def _look_at_attribute(self, node: cst.Attribute, group: Group) -> None:
        name, parent = node.attr.value, self._program.parent(node)
        if isinstance(parent, cst.Call) and parent.func is node:
            self._find(group).uses.append(Use(node, name, parent))
            return
        if isinstance(parent, cst.Arg):
            call = self._program.parent(parent)
            assert isinstance(call, cst.Call | cst.ClassDef)
            if isinstance(call, cst.Call):
                self._find(group).uses.append(Use(node, name, call, call.args.index(parent)))
                return
        code = Code.PRIVATE if name.startswith("_") else Code.DYNAMIC
        code = Code.INTROSPECTION if name in sdk.INTROSPECTION else code
        self._stop(group, node, code, f"no generated client has {name} in this form")

    def _look_at_argument(self, node: cst.Arg, group: Group) -> None:
        call = self._program.parent(node)
        if not isinstance(call, cst.Call):
            self._stop(group, node, Code.ESCAPES, "the model goes where it cannot be followed")
            return
        if isinstance(call.func, cst.Name) and call.func.value in ("getattr", "hasattr", "setattr"):
            self._stop(group, node, Code.DYNAMIC, f"{call.func.value}() names a method by a text")
            return
        if self._program.is_builtin(call.func, "bool"):
            return
        function = self._classes.find_function(call.func)
        parameter = None if function is None else self._classes.find_parameter(call, node, function)
        if function is None or parameter is None:
            name = dotted_name(call.func) or "a call"
            self._stop(group, node, Code.ESCAPES, f"the model is passed to {name}")
            return
        self._bind(parameter.name, group)

    # Variables

    def _bind(self, target: cst.CSTNode, group: Group) -> None:
        """Add the variable of a target to a group, and follow all of its uses."""
        if isinstance(target, cst.Name):
            scope = self._program.scope(target)
            owner = self._classes.class_of_scope(scope)
            if owner is not None:
                self._bind_attribute(owner, target.value, target, group)
            self._bind_name(target, group)
            return
        if isinstance(target, cst.Attribute):
            class_ = self._classes.class_of_self(target.value)
            if class_ is not None:
                self._bind_attribute(class_, target.attr.value, target, group)
                return
        self._stop(group, target, Code.ESCAPES, "the model is kept where it cannot be followed")

    def _bind_name(self, name: cst.Name, group: Group) -> None:
        bound = self._program.assignments(name)
        if not bound:
            self._stop(group, name, Code.DYNAMIC, f"the variable {name.value} is not known")
            return
        scope = bound[0].scope
        group, is_new = self._join(("name", scope, name.value), group)
        if not is_new:
            return
        for assignment in bound:
            self._look_at_binding(getattr(assignment, "node", None), name, group)
        for node in self._program.uses_of(bound):
            if isinstance(node, cst.Name):
                self._pending.append((node, group))
            else:
                self._stop(group, node, Code.DYNAMIC, "a text names the variable")

    def _look_at_binding(self, node: cst.CSTNode | None, name: cst.Name, group: Group) -> None:
        """Keep the value that a statement binds to a variable, or end the group."""
        if isinstance(node, cst.Param):
            self._look_at_parameter(node, group)
            return
        if isinstance(node, cst.Name):
            parent = self._program.parent(node)
            holder = (
                self._program.parent(parent) if isinstance(parent, cst.AssignTarget) else parent
            )
            if isinstance(holder, cst.Assign):
                self._find(group).values.append(holder.value)
                return
            if isinstance(holder, cst.AnnAssign | cst.NamedExpr):
                if holder.value is not None:
                    self._find(group).values.append(holder.value)
                return
        self._stop(
            group,
            node or name,
            Code.DYNAMIC,
            f"{name.value} is also something other than the model",
        )

    def _look_at_parameter(self, parameter: cst.Param, group: Group) -> None:
        """Require that every call of the function in this file passes the model."""
        program = self._program
        function = next(
            a for a in program.ancestors(parameter) if isinstance(a, cst.FunctionDef | cst.Lambda)
        )
        if isinstance(function, cst.Lambda) or parameter.star:
            self._stop(group, parameter, Code.ESCAPES, "the model is a parameter")
            return
        if parameter.default is not None:
            self._find(group).values.append(parameter.default)
        for node in self._classes.references_of(function):
            call = program.parent(node)
            if not isinstance(call, cst.Call) or call.func is not node:
                self._stop(group, node, Code.ESCAPES, f"{function.name.value} is used as a value")
                return
            argument = next(
                (
                    a
                    for a in call.args
                    if self._classes.find_parameter(call, a, function) is parameter
                ),
                None,
            )
            if any(a.star for a in call.args):
                self._stop(
                    group, node, Code.DYNAMIC, f"{function.name.value} gets its arguments with *"
                )
            elif argument is not None:
                self._find(group).values.append(argument.value)

    def _bind_attribute(
        self, class_: cst.ClassDef, name: str, node: cst.CSTNode, group: Group
    ) -> None:
        root = self._classes.root_of(class_)
        group, is_new = self._join(("attribute", root, name), group)
        if not is_new:
            return
        inside, outside = self._classes.attributes(root, name)
        for attribute in inside:
            parent = self._program.parent(attribute)
            if isinstance(parent, cst.AssignTarget):
                holder = self._program.parent(parent)
                assert isinstance(holder, cst.Assign)
                self._find(group).values.append(holder.value)
            elif isinstance(parent, cst.AnnAssign) and parent.target is attribute:
                if parent.value is not None:
                    self._find(group).values.append(parent.value)
            elif isinstance(parent, cst.AugAssign | cst.For | cst.AsName | cst.Element):
                self._stop(group, attribute, Code.DYNAMIC, f"self.{name} is bound in another way")
            else:
                self._pending.append((attribute, group))
        for attribute in outside:
            parent = self._program.parent(attribute)
            if isinstance(parent, cst.Attribute) and is_call(self._program.parent(parent), parent):
                self._find(group).values.append(OutsideUse(attribute, parent.attr.value))

    def _bind_result(self, node: cst.Return, group: Group) -> None:
        """Add the result of a function to a group, and follow all calls of the function."""
        program = self._program
        function = program.function(node)
        if not isinstance(function, cst.FunctionDef):
            self._stop(group, node, Code.ESCAPES, "the model is returned")
            return
        group, is_new = self._join(("result", function, ""), group)
        if not is_new:
            return
        name = function.name.value
        decorators = {last_name(decorator) for decorator in function.decorators}
        if (
            function.asynchronous
            or decorators - _FACTORY_DECORATORS
            or self._is_generator(function)
        ):
            self._stop(
                group, node, Code.ESCAPES, f"the model leaves {name}, which is not a plain function"
            )
            return
        for other in program.nodes:
            value = other.value if isinstance(other, cst.Return) else None
            if value is not None and program.function(other) is function:
                self._find(group).values.append(value)
        for reference in self._classes.references_of(function):
            if decorators & _PROPERTIES:
                self._pending.append((reference, group))
                continue
            call = program.parent(reference)
            if isinstance(call, cst.Call) and call.func is reference:
                self._pending.append((call, group))
            elif not isinstance(call, cst.Decorator):
                self._stop(group, reference, Code.ESCAPES, f"{name} is used as a value")

    def _is_generator(self, function: cst.FunctionDef) -> bool:
        return any(
            isinstance(node, cst.Yield) and self._program.function(node) is function
            for node in self._program.nodes
        )

    # Afterwards

    def _check_values(self, group: Group) -> None:
        """Stop a group one of whose variables also holds something else."""
        methods = {use.name for use in group.uses}
        for value in group.values:
            if isinstance(value, OutsideUse):
                if value.method in methods:
                    self._stop(
                        group, value.node, Code.ESCAPES, "it is called from outside of its class"
                    )
            elif not all(is_none(part) or part in self._models for part in possible_values(value)):
                self._stop(group, value, Code.DYNAMIC, "the variable may also hold something else")

    def _attach_annotation(self, reference: Reference) -> None:
        """Give an annotation to the group of the variable that it stands at."""
        program = self._program
        for ancestor in program.ancestors(reference.node):
            key: Key | None = None
            if isinstance(ancestor, cst.Param):
                key = ("name", program.scope(ancestor.name), ancestor.name.value)
            elif isinstance(ancestor, cst.FunctionDef):
                key = ("result", ancestor, "")
            elif isinstance(ancestor, cst.AnnAssign):
                key = self._key_of(ancestor.target)
            elif isinstance(ancestor, cst.BaseStatement | cst.BaseSmallStatement):
                return
            if key is not None:
                if key in self._owners:
                    self._find(self._owners[key]).annotations.append(reference)
                return

    def _key_of(self, target: cst.BaseExpression) -> Key | None:
        if isinstance(target, cst.Name):
            bound = self._program.assignments(target)
            return ("name", bound[0].scope, target.value) if bound else None
        if isinstance(target, cst.Attribute):
            class_ = self._classes.class_of_self(target.value)
            return (
                None
                if class_ is None
                else ("attribute", self._classes.root_of(class_), target.attr.value)
            )
        return None
