"""A model of the platform as a place.

What lives here: `PlatformModel`, and what the states of a version mean. The platform is asked for the
model, then for the concrete version, whose signatures it keeps; only if it has none, the model itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from clarigen import ModelRef
from clarigen.errors import TransportError
from gen_client.diagnostics import Refusal
from gen_client.exit_codes import UNREACHABLE
from gen_client.source.access import Access, open_connection
from gen_client.source.document import Document
from gen_client.source.messages import ask_model, parsed, plain
from gen_client.text import quote, quote_unless_identifier

if TYPE_CHECKING:
    from clarigen import _proto
    from clarigen._sync.connection import Connection

_WAIT: Final = "wait until it is done, or name another version: …/models/MODEL/versions/VERSION"
_BROKEN: Final = "upload it again, or name another version: …/models/MODEL/versions/VERSION"
_UNKNOWN_CALL: Final = "UNIMPLEMENTED"


class PlatformModel:
    """A model of the platform."""

    def __init__(self, reference: ModelRef, version_id: str, access: Access) -> None:
        """Name a model; the platform is asked by `fetch`.

        Args:
            reference: Which model.
            version_id: Which version, or empty for the latest.
            access: How to get to the platform.
        """
        self._reference = reference
        self._version_id = version_id
        self._access = access

    def fetch(self) -> Document:
        """Ask the platform; the document names the concrete version that was seen.

        Raises:
            Refusal: Exit 2: the base URL is wrong, or there is no credential. Exit 3: the platform
                cannot be reached, refuses, does not know the model, or the version is not ready.
                Exit 4: the model is of the older kind.
        """
        with open_connection(self._access.api_base, self._access) as connection:
            self._access.progress(f"asking {connection.target.address} for the model")
            try:
                version_id = self._concrete_version(connection)
                self._access.progress("asking for its methods")
                version = self._version(connection, version_id)
                signatures = [plain(signature) for signature in version.method_signatures]
            except TransportError as error:
                # A runner knows no models, but the one that it serves can be asked.
                if error.code != _UNKNOWN_CALL:
                    raise
                version_id, signatures = self._version_id, []
            if signatures:
                return Document(self._reference, version_id, tuple(signatures))
            self._access.progress("asking the model itself, which may have to start")
            asked = ask_model(connection, self._reference, version_id)
            return Document(self._reference, version_id, asked)

    def _concrete_version(self, connection: Connection) -> str:
        """The version that is meant: the one named, or the model's latest."""
        from clarigen import _proto
        from clarigen._calls.status import error_from_status

        request = _proto.GetModelRequest(
            user_app_id=self._owner(),
            model_id=self._reference.model_id,
            version_id=self._version_id,
        )
        reply = connection.call_rpc("GetModel", request.SerializeToString())
        response = parsed(_proto.SingleModelResponse, reply)
        error = error_from_status(response.status)
        if error is not None:
            raise error
        return self._version_id or response.model.model_version.id

    def _version(self, connection: Connection, version_id: str) -> _proto.ModelVersion:
        from clarigen import _proto
        from clarigen._calls.status import UNREADY, error_from_status

        request = _proto.GetModelVersionRequest(
            user_app_id=self._owner(),
            model_id=self._reference.model_id,
            version_id=version_id,
        )
        reply = connection.call_rpc("GetModelVersion", request.SerializeToString())
        response = parsed(_proto.SingleModelVersionResponse, reply)
        error = error_from_status(response.status)
        if error is not None:
            raise error
        version = response.model_version
        if version.status.code in UNREADY:
            state, passes = UNREADY[version.status.code]
            words = version.status.details or version.status.description
            raise Refusal(
                f"version {quote_unless_identifier(version_id)} of {quote_unless_identifier(self._reference.model_id)} is not ready:"
                f" {state}" + (f" ({quote(words, 300)})" if words else ""),
                remedy=_WAIT if passes else _BROKEN,
                exit_code=UNREACHABLE,
            )
        return version

    def _owner(self) -> _proto.UserAppIDSet:
        from clarigen import _proto

        return _proto.UserAppIDSet(user_id=self._reference.user_id, app_id=self._reference.app_id)
