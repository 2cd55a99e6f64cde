"""What clients of MCP models have besides the methods of their tools."""
