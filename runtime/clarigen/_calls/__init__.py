"""One call, or a batch of calls, without I/O."""
