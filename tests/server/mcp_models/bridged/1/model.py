"""A server that speaks MCP over stdio, bridged by the official class; `config.yaml` names its command."""

from clarifai.runners.models.stdio_mcp_class import StdioMCPModelClass


class Bridged(StdioMCPModelClass):
    pass
