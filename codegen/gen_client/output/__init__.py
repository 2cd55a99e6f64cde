"""A package in its place: written there as a whole, locked, and compared with what it should be."""
