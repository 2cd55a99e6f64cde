"""gRPC handlers of a served model, which inject the server's faults.

For each call, the faults before it are injected, then the service answers, then the faults after it are
injected. `_service` makes the responses, and `_faults` decides which faults apply; this module connects both
to grpc.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any, NoReturn

from .. import _proto
from ._service import get_called_method

if TYPE_CHECKING:
    import grpc

    from ._faults import Faults
    from ._service import Responses, Service


class _InjectedResponse(Exception):
    """The response of a fault, which replaces the model's."""

    def __init__(self, response: _proto.MultiOutputResponse) -> None:
        super().__init__()
        self.response = response


class RpcHandlers:
    """The handlers of one server's RPCs."""

    def __init__(self, service: Service, faults: Faults) -> None:
        self._service = service
        self._faults = faults

    def build_handler(self) -> grpc.GenericRpcHandler:
        """Build the handler that a grpc server dispatches to."""
        import grpc

        unary, request = grpc.unary_unary_rpc_method_handler, _proto.PostModelOutputsRequest
        stream, bidi = grpc.unary_stream_rpc_method_handler, grpc.stream_stream_rpc_method_handler
        service = self._service
        return grpc.method_handlers_generic_handler(
            "clarifai.api.V2",
            {
                "PostModelOutputs": _build_rpc_handler(unary, self._predict, request),
                "GenerateModelOutputs": _build_rpc_handler(stream, self._generate, request),
                "StreamModelOutputs": _build_rpc_handler(bidi, self._stream, request),
                "GetModel": _build_rpc_handler(
                    unary, _exempt_from_faults(service.get_model), _proto.GetModelRequest
                ),
                "GetModelType": _build_rpc_handler(
                    unary, _exempt_from_faults(service.get_model_type), _proto.GetModelTypeRequest
                ),
                "GetModelVersion": _build_rpc_handler(
                    unary,
                    _exempt_from_faults(service.get_model_version),
                    _proto.GetModelVersionRequest,
                ),
                "ListModelVersions": _build_rpc_handler(
                    unary,
                    _exempt_from_faults(service.list_model_versions),
                    _proto.ListModelVersionsRequest,
                ),
            },
        )

    def _predict(
        self, request: _proto.PostModelOutputsRequest, context: grpc.ServicerContext
    ) -> _proto.MultiOutputResponse:
        method = get_called_method(request)
        if method is None:
            return self._service.predict(request)
        try:
            self._apply_faults(context, method)
            response = self._service.predict(request)
            self._apply_faults(context, method, after=True)
        except _InjectedResponse as injected:
            response = injected.response
        return response

    def _generate(
        self, request: _proto.PostModelOutputsRequest, context: grpc.ServicerContext
    ) -> Responses:
        return self._inject_faults(
            get_called_method(request) or "", self._service.generate(request), context
        )

    def _stream(
        self, requests: Iterator[_proto.PostModelOutputsRequest], context: grpc.ServicerContext
    ) -> Responses:
        first_request = next(requests, _proto.PostModelOutputsRequest())
        responses = self._service.stream(first_request, requests)
        return self._inject_faults(get_called_method(first_request) or "", responses, context)

    def _inject_faults(
        self, method: str, responses: Responses, context: grpc.ServicerContext
    ) -> Responses:
        """Yield the responses of a stream until a fault ends it."""
        with closing(responses):
            try:
                self._apply_faults(context, method)
                for item, response in enumerate(responses):
                    self._apply_faults(context, method, item)
                    yield response
                    self._apply_faults(context, method, item, after=True)
                self._apply_faults(context, method, after=True)
            except _InjectedResponse as injected:
                yield injected.response

    def _apply_faults(
        self,
        context: grpc.ServicerContext,
        method: str,
        item: int | None = None,
        *,
        after: bool = False,
    ) -> None:
        """Apply the faults to inject at one point of a call; see `Faults.match`."""
        for fault in self._faults.match(method, item=item, after=after):
            if fault.delay:
                _delay(context, fault.delay)
            if fault.code is not None:
                status = _proto.Status(code=fault.code, details=fault.details)
                raise _InjectedResponse(_proto.MultiOutputResponse(status=status))
            if fault.status is not None:
                _abort(context, str(fault.status), fault.details)


def _build_rpc_handler(
    factory: Any, function: Callable[..., Any], request_class: Any
) -> grpc.RpcMethodHandler[Any, Any]:
    handler: grpc.RpcMethodHandler[Any, Any] = factory(
        function,
        request_deserializer=request_class.FromString,
        response_serializer=_serialize,
    )
    return handler


def _exempt_from_faults(function: Callable[[Any], Any]) -> Callable[..., Any]:
    """Wrap a method of the service as the implementation of an RPC that no fault affects."""

    def handle(request: Any, _: grpc.ServicerContext) -> Any:
        return function(request)

    return handle


def _serialize(message: Any) -> bytes:
    serialized: bytes = message.SerializeToString()
    return serialized


def list_error_statuses() -> list[str]:
    """Return the names of gRPC's statuses, except OK."""
    import grpc

    return [name for name in grpc.StatusCode.__members__ if name != "OK"]


def _delay(context: grpc.ServicerContext, seconds: float) -> None:
    """Wait for some seconds; abort the call if the client cancels it meanwhile."""
    call_ended = threading.Event()
    # add_callback returns False if the call has ended already.
    if not context.add_callback(call_ended.set) or call_ended.wait(seconds):
        _abort(context, "CANCELLED", "")


def _abort(context: grpc.ServicerContext, status: str, details: str) -> NoReturn:
    import grpc

    context.abort(grpc.StatusCode[status], details)
