"""Encodes arguments as requests and decodes results, without I/O."""
