"""Calls of a model's methods from its signatures alone, without generated code: for `gen-client call`."""
