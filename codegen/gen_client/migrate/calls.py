"""Calls of a model's methods: what becomes of the arguments and of the awaits around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import libcst as cst

from gen_client.interface.model import MethodKind
from gen_client.migrate import sdk
from gen_client.migrate.arguments import keyword, replace_arguments
from gen_client.migrate.edits import Edits
from gen_client.migrate.expressions import find_text
from gen_client.migrate.findings import Code, Finding, Kept, Level
from gen_client.migrate.group import Use
from gen_client.migrate.program import Program, dotted_name
from gen_client.migrate.target import Package
from gen_client.plan.named import NamedMethod

_ROLES = frozenset({"system", "user", "assistant", "function", "developer", "tool"})
"""A list of messages with these roles is one argument for the SDK, not a batch."""
_PASS_ONE = frozenset({"map", "imap", "imap_unordered"})
"""Calls that get a method and call it with one argument."""
_PASS_ALL = frozenset({"submit", "to_thread"})
"""Calls that get a method and pass the arguments after it on, also those by name."""
_PASS_POSITIONS = frozenset({"run_in_executor"})


@dataclass(slots=True)
class CallPlan:
    """What becomes of a call.

    Attributes:
        use: The call.
        method: The method of the client.
        is_async: Whether the client must be the asyncio twin.
        edits: The edits, but for the client's own name.
        findings: What somebody should know about it.
    """

    use: Use
    method: NamedMethod
    is_async: bool = False
    edits: Edits = field(default_factory=Edits)
    findings: list[Finding] = field(default_factory=list[Finding])


def find_method(package: Package, name: str) -> tuple[NamedMethod | None, bool]:
    """Return the method that a call of the SDK means, and whether it is its version for asyncio."""
    method = package.methods.get(name)
    if method is not None or not name.startswith(sdk.ASYNC_PREFIX):
        return method, False
    bare = name.removeprefix(sdk.ASYNC_PREFIX)
    return (package.methods.get(bare), True) if bare in sdk.ASYNC_METHODS else (None, False)


def plan_call(program: Program, use: Use, package: Package) -> CallPlan:
    """Plan the rewriting of a call.

    Raises:
        Kept: The call is not certain.
    """
    line = program.line(use.attribute)
    method, is_async = find_method(package, use.name)
    if method is None:
        raise Kept(line, *_describe_missing(use.name, package))
    plan = CallPlan(use, method, is_async)
    if str(method.name) != use.attribute.attr.value:
        plan.edits.add(
            use.attribute, lambda node: node.with_changes(attr=cst.Name(str(method.name)))
        )
    if use.passed >= 0:
        _plan_passed(program, plan)
    else:
        _plan_arguments(program, plan, use.call.args, 0)
        _plan_awaits(program, plan)
    return plan


def _describe_missing(name: str, package: Package) -> tuple[Code, str]:
    if name in sdk.INTROSPECTION:
        return Code.INTROSPECTION, f"no generated client has {name}()"
    if name.startswith("_"):
        return Code.PRIVATE, f"{name} is a private part of the SDK"
    if name in sdk.OLD_METHODS:
        return Code.OLD_CALL, f"{name}() has no certain counterpart"
    if package.has_kind:
        return (
            Code.NO_METHODS,
            f"the client of {package.module} has openai() or tools in place of {name}()",
        )
    return Code.NO_METHODS, f"{package.module} has no method {name}"


# Arguments


def _plan_arguments(
    program: Program, plan: CallPlan, arguments: Sequence[cst.Arg], skip: int
) -> None:
    """Plan what becomes of the arguments of a call, except the first `skip`."""
    call, method = plan.use.call, plan.method
    line = program.line(plan.use.attribute)
    own = arguments[skip:]
    for argument in own:
        if argument.star:
            raise Kept(
                line, Code.DYNAMIC, f"the arguments of {plan.use.name} come with {argument.star}"
            )
    if len(own) == 1 and own[0].keyword is None and _plan_batch(program, plan, own[0].value):
        return
    changes: dict[int, str] = {}
    for index, argument in enumerate(own):
        if argument.keyword is not None:
            name = _find_keyword(line, method, argument.keyword.value)
            if name != argument.keyword.value:
                changes[index] = name
        elif index >= len(method.parameters):
            raise Kept(line, Code.OTHER_ARGUMENTS, f"{method.wire.name} has fewer parameters")
        elif index >= method.positional_count:
            changes[index] = str(method.parameters[index].name)
    if changes:
        plan.edits.add(call, lambda node: _rename(node, {i + skip: n for i, n in changes.items()}))


def _find_keyword(line: int, method: NamedMethod, name: str) -> str:
    """Return the name in the client of a parameter that is passed by name."""
    for parameter in method.parameters:
        if parameter.wire.name == name:
            return str(parameter.name)
    if name == "with_proto":
        message = "with_proto= has a counterpart in recording(), which is no argument"
        raise Kept(line, Code.WITH_PROTO, message)
    if name in ("inputs", "inference_params", "output_config"):
        raise Kept(line, Code.OLD_CALL, f"{name}= is of the calls before models had methods")
    raise Kept(line, Code.OTHER_ARGUMENTS, f"{method.wire.name} has no parameter {name}")


def _rename(call: cst.Call, names: dict[int, str]) -> cst.Call:
    changed = [
        keyword(argument, names[index]) if index in names else argument
        for index, argument in enumerate(call.args)
    ]
    return replace_arguments(call, changed)


def _plan_batch(program: Program, plan: CallPlan, value: cst.BaseExpression) -> bool:
    """Plan a call with one argument by position if it may be a list of inputs; return whether it is one."""
    method, line = plan.method, program.line(plan.use.attribute)
    literal = program.single_value(value) or value if isinstance(value, cst.Name) else value
    items = _list_items(literal)
    renamed = {p.wire.name for p in method.parameters if str(p.name) != p.wire.name}
    keys = [_literal_keys(program, item) for item in items]
    if any((renamed if names is None else names & renamed) for names in keys):
        raise Kept(
            line, Code.DYNAMIC, "a list of inputs names a parameter that has another name in Python"
        )
    if method.input is None:
        if items:
            raise Kept(line, Code.DYNAMIC, f"{method.wire.name} takes no list of inputs")
        return False
    if not method.accepts_list:
        return _plan_json(program, plan, literal, items)
    return bool(items)


def _plan_json(
    program: Program, plan: CallPlan, value: cst.BaseExpression, items: list[cst.Dict]
) -> bool:
    """Plan a call whose argument may be a list of objects itself; return whether it is a list of inputs."""
    line = program.line(plan.use.attribute)
    keys = [_literal_keys(program, item) for item in items]
    if _is_no_object(value) or (items and all(_is_message(program, item) for item in items)):
        return False
    if not items or any(names is None or {"role", "content"} <= names for names in keys):
        message = "for the SDK a list of objects that are no chat messages is a batch; here it is the argument"
        plan.findings.append(Finding(line, Code.BATCH_OR_VALUE, message, Level.REMARK))
        return False
    if plan.use.passed >= 0:
        raise Kept(line, Code.DYNAMIC, f"{plan.use.name} is handed over with a list of inputs")
    batch = str(plan.method.names.batch)
    plan.edits.add(plan.use.attribute, lambda node: node.with_changes(attr=cst.Name(batch)))
    plan.edits.add(plan.use.call, lambda node: cst.Call(cst.Attribute(node, cst.Name("collect"))))
    return True


def _literal_keys(program: Program, item: cst.Dict) -> set[str] | None:
    """Return the keys of a literal object; None if one of them cannot be seen."""
    keys: set[str] = set()
    for element in item.elements:
        key = find_text(program, element.key) if isinstance(element, cst.DictElement) else None
        if key is None:
            return None
        keys.add(key)
    return keys


def _list_items(value: cst.BaseExpression) -> list[cst.Dict]:
    """Return the objects in a literal list; none if there is anything else in it."""
    if isinstance(value, cst.ListComp):
        return [value.elt] if isinstance(value.elt, cst.Dict) else []
    if not isinstance(value, cst.List):
        return []
    items = [element.value for element in value.elements if isinstance(element.value, cst.Dict)]
    return items if len(items) == len(value.elements) else []


def _is_message(program: Program, item: cst.Dict) -> bool:
    pairs = {
        find_text(program, element.key): element.value
        for element in item.elements
        if isinstance(element, cst.DictElement)
    }
    role = find_text(program, pairs["role"]) if "role" in pairs else None
    return role in _ROLES and "content" in pairs


def _is_no_object(value: cst.BaseExpression) -> bool:
    """Return whether an expression is certainly no list of objects."""
    if isinstance(value, cst.List) and value.elements:
        items = [element.value for element in value.elements]
        return any(_is_text(item) or isinstance(item, cst.List) for item in items)
    return _is_text(value) or isinstance(value, cst.Dict | cst.DictComp)


def _is_text(value: cst.BaseExpression) -> bool:
    return isinstance(
        value,
        cst.SimpleString | cst.ConcatenatedString | cst.FormattedString | cst.Integer | cst.Float,
    )


# A method that is handed over


def _plan_passed(program: Program, plan: CallPlan) -> None:
    use, call = plan.use, plan.use.call
    line = program.line(use.attribute)
    name = dotted_name(call.func).rpartition(".")[2]
    if isinstance(call.func, cst.Attribute):
        name = call.func.attr.value
    after = call.args[use.passed + 1 :]
    if plan.is_async or plan.method.wire.kind is MethodKind.BIDI_STREAM:
        raise Kept(line, Code.DYNAMIC, f"{use.name} is handed over, not called")
    if name in _PASS_ALL and use.passed == 0:
        _plan_arguments(program, plan, call.args, 1)
    elif name in _PASS_POSITIONS and use.passed == 1:
        if any(a.star or a.keyword for a in after) or len(after) > plan.method.positional_count:
            raise Kept(line, Code.DYNAMIC, f"{name} passes options by position")
        _plan_arguments(program, plan, call.args, 2)
    elif name not in _PASS_ONE or use.passed != 0 or len(after) != 1 or after[0].star:
        raise Kept(
            line, Code.DYNAMIC, f"{use.name} is handed over, and how it is called cannot be seen"
        )


# Awaits


def _plan_awaits(program: Program, plan: CallPlan) -> None:
    """Plan what becomes of the awaits around a call."""
    call, line = plan.use.call, program.line(plan.use.attribute)
    awaited = program.parent(call)
    if not plan.is_async:
        function = program.function(call)
        if isinstance(function, cst.FunctionDef) and function.asynchronous is not None:
            plan.is_async = isinstance(awaited, cst.Await)
            plan.findings.append(
                Finding(
                    line,
                    Code.BLOCKS_THE_LOOP,
                    "the SDK gives a coroutine here, which never ends; the client answers"
                    + ("" if plan.is_async else ", and blocks the event loop"),
                    Level.REMARK,
                )
            )
        return
    if not isinstance(awaited, cst.Await):
        raise Kept(line, Code.DYNAMIC, f"{plan.use.name} is not awaited where it is called")
    _remove_await(program, plan.edits, awaited)
    if plan.method.wire.kind is MethodKind.UNARY:
        return
    outer = program.parent(awaited)
    if isinstance(outer, cst.Await):
        _remove_await(program, plan.edits, outer)
        return
    for name in _assigned_uses(program, awaited, line):
        parent = program.parent(name)
        if not isinstance(parent, cst.Await):
            raise Kept(line, Code.DYNAMIC, "the stream is used before it is awaited")
        _remove_await(program, plan.edits, parent)


def _assigned_uses(program: Program, value: cst.Await, line: int) -> list[cst.Name]:
    """Return the uses of the variable that a value is assigned to."""
    assign = program.parent(value)
    target = assign.targets[0].target if isinstance(assign, cst.Assign) else None
    if isinstance(target, cst.Name):
        bound = program.assignments(target)
        uses = program.uses_of(bound)
        names = [node for node in uses if isinstance(node, cst.Name)]
        if len(bound) == 1 and len(names) == len(uses):
            return names
    raise Kept(line, Code.DYNAMIC, "where the stream is awaited cannot be seen")


def _remove_await(program: Program, edits: Edits, node: cst.Await) -> None:
    """Remove an await, and its parentheses if nothing needs them."""
    head = program.code(node.expression.func) if isinstance(node.expression, cst.Call) else "\n"
    is_plain = "\n" not in head and all(
        isinstance(p.whitespace_after, cst.SimpleWhitespace) for p in node.lpar
    )

    def change(updated: cst.Await) -> cst.BaseExpression:
        inner = updated.expression
        if is_plain or not updated.lpar:
            return inner
        return inner.with_changes(
            lpar=[*updated.lpar, *inner.lpar], rpar=[*inner.rpar, *updated.rpar]
        )

    edits.add(node, change)
