"""The platform as a source: the signatures of a deployed model, and the owner of a credential.

The runtime decides in which order the platform and the model are asked. The messages for the user are written here.
"""

from __future__ import annotations

from typing import Final

from clarigen import ModelRef, _tooling
from clarigen._tooling import VersionNotReadyError
from gen_client.diagnostics import Refusal
from gen_client.exit_codes import UNREACHABLE
from gen_client.source.access import Access, open_connection
from gen_client.source.deployed import build_document
from gen_client.source.document import Document
from gen_client.source.mcp_offer import add_offer
from gen_client.text import quote, quote_unless_identifier

_PROGRESS: Final = {
    "GetModel": "asking {address} for the model",
    "GetModelVersion": "asking for its methods",
    "GetModelType": "asking for its model type",
    "PostModelOutputs": "asking the model itself, which may have to start",
}
"""Progress messages, by RPC."""
_WAIT: Final = "wait until it is done, or name another version: …/models/MODEL/versions/VERSION"
_UPLOAD_AGAIN: Final = "upload it again, or name another version: …/models/MODEL/versions/VERSION"


class PlatformModel:
    """A model of the platform."""

    def __init__(self, reference: ModelRef, version_id: str, access: Access) -> None:
        """Name a model; `fetch` asks the platform.

        Args:
            reference: The model.
            version_id: The version; empty for the latest.
            access: How to reach the platform.
        """
        self._reference = reference
        self._version_id = version_id
        self._access = access

    def fetch(self) -> Document:
        """Ask the platform; the document names the version, even if the latest was asked for.

        Raises:
            Refusal: Exit 2: the base URL is wrong, or there is no credential. Exit 3: the platform cannot be
                reached, refuses the credential, does not know the model, or the version is not ready.
                Exit 4: its methods cannot be read; or it is an MCP model that cannot list its tools.
        """
        with open_connection(self._access.api_base, self._access) as connection:
            address = connection.target.address

            def report_rpc(rpc: str) -> None:
                self._access.progress(_PROGRESS[rpc].format(address=address))

            try:
                signatures = _tooling.fetch_signatures(
                    connection, self._reference, self._version_id, report_rpc
                )
            except VersionNotReadyError as error:
                raise self._refuse_version(error) from None
            document = build_document(self._reference, signatures)
            return add_offer(connection, document, self._access)

    def _refuse_version(self, error: VersionNotReadyError) -> Refusal:
        version_id = quote_unless_identifier(error.version_id)
        model_id = quote_unless_identifier(self._reference.model_id)
        details = f" ({quote(error.details, 300)})" if error.details else ""
        return Refusal(
            f"version {version_id} of {model_id} is not ready: {error}{details}",
            remedy=_WAIT if error.resolves_itself else _UPLOAD_AGAIN,
            exit_code=UNREACHABLE,
        )


def whoami(access: Access) -> tuple[str, str]:
    """Ask the platform who owns the credential; no model is involved.

    Args:
        access: How to reach the platform.

    Returns:
        The server's host and port, and the user's id; an empty id from a local runner, which knows no users.

    Raises:
        Refusal: Exit 2: the address is wrong, or there is no credential. Exit 3: the platform cannot be reached, or
            refuses the credential.
    """
    access.progress("asking the platform")
    with open_connection(access.api_base, access) as connection:
        return connection.target.address, _tooling.whoami(connection)
