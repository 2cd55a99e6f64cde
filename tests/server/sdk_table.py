"""What the reader of model sources knows of the official SDK: prints the content of `sdk.json`.

`python tests/server/sdk_table.py > codegen/gen_client/source/model_file/sdk.json`, in an environment with the SDK.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import logging
import pkgutil
import sys
import types
import warnings
from typing import Any
from unittest.mock import MagicMock

STAND_INS = (
    *("cv2", "torch", "fastmcp", "fastmcp.client", "fastmcp.client.transports", "anyio"),
    *("mcp", "mcp.types", "mcp.client", "mcp.client.stdio", "mcp.shared", "mcp.shared.exceptions"),
)
"""Libraries that only some base classes need."""
SKIPPED = ("clarifai.cli", "clarifai.datasets", "clarifai.utils.evaluation")
"""Parts of the SDK that no model imports, or that need libraries of their own."""
TYPES = ("JSON", "Audio", "Concept", "Frame", "Image", "NamedFields", "Region", "Text", "Video")


class StandIn(types.ModuleType):
    """A library that is not installed."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return MagicMock(name=name)


def build_table() -> dict[str, object]:
    """Return the tables of the installed SDK."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    import clarifai.runners
    from clarifai.runners.models.model_class import ModelClass
    from clarifai.runners.utils import data_types, data_utils

    for name in STAND_INS:
        if name.partition(".")[0] not in sys.modules or "." in name:
            try:
                importlib.import_module(name)
            except ImportError:
                sys.modules[name] = StandIn(name)
    known = {id(getattr(data_types, name)): name for name in TYPES}
    known[id(data_utils.Param)] = "Param"
    names: dict[str, dict[str, str]] = {}
    classes: dict[str, Any] = {}
    found = pkgutil.walk_packages(clarifai.__path__, "clarifai.", onerror=lambda _: None)
    for path in ["clarifai", *(module.name for module in found)]:
        if path.startswith(SKIPPED) or "templates" in path:
            continue
        module = importlib.import_module(path)
        names[path] = {}
        for name, value in vars(module).items():
            if not name.startswith("__"):
                names[path][name] = known.get(id(value), "")
                if isinstance(value, type) and issubclass(value, ModelClass):
                    names[path][name] = value.__name__
                    classes[value.__name__] = value
    return {
        "version": clarifai.__version__,
        "classes": {name: describe_class(cls, ModelClass) for name, cls in sorted(classes.items())},
        "known": {
            path: {name: key for name, key in sorted(entries.items()) if key}
            for path, entries in sorted(names.items())
            if any(entries.values())
        },
        "others": {
            path: " ".join(sorted(name for name, key in entries.items() if not key))
            for path, entries in sorted(names.items())
        },
    }


def describe_class(cls: Any, root: Any) -> dict[str, object]:
    """Return the bases, the methods and the other attributes of a base class for models."""
    from google.protobuf.json_format import MessageToDict

    methods: dict[str, object] = {}
    made: dict[str, object] = {}
    for name, value in vars(cls).items():
        info = None if isinstance(value, MagicMock) else getattr(value, "_cf_method_info", None)
        if info is not None:
            methods[name] = MessageToDict(info.signature, preserving_proto_field_name=True)
    with contextlib.suppress(Exception):  # some need a client or a server
        made = vars(cls())
    attributes = {
        name for name in (*vars(cls), *made) if not name.startswith(("__", "_cf", "_abc"))
    }
    return {
        "bases": [base.__name__ for base in cls.__bases__ if issubclass(base, root)],
        "methods": methods,
        "attributes": sorted(attributes - methods.keys()),
    }


if __name__ == "__main__":
    print(json.dumps(build_table(), indent=1))
