"""The generator: turns a deployed model into a typed Python package.

Only its command and its tests import it; applications import `clarigen`.
"""
