"""A model for the official server: one method that takes 5 ms, one that takes nothing."""

import time

from clarifai.runners.models.model_class import ModelClass


class Paced(ModelClass):
    """What the benchmarks call."""

    @ModelClass.method
    def slow(self, x: int) -> int:
        time.sleep(0.005)
        return x

    @ModelClass.method
    def fast(self, x: int) -> int:
        return x
