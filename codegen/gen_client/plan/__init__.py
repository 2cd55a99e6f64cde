"""Decides what a generated package contains."""
