"""An audit hook that observes a process: files written, programs run, connections opened, unexpected imports.

`Watch` knows what is allowed and records everything else. It stops nothing, so that all events are reported. An audit
hook cannot be removed, so it needs its own process.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

_NEVER = (
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "os.fork",
    "os.forkpty",
    "os.startfile",
    "os.kill",
    "os.putenv",
    "subprocess.Popen",
    "pty.spawn",
    "socket.connect",
    "socket.bind",
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "urllib.Request",
    "http.client.connect",
    "ftplib.connect",
    "smtplib.connect",
    "webbrowser.open",
    "pickle.find_class",
    "marshal.loads",
    "code.__new__",
    "builtins.breakpoint",
    "builtins.input",
    "ctypes.dlopen",
    "sys.settrace",
    "sys.setprofile",
)
_CHANGES = (
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.mkdir",
    "os.link",
    "os.symlink",
    "os.truncate",
    "os.chmod",
    "os.chown",
    "os.utime",
    "shutil.rmtree",
    "shutil.move",
    "shutil.copyfile",
    "tempfile.mkstemp",
    "tempfile.mkdtemp",
)
_MAKERS = tuple(
    f"{os.sep}{file}".replace("/", os.sep)
    for file in (
        "dataclasses.py",
        "rlcompleter.py",
        "inspect.py",
        "annotationlib.py",  # since Python 3.14, instead of inspect
        "jinja2/environment.py",
        "collections/__init__.py",
    )
)
"""Libraries that compile text: dataclasses, completion, annotations, templates."""
_PYTHON = tuple({str(Path(os.__file__).resolve().parent), sys.prefix, sys.base_prefix})


class Watch:
    """Records what a process does that is not allowed.

    Attributes:
        seen: Descriptions of the events.
        folder: The folder where files may be written; None for none.
        sources: The folders whose code may run, in addition to Python's own.
    """

    def __init__(self, *sources: Path) -> None:
        self.seen: list[str] = []
        self.folder: Path | None = None
        self.sources = (*map(str, sources), *_PYTHON)
        self._busy = False
        self._modules: frozenset[str] | None = None
        sys.addaudithook(self._hook)

    def imports_nothing_new(self) -> None:
        """Record every later import of a new module, except those of `sources`."""
        self._modules = frozenset(sys.modules)

    def taken(self) -> list[str]:
        """Return the events since the last call."""
        seen, self.seen = self.seen, []
        return seen

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._busy:
            return
        self._busy = True
        try:
            self._look(event, arguments)
        finally:
            self._busy = False

    def _look(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in _NEVER or event.split(".", maxsplit=1)[0] in (
            "winreg",
            "nntplib",
            "telnetlib",
            "imaplib",
        ):
            if not (event == "marshal.loads" and self._modules is None):
                self.seen.append(f"{event} {arguments!r}"[:300])
        elif event == "open":
            path, mode, flags = arguments
            writes = isinstance(flags, int) and flags & (
                os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
            )
            if (writes or (isinstance(mode, str) and set(mode) & set("wax+"))) and not self._mine(
                path
            ):
                self.seen.append(f"writes {path!r}"[:300])
        elif event in _CHANGES:
            if not all(
                self._mine(path) for path in arguments if isinstance(path, str | os.PathLike)
            ):
                self.seen.append(f"{event} {arguments!r}"[:300])
        elif event == "exec":
            code = arguments[0]
            if isinstance(code, CodeType) and not self._is_known(code.co_filename):
                self.seen.append(f"runs {code.co_filename!r} {code.co_names!r}"[:300])

    def _mine(self, path: Any) -> bool:
        if self.folder is None or not isinstance(path, str | bytes | os.PathLike):
            return not isinstance(path, str | bytes | os.PathLike)
        real = Path(os.fsdecode(path)).absolute()
        return self.folder.resolve() in (real.resolve(), *real.resolve().parents)

    def _is_known(self, file: str) -> bool:
        """Return whether code comes from an allowed file, or from a library that compiles text."""
        if file.startswith((*self.sources, "<frozen ")):
            return True
        frame: FrameType | None = sys._getframe()
        while frame is not None:
            if frame.f_code.co_filename.endswith(_MAKERS):
                return True
            frame = frame.f_back
        return False
