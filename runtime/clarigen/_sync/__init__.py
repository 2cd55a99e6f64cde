"""The synchronous client: its connection, streams and batches. `_async` has modules of the same names."""
