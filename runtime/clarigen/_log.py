"""The logger `clarigen`: one line for each retry and each wait (INFO), and for each call (DEBUG).

CLARIGEN_LOG=info or =debug sends the lines to standard error. By default no handler is attached, because the
application decides where the lines go. No line ever contains metadata, arguments or results.
"""

from __future__ import annotations

import logging
import os
from typing import Final

LOGGER: Final = logging.getLogger("clarigen")

_LEVELS: Final = {"info": logging.INFO, "debug": logging.DEBUG}


def _configure_from_environment() -> None:
    level = _LEVELS.get(os.environ.get("CLARIGEN_LOG", "").lower())
    if level is not None:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
        LOGGER.addHandler(handler)
        LOGGER.setLevel(level)


_configure_from_environment()
