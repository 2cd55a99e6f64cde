"""Which servers may see the user's credential because a file says so: those that its user has named elsewhere.

What lives here: the rule. A configuration lies in a repository, where others can write: an address in it gets a
credential only if it is the platform's, this machine's, or one that the user trusts by name, outside of the file.
"""

from __future__ import annotations

import os
from typing import Final

from clarigen._tooling import DEFAULT_BASE_URL
from gen_client.diagnostics import Refusal
from gen_client.exit_codes import USAGE
from gen_client.source import address
from gen_client.text import quote

TRUSTED_HOSTS: Final = "CLARIGEN_TRUSTED_HOSTS"
"""Names hosts, with commas between them."""


def check_trusted(base_url: str) -> None:
    """Refuse an address of a file that would get the credential and must not.

    Args:
        base_url: The platform's base URL or a runner's, from a configuration.

    Raises:
        Refusal: Exit 2.
    """
    target = address.parse_base_url(base_url)
    if (
        not target.secure or target.loopback
    ):  # to a plain server elsewhere no credential goes anyway
        return
    named = [os.environ.get("CLARIFAI_API_BASE", ""), *os.environ.get(TRUSTED_HOSTS, "").split(",")]
    trusted = {
        address.parse_base_url(text.strip()).address
        for text in (DEFAULT_BASE_URL, *named)
        if text.strip()
    }
    if target.address not in trusted:
        host = target.address.removesuffix(":443")
        raise Refusal(
            f"{quote(host)} is named by the configuration alone, and would get your credential",
            exit_code=USAGE,
            remedy=f"if you trust it, name it in {TRUSTED_HOSTS}",
        )
