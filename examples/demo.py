"""The whole way on one machine: serve a model, generate its client, call every method.

Run by `make demo`. What is generated goes into a temporary folder; no file of the checkout changes.
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

from clarigen import InputError, SignatureMismatchError
from clarigen.testing import Server, calls, fake, serve

TEXT = """\
The fox went out on a chilly night. He prayed for the moon to give him light!
He'd many a mile to go that night. Would he reach the town before the morning?
"""

console = Console(highlight=False)


# What an application would write. Each is shown, then run.


def ready(model: Any) -> None:
    model.wait_until_ready(timeout=60)  # nothing is predicted for it


def analyze(model: Any) -> None:
    statistics = model.analyze(TEXT, top=3, order="length")
    print(f"{statistics.words} words, {statistics.reading_time:g} seconds to read")
    print(*statistics.top, sep="\n")


def sentences(model: Any) -> None:
    for sentence in model.sentences(TEXT):  # as they come
        print("-", sentence)


def follow(model: Any) -> None:
    lines = (line for line in TEXT.splitlines())  # sent as they are taken
    for total in model.follow(lines, min_length=4):
        print(total)


def chart(model: Any) -> None:
    image = model.chart(TEXT)
    image.save("chart.png")
    print(image)


def many(model: Any) -> None:
    inputs = ({"text": line} for line in TEXT.splitlines())  # any number of them
    for statistics in model.analyze_batch(inputs):
        print(statistics.words, "words")


def several(model: Any) -> None:
    results = model.analyze([{"text": line, "top": 1} for line in TEXT.splitlines()])
    print(*(result.top[0].text for result in results))


def recorded(model: Any) -> None:
    with model.recording() as seen:
        model.analyze(TEXT)
        list(model.sentences(TEXT))
    print(
        *(f"{its.method}: attempts {its.attempts}, status {its.status}" for its in seen), sep="\n"
    )


def options(model: Any) -> None:
    quick = model.with_options(timeout=5, max_retries=0)  # over the same connection
    print(quick.analyze("So quick!").words, "words")


def mistake(model: Any) -> None:
    try:
        model.analyze(TEXT, order="frequncy")
    except InputError as error:  # found before anything is sent
        print(error)


async def twin(model: Any) -> None:
    tasks = [model.analyze(line) for line in TEXT.splitlines()]
    print([statistics.words for statistics in await asyncio.gather(*tasks)])
    print([len(sentence) async for sentence in model.sentences(TEXT)])


def tested(TextStats: Any) -> None:  # noqa: N803 - shown as an application writes it
    model = fake(TextStats, sentences=["One.", "Two."])  # neither a server nor a credential
    print(*model.sentences("any text"), calls(model))


def changed(TextStats: Any, server: Server) -> None:  # noqa: N803
    class Other:  # another version of the model answers now
        def sentences(self, document: str) -> Iterator[str]:
            yield document

    server.deploy(Other())
    with TextStats(base_url=server.url, verify=True) as model:
        try:
            print(*model.sentences(TEXT))
        except SignatureMismatchError as error:  # found by the first call
            print(error)


def main() -> None:
    heading("A model is served: examples/textstats.py, a plain Python object")
    source = inspect.getsource(TextStats)
    code(source[: source.index("    def sentences")])

    with serve(TextStats()) as server, tempfile.TemporaryDirectory() as folder:
        console.print(f"behind the platform's protocol, at {server.url}", style="dim")

        heading("Its client is generated")
        generate(server.url, folder)
        client = Path(folder, "text_stats", "client.py").read_text(encoding="utf-8")
        heading("It reads like this")
        code(client[client.index("class TextStats") : client.index("    def follow")])

        call_everything(server, folder)

    console.print(
        "\nThat is all. For a model deployed on Clarifai, begin with\n"
        "  gen-client --url https://clarifai.com/USER/APP/models/MODEL",
        soft_wrap=True,
    )


def generate(url: str, folder: str) -> None:
    """Run the command, as anybody would."""
    options = ["--url", url, "--name", "text_stats"]
    console.print("$ gen-client", *options, style="bold green")
    command = [sys.executable, "-m", "gen_client", *options]
    made = subprocess.run(
        command, cwd=folder, check=True, timeout=60, stdout=subprocess.PIPE, encoding="utf-8"
    )
    console.print(made.stdout, end="")


def call_everything(server: Server, folder: str) -> None:
    """Import what was generated, and call every method."""
    sys.path.insert(0, folder)
    package, url = importlib.import_module("text_stats"), server.url

    heading("Every method is called")
    code(f'from text_stats import TextStats\n\nmodel = TextStats(base_url="{url}")')
    with package.TextStats(base_url=url) as model:
        for function in (ready, analyze, sentences, follow, chart):
            run(function, folder, model)
        heading("Many inputs, what a call returned beside its value, options, errors")
        for function in (several, many, recorded, options, mistake):
            run(function, folder, model)

    async def awaited() -> None:
        async with package.AsyncTextStats(base_url=url) as model:
            await twin(model)

    heading("The asyncio twin, a test without a server, a model that has changed")
    code(f'model = AsyncTextStats(base_url="{url}")\n\n{body(twin)}')
    with shown_output(folder):
        asyncio.run(awaited())
    run(tested, folder, package.TextStats)
    run(changed, folder, package.TextStats, server)


def run(function: Callable[..., None], folder: str, *given: Any) -> None:
    """Show what an application would write, and what comes of it."""
    code("\n" + body(function))
    with shown_output(folder):
        function(*given)


# How it is shown


def heading(text: str) -> None:
    console.print()
    console.rule(f"[bold]{text}[/]" if console.is_terminal else text, align="left")


def code(text: str) -> None:
    text = text.rstrip()
    if console.is_terminal:
        console.print(Syntax(text, "python", theme="ansi_dark", word_wrap=True))
    else:
        print(text)


def body(function: Callable[..., Any]) -> str:
    """The lines of a function below its signature."""
    return textwrap.dedent(inspect.getsource(function).split("\n", maxsplit=1)[1])


@contextlib.contextmanager
def shown_output(folder: str) -> Generator[None, None, None]:
    """Run the block in a folder, and show what it printed apart from the code."""
    printed = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(printed):
        yield
    for line in printed.getvalue().splitlines():
        console.print(f"  {line}", style="cyan", markup=False, soft_wrap=True)


if __name__ == "__main__":
    main()
