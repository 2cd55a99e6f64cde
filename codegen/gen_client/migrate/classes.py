"""The classes and functions of a program: what `self` is, and where a function or an attribute is used."""

from __future__ import annotations

from collections import defaultdict

import libcst as cst
from libcst.metadata import BaseAssignment, ClassScope, Scope

from gen_client.migrate.program import Program, dotted_name


class Classes:
    """The classes and functions of a program."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._by_name: dict[str, list[cst.ClassDef]] = defaultdict(list)
        self._attributes: dict[str, list[cst.Attribute]] = defaultdict(list)
        for node in program.nodes:
            if isinstance(node, cst.ClassDef):
                self._by_name[node.name.value].append(node)
            elif isinstance(node, cst.Attribute):
                self._attributes[node.attr.value].append(node)

    def class_of_scope(self, scope: Scope | None) -> cst.ClassDef | None:
        """Return the class of a class's scope; None for another scope."""
        node = scope.node if isinstance(scope, ClassScope) else None
        return node if isinstance(node, cst.ClassDef) else None

    def class_of_self(self, node: cst.CSTNode) -> cst.ClassDef | None:
        """Return the class whose instance, or which itself, an expression is: `self`, `cls` or the class's name."""
        if not isinstance(node, cst.Name):
            return None
        bound = self._program.assignments(node)
        if len(bound) != 1:
            return None
        binding = getattr(bound[0], "node", None)
        if isinstance(binding, cst.ClassDef):
            return binding
        if not isinstance(binding, cst.Param):
            return None
        function = next(
            a
            for a in self._program.ancestors(binding)
            if isinstance(a, cst.FunctionDef | cst.Lambda)
        )
        if isinstance(function, cst.Lambda) or _is_static(function):
            return None
        first = [*function.params.posonly_params, *function.params.params][:1]
        return self._program.class_of(function) if first == [binding] else None

    def root_of(self, class_: cst.ClassDef) -> cst.ClassDef:
        """Return the outermost base of a class in this file: its attributes are those of all classes below it."""
        seen = {class_}
        while True:
            bases = [dotted_name(base.value) for base in class_.bases]
            known = [c for base in bases for c in self._by_name.get(base, ())]
            if len(known) != 1 or known[0] in seen:
                return class_
            class_ = known[0]
            seen.add(class_)

    def attributes(
        self, root: cst.ClassDef, name: str
    ) -> tuple[list[cst.Attribute], list[cst.Attribute]]:
        """Return the places that name an attribute of a class, and those that name one of an unknown object."""
        inside: list[cst.Attribute] = []
        outside: list[cst.Attribute] = []
        for node in self._attributes.get(name, ()):
            class_ = self.class_of_self(node.value)
            if class_ is None:
                outside.append(node)
            elif self.root_of(class_) is root:
                inside.append(node)
        return inside, outside

    # Functions

    def find_function(self, node: cst.CSTNode) -> cst.FunctionDef | None:
        """Return the function of this file that an expression names; None if it is not certain."""
        if isinstance(node, cst.Name):
            bound = self._program.assignments(node)
            binding = getattr(bound[0], "node", None) if len(bound) == 1 else None
            return (
                binding if isinstance(binding, cst.FunctionDef) and not binding.decorators else None
            )
        if isinstance(node, cst.Attribute):
            class_ = self.class_of_self(node.value)
            return None if class_ is None else self._find_method(class_, node.attr.value)
        return None

    def _find_method(self, class_: cst.ClassDef, name: str) -> cst.FunctionDef | None:
        root = self.root_of(class_)
        methods = [
            node
            for classes in self._by_name.values()
            for owner in classes
            if self.root_of(owner) is root
            for node in owner.body.body
            if isinstance(node, cst.FunctionDef) and node.name.value == name
        ]
        return methods[0] if len(methods) == 1 and not methods[0].decorators else None

    def find_parameter(
        self, call: cst.Call, argument: cst.Arg, function: cst.FunctionDef
    ) -> cst.Param | None:
        """Return the parameter of a function that gets an argument of a call; None if that is not certain."""
        parameters = function.params
        positional = [*parameters.posonly_params, *parameters.params]
        if any(a.star for a in call.args):
            return None
        if argument.keyword is not None:
            named = [*parameters.params, *parameters.kwonly_params]
            return next((p for p in named if p.name.value == argument.keyword.value), None)
        # A method that is called on an object gets `self` beside the arguments.
        is_bound = (
            isinstance(call.func, cst.Attribute) and self._program.class_of(function) is not None
        )
        index = call.args.index(argument) + is_bound
        return positional[index] if index < len(positional) else None

    def references_of(self, function: cst.FunctionDef) -> list[cst.BaseExpression]:
        """Return the places that name a function of this file."""
        class_ = self._program.class_of(function)
        name = function.name.value
        if class_ is not None:
            inside, outside = self.attributes(self.root_of(class_), name)
            unknown = [node for node in outside if not self._is_module(node.value)]
            return [*inside, *unknown]
        scope = self._program.scope(function)
        bound = set[BaseAssignment]() if scope is None else scope[name]
        return [node for node in self._program.uses_of(bound) if isinstance(node, cst.Name)]

    def _is_module(self, node: cst.CSTNode) -> bool:
        """Return whether an expression is a name that an import binds, or no plain name at all."""
        if not isinstance(node, cst.Name):
            return True
        bound = self._program.assignments(node)
        return any(isinstance(getattr(a, "node", None), cst.Import | cst.ImportFrom) for a in bound)


def _is_static(function: cst.FunctionDef) -> bool:
    return any(dotted_name(d.decorator) == "staticmethod" for d in function.decorators)
