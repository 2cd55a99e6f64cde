"""Benchmarks: clarigen compared with hand-written protobuf code and with the official SDK."""
