"""Printing to the terminal: lines, tables, code and progress."""
