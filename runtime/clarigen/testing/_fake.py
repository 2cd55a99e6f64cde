"""Fakes: clients that call functions instead of a model. They are instances of the generated classes.

`_signature_check` decides whether a function can replace a method, and `_fake_calls` calls it. Protobuf is
imported when a fake is created, so that importing `clarigen.testing` stays cheap.
"""

from __future__ import annotations

import inspect
import sys
from functools import partial
from types import new_class
from typing import TYPE_CHECKING, Any, ClassVar, Final, NoReturn, Protocol, TypeVar, cast

from .._async.client import AsyncClient
from .._client.base import ClientBase
from .._drift.check import find_package
from .._sync.client import Client
from .._wire.codec import describe
from .._wire.method import Method, Streaming, Unary
from .._wire.tool import Tool
from ..errors import ConfigError, suggest
from ._call_log import Call, CallLog
from ._signature_check import check_function, is_async

if TYPE_CHECKING:
    from .._openai.model import OpenAIModelBase
    from ._fake_calls import FakeMethod
    from ._fake_mcp import FakeMcpServer, Replacement

_Client = TypeVar("_Client", bound=ClientBase)


class FakeFunction(Protocol):
    """A function that replaces a method. Type checkers infer the parameters of a lambda from it: each is Any."""

    def __call__(
        self,
        a: Any,
        b: Any,
        c: Any,
        d: Any,
        e: Any,
        f: Any,
        g: Any,
        h: Any,
        /,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        """Return the result of the method, given its arguments by name."""


_UNUSED_URL: Final = "grpc://127.0.0.1:1"
"""The base URL of a fake, which never connects."""

MCP_NAMES: Final = ("resources", "read_resource", "prompts", "prompt")
"""The methods of every MCP model that can be replaced, in addition to its tools."""


def fake(client_class: type[_Client], /, **functions: FakeFunction | object) -> _Client:
    """Create a client whose methods call functions, for tests without a server or a credential.

        def detect(image: Image, threshold: float) -> list[Region]:
            return [Region(box=Box(0, 0, 1, 1))]

        model = fake(Detector, predict=detect)
        assert count_objects(model, picture) == 1  # a function of the application
        assert calls(model) == [("predict", {"image": picture, "threshold": 0.5})]

    A function replaces the method that its keyword names. It is called with the method's arguments by
    name. It may lack parameters for options, as if it were written before the method had them; a call that
    passes one of these raises ConfigError. The arguments are checked and converted as on the way to a model, and omitted ones have the
    method's defaults. A stream of inputs arrives as an iterator. A batch calls the function once per input.

    The function returns a result, or an iterable of results if the method returns a stream; results are
    checked too. An exception propagates unchanged to the caller. Instead of a function, you may pass a
    result, or an exception to raise.

    If the class is an asyncio client, a function may be async, or an async generator. An async function
    receives a stream of inputs as an async iterator, item by item. A synchronous one is called when the
    stream has ended, with an iterator over all items.

    Args:
        client_class: A generated class, such as `Detector` or `AsyncDetector`.
        **functions: The replacement of each method that the test calls. `openai` is that of an OpenAI-compatible
            model: a function of the body of a request, as for `OpenAITransports`. An MCP model also has
            `resources`, `read_resource`, `prompts` and `prompt`. The function for `read_resource` gets the URI, and
            that for `prompt` the name and the arguments; both may return a string as the whole content. `mcp()`
            answers with the same replacements.

    Returns:
        The client.

    Raises:
        ConfigError: There is no such method, or the function cannot replace it.
    """
    cls: Any = client_class
    if not (inspect.isclass(cls) and issubclass(cls, ClientBase)):
        raise ConfigError(
            f"fake(…): the first argument must be a generated class, not {describe(cls)}"
        )
    methods, call_log = _find_methods(client_class), CallLog()
    fake_methods: dict[str, FakeMethod] = {}
    offer: dict[str, Replacement] = {}
    is_mcp = _is_mcp(client_class)
    for name, function in functions.items():
        if is_mcp and name in MCP_NAMES:
            offer[name] = _build_replacement(client_class, name, function, call_log)
            continue
        if name == "openai" and _is_openai(client_class):
            fake_methods |= _build_openai_methods(client_class, function, call_log)
            continue
        method = _look_up_method(client_class, methods, name)
        fake_methods[method.name] = _build_fake_method(
            client_class, name, method, function, call_log
        )
    attributes = {
        "__module__": client_class.__module__,
        "__qualname__": client_class.__qualname__,
        "__doc__": client_class.__doc__,
        "_fake_methods": fake_methods,
        "_call_log": call_log,
        "_fake_mcp": _build_mcp_server(client_class, fake_methods, offer) if is_mcp else None,
    }
    base: Any = AsyncFake if issubclass(client_class, AsyncClient) else Fake
    fake_class: Any = new_class(
        client_class.__name__, (base, client_class), None, lambda body: body.update(attributes)
    )
    instance: _Client = fake_class(base_url=_UNUSED_URL, pat="none")
    return instance


def calls(client: ClientBase) -> list[Call]:
    """Return the calls of a fake's functions, in the order in which they started.

    Args:
        client: A fake, or a view that `with_options` made of it.

    Raises:
        ConfigError: The client is not a fake.
    """
    if not isinstance(client, FakeBase):
        raise ConfigError(f"this {type(client).__name__} is not a fake; create one with fake(…)")
    call_log: CallLog = vars(type(client))["_call_log"]
    return call_log.list_calls()


# The methods of a generated class, and their replacements.


def _find_methods(client_class: type[ClientBase]) -> dict[str, Method[Any]]:
    """Return the wire descriptions of a generated class's methods, by their names in Python.

    The descriptions are constants of the module that defines the class. A method that a user adds in a
    subclass has no description, so it is not replaced.
    """
    methods: dict[str, Method[Any]] = {}
    for owner in reversed(client_class.__mro__):
        for value in vars(sys.modules[owner.__module__]).values():
            if isinstance(value, Method) and value.name in vars(owner):
                methods[value.name] = value
    return methods


def _look_up_method(
    client_class: type[ClientBase], methods: dict[str, Method[Any]], name: str
) -> Method[Any]:
    if name in methods:
        return methods[name]
    unary_name = next(
        (m.name for m in methods.values() if isinstance(m, Unary) and m.batch_name == name), ""
    )
    if unary_name and hasattr(client_class, name):
        hint = f"; `{name}` calls the replacement of `{unary_name}` once per input"
    else:
        hint = suggest(name, methods, "`{}`".format) or f"; it has {', '.join(methods) or 'none'}"
    raise ConfigError(
        f"fake({client_class.__name__}, {name}=…): there is no method of this name{hint}"
    )


def _is_openai(client_class: type[ClientBase]) -> bool:
    """Return whether a class is of an OpenAI-compatible model. Its base is loaded if it is."""
    module = sys.modules.get("clarigen._openai.model")
    return module is not None and issubclass(client_class, module.OpenAIModelBase)


def _is_mcp(client_class: type[ClientBase]) -> bool:
    """Return whether a class is of an MCP model. Its base is loaded if it is."""
    module = sys.modules.get("clarigen._mcp.client")
    return module is not None and issubclass(client_class, (module.MCPModel, module.AsyncMCPModel))


def _build_mcp_server(
    client_class: type[ClientBase],
    fake_methods: dict[str, FakeMethod],
    offer: dict[str, Replacement],
) -> FakeMcpServer:
    from ._fake_mcp import FakeMcpServer

    package = find_package(client_class, ClientBase)
    return FakeMcpServer(client_class.__name__, package, fake_methods, offer)


def _build_replacement(
    client_class: type[ClientBase], name: str, replacement: Any, call_log: CallLog
) -> Replacement:
    """Build the replacement of a method for prompts or resources, from a function, a result or an exception.

    Raises:
        ConfigError: The replacement does not match the method.
    """
    from ._fake_mcp import Replacement, check_fixed

    if _is_error(replacement):
        function = partial(_raise_error, replacement)
    elif callable(replacement):
        _check_async(client_class, name, replacement)
        function = replacement
    else:
        check_fixed(name, replacement)
        function = partial(_return_fixed, replacement)
    return Replacement(name, function, call_log)


def _check_async(client_class: type[ClientBase], name: str, function: Any) -> None:
    """Raise `ConfigError` if a function is async, and the client is not."""
    if is_async(function) and not issubclass(client_class, AsyncClient):
        raise ConfigError(
            f"fake({client_class.__name__}, {name}=…): the function must not be async; only the fake of an asyncio"
            " client accepts one"
        )


def _build_openai_methods(
    client_class: type[ClientBase], handler: Any, call_log: CallLog
) -> dict[str, FakeMethod]:
    """Build the fakes of both transports of an OpenAI-compatible model.

    Args:
        client_class: The generated class.
        handler: The function that answers requests, an answer, or an exception to raise.
        call_log: The log to which the requests are added.
    """
    from .._openai.model import make_transports
    from ._fake_calls import FakeMethod
    from ._openai import OpenAIHandler

    asynchronous: bool = issubclass(client_class, AsyncClient)
    if callable(handler):
        _check_async(client_class, "openai", handler)
    function = partial(_raise_error, handler) if _is_error(handler) else handler
    answers, unlogged = OpenAIHandler(function, call_log), CallLog(0)
    transports = make_transports(cast("type[OpenAIModelBase]", client_class))
    return {
        transports.unary.name: FakeMethod(
            "openai", transports.unary, answers.answer, asynchronous, unlogged
        ),
        transports.stream.name: FakeMethod(
            "openai", transports.stream, answers.stream, asynchronous, unlogged
        ),
    }


def _build_fake_method(
    client_class: type[ClientBase],
    name: str,
    method: Method[Any],
    replacement: Any,
    call_log: CallLog,
) -> FakeMethod:
    """Build the fake of a method from its replacement: a function, a result or an exception.

    Raises:
        ConfigError: The replacement does not match the method.
    """
    from ._fake_calls import FakeMethod

    asynchronous = issubclass(client_class, AsyncClient)
    build = partial(
        FakeMethod,
        name,
        _remove_placeholders(method),
        asynchronous=asynchronous,
        call_log=call_log,
    )
    if _is_error(replacement):
        return build(partial(_raise_error, replacement))
    if callable(replacement):
        subject = f"fake({client_class.__name__}, {name}=…)"
        ignored = check_function(subject, replacement, method, asynchronous=asynchronous)
        return build(replacement, is_function_async=is_async(replacement), ignored=ignored)
    fake_method = build(partial(_return_result, replacement))
    fake_method.check_result(replacement)
    return fake_method


def _is_error(replacement: Any) -> bool:
    return isinstance(replacement, BaseException) or (
        inspect.isclass(replacement) and issubclass(replacement, BaseException)
    )


def _raise_error(error: Any, *_: object, **__: object) -> Any:
    raise error


def _return_result(result: Any, **_: object) -> Any:
    return result


def _return_fixed(result: Any, *_: object, **__: object) -> Any:
    return result


def _remove_placeholders(method: Method[Any]) -> Method[Any]:
    """Return a copy of a method that sends a part for each argument, but no placeholder for an omitted one.

    Methods whose arguments travel in another way get parts too: within a fake, nothing else reads them. Only tools
    keep theirs, because their codecs write JSON.

    Clients send a placeholder because a model server may read another argument in place of the omitted one
    (`Codec.misread_when_absent`). A fake does not.
    """
    if isinstance(method, Tool):
        return method
    fields = (
        field._replace(codec=field.codec._replace(misread_when_absent=False))
        for field in method.fields
    )
    description = (method.wire_name, method.name, method.rpc, tuple(fields), method.returns)
    return Streaming(*description) if isinstance(method, Streaming) else Unary(*description)


# The clients.


class FakeBase(ClientBase):
    """The common base class of sync and async fakes."""

    _fake_methods: ClassVar[dict[str, FakeMethod]]
    _fake_mcp: ClassVar[FakeMcpServer | None]

    def __reduce__(self) -> NoReturn:
        raise TypeError("a fake cannot be pickled: its functions and calls belong to this process")

    def __repr__(self) -> str:
        return f"<fake {type(self).__name__}>"


class Fake(FakeBase, Client):
    """Base class of fakes of synchronous clients."""

    def _open_connection(self) -> None:
        from ._fake_connection import FakeConnection

        self._connection = FakeConnection(self._fake_methods, type(self).__name__, self._fake_mcp)


class AsyncFake(FakeBase, AsyncClient):
    """Base class of fakes of asyncio clients."""

    def _open_connection(self) -> None:
        from ._fake_connection import AsyncFakeConnection

        self._connection = AsyncFakeConnection(
            self._fake_methods, type(self).__name__, self._fake_mcp
        )
