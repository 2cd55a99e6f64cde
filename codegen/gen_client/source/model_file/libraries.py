"""What names of modules stand for: objects of the SDK, of typing, NumPy and Pillow that signatures are made of.

`sdk.json` lists what version 12.5.0 of the SDK has; a test compares it with the installed SDK. Everything else that is
imported is unknown. Nothing is imported here.
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from gen_client.source.model_file.values import Known, Module, Unknown, Value

_TYPING: Final = frozenset(
    [
        "List",
        "Dict",
        "Tuple",
        "Iterator",
        "Generator",
        "Iterable",
        "Optional",
        "Union",
        "Literal",
        "Any",
        "Annotated",
        "Callable",
        "Sequence",
        "Set",
        "FrozenSet",
        "Type",
        "Mapping",
        "MutableMapping",
        "AsyncIterator",
        "AsyncGenerator",
        "AsyncIterable",
        "TypedDict",
        "NamedTuple",
        "Protocol",
        "Generic",
        "NoReturn",
        "TypeVar",
        "NewType",
        "ClassVar",
        "Final",
        "Text",
        "TYPE_CHECKING",
        "final",
        "no_type_check",
    ]
)
_ABC: Final = frozenset(
    [
        "Iterator",
        "Generator",
        "Iterable",
        "AsyncIterator",
        "AsyncGenerator",
        "AsyncIterable",
        "Callable",
        "Sequence",
        "Mapping",
        "Set",
    ]
)
_OTHERS: Final[Mapping[str, str]] = {
    "abc.ABC": "abc.ABC",
    "abc.abstractmethod": "abc.abstractmethod",
    "enum.Enum": "enum.Enum",
    "enum.IntEnum": "enum.Enum",
    "enum.StrEnum": "enum.Enum",
    "numpy.ndarray": "numpy.ndarray",
    "numpy.typing.NDArray": "numpy.typing.NDArray",
    "PIL.Image.Image": "PIL.Image.Image",
}
_MODULES: Final = frozenset({"collections.abc", "numpy.typing", "PIL.Image", "os.path"})
"""Modules that are attributes of others, besides those of the SDK."""
_LIBRARIES: Final = frozenset(
    [
        "PIL",
        "accelerate",
        "aiohttp",
        "anyio",
        "asyncpg",
        "backoff",
        "bitsandbytes",
        "boto3",
        "botocore",
        "bs4",
        "cachetools",
        "catboost",
        "chromadb",
        "clarifai_grpc",
        "cv2",
        "datasets",
        "decord",
        "diffusers",
        "docker",
        "dotenv",
        "einops",
        "faiss",
        "fastapi",
        "fastmcp",
        "firecrawl",
        "flask",
        "google",
        "grpc",
        "httpx",
        "huggingface_hub",
        "imageio",
        "jax",
        "joblib",
        "langchain",
        "librosa",
        "lightgbm",
        "litellm",
        "llama_cpp",
        "lmdeploy",
        "loguru",
        "matplotlib",
        "mcp",
        "moviepy",
        "nltk",
        "numba",
        "numpy",
        "ollama",
        "onnxruntime",
        "openai",
        "pandas",
        "peft",
        "pydantic",
        "pydantic_core",
        "pytesseract",
        "ray",
        "requests",
        "rich",
        "safetensors",
        "scipy",
        "sentence_transformers",
        "sglang",
        "shapely",
        "skimage",
        "sklearn",
        "sounddevice",
        "soundfile",
        "spacy",
        "sqlalchemy",
        "supervision",
        "tenacity",
        "tensorflow",
        "tiktoken",
        "timm",
        "tokenizers",
        "toml",
        "torch",
        "torch_xla",
        "torchaudio",
        "torchvision",
        "tqdm",
        "transformers",
        "trl",
        "tritonclient",
        "typing_extensions",
        "ultralytics",
        "urllib3",
        "vllm",
        "websockets",
        "whisper",
        "xformers",
        "xgboost",
        "yaml",
    ]
)
"""Libraries that know nothing of the SDK: their decorators make no methods, and their classes are no models."""
_BUILTIN_TYPES: Final = frozenset(
    [
        "int",
        "float",
        "str",
        "bytes",
        "bool",
        "list",
        "dict",
        "tuple",
        "set",
        "frozenset",
        "object",
        "type",
        "complex",
        "Exception",
        "ValueError",
    ]
)


@dataclass(frozen=True, slots=True)
class SdkClass:
    """A base class of the SDK for models.

    Attributes:
        bases: Its bases, by name.
        methods: The signatures of its own methods, by name.
        attributes: The names of its other attributes.
    """

    bases: tuple[str, ...]
    methods: Mapping[str, Mapping[str, object]]
    attributes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Sdk:
    """The tables of `sdk.json`.

    Attributes:
        version: The version of the SDK.
        classes: The base classes of models.
        names: The names of each module; the value is what the reader knows it as, or empty.
    """

    version: str
    classes: Mapping[str, SdkClass]
    names: Mapping[str, Mapping[str, str]]


@functools.cache
def load_sdk() -> Sdk:
    """Read the tables of the SDK."""
    content = json.loads(Path(__file__).with_name("sdk.json").read_text("utf-8"))
    classes = {
        name: SdkClass(tuple(entry["bases"]), entry["methods"], frozenset(entry["attributes"]))
        for name, entry in content["classes"].items()
    }
    names = {
        module: {
            **dict.fromkeys(cast("str", words).split(), ""),
            **content["known"].get(module, {}),
        }
        for module, words in content["others"].items()
    }
    return Sdk(content["version"], classes, names)


class Libraries:
    """The modules that a source can import.

    Args:
        siblings: The names of files and folders beside the source, which are no libraries.
    """

    def __init__(self, siblings: Collection[str]) -> None:
        self._siblings = frozenset(siblings)

    def is_harmless(self, library: str) -> bool:
        """Return whether nothing of a library can be a model or make methods of one."""
        return self.is_standard(library) or (
            library in _LIBRARIES and library not in self._siblings
        )

    @staticmethod
    def is_standard(library: str) -> bool:
        """Return whether a module is of the standard library, which the upload does not mock."""
        return library in sys.stdlib_module_names

    def import_module(self, path: str, line: int) -> Value:
        """Return what `import path` binds to the path's last name."""
        root = path.partition(".")[0]
        if root == "clarifai" and path not in load_sdk().names:
            return Unknown(f"`{path}` is no module of SDK {load_sdk().version}", line, root)
        if root in self._siblings:
            return self._make_unknown(path, root, line)
        return Module(path)

    def get_attribute(self, module: str, name: str, line: int) -> Value:
        """Return an attribute of a module."""
        path = f"{module}.{name}"
        root = module.partition(".")[0]
        if root == "clarifai":
            return self._get_sdk_attribute(module, name, line)
        if root in self._siblings:
            return self._make_unknown(path, root, line)
        if (module == "typing" and name in _TYPING) or (
            module == "collections.abc" and name in _ABC
        ):
            return Known(path)
        if path in _OTHERS:
            return Known(_OTHERS[path])
        builtin = get_builtin(name) if module == "builtins" else None
        if builtin is not None:
            return builtin
        return Module(path) if path in _MODULES else self._make_unknown(path, root, line)

    def _get_sdk_attribute(self, module: str, name: str, line: int) -> Value:
        sdk = load_sdk()
        key = sdk.names.get(module, {}).get(name)
        if key:
            return Known(f"sdk.{key}")
        if f"{module}.{name}" in sdk.names:
            return Module(f"{module}.{name}")
        if key is None:
            message = f"`{module}` has no `{name}` in SDK {sdk.version}"
            return Unknown(message, line, "clarifai", may_be_model=True)
        return Unknown(f"`{name}` comes from `{module}`", line, "clarifai", may_be_model=True)

    def _make_unknown(self, path: str, root: str, line: int) -> Unknown:
        is_mocked = not self.is_standard(root) and not root.startswith("clarifai")
        return Unknown(
            f"`{path}` is not read here",
            line,
            root,
            is_mocked,
            may_be_model=not self.is_harmless(root),
        )

    def list_names(self, module: str) -> list[str] | None:
        """Return the names that `from module import *` binds; None if they are not known."""
        if module == "typing":
            return sorted(_TYPING - {"TYPE_CHECKING"})
        if module == "clarifai.runners.utils.data_types":
            return [name for name in load_sdk().names[module] if not name.startswith("_")]
        return None

    def is_missing(self, value: Value) -> bool:
        """Return whether an import fails with the SDK that the tables describe."""
        return (
            isinstance(value, Unknown)
            and value.library == "clarifai"
            and f"SDK {load_sdk().version}" in value.reason
        )


def get_builtin(name: str) -> Known | None:
    """Return a builtin type; None if the name is another builtin."""
    return Known(f"builtins.{name}") if name in _BUILTIN_TYPES else None
