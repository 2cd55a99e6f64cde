"""The rarer corners, in the official SDK's own terms; `test_quirks.py` has the plain twin."""

from typing import Iterator, List

from clarifai.runners.models.model_class import ModelClass
from clarifai.runners.utils.data_types import Concept, NamedFields

method = ModelClass.method
Cell = NamedFields(a=int)
Words = NamedFields(**{"class": str, "bytes": bytes, "list": List[str]})


class Quirks(ModelClass):
    """Defaults that only the model knows, names that Python keeps, streams that end early."""

    @method
    def float_none(self, x: float = None, y: str = "d") -> str:
        return repr((x, y))

    @method
    def concepts_none(self, x: List[Concept] = None, y: str = "d") -> str:
        return repr((x, y))

    @method
    def record_default(self, x: Cell = NamedFields(a=1), y: str = "d") -> str:
        return repr((x, y))

    @method
    def record_later(self, y: str = "d", x: Cell = NamedFields(a=1)) -> str:
        return repr((y, x))

    @method
    def bytes_default(self, x: bytes = b"ab") -> bytes:
        return x

    @method
    def close(self) -> str:
        return "closed"

    @method
    def at_once(self) -> Iterator[str]:
        raise ValueError("at once")

    @method
    def zeros(self) -> Iterator[int]:
        yield from (0, 0)

    @method
    def cells(self, n: int) -> Iterator[Cell]:
        for i in range(n):
            yield NamedFields(a=i)

    @method
    def silent(self, items: Iterator[str]) -> Iterator[str]:
        for _ in items:
            yield from ()

    @method
    def breaks(self, items: Iterator[str]) -> Iterator[str]:
        for item in items:
            yield item
            raise ValueError(f"broke on {item}")

    @method
    def scaled(self, *, factor: float = 2.5, items: Iterator[float]) -> Iterator[float]:
        for item in items:
            yield item * factor


class Keywords(ModelClass):
    """What a plain dataclass cannot be: a record with a member called `class`."""

    @method
    def echo(self, x: Words) -> Words:
        return x
