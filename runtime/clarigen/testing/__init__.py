"""A model server for tests: a plain Python object behind the platform's real protocol.

    from clarigen.testing import serve

    class Fake:
        def predict(self, prompt: str, max_tokens: int = 256) -> str:
            "Answer a prompt."
            return prompt.upper()

    with serve(Fake()) as server, O4Mini(base_url=server.url) as model:
        assert model.predict("hi") == "HI"

An application that uses a generated client can so be tested without the platform, and a generator
or another client can be tried on it: it answers discovery too. See `serve` for what can be served, and
`Faults.add` for what can go wrong there.
"""

from ._annotations import Param
from ._faults import Fault, Faults
from ._record import Call
from ._server import Server, serve

__all__ = ["Call", "Fault", "Faults", "Param", "Server", "serve"]
