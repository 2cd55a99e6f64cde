"""The platform's RPCs over a served object: predict calls, and discovery.

What lives here: how requests become calls and results become answers, with the statuses that the
platform's own model server gives. No sockets and no threads: `_server` provides those.
"""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any, Final

from .. import _proto
from .._calls.status import MODEL_TRAINED, SUCCESS
from .._drift.signature import KINDS, TYPES
from ..errors import ConfigError
from ._call_log import Record
from ._served_methods import BIDI_STREAM, SERVER_STREAM, UNARY, Served, served

FAILURE: Final = 10020
_DISCOVERY: Final = "_GET_SIGNATURES"

_NUMBERS: Final[dict[str, dict[str, int]]] = {
    "type": {name: number for number, name in enumerate(TYPES)},
    "method_type": {name: number for number, name in enumerate(KINDS)},
}
_HOLD_FIELDS: Final = ("input_fields", "output_fields", "type_args", "model_type_enum_options")

Answers = Generator[_proto.MultiOutputResponse, None, None]


class Service:
    """Answers the RPCs of one model. Any user, app and model id is taken for it.

    Args:
        implementation: The object whose methods are served.
        record: How many calls of them are remembered.
        version: The id of its version; empty for one without an id.

    Attributes:
        record: The calls of its methods.

    Raises:
        ConfigError: A method cannot be served.
    """

    def __init__(self, implementation: object, record: int = 0, version: str = "testing") -> None:
        self._versions: dict[str, Mapping[str, Served]] = {version: served(implementation)}
        self.record = Record(record)

    # Versions: the last one is the latest. Whoever asks for one that there is none of gets that.

    def deploy(self, implementation: object, version: str = "") -> str:
        """Serve another object as the latest version; the earlier ones stay, for those who ask for them.

        Returns:
            The version's id.

        Raises:
            ConfigError: A method cannot be served, or there is such a version.
        """
        version = version or f"testing-{len(self._versions) + 1}"
        if version in self._versions:
            raise ConfigError(f"there is a version {version!r} already; give it another name")
        self._versions = {**self._versions, version: served(implementation)}
        return version

    def streams(self) -> dict[str, bool]:
        """The methods of all versions, and whether each answers with a stream."""
        return {
            name: method.type != UNARY
            for methods in self._versions.values()
            for name, method in methods.items()
        }

    def _methods(self, version: str) -> Mapping[str, Served]:
        versions = self._versions
        return versions.get(version) or versions[next(reversed(versions))]

    # Calling.

    def predict(self, request: _proto.PostModelOutputsRequest) -> _proto.MultiOutputResponse:
        """PostModelOutputs: one output an input, or a failure of the whole."""
        return next(_to_the_end(self._predicted(request)))

    def _predicted(
        self, request: _proto.PostModelOutputsRequest
    ) -> Iterator[_proto.MultiOutputResponse]:
        methods = self._methods(request.version_id)
        if called(request) is None:
            yield _signatures(methods)
            return
        answer = _proto.MultiOutputResponse(status=_success())
        for method_input in request.inputs:
            method = _method(methods, method_input, UNARY)
            result = self._run(method, method.arguments(method_input.data))
            answer.outputs.append(_output(method, result))
        yield answer

    def generate(self, request: _proto.PostModelOutputsRequest) -> Answers:
        """GenerateModelOutputs: an answer an item, and a last one if the method fails."""
        return _to_the_end(self._generated(request))

    def _generated(
        self, request: _proto.PostModelOutputsRequest
    ) -> Iterator[_proto.MultiOutputResponse]:
        method_input = _only_input(request)
        method = _method(self._methods(request.version_id), method_input, SERVER_STREAM)
        for item in self._run(method, method.arguments(method_input.data)):
            yield _answer(method, item)

    def stream(
        self,
        first: _proto.PostModelOutputsRequest,
        others: Iterator[_proto.PostModelOutputsRequest],
    ) -> Answers:
        """StreamModelOutputs: the first request carries the arguments, each carries an item.

        A request is taken when the method asks for its item, so answers go out in between.
        """
        return _to_the_end(self._streamed(first, others))

    def _streamed(
        self,
        first: _proto.PostModelOutputsRequest,
        others: Iterator[_proto.PostModelOutputsRequest],
    ) -> Iterator[_proto.MultiOutputResponse]:
        method_input = _only_input(first)
        method = _method(self._methods(first.version_id), method_input, BIDI_STREAM)
        assert method.stream is not None
        arguments = method.arguments(method_input.data)
        arguments[method.stream] = _items(method, arguments[method.stream], others)
        for item in self._run(method, arguments):
            yield _answer(method, item)

    def _run(self, method: Served, arguments: dict[str, Any]) -> Any:
        self.record.add(method.name, arguments, method.stream)
        return method.function(**arguments)

    # Discovery.

    def get_model(self, request: _proto.GetModelRequest) -> _proto.SingleModelResponse:
        """GetModel: the model that was asked for, whichever it is."""
        user_app, version = request.user_app_id, self._version(request, request.version_id)
        model = _proto.Model(
            id=request.model_id,
            user_id=user_app.user_id,
            app_id=user_app.app_id,
            model_version=version,
        )
        return _proto.SingleModelResponse(status=_success(), model=model)

    def get_model_version(
        self, request: _proto.GetModelVersionRequest
    ) -> _proto.SingleModelVersionResponse:
        """GetModelVersion: the version that was asked for, with the signatures."""
        return _proto.SingleModelVersionResponse(
            status=_success(), model_version=self._version(request, request.version_id)
        )

    def list_model_versions(
        self, request: _proto.ListModelVersionsRequest
    ) -> _proto.MultiModelVersionResponse:
        """ListModelVersions: all versions, the latest first, on the first page."""
        versions = reversed(self._versions) if request.page <= 1 else ()
        return _proto.MultiModelVersionResponse(
            status=_success(), model_versions=[self._version(request, id_) for id_ in versions]
        )

    def _version(
        self,
        request: (
            _proto.GetModelRequest | _proto.GetModelVersionRequest | _proto.ListModelVersionsRequest
        ),
        asked: str,
    ) -> _proto.ModelVersion:
        return _proto.ModelVersion(
            id=asked or next(reversed(self._versions)),
            status=_proto.Status(code=MODEL_TRAINED, description="Model is trained and ready"),
            user_id=request.user_app_id.user_id,
            app_id=request.user_app_id.app_id,
            method_signatures=[
                _proto.MethodSignature(**_numbered(method.signature))
                for method in self._methods(asked).values()
            ],
        )


