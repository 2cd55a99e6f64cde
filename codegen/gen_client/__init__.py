"""The generator: turns a deployed model into a typed Python package.

Nobody imports it but its command and its tests; applications import `clarigen`.
"""
