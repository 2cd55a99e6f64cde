"""What the synchronous and the async batch share: their inputs, and the rule that a batch runs once.

How requests are sent and awaited is up to the subclasses.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sized
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .._types import InstanceSchema
from .._wire.codec import describe
from ..errors import ClarigenError, ConfigError, InputError

if TYPE_CHECKING:
    from .._calls.batch import BatchPlan
    from .._transport.connection import AnyConnection
    from .._wire.method import Unary
else:
    AnyConnection = Unary = Any
    BatchPlan = list

_ConnectionT = TypeVar("_ConnectionT", bound="AnyConnection")
_Outcomes_co = TypeVar("_Outcomes_co", covariant=True)


class BatchBase(ABC, InstanceSchema, Generic[_ConnectionT, _Outcomes_co]):
    """A batch of inputs to one method, which runs once."""

    _is_canceled = False
    _iterator: Any = None

    def __init__(
        self,
        make_plan: Callable[[bool], BatchPlan[Any]],
        connection: _ConnectionT,
        inputs: Any,
        progress_label: str | None,
        name: str = "",
        total: int | None = None,
    ) -> None:
        self._name = name
        self._total = total
        self._make_plan = make_plan
        self._connection = connection
        self._inputs = inputs
        self._progress_label = progress_label

    def __repr__(self) -> str:
        state = "" if self._iterator is None else ", started"
        return f"<{type(self).__name__} of {self._name}{state}>"

    def outcomes(self, *, isolate: bool = False) -> _Outcomes_co:
        """Iterate over the results. For an input that failed, yield its error instead of raising it.

        A model fails a request as a whole, so every input of that request yields the same error. The attribute
        `inputs` of an error has the positions of these inputs.

        Args:
            isolate: Whether to send the inputs of a failed request again in smaller requests, until it
                is clear which of them fail. The model may run the other inputs twice.

        Raises:
            ConfigError: The batch has already started.
        """
        if self._iterator is not None:
            raise ConfigError("this batch has already started; create another")
        iterator: _Outcomes_co = self._get_iterator(isolate=isolate)
        return iterator

    def _get_iterator(self, *, isolate: bool = False) -> Any:
        """Return the only iterator over the outcomes. The first call creates it."""
        if self._iterator is None:
            self._iterator = self._iterate(isolate=isolate)
        return self._iterator

    def _show_progress(self) -> AbstractContextManager[Callable[[], None]]:
        """Draw a progress bar while the block runs, if there is a label. Yield the function that advances it."""
        if self._progress_label is None:
            return nullcontext(_do_nothing)
        from .progress import progress_bar

        total = self._total
        if total is None and isinstance(self._inputs, Sized):
            total = len(self._inputs)
        return progress_bar(self._progress_label, total)

    def _add_hint(self, error: ClarigenError) -> ClarigenError:
        """Add to the error of an input which it is, and how to get the results of the others, if there are any.

        Returns:
            The error.
        """
        from .._calls.batch import OF_ALL_INPUTS, name_inputs

        name_inputs(error)
        has_others = not isinstance(self._inputs, Sized) or len(self._inputs) > 1
        if self._name and has_others and not isinstance(error, OF_ALL_INPUTS):
            hint = f"`{self._name}(inputs).outcomes()` yields the results of the inputs that did not fail"
            error.args = (f"{error}; {hint}", *error.args[1:])
        return error

    def _is_running(self, plan: BatchPlan[Any]) -> bool:
        return not (plan.is_finished or self._is_canceled)

    @abstractmethod
    def _iterate(self, *, isolate: bool) -> _Outcomes_co:
        """Send the requests and yield the outcomes."""


def _do_nothing() -> None:
    pass


def check_inputs(
    method: Unary[Any], inputs: object, total: object = None, *, asynchronous: bool = False
) -> Any:
    """Return the inputs of a batch if they are an iterable.

    Args:
        method: The method that is called.
        inputs: The inputs, as the caller passes them.
        total: Their number, for the progress bar, from 0; None if it is not known.
        asynchronous: Whether an async iterable is accepted too.

    Raises:
        InputError: They are not an iterable, or they are a single input; or their number is none.
    """
    if total is not None and (isinstance(total, bool) or not isinstance(total, int) or total < 0):
        raise InputError(
            f"{method.name}: `total` must be the number of inputs, not {describe(total)}",
            method=method.name,
            parameter="total",
        )
    description = describe(inputs)
    is_single = isinstance(inputs, (Mapping, str, bytes))
    is_iterable = hasattr(inputs, "__iter__") or (asynchronous and hasattr(inputs, "__aiter__"))
    if is_single or not is_iterable:
        raise InputError(
            f"{method.name}: `inputs` must be an iterable of mappings, not {description}",
            method=method.name,
            parameter="inputs",
        )
    return inputs
