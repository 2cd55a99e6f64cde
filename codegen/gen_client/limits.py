"""The limits of a model's interface, and the check of a document's size that comes before all others.

The largest known models have some dozens of methods and a weight of some thousands. The limits leave room for ten times
that. With them, no untrusted document costs the generator and its parsers more than some seconds and 300 MB.
"""

from __future__ import annotations

import re
from typing import Final

from gen_client.diagnostics import Refusal
from gen_client.exit_codes import UNUSABLE
from gen_client.identifiers import is_word
from gen_client.json_text import is_array, is_object

METHODS: Final = 1_000
PARAMETERS: Final = 256
"""Per method."""
MEMBERS: Final = 256
"""Per NAMED_FIELDS or TUPLE; also outputs per method."""
CHOICES: Final = 10_000
"""Per parameter. Lists of voices or languages have hundreds, lists of classes a few thousand."""
NESTING: Final = 32
"""Levels of types within types. Later parsers do not raise on deep nesting, they crash the process."""
RECORDS: Final = 8
"""Levels of records within records. Each level doubles the time that a type checker needs for a nested literal."""
TOOLS: Final = 1_000
"""Tools of an MCP model; also prompts, resources, and templates of resources."""
PROPERTIES: Final = 1_000
"""Per object in the types of a tool."""
TOOL_OBJECTS: Final = 256
"""Objects in the types of one tool. Each becomes a class."""
SCHEMA_STEPS: Final = 20_000
"""Schemas that one schema of a tool may stand for, with all its references followed."""
TYPE_WEIGHT: Final = 500
"""Types inside one type, except inside objects."""
LEVELS: Final = 100
"""Levels of arrays and objects in a document. A level of types takes two of them."""
NAME: Final = 255
"""Characters per name of a method, parameter or member, and per id."""
DESCRIPTION: Final = 200_000
"""Characters per description."""
DEFAULT: Final = 100_000
"""Characters per default or choice."""
SIZE: Final = 4 << 20
"""Bytes of a document. For a parsed document: its characters of text, and 8 for every other value."""
SOURCE_SIZE: Final = 256 << 10
"""Bytes of a model's source. Python's parser needs up to 800 bytes of memory per byte."""
SOURCE_STEPS: Final = 2_000_000
"""Parts of a model's source that are looked at, each as often as that happens. Common models need some thousands."""
OFFER_STEPS: Final = 200_000
"""Types and names that are looked at for the tools in a model's source."""
VALUE_PARTS: Final = 10_000
"""Values inside one value of a model's source, each as often as it is in there; 64 characters of text count as one."""
YAML_SIZE: Final = 512 << 10
"""Characters of a YAML document. The parser of YAML reads some 100,000 per second."""

WEIGHT: Final = 60_000
"""Weight of a model, the sum of the weights below.

That allows nearly 1,000 methods without parameters, 500 with four each, 22 with 256 each, or 2.4 MB of text.
"""
METHOD_WEIGHT: Final = 50
FIELD_WEIGHT: Final = 10
"""Per parameter, result or member of NAMED_FIELDS."""
VALUE_WEIGHT: Final = 4
"""Per choice, or value in a default."""
ITEM_WEIGHT: Final = 12
"""Per type inside a type."""
TEXT_UNIT: Final = 40
"""Characters of descriptions, defaults and choices per unit of weight."""

_VALUE_SIZE: Final = 8
"""Bytes that `check_size` counts per value that is not text."""
_ID: Final = re.compile(r"[\w.~@+-]*[\w~@+-][\w.~@+-]*")


def is_id(text: str) -> bool:
    """Return whether a text can be an id of the platform: no path, no white space, not only dots."""
    return (
        len(text) <= NAME
        and _ID.fullmatch(text) is not None
        and is_word("".join(character for character in text if not character.isascii()))
    )


def check_levels(document: object) -> None:
    """Raise `Refusal` (exit 4) if a parsed document has more than `LEVELS` levels. This does not recurse."""
    pending = [(document, 0)]
    while pending:
        value, level = pending.pop()
        if level > LEVELS:
            raise Refusal(
                f"the document is nested more than {LEVELS} levels deep", exit_code=UNUSABLE
            )
        if is_object(value):
            pending.extend((item, level + 1) for item in value.values())
        elif is_array(value):
            pending.extend((item, level + 1) for item in value)


def check_size(document: object) -> None:
    """Raise `Refusal` if a document is too large. This does not recurse.

    Args:
        document: A parsed document: objects with text as keys, arrays, text, numbers, booleans and None.

    Raises:
        Refusal: Exit 4: the document is larger than `SIZE`, or has a key of another type.
    """
    size = 0
    pending = [document]
    while pending:
        value = pending.pop()
        size += len(value) if isinstance(value, str) else _VALUE_SIZE
        if is_object(value):
            for key, item in value.items():
                if not isinstance(key, str):
                    raise Refusal("the signatures have a key that is not text", exit_code=UNUSABLE)
                size += len(key)
                pending.append(item)
        elif is_array(value):
            pending.extend(value)
        if size > SIZE:
            raise Refusal(f"the signatures are larger than {SIZE >> 20} MB", exit_code=UNUSABLE)
