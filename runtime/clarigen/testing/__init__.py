"""Stand-ins for a model, for the tests of an application: fakes without a server, and a local server.

    from clarigen.testing import calls, fake

    model = fake(O4Mini, predict=lambda prompt, max_tokens: prompt.upper())
    assert model.predict("hi") == "HI"
    assert calls(model) == [("predict", {"prompt": "hi", "max_tokens": 256})]

`fake` calls functions instead of a model. `serve` serves a plain Python object with the platform's real
protocol, to any client:

    from clarigen.testing import serve

    class Model:
        def predict(self, prompt: str, max_tokens: int = 256) -> str:
            "Answer a prompt."
            return prompt.upper()

    with serve(Model()) as server, O4Mini(base_url=server.url) as model:
        assert model.predict("hi") == "HI"

With pytest, call the fixture `clarigen_serve` like `serve`: it stops its servers when the test ends.
`gen-client --url` also works with a server. See `serve` for the types that can be served,
`Faults.add` for the faults that a server can inject, and `Samples` for a model that does not exist yet.
"""

from ._annotations import Param
from ._call_log import Call
from ._fake import calls, fake
from ._faults import Fault, Faults
from ._openai import OpenAITransports
from ._sample_model import Samples
from ._server import Serve, Server, serve

__all__ = [
    "Call",
    "Fault",
    "Faults",
    "OpenAITransports",
    "Param",
    "Samples",
    "Serve",
    "Server",
    "calls",
    "fake",
    "serve",
]
