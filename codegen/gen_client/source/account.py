"""Whose credential it is: the one question to the platform that names no model.

What lives here: `whoami`. It also shows that the platform can be reached, and takes the credential.
"""

from __future__ import annotations

from typing import Final

from clarigen.errors import TransportError
from gen_client.source.access import Access, open_connection
from gen_client.source.messages import parsed

_ME: Final = "me"
_UNKNOWN_CALL: Final = "UNIMPLEMENTED"


def whoami(access: Access) -> tuple[str, str]:
    """Ask the platform who the owner of the credential is.

    Args:
        access: How to get to the platform.

    Returns:
        The server's host and port, and the user's id; no id from a local runner, which knows no users.

    Raises:
        Refusal: Exit 2: the address is wrong, or there is no credential. Exit 3: the platform cannot be reached, or
            refuses the credential.
    """
    with open_connection(access.api_base, access) as connection:
        from clarigen import _proto
        from clarigen._calls.status import error_from_status

        request = _proto.GetUserRequest(user_app_id=_proto.UserAppIDSet(user_id=_ME))
        try:
            reply = connection.call_rpc("GetUser", request.SerializeToString())
        except TransportError as error:
            if error.code != _UNKNOWN_CALL:
                raise
            return connection.target.address, ""
        response = parsed(_proto.SingleUserResponse, reply)
        failure = error_from_status(response.status)
        if failure is not None:
            raise failure
        return connection.target.address, response.user.id
