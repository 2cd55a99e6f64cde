"""OpenAI-compatible models: the client of the library `openai` over a client's own connection."""
