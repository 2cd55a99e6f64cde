"""The platform's RPCs for a served object: predictions and discovery.

Requests become calls of the object's methods, and results become responses, with the statuses of the
platform's own model server. This module must not use sockets, threads or grpc; `_server` and `_handlers` do.
"""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any, Final

from .. import _proto, wire
from .._calls.status import FAILURE, MODEL_TRAINED, SUCCESS
from ..errors import ConfigError
from ._call_log import CallLog
from ._inline_methods import InlineMethod, build_model_type, find_inline_method
from ._served_methods import (
    BIDI_STREAM,
    SERVER_STREAM,
    UNARY,
    MethodProvider,
    ServedMethod,
    find_served_methods,
)

_LOGGER: Final = logging.getLogger("clarigen.testing")
_DISCOVERY_METHOD: Final = "_GET_SIGNATURES"

_ENUM_NUMBERS: Final[dict[str, dict[str, int]]] = {
    "type": {name: number for number, name in enumerate(wire.DATA_TYPES)},
    "method_type": {name: number for number, name in enumerate(wire.METHOD_TYPES)},
}
_KEYS_OF_FIELDS: Final = ("input_fields", "output_fields", "type_args", "model_type_enum_options")

Responses = Generator[_proto.MultiOutputResponse, None, None]


