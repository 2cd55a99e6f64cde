"""The pytest plugin: a fixture that serves models for a test.

pytest loads this module at every start, in every environment with clarigen. Therefore it is outside of the
package: a module inside would load the package too. It imports the package only when a test asks for a
server.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from clarigen.testing import Serve, Server


@pytest.fixture
def clarigen_serve() -> Iterator[Serve]:
    """Serve plain Python objects as models with `clarigen.testing.serve`, until the test ends.

    def test_it(clarigen_serve):
        server = clarigen_serve(Model())
        with O4Mini(base_url=server.url) as model: ...
    """
    from contextlib import ExitStack

    from clarigen.testing import serve

    with ExitStack() as servers:

        def start(implementation: object, **options: Any) -> Server:
            return servers.enter_context(serve(implementation, **options))

        yield start
