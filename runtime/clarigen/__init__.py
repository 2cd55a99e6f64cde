"""The runtime of typed clients for models deployed on Clarifai.

Generated packages stand on this one, and applications find here everything they handle: the base of
clients, the values that models take and return, the errors. Importing it loads neither grpc nor
protobuf.
"""

from ._aio import AsyncClient
from ._aio_batch import AsyncBatch
from ._aio_stream import AsyncStream
from ._client import Client
from ._client_batch import Batch
from ._client_stream import Stream
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
from ._reference import ModelRef
from ._response import Recording, Response, Usage
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
