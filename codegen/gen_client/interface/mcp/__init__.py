"""The tools, prompts and resources of an MCP model: from its document and its JSON Schemas."""
