"""Rewrites programs that use the official SDK so that they use generated clients instead."""
