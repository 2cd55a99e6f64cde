"""Proof that generated code holds nothing but what the templates can produce."""
