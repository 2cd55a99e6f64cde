"""The comparison in the background, after the first answer of another version: a warning in the log if calls would break.

It asks for nothing that may be billed: the platform for the version and its signatures, and only a runner, which is
nobody else's, for its own. The official runner tells no version (its answers have neither a model nor a runner, and no
metadata), so it is compared once, after its first answer. The requests are no calls: they count in no recording, budget or
limit. If one fails, nothing is said, and nothing is sent again.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from .._calls.actions import GrpcFailure
from .._calls.address import Address
from .._calls.platform import UNIMPLEMENTED, get_signatures_response, get_version, get_version_id
from .._calls.retry import Deadline
from .._log import LOGGER
from .._text import escape_unprintable, shorten
from ..errors import ClarigenError
from .breaking import Breaks, find_breaks
from .deployed import parse_methods, read_response_text
from .lock import Lock
from .offered import fetch_offered
from .signature import read_signatures

if TYPE_CHECKING:
    from .._calls.call import UnaryFlow
    from .._calls.driver import Driver

_TIMEOUT: Final = 10.0
"""The time limit of a comparison, in seconds."""

_MAX_CHANGES: Final = 20
"""The number of changes that a warning lists."""

_MAX_ID: Final = 80
"""Maximum length of a version's id in a message, in characters."""


def warn_if_broken(
    driver: Driver, package: str, lock: Lock, address: Address, version_id: str
) -> None:
    """Compare a model with the lock of a package, and log a warning if calls would break.

    Args:
        driver: Sends the requests.
        package: The package's full name.
        lock: Its lock.
        address: The model.
        version_id: The version that answered; empty if the answer does not tell.
    """
    if version_id and (address.reference, version_id) == (lock.reference, lock.version_id):
        return
    try:
        breaks = driver.run(_compare(lock, address, version_id, Deadline(_TIMEOUT, time.monotonic)))
    except (GrpcFailure, ClarigenError) as error:
        LOGGER.debug("%s was not compared with the deployed model: %s", package, error)
        return
    if breaks is None:
        LOGGER.info(
            "the model of %s changed; what changed is not known without calling it: gen-client diff",
            package,
        )
    elif breaks:
        LOGGER.warning("%s", _format_warning(package, lock, address, version_id, breaks))


def _format_warning(
    package: str, lock: Lock, address: Address, version_id: str, breaks: Breaks
) -> str:
    lines = [line for lines in breaks.values() for line in lines]
    more = len(lines) - _MAX_CHANGES
    if more > 0:
        lines[_MAX_CHANGES:] = [f"and {more} more: gen-client diff"]
    version, origin = (
        f"version {_show_id(own)}" if own else "" for own in (version_id, lock.version_id)
    )
    remedy = "run gen-client again"
    if address.reference != lock.reference and lock.reference is not None and address.reference:
        problem = f"{'/'.join(address.reference)} is not the model that {package} was generated for"
    else:
        problem = f"the model changed: {version} answers" if version else "the model changed"
        if version and origin:
            remedy += ", or give the version_id that it was generated from"
    head = (
        f"{escape_unprintable(problem)}, and calls may break, or options may be ignored; {remedy}."
        f" Since {origin + ' of ' if origin else ''}{package} was generated:"
    )
    return "\n  ".join([head, *lines])


def _show_id(text: str) -> str:
    return shorten(escape_unprintable(text), _MAX_ID)


def _compare(
    lock: Lock, address: Address, version_id: str, deadline: Deadline
) -> UnaryFlow[Breaks | None]:
    """Return what breaks callers; None if only the model could tell, and asking it may be billed."""
    if address.reference is None:
        return (yield from _compare_runner(lock, address, version_id, deadline))
    try:
        return (yield from _compare_version(lock, address, version_id, deadline))
    except GrpcFailure as failure:
        if failure.code != UNIMPLEMENTED:
            raise
    return (yield from _compare_runner(lock, address, version_id, deadline))


def _compare_version(
    lock: Lock, address: Address, version_id: str, deadline: Deadline
) -> UnaryFlow[Breaks | None]:
    """Compare with the signatures that the platform keeps. It keeps no tools; a model with some would run for them."""
    reference = address.reference
    assert reference is not None
    if not version_id:
        if address.routing.is_set:  # which version runs there, only the model knows
            return None
        version_id = yield from get_version_id(reference, "", deadline.remaining())
    if (reference, version_id) == (lock.reference, lock.version_id):
        return {}
    version = yield from get_version(reference, version_id, deadline.remaining())
    methods = read_signatures(version.method_signatures)
    if not methods or lock.tools is not None:
        return None
    return find_breaks(lock, methods, None)


def _compare_runner(
    lock: Lock, address: Address, version_id: str, deadline: Deadline
) -> UnaryFlow[Breaks | None]:
    """Compare with what a runner says of itself."""
    address = Address(address.reference, version_id, address.routing)
    fields = yield from address.resolve(deadline.remaining)
    text = read_response_text((yield from get_signatures_response(fields, deadline.remaining())))
    methods = parse_methods(text) if text else {}
    offered = yield from fetch_offered(lock, address, deadline)
    if not methods or (lock.tools is not None and offered is None):
        return None
    return find_breaks(lock, methods, offered)
