"""The signatures of a model from its source, `1/model.py`, which is read and never run."""
