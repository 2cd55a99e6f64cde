"""An interface without what only describes it and no source of a model has: some descriptions and hints.

What callers can pass and get stays as it is, so that a source of the result breaks none of them.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import replace

from gen_client.diagnostics import Report
from gen_client.escape import escape_docstring_text, format_exact_docstring
from gen_client.interface.model import DataType, Member, Method, Model, Parameter
from gen_client.text import quote_unless_identifier


def drop_descriptions(model: Model, report: Report) -> Model:
    """Return a model without the descriptions and hints that no source has; add a warning for each.

    A description of a method that tools would obey in a docstring is kept with escapes.
    """
    return replace(model, methods=tuple(_drop_from_method(own, report) for own in model.methods))


def _drop_from_method(method: Method, report: Report) -> Method:
    location = quote_unless_identifier(method.name)
    description = method.description
    if description and format_exact_docstring(description) is None:
        description = inspect.cleandoc(escape_docstring_text(description))
        if format_exact_docstring(description) is None:
            description = ""
        report.warn("its description is written with escapes", location=location)
    result = method.result
    if result.description:
        report.warn("its description is left out", location=f"{location}.return")
    type_ = _drop_from_type(result.type, f"{location}.return", report)
    parameters = (_drop_from_parameter(own, location, report) for own in method.parameters)
    return replace(
        method,
        description=description,
        parameters=tuple(parameters),
        result=replace(result, type=type_, description=""),
    )


def _drop_from_parameter(parameter: Parameter, method: str, report: Report) -> Parameter:
    location = f"{method}.{quote_unless_identifier(parameter.name)}"
    for text in _name_losses(parameter):
        report.warn(f"{text} is left out", location=location)
    is_described = not parameter.required
    bounds = parameter.range
    return replace(
        parameter,
        type=_drop_from_type(parameter.type, location, report),
        description=parameter.description if is_described else "",
        is_param=parameter.is_param and is_described,
        internal_only=False,
        choices=tuple(replace(choice, description="") for choice in parameter.choices),
        range=bounds and replace(bounds, step=0.0),
    )


def _name_losses(parameter: Parameter) -> Iterator[str]:
    if parameter.required and parameter.description:
        yield "its description"
    if parameter.required and parameter.is_param:
        yield "the mark of an inference parameter"
    if parameter.internal_only:
        yield "the mark of an internal parameter"
    if any(choice.description for choice in parameter.choices):
        yield "the description of its choices"
    if parameter.range is not None and parameter.range.step:
        yield "the step of its range"


def _drop_from_type(type_: DataType, location: str, report: Report) -> DataType:
    members: list[Member] = []
    for member in type_.members:
        place = f"{location}.{quote_unless_identifier(member.name)}"
        if member.description:
            report.warn("its description is left out", location=place)
        inner = _drop_from_type(member.type, place, report)
        members.append(replace(member, type=inner, description=""))
    items = tuple(_drop_from_type(item, location, report) for item in type_.items)
    return replace(type_, items=items, members=tuple(members))
