"""What `gen-client call` can call of a model: its methods, its tools, and the chat with an OpenAI-compatible one."""

from __future__ import annotations

from gen_client.call.chat import CHAT, describe_chat
from gen_client.call.describe import CallableMethod, describe_method
from gen_client.call.tools import describe_tool
from gen_client.commands.resolve_model import Interface
from gen_client.diagnostics import Refusal, suggest
from gen_client.exit_codes import USAGE
from gen_client.text import quote


def find_method(interface: Interface, name: str | None) -> CallableMethod:
    """Return the method, the tool or the chat with a Python or wire name.

    Raises:
        Refusal: Exit 2: no name is given, or there is none of this name.
    """
    for method in interface.methods:
        if name in (method.name, method.wire.name):
            return describe_method(method)
    for tool in interface.tools:
        if name in (tool.name, tool.own.name):
            return describe_tool(tool)
    if name == CHAT and interface.model.openai is not None:
        return describe_chat(interface.model.openai)
    names = list_method_names(interface)
    listed = f"it has {', '.join(names[:8])}{', …' if len(names) > 8 else ''}"
    if name is None:
        raise Refusal("no method is named", exit_code=USAGE, remedy=listed)
    raise Refusal(
        f"the model has no method {quote(name)}",
        exit_code=USAGE,
        remedy=suggest(name, names, fallback=listed),
    )


def list_method_names(interface: Interface) -> list[str]:
    """Return the names in Python of what can be called."""
    names = [str(own.name) for own in (*interface.methods, *interface.tools)]
    return [*names, CHAT] if interface.model.openai is not None and CHAT not in names else names
