"""The plan of a model's source: the interface of a model as its author would write it with the official SDK."""
