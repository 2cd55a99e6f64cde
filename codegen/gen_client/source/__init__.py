"""Sources of signatures: where the description of a model's methods comes from.

There is one class per kind of source. Creating one does no I/O; `fetch` does, and returns a `Document`, free of
protobuf and not yet checked. What a signature means is not known here.

    resolve_url("https://clarifai.com/USER/APP/models/MODEL")    PlatformModel    platform.py
    resolve_url("grpc://127.0.0.1:8000")                         Runner           runner.py
    a file, or standard input                                    SignatureFile    file.py
    a file at a revision of its git repository                   RevisionFile     revision.py
    the lock of a package                                        LockFile         lock_file.py
"""

from gen_client.source.access import Access
from gen_client.source.document import Document, Source
from gen_client.source.file import SignatureFile
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
    "resolve_address",
    "resolve_url",
    "whoami",
]
