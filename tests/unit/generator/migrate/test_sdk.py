"""The names of the official SDK in `migrate.sdk` are those of the SDK that is installed."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import Any

import pytest
from clarifai_grpc.grpc.api import resources_pb2

from gen_client.migrate import sdk

pytestmark = pytest.mark.official_server


@pytest.fixture(scope="module")
def model() -> Any:
    return _load("clarifai.client.model.Model")


def _load(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


@pytest.mark.parametrize("path", sorted({*sdk.MODEL, *sdk.WORKFLOW, *sdk.ERRORS, sdk.MODEL_CLIENT}))
def test_classes_are_where_programs_import_them_from(path: str) -> None:
    assert inspect.isclass(_load(path))


def test_parameters_of_the_constructor_are_in_their_order(model: Any) -> None:
    parameters = [*inspect.signature(model.__init__).parameters.values()][1:]
    named = [item.name for item in parameters if item.kind is not inspect.Parameter.VAR_KEYWORD]
    assert tuple(named) == sdk.CONSTRUCTOR


def test_methods_of_models_exist(model: Any) -> None:
    names = sdk.OLD_METHODS | sdk.OTHER_CONSTRUCTORS | sdk.ASYNC_METHODS
    names |= {sdk.ASYNC_PREFIX + name for name in sdk.ASYNC_METHODS}
    assert {name for name in names if not hasattr(model, name)} == set()


def test_attributes_of_models_are_of_a_model_or_of_its_message(model: Any) -> None:
    """A `Model` finds what it has not in its message, which it asks the platform for."""
    assigned = {*model.__init__.__code__.co_names}
    fields = {*resources_pb2.Model.DESCRIPTOR.fields_by_name}
    client = {*dir(_load(sdk.MODEL_CLIENT))}
    assert sdk.INTROSPECTION - {*dir(model)} - assigned - fields - client == {"user_app_id"}


@pytest.mark.parametrize("module", sdk.DATA_MODULES)
def test_data_types_exist(module: str) -> None:
    assert {
        name for name in sdk.DATA_TYPES if not inspect.isclass(_load(f"{module}.{name}"))
    } == set()


def test_keywords_and_positions_are_those_of_the_data_types() -> None:
    image = _load(f"{sdk.DATA_MODULES[0]}.Image")
    for name, renamed in sdk.RENAMED_KEYWORDS.items():
        assert list(inspect.signature(getattr(image, name)).parameters) == list(renamed)
        assert sdk.POSITIONS[name] == tuple(renamed.values())
    for name in ("Text", "Concept"):
        cls = _load(f"{sdk.DATA_MODULES[0]}.{name}")
        assert tuple(inspect.signature(cls).parameters) == sdk.POSITIONS[name]


def test_model_classes_are_in_their_package() -> None:
    package = importlib.import_module(sdk.MODEL_CLASSES.rstrip("."))
    assert "model_class" in {module.name for module in pkgutil.iter_modules(package.__path__)}
