"""A stand-in of the platform on a loopback port, built from the official service classes.

`with Standin() as platform:` checks credentials, answers GetUser, GetModel, GetModelVersion and PostModelOutputs,
injects failures and records its calls. PostModelOutputs answers `_GET_SIGNATURES` with signatures, and every other
method with its first argument. This module must not use our own messages: what the official package decodes is what
the platform would decode.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any, Final, Self

import grpc
import trustme
from clarifai_grpc.grpc.api import resources_pb2, service_pb2, service_pb2_grpc
from google.protobuf import json_format

SUCCESS: Final = 10000
FAILURE: Final = 10020
KEY_INVALID: Final = 11008
UNKNOWN_MODEL: Final = 21200
UNKNOWN_DEPLOYMENT: Final = 25900
READY: Final = 21100

PAT: Final = "stand-in-pat"
OWNER: Final = ("acme", "vision")
MODEL: Final = "echo"
VERSION: Final = "4f1c0d5e9a2b4f0f8a3d6c7b8e9f0a1b"
SIGNATURES: Final[tuple[Mapping[str, Any], ...]] = (
    {
        "name": "predict",
        "method_type": "UNARY_UNARY",
        "description": "Give back the text.",
        "input_fields": [
            {"name": "prompt", "type": "STR", "required": True},
            {
                "name": "temperature",
                "type": "FLOAT",
                "default": "0.7",
                "is_param": True,
                "model_type_range_info": {"min": 0.1, "max": 2.0},
            },
        ],
        "output_fields": [{"name": "return", "type": "STR"}],
    },
)


@dataclass
class Version:
    """A version of the model.

    Attributes:
        signatures: The signatures that the platform stores; None for none.
        status: The status code: 21100 is ready.
        details: The details of the status.
    """

    signatures: Iterable[Mapping[str, Any]] | None = SIGNATURES
    status: int = READY
    details: str = ""


@dataclass(frozen=True)
class Call:
    """A received call: the name of the RPC, the request and the metadata."""

    rpc: str
    request: Any
    metadata: Mapping[str, str]


@dataclass
class Standin:
    """The stand-in. It runs inside its `with` block.

    Attributes:
        versions: The model's versions; the last one is the latest.
        answering: The version that its answers tell; empty for none.
        own_signatures: The model's own answer to `_GET_SIGNATURES`: signatures, or any text.
        failing: The RPCs that answer with a status, each with its code and details.
        hanging: The RPCs that never answer.
        model_type: The model's type; None if it has none.
        params_specs: The parameters that the model has in addition to those of its type.
        deployments: The deployments by id, each with whether it is disabled.
        names: The ids that reach the model.
        on_call: Callback, invoked with each call before it is answered.
        secure: Whether the port speaks TLS; `certificates` is then the file to trust.
        calls: The received calls.
    """

    versions: dict[str, Version] = field(default_factory=lambda: {VERSION: Version()})
    answering: str = ""
    own_signatures: Iterable[Mapping[str, Any]] | str = SIGNATURES
    failing: dict[str, tuple[int, str]] = field(default_factory=dict)
    hanging: set[str] = field(default_factory=set)
    model_type: Mapping[str, Any] | None = None
    params_specs: Iterable[Mapping[str, Any]] = ()
    deployments: dict[str, bool] = field(default_factory=dict)
    names: set[str] = field(default_factory=lambda: {MODEL})
    on_call: Callable[[Call], object] = id
    secure: bool = False
    calls: list[Call] = field(default_factory=list)
    port: int = field(init=False, default=0)
    certificates: str = field(init=False, default="")
    _stack: ExitStack = field(init=False, repr=False, default_factory=ExitStack)

    @property
    def base_url(self) -> str:
        """The base URL for clients."""
        return f"{'https' if self.secure else 'http'}://localhost:{self.port}"

    @property
    def rpcs(self) -> list[str]:
        """The names of the received RPCs, in order."""
        return [call.rpc for call in self.calls]

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            pool = stack.enter_context(ThreadPoolExecutor(8))
            server = grpc.server(pool)
            service_pb2_grpc.add_V2Servicer_to_server(self._service(), server)
            self.port = self._listen(server, stack)
            server.start()
            stack.callback(lambda: server.stop(0).wait())
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _listen(self, server: grpc.Server, stack: ExitStack) -> int:
        if not self.secure:
            return server.add_insecure_port("localhost:0")
        authority = trustme.CA()
        certificate = authority.issue_cert("localhost")
        chain = b"".join(blob.bytes() for blob in certificate.cert_chain_pems)
        folder = stack.enter_context(TemporaryDirectory())
        self.certificates = str(Path(folder) / "authority.pem")
        authority.cert_pem.write_to_path(self.certificates)
        credentials = grpc.ssl_server_credentials([(certificate.private_key_pem.bytes(), chain)])
        return server.add_secure_port("localhost:0", credentials)

    def _service(self) -> Any:
        """Return the official servicer with our answers. Other RPCs are UNIMPLEMENTED, as on the platform."""
        service = service_pb2_grpc.V2Servicer()
        for rpc, answer, response in (
            ("GetUser", self._user, service_pb2.SingleUserResponse),
            ("GetModel", self._model, service_pb2.SingleModelResponse),
            ("GetModelVersion", self._version, service_pb2.SingleModelVersionResponse),
            ("GetModelType", self._model_type, service_pb2.SingleModelTypeResponse),
            ("GetDeployment", self._deployment, service_pb2.SingleDeploymentResponse),
            ("PostModelOutputs", self.outputs, service_pb2.MultiOutputResponse),
        ):
            setattr(service, rpc, self._handler(rpc, answer, response))
        return service

    def _handler(self, rpc: str, answer: Any, response: Any) -> Any:
        def handle(request: Any, context: grpc.ServicerContext) -> Any:
            metadata = {key: str(value) for key, value in context.invocation_metadata()}
            self.calls.append(Call(rpc, request, metadata))
            self.on_call(self.calls[-1])
            code, details = self._refusal(rpc, request, metadata)
            if code:
                return response(status={"code": code, "details": details})
            if rpc in self.hanging:
                _wait_until_canceled(context)
            return answer(request)

        return handle

    def _refusal(self, rpc: str, request: Any, metadata: Mapping[str, str]) -> tuple[int, str]:
        if metadata.get("authorization") != f"Key {PAT}":
            return KEY_INVALID, "Invalid API key or Personal Access Token"
        if rpc in self.failing:
            return self.failing[rpc]
        if rpc == "GetDeployment":
            is_known = request.deployment_id in self.deployments
            return (0, "") if is_known else (UNKNOWN_DEPLOYMENT, "Deployment does not exist")
        if rpc == "GetUser":
            return 0, ""
        if rpc == "GetModelType":
            is_known = (
                self.model_type is not None and request.model_type_id == self.model_type["id"]
            )
            return (0, "") if is_known else (UNKNOWN_MODEL, "Model type does not exist")
        owner = (request.user_app_id.user_id, request.user_app_id.app_id)
        if owner != OWNER or request.model_id not in self.names:
            return UNKNOWN_MODEL, "Model does not exist"
        if request.version_id and request.version_id not in self.versions:
            return UNKNOWN_MODEL, "Model version does not exist"
        return 0, ""

    def _user(self, request: Any) -> Any:
        user_id = request.user_app_id.user_id
        user = {"id": OWNER[0] if user_id == "me" else user_id}
        return service_pb2.SingleUserResponse(status={"code": SUCCESS}, user=user)

    def _model(self, request: Any) -> Any:
        latest = request.version_id or list(self.versions)[-1]
        model: dict[str, Any] = {"id": MODEL, "model_version": {"id": latest}}
        if self.model_type is not None:
            model["model_type_id"] = self.model_type["id"]
            specs = [
                json_format.ParseDict(dict(spec), resources_pb2.ModelTypeField())
                for spec in self.params_specs
            ]
            model["model_version"]["output_info"] = resources_pb2.OutputInfo(params_specs=specs)
        return service_pb2.SingleModelResponse(status={"code": SUCCESS}, model=model)

    def _version(self, request: Any) -> Any:
        version = self.versions[request.version_id]
        return service_pb2.SingleModelVersionResponse(
            status={"code": SUCCESS},
            model_version=resources_pb2.ModelVersion(
                id=request.version_id,
                status={"code": version.status, "details": version.details},
                method_signatures=_messages(version.signatures or ()),
            ),
        )

    def _model_type(self, _: Any) -> Any:
        message = json_format.ParseDict(dict(self.model_type or {}), resources_pb2.ModelType())
        return service_pb2.SingleModelTypeResponse(status={"code": SUCCESS}, model_type=message)

    def _deployment(self, request: Any) -> Any:
        is_disabled = self.deployments[request.deployment_id]
        states = resources_pb2.Deployment.Status
        deployment = resources_pb2.Deployment(
            id=request.deployment_id, status=states.DISABLED if is_disabled else states.ENABLED
        )
        return service_pb2.SingleDeploymentResponse(status={"code": SUCCESS}, deployment=deployment)

    def outputs(self, request: Any) -> Any:
        """Answer PostModelOutputs, whatever the credential."""
        response = service_pb2.MultiOutputResponse(status={"code": SUCCESS})
        for message in request.inputs:
            output = response.outputs.add(status={"code": SUCCESS})
            if message.data.metadata["_method_name"] == "_GET_SIGNATURES":
                output.data.text.raw = self._own_text()
            else:
                output.data.parts.add(id="return", data=message.data.parts[0].data)
                output.model.model_version.id = self.answering
        return response

    def _own_text(self) -> str:
        if isinstance(self.own_signatures, str):
            return self.own_signatures
        messages = _messages(self.own_signatures)
        return json.dumps({entry.name: json_format.MessageToDict(entry) for entry in messages})


def _messages(signatures: Iterable[Mapping[str, Any]]) -> list[Any]:
    """Convert signatures to the official messages."""
    return [
        json_format.ParseDict(dict(signature), resources_pb2.MethodSignature())
        for signature in signatures
    ]


def _wait_until_canceled(context: grpc.ServicerContext) -> None:
    """Wait until the client cancels the call."""
    call_ended = Event()
    if context.add_callback(call_ended.set):
        call_ended.wait(30)
