"""`gen-client serve`: a model with the interface of a lock, a file or another model, on this machine.

What lives here: its options, and how it ends. The server is the runtime's own, `clarigen.testing`: it answers sample values.
"""

from __future__ import annotations

import argparse
import signal
from types import FrameType
from typing import NoReturn

from gen_client.commands import model_options
from gen_client.commands.command import Command
from gen_client.diagnostics import Refusal, Report
from gen_client.exit_codes import DONE, USAGE
from gen_client.terminal.console import Console

_ENDS = (signal.SIGINT, signal.SIGTERM)
"""What ends it: whoever started it in the background may have told it to ignore the first."""
_EXAMPLES = (
    ("serve what a package was generated from", "gen-client serve src/models/o4_mini --port 8000"),
    ("and call it", "CLARIFAI_API_BASE=grpc://127.0.0.1:8000 python -m models.o4_mini.examples"),
)


def declare(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "path",
        metavar="PATH",
        nargs="?",
        help="a package, its lock or a signature file, where neither --url nor --signatures is given",
    )
    model_options.declare(parser)
    how = parser.add_argument_group("the server")
    how.add_argument(
        "--port", type=int, default=0, help="its port on 127.0.0.1 (default: one that is free)"
    )
    how.add_argument(
        "--seed",
        type=int,
        default=0,
        help="decides the values, with the arguments of a call (default: 0)",
    )


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Serve until interrupted."""
    from clarigen.errors import ConfigError
    from clarigen.testing import Samples, serve
    from gen_client.interface import read
    from gen_client.terminal.progress import Progress

    report = Report()
    with Progress(console.print_detail, enabled=not console.quiet) as progress:
        place = model_options.place_of(arguments, arguments.path, report, progress.start_stage)
        model = model_options.interface_of(place, None, report).model
    for warning in report.warnings:
        console.report(warning)
    try:
        samples = Samples(read.write_signatures(model), seed=arguments.seed)
        server = serve(samples, port=arguments.port, record=0, version=model.version_id)
    except ConfigError as error:
        raise Refusal(str(error), exit_code=USAGE) from None
    before = {number: signal.signal(number, _interrupt) for number in _ENDS}
    try:
        with server:
            console.print_finding(server.url)
            console.print_note(
                f"gen-client: {len(model.methods)} methods, sample values; Ctrl-C ends it"
            )
            console.flush()
            server.wait()
    except KeyboardInterrupt:
        pass  # asked to end: that is no failure
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return DONE


def _interrupt(_: int, __: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


COMMAND = Command(
    name="serve",
    summary="Serve a model with this interface on this machine, answering sample values.",
    examples=_EXAMPLES,
    declare=declare,
    run=run,
    usage="(PATH | --url URL | --signatures FILE) [--port PORT]\n                        [--seed SEED] [options]",
)
