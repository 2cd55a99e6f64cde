"""A model for the official server, with methods that take 0, 5 and 50 ms."""

import time

from clarifai.runners.models.model_class import ModelClass


class Paced(ModelClass):
    """The model that the benchmark of batches calls."""

    @ModelClass.method
    def slow(self, x: int) -> int:
        """Return x after 5 ms."""
        time.sleep(0.005)
        return x

    @ModelClass.method
    def slower(self, x: int) -> int:
        """Return x after 50 ms."""
        time.sleep(0.05)
        return x

    @ModelClass.method
    def fast(self, x: int) -> int:
        """Return x."""
        return x
