"""The gate on the source of a model: every form that the template does not write is rejected."""

from __future__ import annotations

from typing import Final

import pytest

from gen_client.diagnostics import Refusal
from gen_client.gate.check import check_file

SOURCE: Final = '''\
"""A model."""

# ruff: noqa: B006, RUF013

import builtins
from collections.abc import Iterator

import numpy as np
from clarifai.runners.models.model_class import ModelClass
from clarifai.runners.utils.data_types import Image as Image_
from clarifai.runners.utils.data_types import NamedFields, Text
from clarifai.runners.utils.data_utils import Param


class Size(NamedFields):
    width: int


class Eye(ModelClass):
    """The methods."""

    def load_model(self) -> None:
        """Load it."""

    @ModelClass.method
    def see(
        self,
        image: Image_,
        names: builtins.list[str] = None,  # type: ignore[assignment]
        *,
        level: int = Param(default=2, choices=[1, 2], is_param=False),
    ) -> tuple[Size, np.ndarray]:
        """Look."""
        raise NotImplementedError("see")

    @ModelClass.method
    def watch(self, texts: Iterator[Text]) -> Iterator[dict]:
        raise NotImplementedError("watch")
'''
OPENAI: Final = '''\
"""A model."""

from typing import Any

from clarifai.runners.models.openai_class import OpenAIModelClass
from openai import OpenAI


class Chat(OpenAIModelClass):
    """The methods."""

    # The SDK looks for these two before it calls `load_model`.
    client: Any = True
    model: Any = True

    def load_model(self) -> None:
        """Connect."""
        self.client = OpenAI(base_url="http://127.0.0.1:8000/v1", api_key="none")
        self.model = "the name of the model on that server"

    @OpenAIModelClass.method
    def openai_transport(self, msg: str) -> str:
        """Answer."""
        return super().openai_transport(msg)
'''


TOOLS: Final = '''\
"""A model."""

from typing import Annotated, Literal

from clarifai.runners.models.mcp_class import MCPModelClass
from fastmcp import FastMCP
from pydantic import BaseModel, Field

server = FastMCP("Lab", instructions="Tools.")


class Point(BaseModel):
    """A place."""

    x: float = 0.5


@server.tool(name="a-b", annotations={"readOnlyHint": True})
def add(p: Point, n: Annotated[int, Field(ge=0)] = 1, m: Literal["a"] | None = None) -> list[Point]:
    """Add."""
    raise NotImplementedError("add")


class Lab(MCPModelClass):
    """The methods."""

    def get_server(self) -> FastMCP:
        """Return the server."""
        return server
'''


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('FastMCP("Lab"', "FastMCP(evil()"),
        ('FastMCP("Lab"', 'Field("Lab"'),
        ("instructions=", "evil="),
        ("class Point(BaseModel)", "@evil\nclass Point(BaseModel)"),
        ("    x: float = 0.5", "    x: float = evil()"),
        ("    x: float = 0.5", "    evil()"),
        ("@server.tool", "@server.evil"),
        ("@server.tool", "@evil.tool"),
        ("@server.tool", "@evil\n@server.tool"),
        ('name="a-b"', "name=evil()"),
        ('name="a-b"', 'evil="a-b"'),
        ("p: Point", "p: evil()"),
        ("p: Point", "*p: Point"),
        ("p: Point", "p"),
        ("Field(ge=0)", "Field(ge=evil())"),
        ("Field(ge=0)", "Field(default_factory=0)"),
        ("Field(ge=0)", "evil(ge=0)"),
        ('Literal["a"]', "Literal[evil]"),
        ("] = 1", "] = evil()"),
        ('raise NotImplementedError("add")', "return evil()"),
        ("        return server", "        return evil"),
        ("        return server", "        evil()\n        return server"),
        ("def get_server(self) -> FastMCP", "def get_server(self) -> Lab"),
        ("def get_server", "def get_it"),
    ],
)
def test_other_forms_of_tools_are_rejected(old: str, new: str) -> None:
    check_file(TOOLS, "model")
    assert old in TOOLS
    with pytest.raises(Refusal):
        check_file(TOOLS.replace(old, new, 1), "model")


