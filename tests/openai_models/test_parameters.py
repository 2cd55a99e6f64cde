"""Transports whose parameter has another name than `msg`."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clarigen.testing import serve
from gen_client import cli
from openai_models.test_sync import say


class Renamed:
    """A model that answers a chat with the message that it got."""

    def openai_transport(self, req: str) -> str:
        return json.dumps({"choices": [{"message": json.loads(req)["messages"][0]}]})

    def openai_stream_transport(self, request: str) -> Iterator[str]:
        yield json.dumps({"choices": [{"delta": json.loads(request)["messages"][0]}]})


@pytest.mark.item(55)
def test_a_transport_may_give_its_parameter_another_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(Renamed()) as server:
        assert cli.main([server.url, "--out", str(tmp_path), "--name", "renamed_chat"]) == 0
        monkeypatch.syspath_prepend(str(tmp_path))
        package: Any = importlib.import_module("renamed_chat")
        with package.RenamedChat(base_url=server.url) as model:
            completions = model.openai().chat.completions
            answer = completions.create(model="-", messages=say("hi"))
            chunks = list(completions.create(model="-", messages=say("ho"), stream=True))
    assert answer.choices[0].message.content == "hi"
    assert [chunk.choices[0].delta.content for chunk in chunks] == ["ho"]
