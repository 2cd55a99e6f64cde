"""The methods of the model that answers, to be compared with those of a lock.

What lives here: `served`, as a flow of `_call`; the other side, `lock`, and `differences` are passed on, so that
who compares finds all of it in one place, loaded when somebody does.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any

from .._calls.actions import Failure, Send
from .._calls.address import Address
from .._calls.platform import UNIMPLEMENTED, get_latest_version, get_signatures, get_version
from .._calls.retry import Attempts
from ..errors import DecodeError
from .difference import describe_differences
from .lock import read_lock
from .signature import Signature, read_signatures

__all__ = ["describe_differences", "fetch_signatures", "read_lock"]


def fetch_signatures(
    address: Address, attempts: Attempts
) -> Generator[Send, Any, dict[str, Signature]]:
    """The methods that are served. The platform knows them, but not which version runs elsewhere."""
    reference, version_id = address.reference, address.version_id
    if reference is not None and (version_id or not address.routing.is_set):
        try:
            if not version_id:
                version_id = (yield from get_latest_version(reference, attempts.remaining())).id
            found = yield from get_version(reference, version_id, attempts.remaining())
            if found.method_signatures:
                return read_signatures(found.method_signatures)
        except Failure as failure:
            if failure.code != UNIMPLEMENTED:
                raise
    target = yield from address.resolve(attempts.remaining())
    response = yield from get_signatures(target, attempts.remaining())
    text = response.outputs[0].data.text.raw if response.outputs else ""
    if not text:
        return {}  # a model of the older kind
    try:
        content = json.loads(text)
        return read_signatures({"name": name, **entry} for name, entry in content.items())
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise DecodeError("the model's answer holds no signatures") from None
