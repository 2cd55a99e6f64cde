"""What a package of an MCP model contains in addition to methods of the model: methods of its tools, and their types."""
