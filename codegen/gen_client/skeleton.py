"""The skeleton of a model: a folder that the official tools upload, with the interface of another model.

    interface ─▶ plan ─▶ render ─▶ tidy, gate ─▶ the reader of sources
      Model      page     text        file            Model, the same

The last step reads the source as `gen-client contract` does. What is written has the interface that was asked for, or
nothing is written. Nothing here does I/O.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from gen_client.diagnostics import Refusal, Report
from gen_client.escape import Code
from gen_client.exit_codes import UNUSABLE
from gen_client.interface.kinds import MCP
from gen_client.interface.mcp.toolset import Toolset
from gen_client.interface.model import Method, Model
from gen_client.interface.read import read_model
from gen_client.plan.skeleton.build import SdkClass, build_source
from gen_client.plan.skeleton.lossy import drop_descriptions
from gen_client.plan.skeleton.page import SourcePage
from gen_client.render import render_model_source
from gen_client.source.document import Document
from gen_client.source.mcp_offer import build_offer
from gen_client.source.model_file.findings import Level
from gen_client.source.model_file.libraries import Sdk, load_sdk
from gen_client.source.model_file.read import read_model_file
from gen_client.source.model_folder import CONFIG_FILE, MODEL_PATH
from gen_client.text import escape_unprintable, quote_unless_identifier
from gen_client.tidy.black import Formatter, format_for_author
from gen_client.tidy.finish import finish_model_source

REQUIREMENTS_FILE: Final = "requirements.txt"
_CONFIG: Final = """\
# What `clarifai model upload` reads. The model type, Python's version and the size of the machine are yours to choose.
model:
  id: {model_id}
  user_id: {user_id}
  app_id: {app_id}
  model_type_id: any-to-any
build_info:
  python_version: "3.12"
inference_compute_info:
  cpu_limit: "1"
  cpu_memory: 4Gi
  num_accelerators: 0
"""


def build_skeleton(
    model: Model,
    package: Code,
    report: Report,
    *,
    lossy: bool = False,
    formatter: Formatter = format_for_author,
) -> dict[str, str]:
    """Build the files of a model with an interface.

    Args:
        model: The interface.
        package: The name that its package would have, of which the class gets its name.
        report: Collects warnings.
        lossy: Whether to leave out what only describes the interface, if no source has it.
        formatter: Formats the source instead of black, in tests that do not look at the layout.

    Returns:
        The text of each file, by its path in the folder: the source comes last.

    Raises:
        Refusal: Exit 4: the source of a model cannot have the interface.
    """
    sdk = load_sdk()
    if lossy:
        model = drop_descriptions(model, report)
    page = build_source(model, package, _describe_classes(sdk), report)
    source = finish_model_source(render_model_source(page), formatter)
    _read_again(source, model, report)
    return {
        CONFIG_FILE: _format_config(model),
        REQUIREMENTS_FILE: _format_requirements(page, sdk),
        MODEL_PATH: source,
    }


def _describe_classes(sdk: Sdk) -> dict[str, SdkClass]:
    """Return the base classes of the SDK with what they inherit."""
    described: dict[str, SdkClass] = {}

    def describe(name: str) -> SdkClass:
        if name not in described:
            own = sdk.classes[name]
            methods: dict[str, Method] = {}
            attributes = own.attributes
            for base in map(describe, own.bases):
                methods |= base.methods
                attributes |= base.attributes
            if own.methods:
                document = Document(None, "", tuple(own.methods.values()))
                methods |= {m.name: m for m in read_model(document, Report()).methods}
            described[name] = SdkClass(methods, attributes)
        return described[name]

    for name in sdk.classes:
        describe(name)
    return described


# The proof


def _read_again(source: str, model: Model, report: Report) -> None:
    """Read a source as `gen-client contract` does, and compare; add what is found in it to the report.

    Raises:
        Refusal: Exit 4: the source has another interface.
    """
    reading = read_model_file(source.encode())
    for finding in reading.findings:
        message, location = escape_unprintable(finding.message), finding.location
        if finding.level is Level.UNSURE or reading.signatures is None:
            raise _refuse_difference(location, message)
        report.warn(message, location=escape_unprintable(location), remedy=finding.remedy)
    assert reading.signatures is not None
    if reading.offer_problem is not None:
        problem = reading.offer_problem
        raise _refuse_difference(problem.location, escape_unprintable(problem.message))
    offer = None if reading.offer is None else build_offer(reading.offer)
    again = read_model(Document(None, "", tuple(reading.signatures), mcp=offer), Report())
    for old, new in zip(model.methods, again.methods, strict=True):
        if _ignore_spelling(old) != _ignore_spelling(new):
            location = quote_unless_identifier(old.name)
            raise _refuse_difference(location, _find_difference(old, new))
    if model.tools is not None:
        _compare_tools(model.tools, again.tools)


def _compare_tools(old: Toolset, new: Toolset | None) -> None:
    """Raise `Refusal` if a source offers other tools or prompts."""
    assert new is not None
    tools = [own.name for own, other in zip(old.tools, new.tools, strict=True) if own != other]
    prompts = [p.name for p, other in zip(old.prompts, new.prompts, strict=True) if p != other]
    for name in (*tools, *prompts):
        reason = "FastMCP makes another schema of such a function"
        raise _refuse_difference(quote_unless_identifier(name), reason)
    if old.instructions != new.instructions:
        raise _refuse_difference(MCP, "the instructions differ")


def _ignore_spelling(method: Method) -> Method:
    """Return a method without the texts of its defaults, whose meaning is compared."""
    parameters = tuple(replace(own, default_text="") for own in method.parameters)
    return replace(method, parameters=parameters)


def _find_difference(old: Method, new: Method) -> str:
    pairs = zip(_ignore_spelling(old).parameters, _ignore_spelling(new).parameters, strict=False)
    names = [quote_unless_identifier(own.name) for own, other in pairs if own != other]
    return f"of the parameter {names[0]}" if names else "of its result or its texts"


def _refuse_difference(location: str, reason: str) -> Refusal:
    return Refusal(
        f"no source of a model says the same: {reason}; nothing was written",
        location=location or MODEL_PATH,
        remedy="change a copy of the signatures, and use that",
        exit_code=UNUSABLE,
    )


# The other files


def _format_config(model: Model) -> str:
    """Return the text of `config.yaml`. Ids are quoted as JSON, which is YAML too: `null` is a text then."""
    reference = model.reference
    ids: Mapping[str, str] = (
        {"model_id": "", "user_id": "", "app_id": ""} if reference is None else reference._asdict()
    )
    return _CONFIG.format(**{key: json.dumps(text) for key, text in ids.items()})


def _format_requirements(page: SourcePage, sdk: Sdk) -> str:
    libraries = [f"clarifai>={sdk.version}"]
    libraries += ["numpy"] if page.has_arrays else []
    libraries += ["openai"] if page.is_openai else []
    libraries += [] if page.server is None else ["fastmcp<3", "mcp<2"]
    return "".join(f"{library}\n" for library in libraries)
