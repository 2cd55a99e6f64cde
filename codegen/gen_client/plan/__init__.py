"""From an interface to the content of each generated file."""
