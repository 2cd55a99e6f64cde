"""The runtime's private interface for the generator.

It is the only private module that the generator may import, and no client needs it. Its functions send
requests as clients do, and return plain values in place of protobuf messages. protobuf and gRPC are imported
when a connection is opened, so that parsing a URL stays cheap.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from ._calls.actions import GrpcFailure, Send, Sleep
from ._calls.driver import Driver
from ._client.base import DEFAULT_RETRIES, DEFAULT_TIMEOUT
from ._drift.derived_signatures import (
    CONFIG_PATH,
    CONFIG_TYPES,
    INPUT_TYPES,
    OUTPUT_TYPES,
    PARAMS_PATH,
    derive_signatures,
)
from ._drift.model_type import UnknownModelTypeError, read_model_type
from ._model_client import ModelClient, make_printable, open_client
from ._model_ref import ModelRef
from ._tables.rows import Rows, StartBatch, describe_error, run_chunks
from ._text import may_hold_secret
from ._transport import login
from ._transport.endpoint import DEFAULT_BASE_URL, Target, import_grpc, split_url
from ._wire.json_schema import (
    NO_DEFAULT,
    Schema,
    SchemaParameter,
    SchemaType,
    describe_parameters,
    describe_result,
    describe_tool_arguments,
    describe_tool_result,
)

if TYPE_CHECKING:
    from ._calls.call import UnaryFlow
    from ._drift import interface
    from ._drift.changes import Change, Impact, Rule, match_renamed
    from ._drift.compare import compare_interfaces
    from ._drift.offer import compare_offers
    from ._proto import MethodSignature, ModelTypeField, Status
    from ._sync.connection import GrpcConnection as Connection
    from ._tables.mapping import TableMapping
    from ._wire.method import Unary

__all__ = [
    "CONFIG_PATH",
    "CONFIG_TYPES",
    "DEFAULT_BASE_URL",
    "INPUT_TYPES",
    "NO_DEFAULT",
    "OUTPUT_TYPES",
    "PARAMS_PATH",
    "Change",
    "Connection",
    "Impact",
    "ModelClient",
    "Rows",
    "Rule",
    "Schema",
    "SchemaParameter",
    "SchemaType",
    "Signatures",
    "StartBatch",
    "TableMapping",
    "Target",
    "UnknownModelTypeError",
    "VersionNotReadyError",
    "compare_interfaces",
    "compare_offers",
    "connect",
    "derive_signatures",
    "describe_error",
    "describe_parameters",
    "describe_result",
    "describe_tool_arguments",
    "describe_tool_result",
    "fetch_mcp_offer",
    "fetch_signatures",
    "import_pyarrow",
    "interface",
    "login",
    "make_printable",
    "make_table_mapping",
    "match_renamed",
    "may_hold_secret",
    "open_client",
    "read_model_type",
    "run_chunks",
    "split_url",
    "whoami",
]

_R = TypeVar("_R")

_COMPARISON: Final = {
    "Change": "changes",
    "Impact": "changes",
    "Rule": "changes",
    "match_renamed": "changes",
    "compare_interfaces": "compare",
    "compare_offers": "offer",
    "interface": "",
}
"""Names that only `diff` needs, and the module of `_drift` that has each; empty if it is a module of `_drift` itself."""

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name not in _COMPARISON:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        module = import_module(f"{__package__}._drift.{_COMPARISON[name] or name}")
        return getattr(module, name) if _COMPARISON[name] else module


_MAX_REPLY_BYTES: Final = 16 << 20
"""The size of the largest message that a model may answer to a query: four times that of the largest signatures."""


class Signatures(NamedTuple):
    """The signatures of a deployed model.

    Attributes:
        version_id: The version that they belong to; empty if it is not known.
        stored: The signatures that the platform stores, in the JSON form of their messages; enums are numbers.
        response: The JSON text of the model's own response; None if the platform stores the signatures, empty
            if the model has no typed methods.
        model_type: The document of the model's type, if neither the platform nor the model has signatures.
    """

    version_id: str
    stored: tuple[Mapping[str, object], ...] = ()
    response: str | None = None
    model_type: Mapping[str, object] | None = None


class VersionNotReadyError(Exception):
    """A version of a model that cannot be called. The message is the reason, as a clause: "it is being built".

    Attributes:
        version_id: The version.
        details: The platform's own text; may be empty.
        resolves_itself: Whether the version becomes ready by itself.
    """

    def __init__(
        self, version_id: str, reason: str, details: str, *, resolves_itself: bool
    ) -> None:
        super().__init__(reason)
        self.version_id = version_id
        self.details = details
        self.resolves_itself = resolves_itself


def connect(
    base_url: str | None = None,
    *,
    pat: str | None = None,
    session_token: str | None = None,
    timeout: float = DEFAULT_TIMEOUT,
) -> Connection:
    """Open a connection that receives no large messages. The arguments are those of a client.

    Raises:
        ConfigError: The address, the credential or the timeout is missing or wrong.
    """
    import_grpc()
    from ._sync.connection import GrpcConnection
    from ._transport.credentials import CredentialArguments
    from ._transport.endpoint import Endpoint, check_timeout

    credentials = CredentialArguments(pat, session_token)
    pat = session_token = None  # so that no traceback's local variables hold them
    check_timeout(timeout)
    endpoint = Endpoint.find(base_url, credentials)
    endpoint.target = endpoint.target._replace(max_reply_bytes=_MAX_REPLY_BYTES)
    return GrpcConnection(endpoint, timeout)


def whoami(connection: Connection) -> str:
    """Return the user id of the credential's owner; empty at a local runner, which knows no users.

    Raises:
        ClarigenError: The server cannot be reached, or refused the request.
    """
    from ._calls.platform import UNIMPLEMENTED, get_user_id
    from .errors import TransportError

    try:
        return _run_query(connection, get_user_id(connection.timeout))
    except TransportError as error:
        if error.code != UNIMPLEMENTED:
            raise
        return ""


def fetch_signatures(
    connection: Connection,
    reference: ModelRef | None,
    version_id: str,
    on_request: Callable[[str], None] | None = None,
) -> Signatures:
    """Fetch the signatures of a model or, if it has none, the document of its type.

    Args:
        connection: The platform, or a runner.
        reference: The model; None for the only one that a runner serves.
        version_id: The version; empty for the latest.
        on_request: Called with the name of each RPC before it is sent.

    Raises:
        VersionNotReadyError: The version cannot be called.
        ClarigenError: The server cannot be reached, or a request was refused.
    """
    from ._calls.address import Address, Routing
    from ._drift.deployed import get_deployed_signatures, read_response_text

    query = get_deployed_signatures(
        Address(reference, version_id, Routing()),
        lambda: connection.timeout,
        pin_version=True,
        check_version=_check_ready,
    )
    version_id, stored, response = _run_query(connection, query, on_request)
    if response is None:
        return Signatures(version_id, tuple(map(_signature_to_json, stored)))
    text = read_response_text(response)
    if text:
        return Signatures(version_id, response=text)
    return _fetch_model_type(connection, reference, version_id, on_request)


def _fetch_model_type(
    connection: Connection,
    reference: ModelRef | None,
    version_id: str,
    on_request: Callable[[str], None] | None,
) -> Signatures:
    """Fetch what the platform knows of a model without signatures; arguments and errors as above."""
    from ._drift.deployed import get_model_type
    from ._drift.model_type import convert_model_type

    query = get_model_type(reference, version_id, lambda: connection.timeout)
    answer = _run_query(connection, query, on_request)
    if answer is None:
        return Signatures(version_id, response="")
    model_type, params_specs = answer
    if model_type.method_signatures:
        stored = tuple(map(_signature_to_json, model_type.method_signatures))
        return Signatures(version_id, stored)
    return Signatures(version_id, model_type=convert_model_type(model_type, params_specs))


def fetch_mcp_offer(
    connection: Connection, reference: ModelRef | None, version_id: str
) -> dict[str, Any]:
    """Ask the MCP server in a model what it offers; wait up to ten minutes for a model that is starting.

    The model runs for this, so it may be billed.

    Args:
        connection: The platform, or a runner.
        reference: The model; None for the only one that a runner serves.
        version_id: The version; empty for the latest.

    Returns:
        `instructions`, and the lists that the server has: `tools`, `prompts`, `resources`, `resourceTemplates`.

    Raises:
        ClarigenError: The model cannot be reached, its server failed, or its answers are too large.
    """
    from ._calls.address import Address, Routing
    from ._calls.call import CallContext, call_unary
    from ._calls.retry import Policy
    from ._drift.mcp_server import McpServer

    policy = Policy(DEFAULT_TIMEOUT, DEFAULT_RETRIES, idempotent=True)
    context = CallContext(Address(reference, version_id, Routing()), policy)
    server = McpServer(lambda method, values: call_unary(method, values, context))
    return _run_query(connection, server.describe())


def import_pyarrow(module: str = "pyarrow") -> Any:
    """Import pyarrow or a module of it; raise `ConfigError` if it is not installed."""
    from ._tables import types

    return types.import_pyarrow(module)


def make_table_mapping(method: Unary[Any], start: StartBatch, **options: Any) -> TableMapping:
    """Return a method over tables; the arguments are those of `TableMapping`."""
    from ._tables.mapping import TableMapping

    return TableMapping(method, start, **options)


class _AnnouncingDriver(Driver):
    """A driver that runs a query over a connection and announces each request.

    Attributes:
        rpc: The name of the RPC that was sent last.
    """

    def __init__(self, connection: Connection, on_request: Callable[[str], None] | None) -> None:
        self._connection = connection
        self._on_request = on_request
        self.rpc = ""

    def perform(self, action: Send | Sleep) -> Any:
        """Send a request, or sleep."""
        if isinstance(action, Send):
            self.rpc = action.rpc
            if self._on_request is not None:
                self._on_request(action.rpc)
        return self._connection.perform(action)


def _run_query(
    connection: Connection, query: UnaryFlow[_R], on_request: Callable[[str], None] | None = None
) -> _R:
    """Run a query; convert a gRPC failure into the error that a client would raise."""
    from ._calls.grpc_status import error_from_failure

    driver = _AnnouncingDriver(connection, on_request)
    try:
        return driver.run(query)
    except GrpcFailure as failure:
        raise error_from_failure(failure, driver.rpc, timeout=connection.timeout) from None


def _check_ready(version_id: str, status: Status) -> None:
    """Raise `VersionNotReadyError` if the status of a version says that it is not ready."""
    from ._calls.status import classify_status

    info = classify_status(status.code)
    if info.not_ready_reason:
        raise VersionNotReadyError(
            version_id,
            info.not_ready_reason,
            status.details or status.description,
            resolves_itself=info.resolves_itself,
        )


def _signature_to_json(signature: MethodSignature) -> Mapping[str, object]:
    """Return a signature in its JSON form; enums stay numbers."""
    return {
        "name": signature.name,
        "method_type": signature.method_type,
        "description": signature.description,
        "input_fields": [_field_to_json(field) for field in signature.input_fields],
        "output_fields": [_field_to_json(field) for field in signature.output_fields],
    }


def _field_to_json(field: ModelTypeField) -> Mapping[str, object]:
    """Return a field in its JSON form. protobuf parses at most 100 levels, so the recursion ends."""
    bounds = field.model_type_range_info
    return {
        "name": field.name,
        "type": field.type,
        "type_args": [_field_to_json(argument) for argument in field.type_args],
        "required": field.required,
        "default": field.default,
        "description": field.description,
        "iterator": field.iterator,
        "is_param": field.is_param,
        "internal_only": field.internal_only,
        "model_type_range_info": {"min": bounds.min, "max": bounds.max, "step": bounds.step},
        "model_type_enum_options": [
            {"id": option.id, "description": option.description}
            for option in field.model_type_enum_options
        ],
    }