def test_the_sources_are_accepted() -> None:
    check_file(SOURCE, "model")
    check_file(OPENAI, "model")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""A model."""', "import os"),
        ('"""A model."""', '"""A model.\n\n>>> evil()\n"""'),
        ("# ruff: noqa: B006, RUF013", "# ruff: noqa"),
        ("# ruff: noqa: B006, RUF013", "# evil"),
        ("import builtins", "import builtins as list"),
        ("import builtins", "import os"),
        ("import numpy as np", "import numpy as Param"),
        ("import numpy as np", "import numpy"),
        ("import Param", "import Param as str"),
        ("import Param", "import Param as Param_, Evil"),
        ("models.model_class", "models.evil"),
        ("Image as Image_", "Image as Text"),
        ("class Size(NamedFields)", "class Size(Param)"),
        ("class Size(NamedFields)", "class Size(NamedFields, metaclass=Text)"),
        ("    width: int", "    width: int = 3"),
        ("    width: int", "    width: evil()"),
        ("    width: int", "    def width(self): ..."),
        ("class Eye(ModelClass)", "class Eye(Text)"),
        ("class Eye(ModelClass)", "@evil\nclass Eye(ModelClass)"),
        ("class Eye(ModelClass)", "evil()\n\n\nclass Eye(ModelClass)"),
        ('"""Load it."""', '"""Load it."""\n        evil()'),
        ("def load_model", "def load_it"),
        ("    @ModelClass.method\n    def see", "    @evil\n    def see"),
        ("    @ModelClass.method\n    def see", "    @ModelClass.method\n    @evil\n    def see"),
        ("    @ModelClass.method\n    def see", "    def see"),
        ("def watch", "def see"),
        ("def watch", "def __watch"),
        ("def watch", "async def watch"),
        ("self, texts", "self, /, texts"),
        ("self, texts: Iterator[Text]", "self, *texts: Text"),
        ("self, texts: Iterator[Text]", "self, texts"),
        ("self, texts", "texts"),
        ("Iterator[Text]", "Param[Text]"),
        ("Iterator[Text]", "Iterator[Evil]"),
        ("builtins.list[str]", "builtins.open[str]"),
        ("builtins.list[str]", "evil.list[str]"),
        ("str] = None", "str] = evil"),
        ("str] = None", "str] = evil()"),
        ("Param(default=2", "Param(2"),
        ("Param(default=2", "Param(default=evil()"),
        ("Param(default=2", "Evil(default=2"),
        ("choices=[1, 2]", "choices=[1, evil()]"),
        ("is_param=False", "is_param=evil"),
        ("np.ndarray", "np.evil"),
        ("np.ndarray]", "evil()]"),
        ('NotImplementedError("see")', "NotImplementedError(evil())"),
        ('NotImplementedError("see")', 'NotImplementedError("see") from evil'),
        ('raise NotImplementedError("see")', "return evil()"),
        ('raise NotImplementedError("see")', "return super().watch(image)"),
        ('raise NotImplementedError("see")', 'raise NotImplementedError("see")\n        evil()'),
        ('NotImplementedError("watch")\n', 'NotImplementedError("watch")\n\n\nevil()\n'),
    ],
)
def test_other_forms_are_rejected(old: str, new: str) -> None:
    assert SOURCE.count(old) >= 1
    with pytest.raises(Refusal):
        check_file(SOURCE.replace(old, new, 1), "model")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("client: Any = True", "client: Any = evil()"),
        ("127.0.0.1", "evil.example"),
        ("self.model = ", "evil() ; self.model = "),
        ("super().openai_transport(msg)", "super().openai_transport(evil)"),
        ("super().openai_transport(msg)", "super(evil).openai_transport(msg)"),
        ("super().openai_transport(msg)", "super().__reduce__(msg)"),
    ],
)
def test_other_forms_of_openai_models_are_rejected(old: str, new: str) -> None:
    assert old in OPENAI
    with pytest.raises(Refusal):
        check_file(OPENAI.replace(old, new, 1), "model")