class Service:
    """The RPCs of one model. Requests for any user, app and model id reach this model.

    Args:
        implementation: The object whose methods are served.
        max_calls: How many of the latest calls to keep.
        version: The id of the model's version; empty for a version without an id.

    Attributes:
        call_log: The calls of its methods.

    Raises:
        ConfigError: A method cannot be served.
    """

    def __init__(
        self, implementation: object, max_calls: int = 0, version: str = "testing"
    ) -> None:
        self._versions: dict[str, Mapping[str, ServedMethod]] = {
            version: find_served_methods(implementation)
        }
        self._model_type = _find_model_type(implementation)
        self.call_log = CallLog(max_calls)

    # Versions, in the order of their deployment. A request for an unknown version is answered by the latest.

    def deploy(self, implementation: object, version: str = "") -> str:
        """Serve another object as the latest version; calls that name an earlier version still reach it.

        Returns:
            The version's id.

        Raises:
            ConfigError: A method cannot be served, or the version exists already.
        """
        version = version or f"testing-{len(self._versions) + 1}"
        if version in self._versions:
            raise ConfigError(f"version {version!r} exists already; choose another id")
        self._versions = {**self._versions, version: find_served_methods(implementation)}
        self._model_type = _find_model_type(implementation)
        return version

    def list_methods(self) -> dict[str, bool]:
        """Return the names of the methods of all versions, each with whether it returns a stream."""
        return {
            name: method.method_type != UNARY
            for methods in self._versions.values()
            for name, method in methods.items()
        }

    def _find_version(self, version: str) -> tuple[str, Mapping[str, ServedMethod]]:
        """Return the id and the methods of the version that answers a request for a version."""
        versions = self._versions
        if version not in versions:
            version = next(reversed(versions))
        return version, versions[version]

    # Calls.

    def predict(self, request: _proto.PostModelOutputsRequest) -> _proto.MultiOutputResponse:
        """Answer PostModelOutputs: one output per input, or a failure of the whole request."""
        return next(_catch_failure(self._answer_unary(request)))

    def _answer_unary(
        self, request: _proto.PostModelOutputsRequest
    ) -> Iterator[_proto.MultiOutputResponse]:
        """Yield the only response. This is a generator so that `_catch_failure` applies to it."""
        version, methods = self._find_version(request.version_id)
        if get_called_method(request) is None:
            yield _answer_discovery({} if self._model_type else methods)
            return
        response = _proto.MultiOutputResponse(status=_build_success_status())
        for method_input in request.inputs:
            method = _select_method(methods, method_input, UNARY)
            options = request.model.model_version.output_info
            result = self._call_method(method, method.decode_arguments(method_input.data, options))
            response.outputs.append(_build_output(method, result, version))
        yield response

    def generate(self, request: _proto.PostModelOutputsRequest) -> Responses:
        """Answer GenerateModelOutputs: one response per item; a failure at the end if the method raises."""
        return _catch_failure(self._answer_server_stream(request))

    def _answer_server_stream(
        self, request: _proto.PostModelOutputsRequest
    ) -> Iterator[_proto.MultiOutputResponse]:
        method_input = _get_only_input(request)
        version, methods = self._find_version(request.version_id)
        method = _select_method(methods, method_input, SERVER_STREAM)
        for item in self._call_method(method, method.decode_arguments(method_input.data)):
            yield _build_response(method, item, version)

    def stream(
        self,
        first_request: _proto.PostModelOutputsRequest,
        later_requests: Iterator[_proto.PostModelOutputsRequest],
    ) -> Responses:
        """Answer StreamModelOutputs: each request carries an item, the first one also the arguments.

        A request is read when the method asks for its item, so that responses are sent in between.
        """
        return _catch_failure(self._answer_bidi_stream(first_request, later_requests))

    def _answer_bidi_stream(
        self,
        first_request: _proto.PostModelOutputsRequest,
        later_requests: Iterator[_proto.PostModelOutputsRequest],
    ) -> Iterator[_proto.MultiOutputResponse]:
        method_input = _get_only_input(first_request)
        version, methods = self._find_version(first_request.version_id)
        method = _select_method(methods, method_input, BIDI_STREAM)
        assert method.stream_parameter is not None
        arguments = method.decode_arguments(method_input.data)
        arguments[method.stream_parameter] = _decode_stream(
            method, arguments[method.stream_parameter], later_requests
        )
        for item in self._call_method(method, arguments):
            yield _build_response(method, item, version)

    def _call_method(self, method: ServedMethod, arguments: dict[str, Any]) -> Any:
        self.call_log.add(method.name, arguments, method.stream_parameter)
        _LOGGER.debug("%s(%s)", method.name, ", ".join(arguments))
        return method.function(**arguments)

    # Discovery.

    def get_model(self, request: _proto.GetModelRequest) -> _proto.SingleModelResponse:
        """Answer GetModel with a model of the requested id. Every id exists."""
        user_app, version = request.user_app_id, self._describe_version(request, request.version_id)
        model = _proto.Model(
            id=request.model_id,
            user_id=user_app.user_id,
            app_id=user_app.app_id,
            model_version=version,
            model_type_id="" if self._model_type is None else self._model_type.get("id", "type"),
        )
        return _proto.SingleModelResponse(status=_build_success_status(), model=model)

    def get_model_type(self, _: _proto.GetModelTypeRequest) -> _proto.SingleModelTypeResponse:
        """Answer GetModelType with the type of the model; it is empty for a model with signatures."""
        document = self._model_type
        model_type = None if document is None else build_model_type(document)
        return _proto.SingleModelTypeResponse(status=_build_success_status(), model_type=model_type)

    def get_model_version(
        self, request: _proto.GetModelVersionRequest
    ) -> _proto.SingleModelVersionResponse:
        """Answer GetModelVersion with the requested version and its signatures."""
        return _proto.SingleModelVersionResponse(
            status=_build_success_status(),
            model_version=self._describe_version(request, request.version_id),
        )

    def list_model_versions(
        self, request: _proto.ListModelVersionsRequest
    ) -> _proto.MultiModelVersionResponse:
        """Answer ListModelVersions with all versions on the first page, the latest first."""
        versions = reversed(self._versions) if request.page <= 1 else ()
        return _proto.MultiModelVersionResponse(
            status=_build_success_status(),
            model_versions=[self._describe_version(request, id_) for id_ in versions],
        )

    def _describe_version(
        self,
        request: (
            _proto.GetModelRequest | _proto.GetModelVersionRequest | _proto.ListModelVersionsRequest
        ),
        version: str,
    ) -> _proto.ModelVersion:
        return _proto.ModelVersion(
            id=version or next(reversed(self._versions)),
            status=_proto.Status(code=MODEL_TRAINED, description="Model is trained and ready"),
            user_id=request.user_app_id.user_id,
            app_id=request.user_app_id.app_id,
            method_signatures=[
                _proto.MethodSignature(**_replace_enum_names(method.signature))
                for method in self._find_version(version)[1].values()
                if not isinstance(method, InlineMethod)
            ],
        )


