"""A model's interface from its signatures, which are read leniently and checked once.

A model that `read_model` returns is well-formed and within `limits`. No later stage knows the platform's JSON, and
nothing here knows Python's syntax.
"""

from __future__ import annotations

import json

from gen_client import limits
from gen_client.diagnostics import Refusal, Report
from gen_client.exit_codes import UNUSABLE
from gen_client.interface import kinds
from gen_client.interface.inline import read_inline_method
from gen_client.interface.json_types import apply_json_types
from gen_client.interface.mcp.read import read_toolset
from gen_client.interface.method_reader import UnusableMethod, read_method
from gen_client.interface.model import CLIENT_OPTIONS, Method, Model
from gen_client.interface.raw import RawMessage
from gen_client.interface.weight import weigh_model
from gen_client.source.document import Document
from gen_client.text import quote, quote_unless_identifier


def read_model(document: Document, report: Report) -> Model:
    """Return the interface that a document describes.

    A method that cannot become a typed function is left out with a warning.

    Args:
        document: The signatures, and the model that they belong to.
        report: Collects warnings.

    Raises:
        Refusal: Exit 4: the document is malformed or too large, a name is used twice, or no method is usable.
            Exit 2: the user's type for a JSON value does not fit.
    """
    limits.check_size([document.signatures, document.model_type])
    _check_ids(document)
    tools = None if document.mcp is None else read_toolset(document.mcp, report)
    methods = _read_methods(document, report, is_empty_allowed=tools is not None)
    types = document.json_types
    typed_methods = apply_json_types(methods, types)
    model = Model(
        document.reference,
        document.version_id,
        typed_methods,
        _check_client_options(document),
        types,
        tools,
        openai=kinds.find_openai_transports(typed_methods),
        public_transports=tuple(
            name for name in kinds.TRANSPORTS if name in document.public_transports
        ),
        model_type=_format_model_type(document),
    )
    _check_weight(model)
    if tools is None and kinds.has_mcp_transport(model.client_methods):
        report.warn(
            f"the model has tools, but they are not known, so the client has `{kinds.MCP}` in their place",
            remedy="generate from the address of the model, which is asked for its tools",
        )
    return model


def _check_ids(document: Document) -> None:
    reference = document.reference
    ids = {} if reference is None else reference._asdict()
    if document.version_id:
        ids["version_id"] = document.version_id
    for key, value in ids.items():
        if not limits.is_id(value):
            raise Refusal(
                f"{quote(value)} is not an id: letters, digits and . _ - are expected",
                location=f"model.{key}",
                exit_code=UNUSABLE,
            )


def _read_methods(document: Document, report: Report, *, is_empty_allowed: bool) -> list[Method]:
    if len(document.signatures) > limits.METHODS:
        raise Refusal(
            f"the model has {len(document.signatures)} methods; the limit is {limits.METHODS}",
            exit_code=UNUSABLE,
            remedy="select some with `methods` in pyproject.toml",
        )
    methods: list[Method] = []
    unusable: list[UnusableMethod] = []
    names: set[str] = set()
    for index, signature in enumerate(document.signatures):
        raw = RawMessage(signature, f"method_signatures[{index}]")
        name = raw.get_text("name", limits.NAME)
        if name and name in names:
            raise Refusal(
                "there are two methods of this name",
                location=quote_unless_identifier(name),
                exit_code=UNUSABLE,
            )
        names.add(name)
        try:
            method = read_method(raw, name, report)
            is_inline = raw.get_flag("inline")
            methods.append(read_inline_method(raw, method) if is_inline else method)
        except UnusableMethod as error:
            unusable.append(error)
    if not methods and not is_empty_allowed:
        raise _refuse_empty(unusable)
    for problem in unusable:
        report.warn(f"{problem}; the method is left out", location=problem.location)
    return methods


def _refuse_empty(unusable: list[UnusableMethod]) -> Refusal:
    """Return the refusal of a model without usable methods."""
    if unusable:
        return Refusal(
            f"{unusable[0]}; no method of the model can be used",
            location=unusable[0].location,
            exit_code=UNUSABLE,
        )
    return Refusal(
        "the model has no method signatures, so there is nothing to generate",
        remedy="a file with a model type needs `input_fields` and `output_fields`",
        exit_code=UNUSABLE,
    )


def _format_model_type(document: Document) -> str:
    """Return the model type of a document as JSON; empty if there is none."""
    if document.model_type is None:
        return ""
    return json.dumps(document.model_type, sort_keys=True)


def _check_client_options(document: Document) -> tuple[tuple[str, str], ...]:
    """Return the client options in their canonical order."""
    options = dict(document.client_options)
    for key, text in options.items():
        if key not in CLIENT_OPTIONS or not limits.is_id(text):
            raise Refusal(
                f"{quote(key)}: {quote(text)} is not an option of a client",
                location="client",
                remedy=f"expected an id under one of {', '.join(CLIENT_OPTIONS)}",
                exit_code=UNUSABLE,
            )
    return tuple((key, options[key]) for key in CLIENT_OPTIONS if key in options)


def _check_weight(model: Model) -> None:
    weight = weigh_model(model)
    if weight > limits.WEIGHT:
        raise Refusal(
            f"the model is too large: its methods, fields, values and texts weigh {weight}; the limit is"
            f" {limits.WEIGHT}",
            remedy="select some methods with `methods` in pyproject.toml; else its author would have to divide it",
            exit_code=UNUSABLE,
        )
