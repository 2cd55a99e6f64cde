"""Endpoints, credentials, gRPC channels, and the interface of connections."""