def _to_the_end(answers: Iterator[_proto.MultiOutputResponse]) -> Answers:
    """Answers, and in place of whatever the model raises the failure that its caller is told."""
    try:
        yield from answers
    except Exception as error:  # noqa: BLE001  a model may raise anything
        yield _failed(error)


def called(request: _proto.PostModelOutputsRequest) -> str | None:
    """The method that a request calls; None if it asks which there are."""
    name = _method_name(request.inputs[0]) if request.inputs else ""
    return None if name == _DISCOVERY else name


def _method_name(method_input: _proto.Input) -> str:
    return method_input.data.metadata.fields["_method_name"].string_value


def _method(methods: Mapping[str, Served], method_input: _proto.Input, type_: str) -> Served:
    name = _method_name(method_input)
    method = methods.get(name)
    if method is None:
        raise ValueError(f"Method {name} not found in model class")
    if method.type != type_:
        raise ValueError(f"Method {name} is {method.type}, and was called as {type_}")
    return method


def _signatures(methods: Mapping[str, Served]) -> _proto.MultiOutputResponse:
    signatures = {name: _camel_case(method.signature) for name, method in methods.items()}
    output = _proto.Output(
        status=_success(), data=_proto.Data(text=_proto.Text(raw=json.dumps(signatures)))
    )
    return _proto.MultiOutputResponse(status=_success(), outputs=[output])


def _only_input(request: _proto.PostModelOutputsRequest) -> _proto.Input:
    if len(request.inputs) != 1:
        raise ValueError(f"Streaming requires exactly one input, not {len(request.inputs)}")
    return request.inputs[0]


def _items(
    method: Served, first: Any, requests: Iterator[_proto.PostModelOutputsRequest]
) -> Iterator[Any]:
    yield first
    for request in requests:
        yield method.item(_only_input(request).data)


def _output(method: Served, result: Any) -> _proto.Output:
    output = _proto.Output(status=_success())
    method.write(result, output.data)
    return output


def _answer(method: Served, item: Any) -> _proto.MultiOutputResponse:
    return _proto.MultiOutputResponse(status=_success(), outputs=[_output(method, item)])


def _success() -> _proto.Status:
    return _proto.Status(code=SUCCESS)


def _failed(error: Exception) -> _proto.MultiOutputResponse:
    """What the platform answers when a model raises: a status, and no output."""
    trace = "".join(traceback.format_exception(error)).split("\n")
    return _proto.MultiOutputResponse(
        status=_proto.Status(code=FAILURE, details=str(error), stack_trace=trace)
    )


def _camel_case(signature: dict[str, Any]) -> dict[str, Any]:
    """A signature in the form in which models tell their own."""
    return {
        re.sub("_(.)", lambda match: match[1].upper(), key): _in_each(_camel_case, key, value)
        for key, value in signature.items()
    }


def _numbered(signature: dict[str, Any]) -> dict[str, Any]:
    """A signature with the numbers of its enums, as a message takes them."""
    return {
        key: _NUMBERS[key][value] if key in _NUMBERS else _in_each(_numbered, key, value)
        for key, value in signature.items()
    }


def _in_each(change: Callable[[dict[str, Any]], dict[str, Any]], key: str, value: Any) -> Any:
    """A value of a signature, with a change made to each of the fields it may hold."""
    return [change(field) for field in value] if key in _HOLD_FIELDS else value
