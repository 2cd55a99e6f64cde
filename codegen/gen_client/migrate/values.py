"""The SDK's data types: which of their uses the runtime's types of the same names allow, and what changes."""

from __future__ import annotations

import libcst as cst

from gen_client.migrate import sdk
from gen_client.migrate.arguments import keyword, replace_arguments
from gen_client.migrate.edits import Edits, Import
from gen_client.migrate.expressions import is_none
from gen_client.migrate.findings import Code, Kept
from gen_client.migrate.naming import Names
from gen_client.migrate.program import Program, Reference

_KEYWORDS = {
    **dict.fromkeys(sdk.MEDIA, frozenset({"url", "bytes"})),
    "Text": frozenset({"text", "url"}),
    "Concept": frozenset({"name", "value", "id"}),
    "Region": frozenset({"box", "concepts", "mask", "point", "track_id", "text", "id"}),
    "Frame": frozenset({"image", "regions", "time", "index"}),
}
"""The keywords of the SDK's classes that the runtime's classes have too."""
_TUPLES = {"box": ("Box", 4), "point": ("Point", 3)}
"""The attributes of regions that are lists of numbers in the SDK, and the runtime's class for each."""


def is_data_type(reference: Reference) -> bool:
    """Return whether a name of the SDK is one of its data types, or their module."""
    return any(
        reference.symbol == module or reference.symbol.startswith(f"{module}.")
        for module in sdk.DATA_MODULES
    )


def plan_values(program: Program, references: list[Reference], names: Names) -> Edits:
    """Plan the change from the SDK's data types to those of the runtime.

    Raises:
        Kept: One of their uses is not certain.
    """
    edits = Edits()
    for reference in references:
        _plan_reference(program, reference, names, edits)
    return edits


def check_values(program: Program) -> None:
    """Raise `Kept` if the program uses what only the SDK's values have."""
    for node in program.nodes:
        if isinstance(node, cst.Attribute) and node.attr.value in sdk.PROTO_ATTRIBUTES:
            raise Kept(program.line(node), Code.PROTO, f"the values here have no {node.attr.value}")


def _plan_reference(program: Program, reference: Reference, names: Names, edits: Edits) -> None:
    name = reference.symbol.rpartition(".")[2]
    line = program.line(reference.node)
    if name not in sdk.DATA_TYPES:
        raise Kept(line, Code.PROTO, f"the runtime has no {name}")
    extra = _plan_use(program, reference, name, names, edits)
    edits.imports.append((reference, (_find_import(reference, name, edits), *extra)))


def _find_import(reference: Reference, name: str, edits: Edits) -> Import:
    """Return the import in the place of the SDK's, which keeps the name that the program uses."""
    statement, alias = reference.imports[0]
    node = reference.node
    local = alias.asname.name if alias.asname is not None else alias.name
    if isinstance(node, cst.Attribute):
        if isinstance(local, cst.Name):
            return Import("clarigen", "", local.value)
        edits.add(node, lambda n: n.with_changes(value=cst.Name("clarigen")))
        return Import("clarigen", "", "clarigen")
    del statement
    return Import("clarigen", name, local.value if isinstance(local, cst.Name) else name)


def _plan_use(
    program: Program, reference: Reference, name: str, names: Names, edits: Edits
) -> list[Import]:
    """Plan what is done with a class, and return further classes that are imported for it."""
    node = reference.node
    parent, line = program.parent(node), program.line(node)
    if isinstance(parent, cst.Call) and parent.func is node:
        _check_changes(program, parent)
        return _plan_construction(program, parent, name, names, edits)
    if isinstance(parent, cst.Attribute) and parent.value is node:
        method, call = parent.attr.value, program.parent(parent)
        if method not in ("from_url", "from_pil", "from_numpy") or not isinstance(call, cst.Call):
            raise Kept(line, Code.PROTO, f"the runtime's {name} has no {method}")
        _check_changes(program, call)
        _rename_arguments(program, call, method, edits)
    return []


def _check_changes(program: Program, call: cst.Call) -> None:
    """Raise `Kept` if the value that a call makes is changed later; the runtime's values cannot be."""
    parent = program.parent(call)
    target = parent.targets[0].target if isinstance(parent, cst.Assign) else None
    if not isinstance(target, cst.Name):
        return
    for node in program.uses_of(program.assignments(target)):
        attribute = program.parent(node)
        holder = program.parent(attribute)
        is_changed = isinstance(holder, cst.AssignTarget | cst.AugAssign)
        if isinstance(attribute, cst.Attribute) and is_changed:
            raise Kept(program.line(node), Code.DYNAMIC, "the value is changed after it is made")


def _plan_construction(
    program: Program, call: cst.Call, name: str, names: Names, edits: Edits
) -> list[Import]:
    line = program.line(call)
    extra: list[Import] = []
    for argument in call.args:
        if argument.star:
            raise Kept(line, Code.DYNAMIC, f"the arguments of {name} come with {argument.star}")
        if argument.keyword is None:
            if name not in sdk.POSITIONS:
                raise Kept(
                    line, Code.PROTO, f"the first parameter of the SDK's {name} is a message"
                )
            continue
        if argument.keyword.value not in _KEYWORDS[name]:
            raise Kept(line, Code.PROTO, f"the runtime's {name} has no {argument.keyword.value}")
        if name == "Region" and argument.keyword.value in _TUPLES and not is_none(argument.value):
            class_, length = _TUPLES[argument.keyword.value]
            new = names.choose("clarigen", class_)
            extra.append(new)
            edits.add(argument, lambda node, new=new, n=length: _wrap(node, new.alias, n))  # type: ignore[misc]
    if name in sdk.POSITIONS:
        _rename_arguments(program, call, name, edits)
    return extra


def _wrap(argument: cst.Arg, class_: str, length: int) -> cst.Arg:
    """Return an argument whose list of numbers is a value of a class."""
    value = argument.value
    elements = value.elements if isinstance(value, cst.List | cst.Tuple) else ()
    arguments = [cst.Arg(element.value) for element in elements if isinstance(element, cst.Element)]
    if len(arguments) != length or len(elements) != length:
        arguments = [cst.Arg(value, star="*")]
    return argument.with_changes(value=cst.Call(cst.Name(class_), arguments))


def _rename_arguments(program: Program, call: cst.Call, name: str, edits: Edits) -> None:
    """Pass all arguments but the first by name, and rename keywords."""
    positions, renamed = sdk.POSITIONS[name], sdk.RENAMED_KEYWORDS.get(name, {})
    changes: dict[int, str] = {}
    for index, argument in enumerate(call.args):
        if argument.star or (argument.keyword is None and index >= len(positions)):
            raise Kept(
                program.line(call), Code.DYNAMIC, f"the arguments of {name} are not understood"
            )
        if argument.keyword is None:
            if index:
                changes[index] = positions[index]
        elif argument.keyword.value in renamed:
            changes[index] = renamed[argument.keyword.value]
    if changes:
        edits.add(
            call,
            lambda node: replace_arguments(
                node,
                [keyword(a, changes[i]) if i in changes else a for i, a in enumerate(node.args)],
            ),
        )
