"""Classes of a source that declare named fields: `class Size(NamedFields)` with `width: int` in its body.

The SDK reads their annotations as it reads `NamedFields(width=int)`.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from gen_client.source.model_file.expressions import Evaluator
from gen_client.source.model_file.values import Fields, Known, Value


def read_fields(node: ast.ClassDef, bases: Sequence[Value], evaluator: Evaluator) -> Fields | None:
    """Return the fields that a class declares; None if it is no plain class with named fields.

    Args:
        node: The class. Its body was run, and is still the present scope.
        bases: Its bases.
        evaluator: Evaluates annotations.
    """
    match bases:
        case [Known(key="sdk.NamedFields")]:
            pass
        case _:
            return None
    fields: list[tuple[str, Value]] = []
    for statement in node.body:
        match statement:
            case ast.Expr(value=ast.Constant()) | ast.Pass():
                pass
            case ast.AnnAssign(target=ast.Name(id=name), value=None, simple=1) if not (
                name.startswith("__")  # Python changes it to `_Class__name`
            ):
                fields.append((name, evaluator.evaluate(statement.annotation)))
            case _:
                return None
    return Fields(tuple(fields))
