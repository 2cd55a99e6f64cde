"""The runtime of typed clients for models deployed on Clarifai.

Generated packages are built on it. This package exports the public names that applications use: the bases of
clients, the values that models take and return, and the errors. Importing it loads neither grpc nor protobuf.
The bases for kinds of models are imported when they are first used.
"""

from typing import TYPE_CHECKING, Any, Final

from ._async.batch import AsyncBatch
from ._async.client import AsyncClient
from ._async.stream import AsyncStream
from ._calls.response import Recording, Response, Usage
from ._data import (
    Audio,
    Box,
    Concept,
    Embedding,
    Frame,
    Image,
    Keypoint,
    Point,
    Region,
    Text,
    Video,
)
from ._model_ref import ModelRef
from ._sync.batch import Batch
from ._sync.client import Client
from ._sync.stream import Stream
from ._types import JSON, KNOWN_DEFAULT, SERVER_DEFAULT, Default, JSONValue, SequenceNotStr
from ._version import __version__
from .errors import (
    AuthenticationError,
    ClarigenError,
    ConfigError,
    DeadlineExceededError,
    DecodeError,
    InputError,
    ModelError,
    ModelNotReadyError,
    NotFoundError,
    PermissionDeniedError,
    PredictionError,
    RateLimitError,
    ServerError,
    SignatureMismatchError,
    ToolError,
    TransportError,
    UnavailableError,
)

if TYPE_CHECKING:
    from typing_extensions import ReadOnly

    from ._mcp.client import AsyncMCPModel, MCPModel
    from ._mcp.results import (
        Prompt,
        PromptArgument,
        PromptMessage,
        PromptResult,
        Resource,
        ResourceContent,
    )
    from ._method_schema import json_schema
    from ._openai.model import AsyncOpenAIModel, OpenAIModel
    from ._tool_result import ToolResult

__all__ = [
    "JSON",
    "KNOWN_DEFAULT",
    "SERVER_DEFAULT",
    "AsyncBatch",
    "AsyncClient",
    "AsyncMCPModel",
    "AsyncOpenAIModel",
    "AsyncStream",
    "Audio",
    "AuthenticationError",
    "Batch",
    "Box",
    "ClarigenError",
    "Client",
    "Concept",
    "ConfigError",
    "DeadlineExceededError",
    "DecodeError",
    "Default",
    "Embedding",
    "Frame",
    "Image",
    "InputError",
    "JSONValue",
    "Keypoint",
    "MCPModel",
    "ModelError",
    "ModelNotReadyError",
    "ModelRef",
    "NotFoundError",
    "OpenAIModel",
    "PermissionDeniedError",
    "Point",
    "PredictionError",
    "Prompt",
    "PromptArgument",
    "PromptMessage",
    "PromptResult",
    "RateLimitError",
    "ReadOnly",
    "Recording",
    "Region",
    "Resource",
    "ResourceContent",
    "Response",
    "SequenceNotStr",
    "ServerError",
    "SignatureMismatchError",
    "Stream",
    "Text",
    "ToolError",
    "ToolResult",
    "TransportError",
    "UnavailableError",
    "Usage",
    "Video",
    "__version__",
    "json_schema",
]

_LAZY_MODULES: Final = {
    "AsyncMCPModel": "_mcp.client",
    "AsyncOpenAIModel": "_openai.model",
    "MCPModel": "_mcp.client",
    "OpenAIModel": "_openai.model",
    "Prompt": "_mcp.results",
    "PromptArgument": "_mcp.results",
    "PromptMessage": "_mcp.results",
    "PromptResult": "_mcp.results",
    "ReadOnly": "_types",
    "Resource": "_mcp.results",
    "ResourceContent": "_mcp.results",
    "ToolResult": "_tool_result",
    "json_schema": "_method_schema",
}
"""The names that few packages use, or that are another thing for type checkers: their modules, loaded on first use."""


def __getattr__(name: str) -> Any:
    """Load the module that defines a name; see `_LAZY_MODULES`."""
    module = _LAZY_MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f".{module}", __name__), name)
    globals()[name] = value
    return value
