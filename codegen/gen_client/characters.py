"""Characters that nobody sees, or that change how a text is read, as a frozen list.

Both filters, the gate, names and messages use this list. It is not asked of `unicodedata`, whose tables change with the
Python version.
"""

from __future__ import annotations

import re
from typing import Final

# Line ends and control characters; soft hyphen, fillers, zero-width characters, directions,
# separators, joiners, variation selectors and tags; surrogates, private use, non-characters.
HIDDEN: Final = (
    r"\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2"
    r"\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\uf8ff"
    r"\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U000110bd\U000110cd"
    r"\U00013430-\U0001345f\U00016fe4\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U0010ffff"
)
"""The hidden characters as ranges of a regular expression; a newline is not among them."""

BLANKS: Final = (
    "\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
)
"""The characters that look like a space, except the space itself."""

HIDDEN_CHARACTER: Final = re.compile(f"[{HIDDEN}]")
"""One hidden character."""
