"""A runner as a place: a server that serves one model, on this machine as a rule.

What lives here: `Runner`. Such a server knows nothing of models and versions; it is asked for the
methods of the model that runs in it.
"""

from __future__ import annotations

from gen_client.source.access import Access, open_connection
from gen_client.source.document import Document
from gen_client.source.messages import ask_model


class Runner:
    """A server that serves one model."""

    def __init__(self, base_url: str, access: Access) -> None:
        """Name a server; it is asked by `fetch`.

        Args:
            base_url: Where it is: `grpc://127.0.0.1:8000`.
            access: How to get there; its `api_base` is not used.
        """
        self._base_url = base_url
        self._access = access

    def fetch(self) -> Document:
        """Ask it.

        Raises:
            Refusal: Exit 2: the address or the credential is wrong. Exit 3: it cannot be reached.
                Exit 4: its model has no methods that can be read.
        """
        with open_connection(self._base_url, self._access) as connection:
            self._access.progress(f"asking {connection.target.address}")
            return Document(None, "", ask_model(connection, None, ""))
