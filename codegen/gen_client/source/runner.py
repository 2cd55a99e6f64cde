"""A runner as a source: a server that serves one model, usually on this machine.

A runner knows neither models nor versions, so the model that it serves is asked for its methods.
"""

from __future__ import annotations

from clarigen._tooling import fetch_signatures
from gen_client.source.access import Access, open_connection
from gen_client.source.deployed import build_document
from gen_client.source.document import Document
from gen_client.source.mcp_offer import add_offer


class Runner:
    """A server that serves one model."""

    def __init__(self, base_url: str, access: Access) -> None:
        """Name a server; `fetch` asks it.

        Args:
            base_url: Its URL, such as `grpc://127.0.0.1:8000`.
            access: How to reach it; `api_base` is not used.
        """
        self._base_url = base_url
        self._access = access

    def fetch(self) -> Document:
        """Ask the model that the runner serves.

        Raises:
            Refusal: Exit 2: the address or the credential is wrong. Exit 3: the runner cannot be reached.
                Exit 4: the model has no methods that can be read.
        """
        with open_connection(self._base_url, self._access) as connection:
            self._access.progress(f"asking {connection.target.address}")
            document = build_document(None, fetch_signatures(connection, None, ""))
            return add_offer(connection, document, self._access)
