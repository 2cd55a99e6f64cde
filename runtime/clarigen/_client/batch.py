"""What the batches of both clients share: what a batch is made of, and that it runs once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ..errors import ConfigError

if TYPE_CHECKING:
    from .._calls.batch import BatchPlan

_Outcomes_co = TypeVar("_Outcomes_co", covariant=True)


class BatchBase(ABC, Generic[_Outcomes_co]):
    """A batch: what it is made of, and that it begins once."""

    def __init__(
        self,
        work: Callable[[bool], BatchPlan[Any]],
        connection: Any,
        inputs: Any,
        progress: tuple[str, bool],
    ) -> None:
        self._make_plan = work
        self._connection = connection
        self._inputs = inputs
        self._progress = progress
        self._cancelled = False
        self._run: Any = None

    def outcomes(self, *, isolate: bool = False) -> _Outcomes_co:
        """Each result or, in its place, the error that its input met; none is raised.

        Models fail a request as a whole: then the inputs that went with a bad one have its error.

        Args:
            isolate: Whether to send the inputs of a failed request again in smaller ones, until it
                is clear which fail. The model may run the others twice.

        Raises:
            ConfigError: The batch has begun.
        """
        if self._run is not None:
            raise ConfigError("this batch has begun; make another")
        run: _Outcomes_co = self._get_run(isolate=isolate)
        return run

    def _get_run(self, *, isolate: bool = False) -> Any:
        """The one run of this batch."""
        if self._run is None:
            self._run = self._iterate(isolate=isolate)
        return self._run

    def _is_unfinished(self, work: BatchPlan[Any]) -> bool:
        """Whether there is more to do: it is neither finished nor cancelled, by whomever."""
        return not (work.is_finished or self._cancelled)

    @abstractmethod
    def _iterate(self, *, isolate: bool) -> _Outcomes_co:
        """Do it."""
