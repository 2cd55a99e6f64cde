"""What a package of an MCP model holds besides methods of the model: methods of its tools, and their types."""
