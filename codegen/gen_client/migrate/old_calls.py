"""Calls from before models had methods: `predict_by_url`, `predict_by_bytes` and `predict_by_filepath`.

A model with methods answers them with its method `predict`: the input goes to the first parameter of its type, and
one value comes back. Only what reads that value in the usual way can be rewritten.
"""

from __future__ import annotations

import libcst as cst

from gen_client.interface.model import MethodKind, TypeKind
from gen_client.migrate import sdk
from gen_client.migrate.arguments import keyword, new_keyword, replace_arguments
from gen_client.migrate.calls import CallPlan
from gen_client.migrate.expressions import find_text, is_none
from gen_client.migrate.findings import Code, Finding, Kept, Level
from gen_client.migrate.group import Use
from gen_client.migrate.program import Program
from gen_client.migrate.target import Package
from gen_client.plan.named import NamedMethod, NamedParameter

_PARAMETERS = ("", "input_type", "inference_params", "output_config")
_INPUTS = ("url", "input_bytes", "filepath")
_INPUT_KINDS = {
    "text": (TypeKind.STR, TypeKind.TEXT),
    "image": (TypeKind.IMAGE,),
    "audio": (TypeKind.AUDIO,),
    "video": (TypeKind.VIDEO,),
}
_RESULTS = {
    TypeKind.STR: ("text.raw", ""),
    TypeKind.TEXT: ("text.raw", "text"),
    TypeKind.IMAGE: ("image.base64", "bytes"),
    TypeKind.AUDIO: ("audio.base64", "bytes"),
    TypeKind.VIDEO: ("video.base64", "bytes"),
}
"""Where the old response has a value, and the attribute of the new one; empty for the value itself."""


