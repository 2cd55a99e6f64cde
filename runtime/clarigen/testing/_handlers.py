"""The RPCs behind grpc's handlers, and what their faults do to them.

What lives here: the way of a call through the server: the faults it meets, the service, the faults it meets then.
What is answered is `_service`'s, what goes wrong `_faults`'.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any, NoReturn

from .. import _proto
from ._service import called_method

if TYPE_CHECKING:
    import grpc

    from ._faults import Faults
    from ._service import Answers, Service


class _InjectedAnswer(Exception):
    """A fault answers in the model's place."""

    def __init__(self, answer: _proto.MultiOutputResponse) -> None:
        super().__init__()
        self.answer = answer


class RpcHandlers:
    """The RPCs of one server."""

    def __init__(self, service: Service, faults: Faults) -> None:
        self._service = service
        self._faults = faults

    def build_handler(self) -> grpc.GenericRpcHandler:
        """What grpc calls for them."""
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
                    unary, _without_faults(service.get_model), _proto.GetModelRequest
                ),
                "GetModelVersion": _build_rpc_handler(
                    unary, _without_faults(service.get_model_version), _proto.GetModelVersionRequest
                ),
                "ListModelVersions": _build_rpc_handler(
                    unary,
                    _without_faults(service.list_model_versions),
                    _proto.ListModelVersionsRequest,
                ),
            },
        )

    def _predict(
        self, request: _proto.PostModelOutputsRequest, context: grpc.ServicerContext
    ) -> _proto.MultiOutputResponse:
        method = called_method(request)
        if method is None:
            return self._service.predict(request)
        try:
            self._apply_faults(context, method)
            answer = self._service.predict(request)
            self._apply_faults(context, method, after=True)
        except _InjectedAnswer as told:
            answer = told.answer
        return answer

    def _generate(
        self, request: _proto.PostModelOutputsRequest, context: grpc.ServicerContext
    ) -> Answers:
        return self._inject_faults(
            called_method(request) or "", self._service.generate(request), context
        )

    def _stream(
        self, requests: Iterator[_proto.PostModelOutputsRequest], context: grpc.ServicerContext
    ) -> Answers:
        first = next(requests, _proto.PostModelOutputsRequest())
        answers = self._service.stream(first, requests)
        return self._inject_faults(called_method(first) or "", answers, context)

    def _inject_faults(
        self, method: str, answers: Answers, context: grpc.ServicerContext
    ) -> Answers:
        """A stream's answers, as far as its faults let them."""
        with closing(answers):
            try:
                self._apply_faults(context, method)
                for item, answer in enumerate(answers):
                    self._apply_faults(context, method, item)
                    yield answer
                    self._apply_faults(context, method, item, after=True)
                self._apply_faults(context, method, after=True)
            except _InjectedAnswer as told:
                yield told.answer

    def _apply_faults(
        self,
        context: grpc.ServicerContext,
        method: str,
        item: int | None = None,
        *,
        after: bool = False,
    ) -> None:
        """Let the faults happen that a call meets at a place of its way; see `Faults.met`."""
        for fault in self._faults.match(method, item=item, after=after):
            if fault.delay:
                _delay(context, fault.delay)
            if fault.code is not None:
                status = _proto.Status(code=fault.code, details=fault.details)
                raise _InjectedAnswer(_proto.MultiOutputResponse(status=status))
            if fault.status is not None:
                _abort(context, str(fault.status), fault.details)


def _build_rpc_handler(
    make: Any, function: Callable[..., Any], request: Any
) -> grpc.RpcMethodHandler[Any, Any]:
    handler: grpc.RpcMethodHandler[Any, Any] = make(
        function,
        request_deserializer=request.FromString,
        response_serializer=_serialize,
    )
    return handler


def _without_faults(function: Callable[[Any], Any]) -> Callable[..., Any]:
    """An RPC that meets no fault."""

    def answer(request: Any, _: grpc.ServicerContext) -> Any:
        return function(request)

    return answer


def _serialize(message: Any) -> bytes:
    serialized: bytes = message.SerializeToString()
    return serialized


# What faults do.


def grpc_status_names() -> list[str]:
    """The names of gRPC's statuses but success."""
    import grpc

    return [name for name in grpc.StatusCode.__members__ if name != "OK"]


def _delay(context: grpc.ServicerContext, seconds: float) -> None:
    """Wait; a caller who has gone by then has gone for good."""
    ended = threading.Event()
    if not context.add_callback(ended.set) or ended.wait(seconds):
        _abort(context, "CANCELLED", "")


def _abort(context: grpc.ServicerContext, status: str, details: str) -> NoReturn:
    import grpc

    context.abort(grpc.StatusCode[status], details)
