"""How large an interface may be, and the check of the whole that comes before everything else.

What lives here: the limits, all of them, and `measure`. The largest interfaces known have some dozens
of methods and weigh some thousands; the limits leave room for ten times that, and keep what a stranger can
make the generator and its parsers do within seconds and 300 MB.
"""

from __future__ import annotations

import re
from typing import Final

from gen_client.diagnostics import Refusal
from gen_client.exit_codes import UNUSABLE
from gen_client.json_text import is_array, is_object

METHODS: Final = 1_000
PARAMETERS: Final = 256
"""Of one method."""
MEMBERS: Final = 256
"""Of one NAMED_FIELDS or TUPLE, and outputs of one method."""
CHOICES: Final = 10_000
"""Of one parameter. Lists of voices or languages have hundreds, of classes a few thousand."""
NESTING: Final = 32
"""Types within types. Parsers further on do not raise on deep nesting, they crash the process."""
RECORDS: Final = 8
"""Records within each other. A type checker's time for a value that is written in place doubles with each."""
LEVELS: Final = 100
"""Arrays and objects within each other in a document; a type takes two, the rest is room."""
NAME: Final = 255
"""Characters of a method's, parameter's or member's name, or of an id."""
DESCRIPTION: Final = 200_000
"""Characters of a description."""
DEFAULT: Final = 100_000
"""Characters of a default or a choice."""
SIZE: Final = 4 << 20
"""Bytes of a document, or of what stands for them: characters of text, and 8 for any other value."""
YAML_SIZE: Final = 512 << 10
"""Characters of a document in YAML, whose parser reads some 100,000 a second."""

WEIGHT: Final = 60_000
"""Of the model as a whole, the sum of the weights below: nearly 1,000 methods without a parameter, 500 with four
each, 22 with 256 each, or 2.4 MB of text."""
METHOD_WEIGHT: Final = 50
FIELD_WEIGHT: Final = 10
"""Of a parameter, a result, a member of NAMED_FIELDS."""
VALUE_WEIGHT: Final = 4
"""Of a choice, of each value in a default, of a type inside a type."""
TEXT_UNIT: Final = 40
"""How many characters of descriptions, defaults and choices weigh 1."""

_VALUE_SIZE: Final = 8
_ID: Final = re.compile(r"[\w.~@+-]*[\w~@+-][\w.~@+-]*")


def is_id(text: str) -> bool:
    """Whether a text can be an id of the platform: no path, no white space, not dots alone."""
    return len(text) <= NAME and _ID.fullmatch(text) is not None


def check_size(document: object) -> None:
    """Refuse a document that is too large. Never recurses.

    Args:
        document: Mappings with texts as keys, sequences, texts, numbers, booleans, None.

    Raises:
        Refusal: It is larger than `SIZE`, or holds something else.
    """
    size = 0
    waiting = [document]
    while waiting:
        value = waiting.pop()
        size += len(value) if isinstance(value, str) else _VALUE_SIZE
        if is_object(value):
            for key, item in value.items():
                if not isinstance(key, str):
                    raise Refusal("the signatures have a key that is not text", exit_code=UNUSABLE)
                size += len(key)
                waiting.append(item)
        elif is_array(value):
            waiting.extend(value)
        if size > SIZE:
            raise Refusal(f"the signatures are larger than {SIZE >> 20} MB", exit_code=UNUSABLE)
