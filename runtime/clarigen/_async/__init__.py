"""The async client: its connection, streams and batches. `_sync` has modules of the same names."""
