"""The batch methods of a client, which are alike for methods of the model and for tools."""

from __future__ import annotations

from gen_client.naming import names
from gen_client.plan.docstrings import format_batch
from gen_client.plan.named_callable import NamedCallable
from gen_client.plan.page import BatchMethod


def build_batch(method: NamedCallable, shadowed: frozenset[str]) -> BatchMethod | None:
    """Build the batch method of a method; None if it has none.

    Args:
        method: The method.
        shadowed: The builtin types that the methods of the client hide.
    """
    if method.input is None:
        return None
    return BatchMethod(
        name=method.names.batch,
        input=method.input,
        bool_type=names.builtin_type(shadowed, "bool"),
        int_type=names.builtin_type(shadowed, "int"),
        doc=format_batch(method.name),
    )
