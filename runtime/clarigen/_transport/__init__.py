"""Endpoints and gRPC channels."""
