"""One gRPC channel: its options, its certificates and its interceptors.

grpc is imported when a channel is opened, because importing a generated package must not load it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .._version import __version__
from ..errors import ConfigError

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from .endpoint import Target

MAX_MESSAGE_BYTES: Final = 1 << 30
"""The largest message, as on the platform's servers; grpc's default is 4 MiB."""

_INTERCEPTOR_KINDS: Final = ("UnaryUnary", "UnaryStream", "StreamUnary", "StreamStream")
"""The first part of the names of interceptor classes, in grpc and in grpc.aio."""


def open_channel(
    target: Target,
    certificates: str,
    loop: AbstractEventLoop | None,
    interceptors: tuple[Any, ...],
) -> Any:
    """Open a channel of grpc, or of grpc.aio if there is an event loop.

    Args:
        target: The server.
        certificates: Path of a PEM file with root certificates; empty for grpc's own.
        loop: The event loop that uses the channel; None for a synchronous client.
        interceptors: The client's interceptors, the outermost first.

    Raises:
        ConfigError: The certificates cannot be read, or an interceptor is of the wrong kind.
    """
    import grpc
    import grpc.aio

    options = [
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
        ("grpc.enable_retries", 0),  # `_calls` retries
        # Without it, a forked child's channel would take over connections of the parent.
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.primary_user_agent", f"clarigen/{__version__}"),
        # A proxy named by the environment must not see calls to this machine, or their credentials.
        ("grpc.enable_http_proxy", not target.loopback),
    ]
    module: Any = grpc if loop is None else grpc.aio
    _check_interceptors(interceptors, module)
    keywords = {} if loop is None else {"interceptors": interceptors}
    if target.secure:
        credentials = grpc.ssl_channel_credentials(_read_root_certificates(certificates))
        channel = module.secure_channel(target.address, credentials, options, **keywords)
    else:
        channel = module.insecure_channel(target.address, options, **keywords)
    if loop is None and interceptors:  # `intercept_channel` imports a module even if there are none
        return grpc.intercept_channel(channel, *interceptors)
    return channel


def _check_interceptors(interceptors: tuple[Any, ...], module: Any) -> None:
    kinds = tuple(getattr(module, f"{kind}ClientInterceptor") for kind in _INTERCEPTOR_KINDS)
    for interceptor in interceptors:
        if not isinstance(interceptor, kinds):
            raise ConfigError(
                f"`interceptors` must be client interceptors of {module.__name__},"
                f" not {type(interceptor).__name__}; Client takes those of grpc, AsyncClient those of grpc.aio"
            )


def _read_root_certificates(path: str) -> bytes | None:
    """Return the content of a PEM file; None if the path is empty, for grpc's own certificates."""
    if not path:
        return None
    from pathlib import Path

    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ConfigError(
            f"the file that CLARIFAI_ROOT_CERTIFICATES_PATH names cannot be read: {error.strerror}"
        ) from None
