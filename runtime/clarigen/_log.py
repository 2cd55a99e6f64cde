"""The one logger, `clarigen`: a line for each retry and for what is waited for (INFO), and for each call (DEBUG).

What lives here: the logger, and the convenience of CLARIGEN_LOG=info or debug, which sends it to standard
error. Otherwise no handler is attached: where the lines go is the application's to say. No line ever holds
metadata, arguments or results.
"""

from __future__ import annotations

import logging
import os
from typing import Final

LOGGER: Final = logging.getLogger("clarigen")

_LEVELS: Final = {"info": logging.INFO, "debug": logging.DEBUG}


def escape_unprintable(text: object) -> str:
    """A text of others on one line, with what a terminal could obey as escapes."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(text))


def _configure_from_environment() -> None:
    level = _LEVELS.get(os.environ.get("CLARIGEN_LOG", "").lower())
    if level is not None:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
        LOGGER.addHandler(handler)
        LOGGER.setLevel(level)


_configure_from_environment()
