"""A model for the official server: methods that take 5 ms, 50 ms, and nothing."""

import time

from clarifai.runners.models.model_class import ModelClass


class Paced(ModelClass):
    """What the benchmark of batches calls."""

    @ModelClass.method
    def slow(self, x: int) -> int:
        time.sleep(0.005)
        return x

    @ModelClass.method
    def slower(self, x: int) -> int:
        time.sleep(0.05)
        return x

    @ModelClass.method
    def fast(self, x: int) -> int:
        return x
