"""The bases of generated clients for MCP models: models that carry the Model Context Protocol.

Generated classes add a method per tool. These modules are loaded with the first package of such a model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Final

from .._async.client import AsyncClient
from .._client.base import ClientBase
from .._sync.client import Client

if TYPE_CHECKING:
    from .._calls.call import UnaryFlow
    from .._calls.retry import Policy
    from .._wire.method import Unary
    from .bridge import MCPTransport
    from .results import Prompt, PromptResult, Resource, ResourceContent
else:
    UnaryFlow = Policy = Unary = MCPTransport = Prompt = PromptResult = Resource = (
        ResourceContent
    ) = Any

_HTTP_URL: Final = "https://api.clarifai.com/v2/ext/mcp/v1"


class MCPModelBase(ClientBase):
    """What the clients of MCP models share, sync and async.

    Attributes:
        mcp_http: The URL of the model at the platform's HTTP endpoint for MCP, for programs that take only a URL and
            the PAT as bearer token. Empty if the package has no model reference.
    """

    mcp_http: ClassVar[str] = ""

    def __init_subclass__(cls, **keywords: Any) -> None:
        """Set what depends on the model that a class is generated for."""
        super().__init_subclass__(**keywords)
        if cls._model is not None:
            user_id, app_id, model_id = cls._model
            cls.mcp_http = f"{_HTTP_URL}/users/{user_id}/apps/{app_id}/models/{model_id}"


class MCPModel(MCPModelBase, Client):
    """The base of generated clients for MCP models."""

    def resources(self) -> list[Resource]:
        """List the model's resources and resource templates."""
        from .requests import list_resources

        return self._connection.run(list_resources(self._make_flow))

    def read_resource(self, uri: str, /) -> list[ResourceContent]:
        """Read a resource: its content, which may have several parts.

        Args:
            uri: The URI of a resource in `resources()`, or one that matches a template there.

        Raises:
            ModelError: The model has no such resource, or cannot read it.
            ClarigenError: The call failed (see the errors of the generated class).
        """
        from .requests import READ_RESOURCE, make_resource_params
        from .results import read_contents

        return read_contents(self._unary(READ_RESOURCE, make_resource_params(uri)))

    def prompts(self) -> list[Prompt]:
        """List the model's prompts."""
        from .requests import list_prompts

        return self._connection.run(list_prompts(self._make_flow))

    def prompt(self, name: str, /, **arguments: str) -> PromptResult:
        """Fill in a prompt.

        Args:
            name: The name of a prompt in `prompts()`.
            **arguments: Its arguments.

        Raises:
            ModelError: The model has no such prompt, or refuses the arguments.
            ClarigenError: The call failed (see the errors of the generated class).
        """
        from .requests import GET_PROMPT, make_prompt_params
        from .results import read_prompt_result

        return read_prompt_result(self._unary(GET_PROMPT, make_prompt_params(name, arguments)))

    def mcp(self) -> MCPTransport:
        """Return a transport for clients of the Model Context Protocol, which are async: see `AsyncMCPModel.mcp`.

        Calls run in threads of their own.
        """
        from .bridge import MCPTransport

        return MCPTransport(partial(_run_in_thread, self._connection.run), self._make_flow)

    def _make_flow(self, method: Unary[Any], values: Sequence[Any]) -> UnaryFlow[Any]:
        """Make the flow of a call with the current options."""
        return self._connection.make_unary_flow(method, values, self._make_context())

    def _connect(self, policy: Policy) -> None:
        _load_tool_types()
        super()._connect(policy)


class AsyncMCPModel(MCPModelBase, AsyncClient):
    """The base of generated async clients for MCP models: `MCPModel` for asyncio."""

    async def resources(self) -> list[Resource]:
        """List the model's resources and resource templates."""
        from .requests import list_resources

        return await self._connection.run(list_resources(self._make_flow))

    async def read_resource(self, uri: str, /) -> list[ResourceContent]:
        """Read a resource: see `MCPModel.read_resource`."""
        from .requests import READ_RESOURCE, make_resource_params
        from .results import read_contents

        return read_contents(await self._unary(READ_RESOURCE, make_resource_params(uri)))

    async def prompts(self) -> list[Prompt]:
        """List the model's prompts."""
        from .requests import list_prompts

        return await self._connection.run(list_prompts(self._make_flow))

    async def prompt(self, name: str, /, **arguments: str) -> PromptResult:
        """Fill in a prompt: see `MCPModel.prompt`."""
        from .requests import GET_PROMPT, make_prompt_params
        from .results import read_prompt_result

        params = make_prompt_params(name, arguments)
        return read_prompt_result(await self._unary(GET_PROMPT, params))

    def mcp(self) -> MCPTransport:
        """Return a transport for clients of the Model Context Protocol: of the library `mcp`, and of frameworks.

            async with mcp.Client(model.mcp()) as client:  # mcp 2
                tools = await client.list_tools()

            async with model.mcp() as (read, write), mcp.ClientSession(read, write) as session:  # mcp 1
                await session.initialize()

        Calls go over this client's connection: its credential, deployment, time limit, retries and recordings.
        The model cannot call back, so there is no progress, logging, sampling or elicitation.

        Raises:
            ConfigError: The library is not installed: `pip install 'clarigen[mcp]'`.
        """
        from .bridge import MCPTransport

        return MCPTransport(self._connection.run, self._make_flow)

    def _make_flow(self, method: Unary[Any], values: Sequence[Any]) -> UnaryFlow[Any]:
        """Make the flow of a call with the current options."""
        return self._connection.make_unary_flow(method, values, self._make_context())

    def _connect(self, policy: Policy) -> None:
        _load_tool_types()
        super()._connect(policy)


async def _run_in_thread(run: Callable[[UnaryFlow[Any]], Any], flow: UnaryFlow[Any]) -> Any:
    """Run a flow without blocking the event loop."""
    from anyio.to_thread import run_sync  # installed with the library `mcp`

    return await run_sync(run, flow, abandon_on_cancel=True)


def _load_tool_types() -> None:
    """Load what calls of tools need, so that the first call imports nothing."""
    for name in ("json", "clarigen._wire.tool_types"):
        import_module(name)
