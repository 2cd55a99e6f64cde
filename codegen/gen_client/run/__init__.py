"""Runs of a method over the rows of files, which can be taken up again: for `gen-client run`."""
