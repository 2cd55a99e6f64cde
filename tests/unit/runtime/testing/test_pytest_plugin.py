"""The pytest plugin: its fixture, and that it costs nothing if it is not used."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

MODEL = """
import pytest
from clarigen import Client, ConfigError, wire
from clarigen.testing import Serve, Server, serve

class Model:
    def say(self, text: str) -> str:
        return text

class ModelClient(Client):
    def say(self, text: str) -> str:
        return self._unary(SAY, text)

SAY = wire.unary("say", wire.field("text", wire.STR), returns=wire.STR)
"""

CONTEXT = """
from clarigen import Client, wire

class Model:
    def predict(self, prompt: str, max_tokens: int = 256) -> str:
        return prompt.upper()

class O4Mini(Client):
    def predict(self, prompt: str) -> str:
        return self._unary(PREDICT, prompt)

PREDICT = wire.unary("predict", wire.field("prompt", wire.STR), returns=wire.STR)

class application:
    @staticmethod
    def answer(prompt: str) -> str:
        with O4Mini() as model:
            return model.predict(prompt)

"""
"""The code that the documentation's example assumes."""


def test_fixture_closes_its_servers(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(MODEL + """
ports = []

@pytest.mark.parametrize("fails", [False, True])
def test_two_servers(clarigen_serve: Serve, fails: bool) -> None:
    servers: list[Server] = [clarigen_serve(Model()), clarigen_serve(Model(), threads=1, record=0)]
    for server in servers:
        with ModelClient(base_url=server.url, timeout=30) as model:
            assert model.say("x") == "x"
        ports.append(server.port)
    assert (servers[0].calls, servers[1].calls) == ([("say", {"text": "x"})], [])
    assert not fails

def test_its_ports_are_free_again() -> None:
    assert len(set(ports)) == 4
    for port in ports:
        serve(Model(), port=port).close()

def test_its_options_are_those_of_serve(clarigen_serve: Serve) -> None:
    with pytest.raises(ConfigError, match="`threads` must be a number from 1"):
        clarigen_serve(Model(), threads=0)
""")
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=3, failed=1)


def test_plugin_imports_nothing_until_it_is_used(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
import sys

def test_start() -> None:
    assert "clarigen_pytest" in sys.modules
    assert not {"clarigen", "grpc", "google.protobuf"} & set(sys.modules)
""")
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_fixture_is_listed_with_a_description(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_subprocess("--fixtures", "-p", "no:cacheprovider")
    result.stdout.fnmatch_lines(["clarigen_serve*", "*Serve plain Python objects as models*"])


def test_example_of_the_documentation_runs(pytester: pytest.Pytester) -> None:
    from unit.test_readme import blocks

    (example,) = (block for block in blocks() if "clarigen_serve" in block)
    pytester.makepyfile(CONTEXT + example)
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
