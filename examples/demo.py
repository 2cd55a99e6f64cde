"""A demonstration on one machine: serve models, generate their clients, call every method.

`make demo` runs it. The clients are generated into a temporary folder; no file of the checkout changes.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import inspect
import io
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.syntax import Syntax
from textstats import TextStats
from texttools import TextTools, answer_chat

from clarigen import InputError, SignatureMismatchError
from clarigen.testing import OpenAITransports, Server, calls, fake, serve

TEXT = """\
The fox went out on a chilly night. He prayed for the moon to give him light!
He'd many a mile to go that night. Would he reach the town before the morning?
"""

console = Console(highlight=False)


# Code of an application. The demo prints the body of each function, then runs it.


def wait_until_ready(model: Any) -> None:
    """Wait for the model."""
    model.wait_until_ready(timeout=60)  # sends no prediction


def analyze(model: Any) -> None:
    """Call a unary method."""
    statistics = model.analyze(TEXT, top=3, order="length")
    print(f"{statistics.words} words, {statistics.reading_time:g} seconds to read")
    print(*statistics.top, sep="\n")


def sentences(model: Any) -> None:
    """Iterate over a stream."""
    for sentence in model.sentences(TEXT):  # each one as it arrives
        print("-", sentence)


def follow(model: Any) -> None:
    """Send a stream and receive one."""
    lines = (line for line in TEXT.splitlines())  # each one is sent as it is generated
    for total in model.follow(lines, min_length=4):
        print(total)


def chart(model: Any) -> None:
    """Receive an image."""
    image = model.chart(TEXT)
    image.save("chart.png")
    print(image)


def analyze_batch(model: Any) -> None:
    """Call a method for any number of inputs."""
    inputs = ({"text": line} for line in TEXT.splitlines())
    for statistics in model.analyze_batch(inputs):
        print(statistics.words, "words")


def analyze_list(model: Any) -> None:
    """Call a method for a list of inputs."""
    results = model.analyze([{"text": line, "top": 1} for line in TEXT.splitlines()])
    print(*(result.top[0].text for result in results))


def record_responses(model: Any) -> None:
    """Record the metadata of calls."""
    with model.recording() as responses:
        model.analyze(TEXT)
        list(model.sentences(TEXT))
    for response in responses:
        print(f"{response.method}: attempts {response.attempts}, status {response.status}")


def change_options(model: Any) -> None:
    """Change options of a client."""
    quick = model.with_options(timeout=5, max_retries=0)  # shares the connection
    print(quick.analyze("So quick!").words, "words")


def make_mistake(model: Any) -> None:
    """Pass an invalid argument."""
    try:
        model.analyze(TEXT, order="frequncy")
    except InputError as error:  # raised before anything is sent
        print(error)


async def call_async(model: Any) -> None:
    """Call the async client."""
    tasks = [model.analyze(line) for line in TEXT.splitlines()]
    print([statistics.words for statistics in await asyncio.gather(*tasks)])
    print([len(sentence) async for sentence in model.sentences(TEXT)])


def use_fake(TextStats: Any) -> None:  # noqa: N803 - printed as an application would write it
    """Test without a server."""
    model = fake(TextStats, sentences=["One.", "Two."])  # needs no server and no credential
    print(*model.sentences("any text"), calls(model))


def call_tool(tools: Any) -> None:
    """Call a tool of an MCP model."""
    result = tools.count_words(TEXT, top=2)  # result: CountWordsResult, a TypedDict
    print(result["total"], "words")
    for entry in result["words"]:
        print(entry["word"], entry["count"])


def chat_with_model(model: Any) -> None:
    """Chat with an OpenAI-compatible model."""
    client = model.openai()  # the client of the library openai
    messages = [{"role": "user", "content": "How many words is this?"}]
    chat = client.chat.completions.create(model=model.name, messages=messages)
    print(chat.choices[0].message.content)
    for chunk in client.chat.completions.create(model=model.name, messages=messages, stream=True):
        print(chunk.choices[0].delta.content or "", end="|")


def detect_change(TextStats: Any, server: Server) -> None:  # noqa: N803
    """Detect that the deployed model has changed."""

    class Other:
        def sentences(self, document: str) -> Iterator[str]:
            yield document

    server.deploy(Other())
    with TextStats(base_url=server.url, verify=True) as model:
        try:
            print(*model.sentences(TEXT))
        except SignatureMismatchError as error:  # raised by the first call
            print(error)


# The tour.


def main() -> None:
    """Run the demo."""
    print_heading("Serve a model: examples/textstats.py, a plain Python object")
    source = inspect.getsource(TextStats)
    print_code(source[: source.index("    def sentences")])

    with serve(TextStats()) as server, tempfile.TemporaryDirectory() as folder:
        console.print(f"served with the platform's protocol at {server.url}", style="dim")

        print_heading("Generate its client")
        generate(server.url, "text_stats", folder)
        client = Path(folder, "text_stats", "client.py").read_text(encoding="utf-8")
        print_heading("Read the generated code")
        print_code(client[client.index("class TextStats") : client.index("    def follow")])

        sys.path.insert(0, folder)
        call_everything(server, folder)
        use_tools_and_chats(folder)

    console.print(
        "\nThat is all. For a model deployed on Clarifai, start with\n"
        "  gen-client --url https://clarifai.com/USER/APP/models/MODEL",
        soft_wrap=True,
    )


def generate(url: str, name: str, folder: str) -> None:
    """Run gen-client in a subprocess and print its output."""
    options = ["--url", url, "--name", name]
    console.print("$ gen-client", *options, style="bold green")
    command = [sys.executable, "-m", "gen_client", *options]
    completed = subprocess.run(
        command, cwd=folder, check=True, timeout=60, stdout=subprocess.PIPE, encoding="utf-8"
    )
    console.print(completed.stdout, end="")


def call_everything(server: Server, folder: str) -> None:
    """Import the generated package and call every method."""
    package, url = importlib.import_module("text_stats"), server.url

    print_heading("Call every method")
    print_code(f'from text_stats import TextStats\n\nmodel = TextStats(base_url="{url}")')
    with package.TextStats(base_url=url) as model:
        for function in (wait_until_ready, analyze, sentences, follow, chart):
            run(function, folder, model)
        print_heading("Batches, metadata of calls, options, errors")
        for function in (
            analyze_list,
            analyze_batch,
            record_responses,
            change_options,
            make_mistake,
        ):
            run(function, folder, model)

    async def run_async() -> None:
        async with package.AsyncTextStats(base_url=url) as model:
            await call_async(model)

    print_heading("The asyncio client, a test without a server, a model that has changed")
    print_code(f'model = AsyncTextStats(base_url="{url}")\n\n{body_of(call_async)}')
    with print_output(folder):
        asyncio.run(run_async())
    run(use_fake, folder, package.TextStats)
    run(detect_change, folder, package.TextStats, server)


def use_tools_and_chats(folder: str) -> None:
    """Generate the clients of an MCP model and of an OpenAI-compatible model, and call them."""
    print_heading("An MCP model: a typed method for each tool")
    with serve(TextTools()) as server:
        generate(server.url, "text_tools", folder)
        package = importlib.import_module("text_tools")
        print_code(inspect.getsource(package.TextTools.count_words))
        print_code(f'tools = TextTools(base_url="{server.url}")')
        with package.TextTools(base_url=server.url) as tools:
            run(call_tool, folder, tools)

    print_heading("An OpenAI-compatible model: the library openai over the same connection")
    with serve(OpenAITransports(answer_chat)) as server:
        generate(server.url, "small_chat", folder)
        package = importlib.import_module("small_chat")
        print_code(f'model = SmallChat(base_url="{server.url}")')
        with package.SmallChat(base_url=server.url) as model:
            run(chat_with_model, folder, model)


def run(function: Callable[..., None], folder: str, *arguments: Any) -> None:
    """Print the body of a function, run it, and print its output."""
    print_code("\n" + body_of(function))
    with print_output(folder):
        function(*arguments)


# Output.


def print_heading(text: str) -> None:
    """Print a heading, as a rule across the terminal."""
    console.print()
    console.rule(f"[bold]{text}[/]" if console.is_terminal else text, align="left")


def print_code(text: str) -> None:
    """Print code, highlighted on a terminal."""
    text = text.rstrip()
    if console.is_terminal:
        console.print(Syntax(text, "python", theme="ansi_dark", word_wrap=True))
    else:
        print(text)


def body_of(function: Callable[..., Any]) -> str:
    """Return the source of a function without its signature and docstring."""
    lines = inspect.getsource(function).split("\n")[2:]
    return textwrap.dedent("\n".join(lines)).lstrip("\n")


@contextlib.contextmanager
def print_output(folder: str) -> Generator[None, None, None]:
    """Run the block in a folder and print its output indented, to set it apart from the code."""
    printed = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(printed):
        yield
    for line in printed.getvalue().splitlines():
        console.print(f"  {line}", style="cyan", markup=False, soft_wrap=True)


if __name__ == "__main__":
    main()
