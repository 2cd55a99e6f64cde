"""The names that generated code reserves.

The lists are fixed, so that the same signatures give the same names with every Python and every version of the runtime.
An addition to a list can change names that users type, and requires a new format of the lock.
"""

from __future__ import annotations

from typing import Final


def _split(text: str) -> frozenset[str]:
    return frozenset(text.split())


KEYWORDS: Final = _split("""
    False None True and as assert async await break class continue def del elif else except finally
    for from global if import in is lambda nonlocal not or pass raise return try while with yield
    """)
"""The hard keywords. The soft ones (`match`, `type`, …) are valid names."""

CLIENT_ATTRIBUTES: Final = _split(
    "aclose close mcp name openai openai_http options recording reference wait_until_ready with_options"
)
"""The public attributes of a client, present and planned."""

MCP_ATTRIBUTES: Final = _split("mcp_http prompt prompts read_resource resources")
"""The further attributes of a client of an MCP model, present and planned."""

CLASS_ATTRIBUTES: Final = _split("mro")
"""The public attributes of every class. A dataclass would read one as the default of a field with its name."""

MODULE_NAMES: Final = _split("""
    Any AsyncBatch AsyncClient AsyncIterable AsyncMCPModel AsyncOpenAIModel AsyncStream Audio Batch Box Client Concept
    Default Embedding Final Frame Image Iterable JSON JSONValue KNOWN_DEFAULT Literal MCPModel Mapping ModelRef NotRequired OpenAIModel Point
    ReadOnly Region SERVER_DEFAULT Sequence SequenceNotStr Stream TYPE_CHECKING Text ToolResult TypeAlias TypedDict
    Union Video annotations builtins dataclass npt overload self wire
    """)
"""The names that generated modules import, present and planned, and `self`."""

EXAMPLE_NAMES: Final = _split("AUDIO IMAGE VIDEO YOURS asyncio float main print")
"""Further names that `examples.py` uses."""

BUILTIN_TYPES: Final = _split("bool bytes dict float int list str tuple")
"""The builtin types in annotations and defaults."""

WINDOWS_DEVICES: Final = frozenset(
    ["aux", "con", "nul", "prn", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))]
)
"""Names that Windows reads as a device, in every folder."""

MODULES: Final = _split("""
    abc aifc annotationlib antigravity argparse array ast asynchat asyncio asyncore atexit audioop
    base64 bdb binascii bisect builtins bz2 calendar cgi cgitb chunk cmath cmd code codecs codeop
    collections colorsys compileall compression concurrent configparser contextlib contextvars copy
    copyreg cprofile crypt csv ctypes curses dataclasses datetime dbm decimal difflib dis distutils doctest
    email encodings ensurepip enum errno faulthandler fcntl filecmp fileinput fnmatch formatter
    fractions ftplib functools gc genericpath getopt getpass gettext glob graphlib grp gzip hashlib
    heapq hmac html http idlelib imaplib imghdr imp importlib inspect io ipaddress itertools json
    keyword lib2to3 linecache locale logging lzma mailbox mailcap marshal math mimetypes mmap
    modulefinder msilib msvcrt multiprocessing netrc nis nntplib nt ntpath nturl2path numbers opcode
    operator optparse os ossaudiodev parser pathlib pdb pickle pickletools pipes pkgutil platform
    plistlib poplib posix posixpath pprint profile profiling pstats pty pwd py_compile pyclbr pydoc pydoc_data
    pyexpat queue quopri random re readline reprlib resource rlcompleter runpy sched secrets select
    selectors shelve shlex shutil signal site smtpd smtplib sndhdr socket socketserver spwd sqlite3
    sre_compile sre_constants sre_parse ssl stat statistics string stringprep struct subprocess sunau
    symbol symtable sys sysconfig syslog tabnanny tarfile telnetlib tempfile termios test textwrap
    this threading time timeit tkinter token tokenize tomllib trace traceback tracemalloc tty turtle
    turtledemo types typing unicodedata unittest urllib uu uuid venv warnings wave weakref webbrowser
    winreg winsound wsgiref xdrlib xml xmlrpc zipapp zipfile zipimport zlib zoneinfo
    clarifai clarifai_grpc clarifai_protocol clarigen gen_client google grpc numpy pil setup conftest
    sitecustomize usercustomize site _distutils_hack pip setuptools wheel pkg_resources build hatchling
    flit_core poetry uv tox nox virtualenv
    pytest _pytest pluggy iniconfig xdist hypothesis coverage tests typing_extensions mypy_extensions
    exceptiongroup attr attrs packaging platformdirs filelock tomli tomlkit toml yaml jinja2 markupsafe
    click rich pygments markdown_it mdurl black pathspec libcst shtab mypy ruff isort flake8 pylint pyright
    ipython ipykernel ipywidgets jupyter jupyter_client notebook traitlets debugpy pydevd jedi parso
    sphinx docutils mkdocs pdoc
    requests urllib3 certifi idna charset_normalizer httpx httpcore h11 h2 anyio sniffio aiohttp tornado
    pydantic pydantic_core annotated_types fastapi starlette uvicorn django flask werkzeug sqlalchemy
    celery redis boto3 botocore six dateutil pytz tzdata dotenv jwt cryptography cffi psutil tqdm
    pandas scipy matplotlib sklearn torch torchvision tensorflow keras jax transformers cv2 polars pyarrow
    dask ray pyspark openai mcp anthropic langchain opentelemetry sentry_sdk gevent greenlet zmq
    """)
"""Modules that a package of the same name could hide: the standard library's, those that clients depend on, those that
Python and its tools import without being asked, and some that many applications import."""
