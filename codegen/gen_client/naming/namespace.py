"""The names of one scope, without duplicates.

A name that is used already gets underscores at its end. `names` decides which scopes there are and what they contain.
"""

from __future__ import annotations

from collections.abc import Iterable

from gen_client.escape import Code


class Namespace:
    """A scope of unique names.

    Attributes:
        names: The names that are used in it.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.names = set(names)

    def claim(self, name: str) -> Code:
        """Add a name and return it; append underscores until it is unique."""
        while name in self.names:
            name += "_"
        self.names.add(name)
        return Code(name)

    def claim_all(self, names: Iterable[tuple[str, str]]) -> tuple[Code, ...]:
        """Add several names, so that their order of declaration does not matter.

        A name that is unchanged from the wire is claimed first, the others in the order of their wire names.

        Args:
            names: Pairs of a name on the wire and the Python name for it.

        Returns:
            The names in the order of the argument.
        """
        pairs = list(names)
        order = sorted(range(len(pairs)), key=lambda i: (pairs[i][0] != pairs[i][1], pairs[i][0]))
        claimed = {index: self.claim(pairs[index][1]) for index in order}
        return tuple(claimed[index] for index in range(len(pairs)))
