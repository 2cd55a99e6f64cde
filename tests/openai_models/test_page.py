"""The Python blocks of `docs/openai.md` run as they stand, on the official server, with the newest frameworks.

They run in `.venv/frameworks`, each in an interpreter of its own. The suite itself runs with older versions of `openai`,
each in an environment of its own.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from openai_models.backend import Backend
from openai_models.servers import run_openai_model, run_tool_server
from support import ROOT, SOURCES, run

pytestmark = [pytest.mark.frameworks, pytest.mark.official_server]

ENVIRONMENTS: Final = ROOT / ".venv"

PROGRAM = """
import ast, asyncio, sys, types
from generated.gpt_5_1 import AsyncGpt5_1, Gpt5_1

async def main(url, block):
    async with AsyncGpt5_1(base_url=url, timeout=60) as async_model:
        with Gpt5_1(base_url=url, timeout=60) as model:
            scope = {"async_model": async_model, "model": model, "url": url, "Gpt5_1": Gpt5_1}
            code = compile(block, "docs/openai.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            running = types.FunctionType(code, scope)()
            if running is not None:
                await running

asyncio.run(main(*sys.argv[1:]))
"""


def blocks() -> dict[str, str]:
    """Return the blocks of the page, by what each shows."""
    page = (ROOT / "docs" / "openai.md").read_text(encoding="utf-8")
    found = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    names = ("chat", "pydantic-ai", "openai-agents", "langchain", "instructor", "agentic", "fake")
    return dict(zip(names, found, strict=True))


def run_block(url: str, block: str) -> str:
    """Run a block; return what it prints."""
    python = find_python("frameworks")
    env = {"PYTHONPATH": SOURCES, "GRPC_VERBOSITY": "ERROR"}
    done = run(python, "-W", "ignore", "-c", PROGRAM, url, block, env=env, cwd=ROOT, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def find_python(environment: str) -> Path:
    python = ENVIRONMENTS / environment / "bin" / "python"
    if not python.exists():
        pytest.fail(f"`.venv/{environment}` is missing: run `make test-frameworks`")
    return python


HELLO = "Hello from the model\n"


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("chat", f"{HELLO}Hello from the model "),
        ("pydantic-ai", HELLO),
        ("openai-agents", HELLO),
        ("langchain", HELLO),
        ("instructor", "Oslo\n"),
        ("fake", "HI 1\n"),
    ],
)
def test_a_block_runs(plain_url: str, name: str, printed: str) -> None:
    assert run_block(plain_url, blocks()[name]) == printed


def test_the_block_of_agentic_models_runs(backend: Backend) -> None:
    with run_openai_model("agentic", backend.url) as url, run_tool_server() as tools:
        block = blocks()["agentic"].replace("https://clarifai.com/acme/tools/models/weather", tools)
        assert run_block(url, block) == "the tool says: sunny in Oslo\n"


MORE = {
    "pydantic-ai": '''
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.openai import OpenAIProvider

provider = OpenAIProvider(openai_client=async_model.openai())
agent = Agent(OpenAIChatModel(async_model.name, provider=provider))

@agent.tool_plain
def get_weather(city: str) -> str:
    """Tell the weather."""
    return f"sunny in {city}"

print((await agent.run("weather?")).output)
async with agent.run_stream("weather?") as stream:
    print((await stream.get_output()).strip())
responses = Agent(OpenAIResponsesModel(async_model.name, provider=provider))
print((await responses.run("hi")).output)
''',
    "openai-agents": '''
from agents import Agent, OpenAIChatCompletionsModel, OpenAIResponsesModel, Runner, function_tool
from agents import set_tracing_disabled

set_tracing_disabled(True)

@function_tool
def get_weather(city: str) -> str:
    """Tell the weather."""
    return f"sunny in {city}"

client = async_model.openai()
chat = OpenAIChatCompletionsModel(async_model.name, openai_client=client)
agent = Agent(name="a", model=chat, tools=[get_weather])
print((await Runner.run(agent, "weather?")).final_output)
stream = Runner.run_streamed(agent, "weather?")
async for _ in stream.stream_events():
    pass
print(stream.final_output.strip())
responses = OpenAIResponsesModel(async_model.name, openai_client=client)
print((await Runner.run(Agent(name="b", model=responses), "hi")).final_output)
''',
    "langchain": '''
from langchain_core.messages import ToolMessage
from langchain_openai import ChatOpenAI, OpenAIEmbeddings

client, async_client = model.openai(), async_model.openai()
llm = ChatOpenAI(
    model=model.name, api_key="-", root_client=client, client=client.chat.completions,
    root_async_client=async_client, async_client=async_client.chat.completions,
)

def get_weather(city: str) -> str:
    """Tell the weather."""
    return f"sunny in {city}"

first = llm.bind_tools([get_weather]).invoke("weather?")
(call,) = first.tool_calls
answer = ToolMessage(get_weather(**call["args"]), tool_call_id=call["id"])
print(llm.invoke([("user", "weather?"), first, answer]).content)
print("".join(piece.content for piece in llm.stream("hi")).strip())
print((await llm.ainvoke("hi")).content)
embeddings = OpenAIEmbeddings(
    model=model.name, api_key="-", client=client.embeddings, check_embedding_ctx_length=False
)
print(embeddings.embed_query("a"))
''',
}
TOLD = "the tool says: sunny in Oslo\n"


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("pydantic-ai", f"{TOLD}{TOLD}Hello from responses\n"),
        ("openai-agents", f"{TOLD}{TOLD}Hello from responses\n"),
        ("langchain", f"{TOLD}{HELLO}{HELLO}[0.25, -0.5]\n"),
    ],
)
def test_tools_and_streams_of_a_framework(plain_url: str, name: str, printed: str) -> None:
    assert run_block(plain_url, MORE[name]) == printed


@pytest.mark.parametrize(("environment", "version"), [("openai-1", "1.109."), ("openai-2", "2.")])
def test_the_suite_passes_with_an_older_version(environment: str, version: str) -> None:
    python = find_python(environment)
    installed = run(python, "-c", "import openai; print(openai.__version__)").stdout
    assert installed.startswith(version)
    suites = [ROOT / "tests" / "openai_models", ROOT / "tests/unit/runtime/openai_models"]
    done = run(python, "-m", "pytest", "-q", "-x", *suites, cwd=ROOT, timeout=900)
    assert done.returncode == 0, done.stdout[-5000:]
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout
