"""An MCP model that also has methods of its own. The SDK reads annotations only if they are not postponed."""

from collections.abc import Iterator

from clarifai.runners.models.mcp_class import MCPModelClass
from clarifai.runners.models.model_class import ModelClass
from fastmcp import FastMCP

server = FastMCP("mixed")


@server.tool
def count_words(text: str) -> int:
    """Count the words of a text."""
    return len(text.split())


class Mixed(MCPModelClass):
    def get_server(self) -> FastMCP:
        return server

    @ModelClass.method
    def predict(self, prompt: str, repeat: int = 1) -> str:
        """Repeat a prompt."""
        return prompt * repeat

    @ModelClass.method
    def generate(self, prompt: str) -> Iterator[str]:
        """Say a prompt word by word."""
        yield from prompt.split()
