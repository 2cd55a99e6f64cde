"""The version of the distribution, in one place for metadata and request headers."""

__version__ = "0.1.0"
