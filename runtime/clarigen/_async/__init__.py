"""The async client: client, connection, stream and batch, the same four names as in `_sync`."""
