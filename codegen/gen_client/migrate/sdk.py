"""The names of the official SDK that a program may use, as of version 12.5.0.

`tests/unit/generator/migrate/test_sdk.py` compares them with the installed SDK.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ROOT: Final = "clarifai"
MODEL: Final = frozenset({"clarifai.client.Model", "clarifai.client.model.Model"})
MODEL_CLIENT: Final = "clarifai.client.model_client.ModelClient"
LOCAL_SERVER: Final = "from_local_grpc"
OTHER_CONSTRUCTORS: Final = frozenset({"from_current_context", "from_env", "from_auth_helper"})
"""Methods of the class that make a model whose name stands elsewhere."""
WORKFLOW: Final = frozenset({"clarifai.client.Workflow", "clarifai.client.workflow.Workflow"})
MODEL_CLASSES: Final = "clarifai.runners.models."
"""What the classes that run models derive from."""
ERRORS: Final = frozenset(
    f"clarifai.errors.{name}"
    for name in ("UserError", "TokenError", "ApiError", "ApiClientError", "AuthError")
)
DATA_MODULES: Final = (
    "clarifai.runners.utils.data_types",
    "clarifai.runners.utils.data_types.data_types",
)
MEDIA: Final = frozenset({"Image", "Audio", "Video"})
DATA_TYPES: Final = MEDIA | {"Text", "Concept", "Region", "Frame"}
"""The types that the runtime has under the same names."""
CONSTRUCTOR: Final = (
    "url",
    "model_id",
    "model_version",
    "base_url",
    "pat",
    "token",
    "root_certificates_path",
    "compute_cluster_id",
    "nodepool_id",
    "deployment_id",
    "deployment_user_id",
)
"""The parameters of `Model`, in their order; `user_id` and `app_id` are keywords only."""
ASYNC_PREFIX: Final = "async_"
ASYNC_METHODS: Final = frozenset({"predict", "generate", "stream"})
"""The methods of which `Model` has a version for asyncio."""
OLD_METHODS: Final = frozenset(
    f"{verb}_by_{origin}"
    for verb in ("predict", "generate", "stream")
    for origin in ("url", "bytes", "filepath")
)
"""The calls of before models had methods."""
INTROSPECTION: Final = frozenset(
    {
        *("available_methods", "method_signature", "generate_client_script", "fetch"),
        *("client", "async_client", "id", "user_id", "app_id", "user_app_id", "model_info"),
        *("model_version", "kwargs", "load_info", "load_input_types", "list_versions", "export"),
        *("create_version", "create_version_by_file", "create_version_by_url", "delete_version"),
        *("patch_version", "train", "training_status", "evaluate", "list_evaluations"),
        *("get_params", "get_param_info", "update_params", "list_training_templates"),
        *("get_eval_by_id", "get_eval_by_dataset", "get_latest_eval", "get_raw_eval"),
    }
)
"""What a `Model` has beside the model's methods. No generated client has it."""
PROTO_ATTRIBUTES: Final = frozenset({"proto", "to_proto", "from_proto", "to_base64_str"})
"""What the SDK's data types have and the runtime's have not."""
RENAMED_KEYWORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "from_pil": {"pil_image": "image", "img_format": "format"},
    "from_numpy": {"numpy_image": "array", "img_format": "format"},
}
"""The keywords of conversions that have another name in the runtime."""
POSITIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "Text": ("text", "url"),
    "Concept": ("name", "value", "id"),
    "from_pil": ("image", "format"),
    "from_numpy": ("array", "format"),
    "from_url": ("url",),
}
"""The parameters that may be passed by position; the runtime takes only the first that way."""
