"""Arguments of calls: their names change, and some go or come. Comments and the layout stay."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

Gap = cst.BaseParenthesizableWhitespace


def keyword(argument: cst.Arg, name: str) -> cst.Arg:
    """Return an argument that is passed by this name."""
    if argument.keyword is not None:
        return argument.with_changes(keyword=cst.Name(name))
    equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
    return argument.with_changes(keyword=cst.Name(name), equal=equal)


def new_keyword(name: str, value: cst.BaseExpression) -> cst.Arg:
    """Return a new argument."""
    return keyword(cst.Arg(value), name)


def replace_arguments(
    call: cst.Call, changed: Sequence[cst.Arg | None], added: Sequence[cst.Arg] = ()
) -> cst.Call:
    """Return a call with other arguments.

    Args:
        call: The call.
        changed: What becomes of each of its arguments; None for one that goes.
        added: The arguments that come after them.
    """
    before = call.whitespace_before_args
    kept: list[cst.Arg] = []
    for argument, new in zip(call.args, changed, strict=True):
        if new is not None:
            kept.append(new)
            continue
        comments = _find_comments(_gap_after(argument))
        if comments and kept:
            kept[-1] = _with_gap(kept[-1], _add_comments(_gap_after(kept[-1]), comments))
        elif comments:
            before = _add_comments(before, comments)
    if kept and changed and changed[-1] is None:
        # What stood before the last argument now ends as the last argument did.
        last, end = kept[-1], call.args[-1]
        comments = _find_comments(_gap_after(last))
        gap = _gap_after(end)
        gap = _add_comments(gap, comments) if comments and not _find_comments(gap) else gap
        ending = last.with_changes(comma=end.comma, whitespace_after_arg=end.whitespace_after_arg)
        kept[-1] = _with_gap(ending, gap)
    if kept and added and isinstance(kept[-1].comma, cst.MaybeSentinel):
        kept[-1] = kept[-1].with_changes(
            comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
        )
    if not kept and not added and not _find_comments(before):
        before = cst.SimpleWhitespace("")
    return call.with_changes(args=[*kept, *added], whitespace_before_args=before)


def _gap_after(argument: cst.Arg) -> Gap:
    """Return the white space after an argument and its comma."""
    comma = argument.comma
    return comma.whitespace_after if isinstance(comma, cst.Comma) else argument.whitespace_after_arg


def _with_gap(argument: cst.Arg, gap: Gap) -> cst.Arg:
    comma = argument.comma
    if isinstance(comma, cst.Comma):
        return argument.with_changes(comma=comma.with_changes(whitespace_after=gap))
    return argument.with_changes(whitespace_after_arg=gap)


def _find_comments(gap: Gap) -> list[cst.Comment]:
    if not isinstance(gap, cst.ParenthesizedWhitespace):
        return []
    comments = [gap.first_line.comment, *(line.comment for line in gap.empty_lines)]
    return [comment for comment in comments if comment is not None]


def _add_comments(gap: Gap, comments: Sequence[cst.Comment]) -> cst.ParenthesizedWhitespace:
    """Return white space with more comments in it."""
    if not isinstance(gap, cst.ParenthesizedWhitespace):
        first = cst.TrailingWhitespace(cst.SimpleWhitespace("  "), comments[0])
        gap = cst.ParenthesizedWhitespace(
            first, indent=True, last_line=cst.SimpleWhitespace("    ")
        )
        comments = comments[1:]
    elif gap.first_line.comment is None:
        first = gap.first_line.with_changes(
            whitespace=cst.SimpleWhitespace("  "), comment=comments[0]
        )
        gap = gap.with_changes(first_line=first)
        comments = comments[1:]
    lines = [cst.EmptyLine(whitespace=gap.last_line, comment=comment) for comment in comments]
    return gap.with_changes(empty_lines=[*gap.empty_lines, *lines])
