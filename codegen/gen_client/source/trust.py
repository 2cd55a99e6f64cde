"""The servers that a configuration may send the user's credential to.

A configuration is part of a repository that others can write to. A server that it names gets a credential only if it is
the platform, this machine, or a host that the user names in an environment variable.
"""

from __future__ import annotations

import os
from typing import Final

from clarigen._tooling import DEFAULT_BASE_URL
from gen_client.diagnostics import Refusal
from gen_client.exit_codes import USAGE
from gen_client.source.address import parse_base_url
from gen_client.text import quote

TRUSTED_HOSTS: Final = "CLARIGEN_TRUSTED_HOSTS"
"""The environment variable with the hosts that the user trusts, separated by commas."""


def check_trusted(base_url: str) -> None:
    """Raise `Refusal` if a server would get the credential and is not trusted.

    Args:
        base_url: The URL of the platform or of a runner, from a configuration.

    Raises:
        Refusal: Exit 2: the server is not trusted.
    """
    target = parse_base_url(base_url)
    # The runtime sends no credential over a plain connection to another machine.
    if not target.secure or target.loopback:
        return
    hosts = [
        DEFAULT_BASE_URL,
        os.environ.get("CLARIFAI_API_BASE", ""),
        *os.environ.get(TRUSTED_HOSTS, "").split(","),
    ]
    trusted = {parse_base_url(host.strip()).address for host in hosts if host.strip()}
    if target.address not in trusted:
        host = target.address.removesuffix(":443")
        raise Refusal(
            f"{quote(host)} is named by the configuration alone, and would get your credential",
            exit_code=USAGE,
            remedy=f"if you trust it, name it in {TRUSTED_HOSTS}",
        )
