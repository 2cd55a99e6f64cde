"""Methods as tools of agent frameworks. `test_annotation_readers.py` runs this program in their environment."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import warnings
from collections.abc import Iterator
from typing import Any

from langchain_core.tools import StructuredTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic_ai import Agent, Tool
from pydantic_ai.models.test import TestModel

import clarigen
from clarigen.testing import calls, fake

PACKAGES = (
    *("detector", "document_processor", "flowers", "gpt_5_1", "lab_tools", "speech_studio"),
    *("dfine_small_obj2coco", "multimodal_chat_optional", "text_stats"),
)


def methods() -> Iterator[Any]:
    """Yield the unary methods of the packages."""
    for name in PACKAGES:
        client = importlib.import_module(f"{name}.client")
        for cls in list(vars(client).values()):
            is_own = inspect.isclass(cls) and cls.__module__ == client.__name__
            if is_own and issubclass(cls, clarigen.Client | clarigen.AsyncClient):
                model = cls(base_url="grpc://127.0.0.1:1")
                yield from (
                    getattr(model, function.__name__)
                    for function in vars(cls).values()
                    if inspect.isfunction(function)
                    if {"_batch", "_unary", "_unary_or_batch"} & {*function.__code__.co_names}
                )


def check(properties: dict[str, Any], required: list[str], method: Any) -> None:
    parameters = inspect.signature(method).parameters
    assert list(properties) == list(parameters), (method, properties)
    expected = [p.name for p in parameters.values() if p.default is inspect.Parameter.empty]
    assert required == expected, (method, required, expected)


def main() -> None:
    count = 0
    for method in methods():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a default of the server is not JSON
            if not inspect.iscoroutinefunction(method):
                schema = convert_to_openai_tool(method)["function"]["parameters"]
                check(schema["properties"], schema.get("required", []), method)
                assert (
                    StructuredTool.from_function(method).args.keys() == schema["properties"].keys()
                )
            schema = Tool(method).function_schema.json_schema
            check(schema["properties"], schema.get("required", []), method)
        count += 1
    print(count, "methods")
    stats: Any = importlib.import_module("text_stats")
    model = fake(stats.TextStats, chart=clarigen.Image(url="https://example.com/a.png"))
    tool = StructuredTool.from_function(model.chart)
    print(tool.invoke({name: "x" for name in tool.args if name == "text"}).url)
    lab: Any = importlib.import_module("lab_tools")
    twin = fake(lab.AsyncLabTools, add=lambda a, b: a + b)
    agent = Agent(TestModel(call_tools=["add"]), tools=[twin.add])
    asyncio.run(agent.run("add"))
    print(calls(twin))


if __name__ == "__main__":
    main()
