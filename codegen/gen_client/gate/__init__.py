"""Proves that generated code holds only what the templates can produce."""
