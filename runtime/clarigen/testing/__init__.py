"""What tests of an application need in a model's place: fakes without a server, and a server with faults.

    from clarigen.testing import calls, fake

    model = fake(O4Mini, predict=lambda prompt, max_tokens: prompt.upper())
    assert model.predict("hi") == "HI"
    assert calls(model) == [("predict", {"prompt": "hi", "max_tokens": 256})]

`fake` calls functions in place of a model. `serve` puts a plain Python object behind the platform's
real protocol, for whatever speaks it:

    from clarigen.testing import serve

    class Fake:
        def predict(self, prompt: str, max_tokens: int = 256) -> str:
            "Answer a prompt."
            return prompt.upper()

    with serve(Fake()) as server, O4Mini(base_url=server.url) as model:
        assert model.predict("hi") == "HI"

With pytest, the fixture `clarigen_serve` is `serve`, and closes what it served when the test ends. A
generator or another client can be tried on such a server: it answers discovery too. See `serve` for
what can be served, and `Faults.add` for what can go wrong there; `Samples` is a model that is not there yet.
"""

from ._annotations import Param
from ._call_log import Call
from ._fake import calls, fake
from ._faults import Fault, Faults
from ._sample_model import Samples
from ._server import Serve, Server, serve

__all__ = [
    "Call",
    "Fault",
    "Faults",
    "Param",
    "Samples",
    "Serve",
    "Server",
    "calls",
    "fake",
    "serve",
]
