"""The synchronous client: client, connection, stream and batch, the same four names as in `_async`."""
