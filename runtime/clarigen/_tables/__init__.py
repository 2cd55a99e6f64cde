"""Rows of tables as inputs of a method, and the results as columns."""
