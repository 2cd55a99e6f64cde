"""Clients that are fakes: which can be created, and what their other members do."""

from __future__ import annotations

import asyncio
import pickle
from typing import Any

import pytest

from clarigen import ConfigError, Response
from clarigen.testing import calls, fake
from support import ROOT, run_python
from unit.runtime.parrot import AsyncParrotClient, ParrotClient
from unit.runtime.testing.functions import PARROT, count, say
from unit.runtime.testing.many import Many

# Objects that cannot be faked.


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("sya", "there is no method of this name; did you mean `say`?"),
        ("close", "there is no method of this name; it has say, count, double"),
        ("say_batch", "`say_batch` calls the replacement of `say` once per input"),
        ("_one", "there is no method of this name"),
    ],
)
def test_unknown_method_is_rejected(name: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        fake(ParrotClient, **{name: say})
    assert str(caught.value).startswith(f"fake(ParrotClient, {name}=…): ")
    assert message in str(caught.value)


def test_method_without_replacement_raises() -> None:
    model = fake(ParrotClient, count=count)
    message = r"say: the fake has no replacement; pass fake\(ParrotClient, say=…\)"
    with pytest.raises(ConfigError, match=message):
        model.say("x")
    with pytest.raises(ConfigError, match=message):
        model.say_batch([])
    with pytest.raises(ConfigError, match="double: the fake has no replacement"):
        model.double([1])
    with pytest.raises(ConfigError, match=r"texts: .*fake\(Many, texts=…\)"):
        fake(Many).texts()


@pytest.mark.parametrize("cls", [int, ParrotClient(base_url="grpc://127.0.0.1:1"), "text"])
def test_object_that_is_no_generated_class_is_rejected(cls: Any) -> None:
    with pytest.raises(ConfigError, match="the first argument must be a generated class, not "):
        fake(cls)


def test_calls_accepts_only_fakes() -> None:
    with (
        ParrotClient(base_url="grpc://127.0.0.1:1") as model,
        pytest.raises(ConfigError, match="this ParrotClient is not a fake"),
    ):
        calls(model)


# Other members of a client.


def test_views_of_a_fake_share_its_calls_and_its_connection() -> None:
    model = fake(ParrotClient, say=say)
    with model.with_options(timeout=1, max_retries=3) as view:
        assert view.say("x") == "xx"
        assert isinstance(view, ParrotClient)
    assert model.say("y") == "yy"
    model.close()
    with pytest.raises(ConfigError, match="this client is closed"):
        model.say("z")
    assert [call.arguments["text"] for call in calls(model)] == ["x", "y"]
    assert calls(view) == calls(model)


def test_fakes_of_one_class_are_independent() -> None:
    first, second = fake(ParrotClient, say="1"), fake(ParrotClient, say="2")
    assert (first.say("x"), second.say("x")) == ("1", "2")
    assert len(calls(first)) == 1


def test_fake_supports_recordings_and_observers() -> None:
    observed: list[Response] = []
    model = fake(ParrotClient, **PARROT)
    with model.recording() as seen:
        model.with_options(on_response=observed.append).say("x")
        list(model.count(2))
        model.say_batch([{"text": "x"}, {"text": "y"}]).collect()
    assert [response.method for response in seen] == ["say", "count", "say", "say"]
    assert [(response.method, response.attempts, response.status) for response in observed] == [
        ("say", 1, 10000)
    ]
    assert seen[0].raw.outputs[0].data.parts[0].data.string_value == "xx"


def test_fake_is_always_ready() -> None:
    fake(ParrotClient).wait_until_ready(timeout=1)
    asyncio.run(fake(AsyncParrotClient).wait_until_ready(timeout=1))


def test_fake_of_a_users_subclass() -> None:
    class Loud(ParrotClient):
        def shout(self, text: str) -> str:
            return self.say(text).upper()

    model = fake(Loud, say=say)
    assert model.shout("x") == "XX"
    with pytest.raises(ConfigError, match="there is no method of this name"):
        fake(Loud, shout=say)


def test_fake_cannot_be_pickled() -> None:
    with pytest.raises(TypeError, match="a fake cannot be pickled"):
        pickle.dumps(fake(ParrotClient, say=say))


def test_fake_needs_no_credential_no_grpc_and_no_thread() -> None:
    done = run_python(
        """
import os, sys, threading
os.environ["CLARIFAI_PAT"] = "no\\ncredential"
sys.path.insert(0, sys.argv[1])
from unit.runtime.parrot import AsyncParrotClient, ParrotClient
from clarigen.testing import fake
model = fake(ParrotClient, say="hi", count=[1], double=lambda items: items)
assert (model.say("x"), list(model.count(1)), list(model.double([2]))) == ("hi", [1], [2])
assert model.say_batch([{"text": "x"}]).collect() == ["hi"]
assert threading.active_count() == 1
assert "asyncio" not in sys.modules

import asyncio

async def calls():
    model = fake(AsyncParrotClient, say="hi", count=[1], double=lambda items: items)
    assert await model.say("x") == "hi"
    assert [item async for item in model.count(1)] == [1]
    assert [item async for item in model.double([2])] == [2]
    assert await model.say_batch([{"text": "x"}]).collect() == ["hi"]

asyncio.run(calls())
assert "grpc" not in sys.modules
""",
        str(ROOT / "tests"),
    )
    assert (done.returncode, done.stderr) == (0, "")
