"""What clients of MCP models have in addition to the methods of their tools."""
