"""Names for what a rewritten program imports: none that the program has already."""

from __future__ import annotations

import libcst as cst

from gen_client.migrate.edits import Import
from gen_client.migrate.program import Program, dotted_name


class Names:
    """The names of a program, and those that are added to it."""

    def __init__(self, program: Program) -> None:
        self._taken = set(program.names)
        self._chosen: dict[tuple[str, str], Import] = {}
        self.imported: set[Import] = set()
        for statement in program.module.body:
            for small in statement.body if isinstance(statement, cst.SimpleStatementLine) else ():
                if isinstance(small, cst.ImportFrom) and not isinstance(
                    small.names, cst.ImportStar
                ):
                    self._add_existing(small)

    def _add_existing(self, statement: cst.ImportFrom) -> None:
        """Use again what the program imports already, at its top."""
        assert not isinstance(statement.names, cst.ImportStar)
        if statement.relative or statement.module is None:
            return
        module = dotted_name(statement.module)
        for alias in statement.names:
            name = dotted_name(alias.name)
            local = name if alias.asname is None else dotted_name(alias.asname.name)
            entry = Import(module, name, local)
            self._chosen.setdefault((module, name), entry)
            self.imported.add(entry)

    def choose(self, module: str, name: str) -> Import:
        """Return the import of a name, under a name that is free in the program."""
        key = (module, name)
        if key not in self._chosen:
            candidates = [name, f"{name}Client", f"Clarigen{name}"]
            candidates += [f"{name}Client{number}" for number in range(2, 1_000)]
            alias = next(candidate for candidate in candidates if candidate not in self._taken)
            self._taken.add(alias)
            self._chosen[key] = Import(module, name, alias)
        return self._chosen[key]

    def claim(self, name: str) -> str:
        """Return a name for a new variable."""
        while name in self._taken:
            name = f"{name}_"
        self._taken.add(name)
        return name
