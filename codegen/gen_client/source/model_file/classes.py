"""The model class of a file, and its methods: what the SDK's `load_model_class` and `_register_model_methods` find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

from gen_client.source.model_file.findings import Code, Finding, refused, unsure
from gen_client.source.model_file.libraries import load_sdk
from gen_client.source.model_file.state import MACHINERY, State
from gen_client.source.model_file.values import Class, Function, Known, Unknown, Value

_PLAIN_BASES: Final = frozenset(
    {"builtins.object", "abc.ABC", "enum.Enum", "typing.Generic", "typing.Protocol"}
)
_MAGIC: Final = MACHINERY | {"__module__", "__bases__", "__class__", "__dict__"}


@dataclass(frozen=True, slots=True)
class FoundModel:
    """The model class of a file.

    Attributes:
        name: Its name.
        line: The line of its definition.
        methods: The signatures of its methods, in the SDK's order.
        lines: The line of each method that the file itself defines, by the method's name.
        problems: Why other methods have no signature.
        own: The class itself.
    """

    name: str
    line: int
    methods: tuple[Mapping[str, object], ...]
    lines: Mapping[str, int]
    problems: tuple[Finding, ...]
    own: Class


class ClassFinder:
    """Finds the model class in the names of a module.

    Args:
        state: The names, after the whole file was read.
    """

    def __init__(self, state: State) -> None:
        self._state = state

    def find_model(self) -> FoundModel:
        """Return the model class.

        Raises:
            Problem: There is none, or more than one, or it is not sure.
        """
        if self._state.tampered is not None:
            raise unsure(self._state.tampered.reason, self._state.tampered.line)
        models: list[Class] = []
        for name, value in self._state.names.items():
            if isinstance(value, Unknown) and value.may_be_class:
                raise unsure(f"`{name}` may be a model class: {value.reason}", value.line)
            if isinstance(value, Class):
                doubt = self._find_doubt(value)
                if doubt is not None:
                    raise unsure(f"`{name}` may be a model class: {doubt.reason}", doubt.line)
                if self._is_model(value):
                    models.append(value)
        if len(models) != 1:
            raise _refuse_count(models)
        model = models[0]
        change = self._state.find_change(model)
        if change is not None or model.problem is not None:
            reason = change or cast("Unknown", model.problem)
            raise unsure(f"`{model.node.name}` may be changed: {reason.reason}", reason.line)
        return self._read_methods(model)

    def _find_doubt(self, value: Class) -> Unknown | None:
        """Return why a class may be a model, or none, although its bases do not say so; None if it is sure."""
        self._state.spend(1, value.node.lineno)
        for base in value.bases:
            if isinstance(base, Class):
                doubt = self._find_doubt(base)
                if doubt is not None:
                    return doubt
            elif isinstance(base, Unknown) and base.library != "builtins":
                if not (base.library and self._state.libraries.is_harmless(base.library)):
                    return base
            elif not isinstance(base, Known | Unknown):
                return Unknown("a base class is computed", value.node.lineno)
        return None

    def _is_model(self, value: Class) -> bool:
        self._state.spend(1, value.node.lineno)
        return any(
            self._is_model(base) if isinstance(base, Class) else _get_sdk_name(base) != ""
            for base in value.bases
        )

    def _read_methods(self, model: Class) -> FoundModel:
        methods: dict[str, Function | Mapping[str, object]] = {}
        for base in reversed(self._linearize(model)):
            if isinstance(base, str):
                sdk_class = load_sdk().classes.get(base)
                methods |= {} if sdk_class is None else sdk_class.methods
            else:
                self._collect_methods(base, methods)
        found = [m for m in methods.values() if isinstance(m, Function)]
        signatures = [m.signature if isinstance(m, Function) else m for m in methods.values()]
        return FoundModel(
            model.node.name,
            model.node.lineno,
            tuple(signature for signature in signatures if signature is not None),
            {m.node.name: m.node.lineno for m in found},
            tuple(m.problem for m in found if m.problem is not None),
            model,
        )

    def _collect_methods(
        self, owner: Class, methods: dict[str, Function | Mapping[str, object]]
    ) -> None:
        for name, value in owner.names.items():
            change = self._state.find_change(value)
            if isinstance(value, Function) and change is not None:
                raise unsure(f"`{name}` may be changed: {change.reason}", change.line)
            if name in _MAGIC and not (isinstance(value, Known) and value.key == "sdk.method"):
                raise unsure(f"the class sets `{name}`", owner.node.lineno)
            if isinstance(value, Function) and (value.signature or value.problem):
                if value.node.name != name:
                    raise unsure(
                        f"the method `{value.node.name}` is also called `{name}`", value.node.lineno
                    )
                methods[name] = value
            elif isinstance(value, Unknown) and value.may_be_model:
                raise unsure(f"`{name}` may be a method of the model: {value.reason}", value.line)

    def _linearize(self, model: Class) -> list[Class | str]:
        """Return a class and its bases in the order of attribute lookup; SDK classes by name."""
        shadows: dict[type, Class | str] = {}
        made: dict[Class | str, type] = {"builtins.object": object}

        def shadow(value: Class | str) -> type:
            if value not in made:
                bases: tuple[type, ...] = ()
                if isinstance(value, str) and value not in _PLAIN_BASES:
                    bases = tuple(map(shadow, load_sdk().classes[value].bases or ("abc.ABC",)))
                elif isinstance(value, Class):
                    bases = tuple(shadow(self._check_base(base)) for base in value.bases)
                made[value] = type("Shadow", bases, {})
                shadows[made[value]] = value
            return made[value]

        try:
            order = shadow(model).__mro__
        except TypeError:
            message = "its base classes have no consistent order"
            raise refused(Code.IMPORT_FAILS, message, model.node.lineno) from None
        return [shadows[cls] for cls in order if cls in shadows]

    def _check_base(self, base: Value) -> Class | str:
        """Return a base class of the model that is read, or raise `Problem`."""
        if isinstance(base, Class):
            problem = base.problem or self._state.find_change(base)
            if problem is not None:
                raise unsure(f"`{base.node.name}` may be changed: {problem.reason}", problem.line)
            if "__init_subclass__" in base.names:
                raise unsure(f"`{base.node.name}` changes its subclasses", base.node.lineno)
            return base
        if isinstance(base, Known) and base.key in _PLAIN_BASES:
            return base.key
        name = _get_sdk_name(base)
        if name:
            return name
        if isinstance(base, Unknown):
            raise unsure(f"a base class is not known: {base.reason}", base.line)
        raise unsure("a base class is not read here")


def _get_sdk_name(base: Value) -> str:
    """Return the name of an SDK class for models; empty for another base."""
    name = base.key.removeprefix("sdk.") if isinstance(base, Known) else ""
    return name if name in load_sdk().classes else ""


def _refuse_count(models: list[Class]) -> Exception:
    if not models:
        return refused(
            Code.MODEL_CLASS,
            "the file has no class that inherits from ModelClass",
            1,
            "write class MyModel(ModelClass)",
        )
    names = ", ".join(f"`{model.node.name}`" for model in models[:4])
    return refused(
        Code.MODEL_CLASS,
        f"the file has {len(models)} names of model classes ({names}); there must be one",
        models[1].node.lineno,
        "move the others to a module of their own",
    )
