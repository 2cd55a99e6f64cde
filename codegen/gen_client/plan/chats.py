"""The examples of an OpenAI-compatible model: chats through the client of the library `openai`.

What they do is constant text of the templates; only the names of the functions are chosen here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gen_client.escape import Code
from gen_client.naming import names
from gen_client.plan.page import ChatExample

CHAT_CALL: Final = (
    "answer = model.openai().chat.completions.create(",
    '    model=model.name, messages=[{"role": "user", "content": "Hello"}]',
    ")",
    "print(answer.choices[0].message.content)",
)
"""The lines of a chat in docstrings and in code to copy."""


def build_chats(client: Code, taken: Iterable[Code]) -> tuple[ChatExample, ...]:
    """Build the examples of chats.

    Args:
        client: The name of the client.
        taken: The names of the other examples.
    """
    functions = names.example_names(("chat", "chat_stream"), client, taken)
    texts = ("print the answer", "print the answer as it comes")
    return tuple(
        ChatExample(
            name=name,
            doc=f"Chat through the library `openai` and {text}.",
            async_name=async_name,
            async_doc=f"Chat through the library `openai` with asyncio and {text}.",
            is_stream=index == 1,
        )
        for index, ((name, async_name), text) in enumerate(zip(functions, texts, strict=True))
    )
