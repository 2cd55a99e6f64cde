"""What the synchronous and the async client share."""
