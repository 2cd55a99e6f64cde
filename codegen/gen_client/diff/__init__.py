"""The differences between two interfaces, and whether they break callers."""
