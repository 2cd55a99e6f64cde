"""The gate against names and texts that only other readers than Python's parser understand."""

from __future__ import annotations

import pytest

from clarigen import AsyncClient, Client
from gen_client.diagnostics import Refusal
from gen_client.gate import check
from gen_client.gate.statements import BASE_ATTRIBUTES
from gen_client.layout import HEAD
from gen_client.naming.reserved import CLIENT_ATTRIBUTES
from unit.generator.gate.gated import refused
from unit.generator.page_text import CLIENT


@pytest.mark.parametrize(
    "character",
    [
        *("\u3164", "\ufe0f", "\u034f", "\u200b", "\u202e", "\ue000", "\ufdd0", "\ufffe", "\xad"),
        *("\U000e0100", "\U000e0041", "\U00016fe4", "\U0010fffd", "\x85", "\u2028", "\x1b"),
    ],
    ids=ascii,
)
def test_a_character_that_nobody_sees_is_refused_everywhere(character: str) -> None:
    for place in ("The picture to search", "fast", "Wire descriptions", "def embed"):
        assert "character U+" in refused(CLIENT.replace(place, place + character, 1))


@pytest.mark.parametrize(
    "name", ["_one", "_unary", "_repr_html_", "__call__", *sorted(BASE_ATTRIBUTES)]
)
def test_a_method_that_belongs_to_others_is_refused(name: str) -> None:
    refused(CLIENT.replace("def embed(", f"def {name}("))
    refused(CLIENT.replace("async def embed(", f"async def {name}("))


@pytest.mark.parametrize("place", ["values: npt.ArrayLike", "label: str"])
def test_a_private_parameter_or_field_is_refused(place: str) -> None:
    assert place in CLIENT
    assert "a private name" in refused(CLIENT.replace(place, f"_{place}"))


def test_no_method_replaces_a_public_attribute_of_clients() -> None:
    public = {name for base in (Client, AsyncClient) for name in dir(base) if name[0] != "_"}
    assert public | CLIENT_ATTRIBUTES == BASE_ATTRIBUTES


def check_whole(text: str) -> None:
    check.check_file(f"{HEAD}{text}", "client")


@pytest.mark.parametrize(
    "name", ["\uff45mbed", "emb\u0435\u0301d", "embe\u1d48", "\ufb01nd", "x\u30fby", "\U00011f02a"]
)
def test_a_name_that_is_written_unlike_it_is_read_is_refused(name: str) -> None:
    """Or that only a newer Python accepts."""
    text = CLIENT.replace("def embed(", f"def {name}(").replace(
        "def embed_batch", f"def {name}_batch"
    )
    with pytest.raises(Refusal):
        check_whole(text)


def test_names_in_other_scripts_pass() -> None:
    check_whole(CLIENT.replace("embed", "größe名").replace("_EMBED", "_GRÖSSE名"))


@pytest.mark.parametrize("text", ["x vim: set ft=evil:", "Local Variables:", "-*- mode: x -*-"])
def test_a_modeline_in_a_literal_is_refused(text: str) -> None:
    check_whole(CLIENT)
    with pytest.raises(Refusal, match="a modeline"):
        check_whole(CLIENT.replace('"fast"', f'"{text}"', 1))
    check_whole(CLIENT.replace('"fast"', f'"{text.replace(":", chr(92) + "x3a").replace("-*", chr(92) + "x2d*")}"', 1))  # fmt: skip


@pytest.mark.parametrize("text", [">>> 1 / 0", ".. raw:: html", "![x](y)", "<script>", "vim: set"])
def test_a_docstring_that_others_obey_is_refused(text: str) -> None:
    for place in ("The picture to search.", "Where to start."):
        assert "a docstring with" in refused(CLIENT.replace(place, f"{place} {text}", 1))
