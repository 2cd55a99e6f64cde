"""Encoding of arguments as requests and decoding of results, without I/O."""