def _find_model_type(implementation: object) -> Mapping[str, Any] | None:
    return implementation.model_type if isinstance(implementation, MethodProvider) else None


def _catch_failure(responses: Iterator[_proto.MultiOutputResponse]) -> Responses:
    """Yield the responses; if the model raises, yield a failure as the last one."""
    try:
        yield from responses
    except Exception as error:  # noqa: BLE001  a model may raise anything
        yield _build_failure(error)


def get_called_method(request: _proto.PostModelOutputsRequest) -> str | None:
    """Return the name of the method that a request calls; None for a discovery request."""
    name = _get_method_name(request.inputs[0]) if request.inputs else ""
    return None if name == _DISCOVERY_METHOD else name


def _get_method_name(method_input: _proto.Input) -> str:
    return method_input.data.metadata.fields["_method_name"].string_value


def _select_method(
    methods: Mapping[str, ServedMethod], method_input: _proto.Input, method_type: str
) -> ServedMethod:
    name = _get_method_name(method_input)
    method = methods.get(name)
    if not name:
        method = find_inline_method(methods.values(), method_input.data)
    if method is None:
        raise ValueError(f"Method {name} not found in model class")
    if method.method_type != method_type:
        raise ValueError(f"Method {name} is {method.method_type}, but was called as {method_type}")
    return method


def _answer_discovery(methods: Mapping[str, ServedMethod]) -> _proto.MultiOutputResponse:
    signatures = {name: _to_camel_case(method.signature) for name, method in methods.items()}
    output = _proto.Output(
        status=_build_success_status(),
        data=_proto.Data(text=_proto.Text(raw=json.dumps(signatures))),
    )
    return _proto.MultiOutputResponse(status=_build_success_status(), outputs=[output])


def _get_only_input(request: _proto.PostModelOutputsRequest) -> _proto.Input:
    if len(request.inputs) != 1:
        raise ValueError(f"Streaming requires exactly one input, not {len(request.inputs)}")
    return request.inputs[0]


def _decode_stream(
    method: ServedMethod, first_item: Any, later_requests: Iterator[_proto.PostModelOutputsRequest]
) -> Iterator[Any]:
    yield first_item
    for request in later_requests:
        yield method.decode_item(_get_only_input(request).data)


def _build_output(method: ServedMethod, result: Any, version: str) -> _proto.Output:
    """Build an output. It tells the version, as the platform does."""
    output = _proto.Output(status=_build_success_status())
    output.model.model_version.id = version
    method.encode_result(result, output.data)
    return output


def _build_response(method: ServedMethod, item: Any, version: str) -> _proto.MultiOutputResponse:
    return _proto.MultiOutputResponse(
        status=_build_success_status(), outputs=[_build_output(method, item, version)]
    )


def _build_success_status() -> _proto.Status:
    return _proto.Status(code=SUCCESS)


def _build_failure(error: Exception) -> _proto.MultiOutputResponse:
    """Build the platform's response for a model that raises: a status without outputs."""
    trace = "".join(traceback.format_exception(error)).split("\n")
    return _proto.MultiOutputResponse(
        status=_proto.Status(code=FAILURE, details=str(error), stack_trace=trace)
    )


def _to_camel_case(signature: dict[str, Any]) -> dict[str, Any]:
    """Return a signature with keys in camelCase, the form in which models answer discovery."""
    return {
        wire.to_camel_case(key): _map_fields(_to_camel_case, key, value)
        for key, value in signature.items()
    }


def _replace_enum_names(signature: dict[str, Any]) -> dict[str, Any]:
    """Replace the names of enum values in a signature by numbers, as protobuf constructors require."""
    return {
        key: (
            _ENUM_NUMBERS[key][value]
            if key in _ENUM_NUMBERS
            else _map_fields(_replace_enum_names, key, value)
        )
        for key, value in signature.items()
    }


def _map_fields(change: Callable[[dict[str, Any]], dict[str, Any]], key: str, value: Any) -> Any:
    """Apply a function to each item of a value if its key holds fields; return other values unchanged."""
    return [change(field) for field in value] if key in _KEYS_OF_FIELDS else value
