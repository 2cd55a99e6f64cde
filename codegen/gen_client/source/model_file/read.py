"""A model's source, read from its text: the signatures of its methods, and what is found beside them.

Nothing is imported and nothing is guessed. What is not sure has a finding, and then there are no signatures.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from gen_client import limits
from gen_client.source.mcp_offer import TRANSPORT
from gen_client.source.model_file.classes import ClassFinder
from gen_client.source.model_file.findings import Code, Finding, Level, Problem, refused, unsure
from gen_client.source.model_file.libraries import Libraries
from gen_client.source.model_file.offers import read_offer
from gen_client.source.model_file.state import State
from gen_client.source.model_file.statements import Interpreter


@dataclass(frozen=True, slots=True)
class Reading:
    """What a model's source says.

    Attributes:
        signatures: The signatures of its methods, in the form of the platform's messages; None if they are not sure, or if
            the upload and an import both refuse the file.
        findings: What is found beside them, by line.
        lines: The line of the definition of each method and tool in the file, by its name.
        class_line: The line of the model class; 1 if there is none.
        offer: What an MCP model offers, in the forms of its protocol; None for another model, or if it is not sure.
        offer_problem: Why that is not sure; None if it is.
    """

    signatures: tuple[Mapping[str, object], ...] | None
    findings: tuple[Finding, ...]
    lines: Mapping[str, int] = field(default_factory=dict[str, int])
    class_line: int = 1
    offer: Mapping[str, object] | None = None
    offer_problem: Finding | None = None


def read_model_file(content: bytes, siblings: Collection[str] = ()) -> Reading:
    """Read the source of a model.

    Args:
        content: The bytes of `1/model.py`.
        siblings: The names of the modules beside it.
    """
    findings: list[Finding] = []
    try:
        tree = _parse(content)
        state = State(Libraries(siblings))
        Interpreter(state, findings).run(tree.body)
        model = ClassFinder(state).find_model()
    except Problem as problem:
        return Reading(None, _sort([*findings, problem.finding]))
    except RecursionError:
        finding = unsure("the file is nested too deeply to be read", 1).finding
        return Reading(None, _sort([*findings, finding]))
    findings += model.problems
    if model.problems:
        return Reading(None, _sort(findings), model.lines, model.line)
    reading = Reading(model.methods, _sort(findings), model.lines, model.line)
    if not any(signature.get("name") == TRANSPORT for signature in model.methods):
        return reading
    try:
        offer = read_offer(tree, model.own, siblings)
        return replace(reading, offer=offer.content, lines={**offer.lines, **model.lines})
    except Problem as problem:
        finding = problem.finding
    except RecursionError:
        finding = unsure("its tools are nested too deeply to be read", 1).finding
    return replace(reading, offer_problem=replace(finding, code=Code.UNSURE_TOOLS))


def _parse(content: bytes) -> ast.Module:
    if len(content) > limits.SOURCE_SIZE:
        raise unsure(f"the file is larger than {limits.SOURCE_SIZE >> 10} KB", 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the author's text, not about ours
            return ast.parse(content)
    except SyntaxError as error:
        message = f"it is not Python: {error.msg}"
        raise refused(Code.SYNTAX, message, error.lineno or 1) from None
    except (ValueError, MemoryError):
        raise refused(Code.SYNTAX, "it is not Python", 1) from None


def _sort(findings: Collection[Finding]) -> tuple[Finding, ...]:
    """Return the findings by line, each once, the worst first in a line."""
    order = list(Level)
    unique = dict.fromkeys(findings)
    return tuple(sorted(unique, key=lambda f: (f.line, order.index(f.level), f.message)))
