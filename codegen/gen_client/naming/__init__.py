"""Python names for what a model declares."""
