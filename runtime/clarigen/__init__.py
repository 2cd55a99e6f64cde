"""The runtime of typed clients for models deployed on Clarifai.

Generated packages are built on it. This package exports the public names that applications use: the bases of
clients, the values that models take and return, and the errors. Importing it loads neither grpc nor protobuf.
"""

from ._async.batch import AsyncBatch
from ._async.client import AsyncClient
from ._async.stream import AsyncStream
from ._calls.response import Recording, Response, Usage
from ._data import (
    JSON,
    SERVER_DEFAULT,
    Audio,
    Box,
    Concept,
    Default,
    Frame,
    Image,
    JSONValue,
    Point,
    Region,
    SequenceNotStr,
    Text,
    Video,
)
from ._model_ref import ModelRef
from ._sync.batch import Batch
from ._sync.client import Client
from ._sync.stream import Stream
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
    TransportError,
    UnavailableError,
)

__all__ = [
    "JSON",
    "SERVER_DEFAULT",
    "AsyncBatch",
    "AsyncClient",
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
    "Frame",
    "Image",
    "InputError",
    "JSONValue",
    "ModelError",
    "ModelNotReadyError",
    "ModelRef",
    "NotFoundError",
    "PermissionDeniedError",
    "Point",
    "PredictionError",
    "RateLimitError",
    "Recording",
    "Region",
    "Response",
    "SequenceNotStr",
    "ServerError",
    "SignatureMismatchError",
    "Stream",
    "Text",
    "TransportError",
    "UnavailableError",
    "Usage",
    "Video",
    "__version__",
]
