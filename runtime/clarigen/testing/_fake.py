"""Fakes: clients of a generated class whose methods call functions, without a server.

What lives here: `fake` and `calls`, and which methods a generated class has. Whether a function fits a
method is `_fits`'s, how it is called `_fake_flows`'. Protobuf is imported when a fake is made.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from difflib import get_close_matches
from functools import partial
from types import new_class
from typing import TYPE_CHECKING, Any, ClassVar, Final, NoReturn, TypeVar

from .._async.client import AsyncClient
from .._async.stream import AsyncStream, iterate_async
from .._client.base import ClientBase
from .._sync.client import Client
from .._sync.stream import Stream
from .._wire.codec import describe
from .._wire.method import Method, Streaming, Unary
from ..errors import ConfigError
from ._call_log import Call, CallLog
from ._signature_check import check_function, is_async

if TYPE_CHECKING:
    from ._fake_calls import FakeMethod, FakeWork

_R = TypeVar("_R")
_Client = TypeVar("_Client", bound=ClientBase)

_NOWHERE: Final = "grpc://127.0.0.1:1"
"""The server of a fake: none is ever asked."""


def fake(client: type[_Client], /, **functions: object) -> _Client:
    """A client whose methods call functions: for tests that need neither a server nor a credential.

        def detect(image: Image, threshold: float) -> list[Region]:
            return [Region(box=Box(0, 0, 1, 1))]

        model = fake(Detector, predict=detect)
        assert count_objects(model, picture) == 1
        assert calls(model) == [("predict", {"image": picture, "threshold": 0.5})]

    Each function is given for a method, under the method's name, and is called with the method's
    arguments by name: those that the caller left out have the method's default, and all of them
    are checked, and arrive, as they would at the model. What it returns is checked as well: a
    result, or for a method with a stream an iterable of results. What it raises reaches the caller as it is. A
    batch calls it once an input. A method that takes a stream gives it an iterator.

    In place of a function there may be a result, or an exception to raise.

    For the asyncio twin a function may be async as well, and one that yields may be an async
    generator; only async ones are given a stream of inputs as it comes, as an async iterator.

    Args:
        client: A generated class: `Detector`, or `AsyncDetector`.
        **functions: For each method that is called, what stands for it.

    Returns:
        The client.

    Raises:
        ConfigError: There is no such method, or the function does not fit it.
    """
    given: Any = client
    if not (inspect.isclass(given) and issubclass(given, ClientBase)):
        raise ConfigError(f"fake takes a generated class, not {describe(given)}")
    methods, record = _find_methods(client), CallLog()
    faked: dict[str, FakeMethod] = {}
    for name, function in functions.items():
        method = _find_method(client, methods, name)
        faked[method.name] = _build_fake_method(client, name, method, function, record)
    attributes = {
        "__module__": client.__module__,
        "__qualname__": client.__qualname__,
        "__doc__": client.__doc__,
        "_faked": faked,
        "_record": record,
    }
    base: Any = AsyncFake if issubclass(client, AsyncClient) else Fake
    kind: Any = new_class(
        client.__name__, (base, client), None, lambda body: body.update(attributes)
    )
    made: _Client = kind(base_url=_NOWHERE, pat="none")
    return made


def calls(client: ClientBase) -> list[Call]:
    """The calls of a fake's functions, in the order in which they began.

    Args:
        client: What `fake` made, or a view of it.

    Raises:
        ConfigError: It is no fake.
    """
    if not isinstance(client, FakeBase):
        raise ConfigError(f"this {type(client).__name__} is no fake; make one with fake(…)")
    record: CallLog = vars(type(client))["_record"]
    return record.calls()


# The methods of a generated class, and what stands for them.


def _find_methods(client: type[ClientBase]) -> dict[str, Method[Any]]:
    """The methods of a generated class, by their names in Python, with their descriptions.

    Their bodies are one line each, which names the description that stands in their module. What its
    user has added in a subclass names none, and stays as it is.
    """
    found: dict[str, Method[Any]] = {}
    for owner in reversed(client.__mro__):
        for name, function in vars(owner).items():
            if inspect.isfunction(function) and "_batch" not in function.__code__.co_names:
                for named in inspect.getclosurevars(function).globals.values():
                    if isinstance(named, Method):
                        found[name] = named
    return found


def _find_method(
    client: type[ClientBase], methods: dict[str, Method[Any]], name: str
) -> Method[Any]:
    if name in methods:
        return methods[name]
    single = name.removesuffix("_batch")
    if single in methods and hasattr(client, name):
        hint = f"; `{name}` calls what is given for `{single}`, once an input"
    else:
        near = get_close_matches(name, methods, n=1)
        hint = (
            f"; did you mean `{near[0]}`?" if near else f"; it has {', '.join(methods) or 'none'}"
        )
    raise ConfigError(f"fake({client.__name__}, {name}=…): there is no method of this name{hint}")


def _build_fake_method(
    client: type[ClientBase], name: str, method: Method[Any], given: Any, record: CallLog
) -> FakeMethod:
    """A method with what stands for it.

    Raises:
        ConfigError: That does not fit.
    """
    from ._fake_calls import FakeMethod

    asynchronous = issubclass(client, AsyncClient)
    made = partial(
        FakeMethod,
        name,
        _without_misread_defaults(method),
        asynchronous=asynchronous,
        call_log=record,
    )
    if _is_error(given):
        return made(partial(_fail, given))
    if callable(given):
        where = f"fake({client.__name__}, {name}=…)"
        check_function(where, given, method, asynchronous=asynchronous)
        return made(given, is_async=is_async(given))
    faked = made(partial(_return, given))
    faked.check_result(given)
    return faked


def _is_error(given: Any) -> bool:
    return isinstance(given, BaseException) or (
        inspect.isclass(given) and issubclass(given, BaseException)
    )


def _fail(error: Any, **_: object) -> Any:
    raise error


def _return(result: Any, **_: object) -> Any:
    return result


def _without_misread_defaults(method: Method[Any]) -> Method[Any]:
    """A method of which nothing is sent for the sake of servers that mistake what is left out."""
    fields = (
        field._replace(codec=field.codec._replace(misread_when_absent=False))
        for field in method.fields
    )
    return type(method)(method.wire_name, method.name, method.rpc, tuple(fields), method.returns)


# The clients.


class FakeBase(ClientBase):
    """What both twins of a fake have in common."""

    _faked: ClassVar[dict[str, FakeMethod]]
    _connection: Any

    def _fake_method(self, method: Method[Any]) -> FakeMethod:
        """What stands for a method.

        Raises:
            ConfigError: Nothing does.
        """
        if method.name not in self._faked:
            kind, name = type(self).__name__, method.name
            raise ConfigError(f"{name}: this fake has no such function; fake({kind}, {name}=…)")
        return self._faked[method.name]

    def _one(self, method: Unary[_R], /, *values: object) -> Any:
        from ._fake_calls import unary

        return self._connection.run(unary(self._fake_method(method), values, self._context()))

    def _batch_factory(self, method: Unary[_R]) -> Callable[[bool], FakeWork]:
        from ._fake_calls import FakeWork

        faked, context, concurrency = (
            self._fake_method(method),
            self._context(),
            self._batch_limits[1] or 1,
        )
        return lambda isolate: FakeWork(faked, context, concurrency, isolate=isolate)

    def _readiness(self, timeout: float | None) -> Any:
        del timeout
        yield from ()  # a fake need not be waited for

    def __reduce__(self) -> NoReturn:
        raise TypeError("a fake is not pickled: its functions and its calls belong to this process")

    def __repr__(self) -> str:
        return f"<fake {type(self).__name__}>"


class Fake(FakeBase, Client):
    """The base of fakes of synchronous clients."""

    def _open(self) -> None:
        from ._fake_calls import FakeConnection

        self._connection = FakeConnection()

    def _stream(self, method: Streaming[_R], /, *values: object) -> Stream[_R]:
        from ._fake_calls import stream

        items = method.stream_argument(values)
        taken = iter(items) if items is not None else None
        flow: Any = stream(self._fake_method(method), values, self._context(), taken)
        return Stream(flow, self._connection, None)


class AsyncFake(FakeBase, AsyncClient):
    """The base of fakes of asyncio clients."""

    def _open(self) -> None:
        from ._fake_calls import AsyncFakeConnection

        self._connection = AsyncFakeConnection()

    def _stream(self, method: Streaming[_R], /, *values: object) -> AsyncStream[_R]:
        from ._fake_calls import stream

        items = method.stream_argument(values, asynchronous=True)
        taken = iterate_async(items) if items is not None else None
        flow: Any = stream(self._fake_method(method), values, self._context(), taken)
        return AsyncStream(flow, self._connection, None)
