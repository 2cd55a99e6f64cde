"""Ratios: ours against hand-written protobuf code and against the official SDK."""
