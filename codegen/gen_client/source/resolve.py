"""The source that a `--url` names.

The grammar of addresses is in `address`, which loads none of the sources.
"""

from __future__ import annotations

from gen_client.source.access import Access
from gen_client.source.address import ModelAddress, RunnerAddress, parse_address
from gen_client.source.document import Source
from gen_client.source.platform import PlatformModel
from gen_client.source.runner import Runner


def resolve_url(url: str, access: Access) -> Source:
    """Return the source that a URL names. Nothing is sent yet.

    Args:
        url: The argument of `--url`.
        access: How to reach the platform or the runner.

    Raises:
        Refusal: Exit 2: the URL names neither a model nor a runner.
    """
    return resolve_address(parse_address(url), access)


def resolve_address(address: ModelAddress | RunnerAddress, access: Access) -> Source:
    """Return the source that a parsed address names. Nothing is sent yet."""
    match address:
        case RunnerAddress(base_url):
            return Runner(base_url, access)
        case ModelAddress(reference, version_id):
            return PlatformModel(reference, version_id, access)
