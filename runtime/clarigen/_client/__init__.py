"""What the synchronous and the asyncio client share."""
