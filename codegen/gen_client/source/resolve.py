"""The source that an address names.

The grammar of addresses is in `address` and `local`.
"""

from __future__ import annotations

from gen_client.diagnostics import Report
from gen_client.source.access import Access
from gen_client.source.address import (
    Address,
    LocalAddress,
    ModelAddress,
    RunnerAddress,
    parse_address,
)
from gen_client.source.document import Source
from gen_client.source.local import open_local
from gen_client.source.platform import PlatformModel
from gen_client.source.runner import Runner


def resolve_url(url: str, access: Access) -> Source:
    """Return the source that a URL names; the argument of `--url`. Nothing is sent yet.

    Raises:
        Refusal: Exit 2: the URL names neither a model nor a runner.
    """
    return resolve_address(parse_address(url), access, Report())


def resolve_address(address: Address, access: Access, report: Report) -> Source:
    """Return the source that an address names. Nothing is sent or read yet.

    Args:
        address: The address.
        access: How to reach the platform or the runner.
        report: Collects the warnings of what is local.

    Raises:
        Refusal: Exit 2: there is nothing at the address that can be read.
    """
    match address:
        case RunnerAddress(base_url):
            return Runner(base_url, access)
        case ModelAddress(reference, version_id):
            return PlatformModel(reference, version_id, access)
        case LocalAddress(path):
            return open_local(path, report)
