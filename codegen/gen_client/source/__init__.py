"""Sources of signatures: where the description of a model's methods comes from.

There is one class per kind of source. Creating one does no I/O; `fetch` does, and returns a `Document`, free of
protobuf and not yet checked. What a signature means is not known here.

    USER/APP/models/MODEL, or its address         PlatformModel    platform.py
    grpc://127.0.0.1:8000                         Runner           runner.py
    a package, a file, or standard input          SignatureFile    file.py
    a model's folder                              ModelFolder      model_folder.py
    a file at a revision of its git repository    RevisionFile     revision.py
    the lock of a package                         LockFile         locked_signatures.py

`parse_source` reads the text that names one, and `resolve_address` returns it.
"""

from gen_client.source.access import Access
from gen_client.source.document import Document, Source
from gen_client.source.file import SignatureFile
from gen_client.source.local import find_lock, parse_source
from gen_client.source.locked_signatures import LockFile
from gen_client.source.platform import PlatformModel, whoami
from gen_client.source.resolve import resolve_address, resolve_url
from gen_client.source.revision import RevisionFile
from gen_client.source.runner import Runner

__all__ = [
    "Access",
    "Document",
    "LockFile",
    "PlatformModel",
    "RevisionFile",
    "Runner",
    "SignatureFile",
    "Source",
    "find_lock",
    "parse_source",
    "resolve_address",
    "resolve_url",
    "whoami",
]