class OldCall:
    """The planning of one old call.

    Attributes:
        plan: What becomes of it.
        media: The class of the runtime that its input needs; empty for none.
    """

    def __init__(self, program: Program, use: Use, package: Package, names: dict[str, str]) -> None:
        """Plan the rewriting.

        Args:
            program: The program.
            use: The call.
            package: The package of the model.
            names: The names that the classes of the runtime have in the program.

        Raises:
            Kept: The call is not certain.
        """
        self._program = program
        self._use = use
        self._line = program.line(use.attribute)
        self._names = names
        self.media = ""
        method = package.methods.get("predict")
        verb, _, origin = use.name.partition("_by_")
        if verb != "predict" or method is None or method.wire.kind is not MethodKind.UNARY:
            raise self._keep(f"{use.name}() has no certain counterpart in {package.module}")
        if use.passed >= 0:
            raise self._keep(f"{use.name} is handed over, not called")
        self.plan = CallPlan(use, method)
        self._plan_arguments(method, origin)
        self._plan_result(method)
        self.plan.edits.add(
            use.attribute, lambda node: node.with_changes(attr=cst.Name(str(method.name)))
        )

    def _keep(self, message: str) -> Kept:
        return Kept(self._line, Code.OLD_CALL, message)

    # Arguments

    def _plan_arguments(self, method: NamedMethod, origin: str) -> None:
        call = self._use.call
        changed: list[cst.Arg | None] = []
        added: list[cst.Arg] = []
        kind, has_input, has_params = self._find_kind(call), False, False
        for index, argument in enumerate(call.args):
            name = (
                _PARAMETERS[min(index, 3)] if argument.keyword is None else argument.keyword.value
            )
            if argument.star:
                raise self._keep(f"its arguments come with {argument.star}")
            if name == "" or name in _INPUTS:
                parameter, position = self._find_parameter(method, kind)
                value = self._convert(argument.value, parameter, origin)
                new = argument.with_changes(
                    value=value, keyword=None, equal=cst.MaybeSentinel.DEFAULT
                )
                changed.append(new if position == 0 else keyword(new, str(parameter.name)))
                has_input = True
            elif name == "inference_params":
                changed.append(None)
                values = self._convert_params(argument.value, method)
                has_params = bool(values)
                if len(values) == 1:
                    changed[-1] = argument.with_changes(
                        star=values[0].star,
                        value=values[0].value,
                        keyword=values[0].keyword,
                        equal=values[0].equal,
                    )
                else:
                    added = values
            else:
                if name == "output_config" and not _is_empty(argument.value):
                    raise self._keep("output_config has no counterpart")
                changed.append(None)
        if not has_input:
            raise self._keep("its input is not an argument")
        self.plan.edits.add(
            call, lambda node: replace_arguments(node, self._merge(node, changed), added)
        )
        code, message = (
            (
                Code.INFERENCE_PARAMS,
                "the model has ignored inference_params so far; now they take effect",
            )
            if has_params
            else (
                Code.OLD_CALL,
                f"the old call becomes {method.wire.name}(); its errors are others",
            )
        )
        self.plan.findings.append(Finding(self._program.line(call), code, message, Level.REMARK))

    def _merge(self, node: cst.Call, changed: list[cst.Arg | None]) -> list[cst.Arg | None]:
        """Return the arguments with the layout of the call that is being rewritten."""
        return [
            None if new is None else new.with_changes(comma=old.comma)
            for old, new in zip(node.args, changed, strict=True)
        ]

    def _find_kind(self, call: cst.Call) -> str:
        for index, argument in enumerate(call.args):
            is_type = argument.keyword is not None and argument.keyword.value == "input_type"
            if is_type or (index == 1 and argument.keyword is None):
                return find_text(self._program, argument.value) or ""
        return ""

    def _find_parameter(self, method: NamedMethod, kind: str) -> tuple[NamedParameter, int]:
        kinds = _INPUT_KINDS.get(kind, ())
        for position, parameter in enumerate(method.parameters):
            if parameter.shape.kind in kinds:
                return parameter, position
        raise self._keep("which parameter gets the input cannot be seen")

    def _convert(
        self, value: cst.BaseExpression, parameter: NamedParameter, origin: str
    ) -> cst.BaseExpression:
        kind = parameter.shape.kind
        if kind in (TypeKind.STR, TypeKind.TEXT):
            if (
                origin == "bytes"
                and isinstance(value, cst.Call)
                and isinstance(value.func, cst.Attribute)
                and value.func.attr.value == "encode"
                and (
                    not value.args
                    or find_text(self._program, value.args[0].value) in ("utf-8", "utf8")
                )
            ):
                return value.func.value
            raise self._keep("its text is not made with encode()")
        self.media = kind.value.capitalize()
        class_ = cst.Name(self._names[self.media])
        if origin == "filepath":
            return cst.Call(cst.Attribute(class_, cst.Name("from_file")), [cst.Arg(value)])
        return cst.Call(class_, [new_keyword("url" if origin == "url" else "bytes", value)])

    def _convert_params(self, value: cst.BaseExpression, method: NamedMethod) -> list[cst.Arg]:
        """Return the arguments for `inference_params`."""
        if _is_empty(value):
            return []
        names = {parameter.wire.name: str(parameter.name) for parameter in method.parameters}
        keys = self._find_keys(value)
        literal = value
        if keys is None and isinstance(value, cst.Name):
            literal = self._program.single_value(value) or value
            keys = self._find_keys(literal)
        unknown = sorted(set(keys or ()) - names.keys())
        if unknown:
            raise self._keep(f"{method.wire.name} has no parameter {unknown[0]}")
        renamed = any(names[key] != key for key in keys or names)
        if keys is None or literal is not value:
            if renamed:
                raise self._keep("a parameter has another name in Python")
            return [cst.Arg(value, star="**")]
        return [new_keyword(names[key], item) for key, item in keys.items()]

    def _find_keys(self, value: cst.BaseExpression) -> dict[str, cst.BaseExpression] | None:
        """Return the items of a literal object; None for any other expression."""
        items: dict[str, cst.BaseExpression] = {}
        if isinstance(value, cst.Dict):
            for element in value.elements:
                if not isinstance(element, cst.DictElement):
                    return None
                key = find_text(self._program, element.key)
                if key is None:
                    return None
                items[key] = element.value
            return items
        if isinstance(value, cst.Call) and self._program.is_builtin(value.func, "dict"):
            for argument in value.args:
                if argument.keyword is None:
                    return None
                items[argument.keyword.value] = argument.value
            return items
        return None

    # The result

    def _plan_result(self, method: NamedMethod) -> None:
        path, attribute = _RESULTS.get(method.result.kind, ("", ""))
        items = [item.kind for item in method.result.items]
        if method.wire.is_inline and items == [TypeKind.CONCEPT]:
            path = "concepts"
        if not path:
            raise self._keep("its result has no place in the old response")
        program, call = self._program, self._use.call
        places: list[cst.CSTNode] = [call]
        parent = program.parent(call)
        target = parent.targets[0].target if isinstance(parent, cst.Assign) else None
        if isinstance(target, cst.Name):
            bound = program.assignments(target)
            if len(bound) != 1:
                raise self._keep("its result has more than one value")
            places = program.uses_of(bound)
        for place in places:
            value = self._find_value(place, path)

            def change(node: cst.Attribute) -> cst.BaseExpression:
                inner: cst.BaseExpression = node
                while isinstance(inner, cst.Attribute | cst.Subscript):
                    if isinstance(inner, cst.Attribute) and inner.attr.value == "outputs":
                        inner = inner.value
                        break
                    inner = inner.value
                return cst.Attribute(inner, cst.Name(attribute)) if attribute else inner

            self.plan.edits.add(value, change)

    def _find_value(self, node: cst.CSTNode, path: str) -> cst.CSTNode:
        """Return the expression `NODE.outputs[0].data.PATH` around a node."""
        steps = ["outputs", "[0]", "data", *path.split(".")]
        for step in steps:
            parent = self._program.parent(node)
            if isinstance(parent, cst.Subscript) and step == "[0]":
                index = self._program.code(parent).replace(" ", "").endswith("[0]")
                if index and parent.value is node:
                    node = parent
                    continue
            elif isinstance(parent, cst.Attribute) and parent.attr.value == step:
                node = parent
                continue
            raise self._keep(f"the response is read in another way than .outputs[0].data.{path}")
        return node


def _is_empty(value: cst.BaseExpression) -> bool:
    return is_none(value) or (isinstance(value, cst.Dict) and not value.elements)


def is_old(use: Use) -> bool:
    """Return whether a use is a call from before models had methods."""
    if use.name in sdk.OLD_METHODS:
        return True
    names = {argument.keyword.value for argument in use.call.args if argument.keyword is not None}
    return use.name in sdk.ASYNC_METHODS and bool(names & {"inference_params", "output_config"})
