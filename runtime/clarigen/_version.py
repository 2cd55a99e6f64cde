"""The version of the distribution, for its metadata and for the headers of requests."""

__version__ = "0.1.0"
