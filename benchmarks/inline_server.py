"""The model without signatures that the benchmark of inline calls calls: it answers sample values."""

from __future__ import annotations

import json
import sys

from benchmarks.stage import HERE
from clarigen.testing import Samples, serve

if __name__ == "__main__":
    text = (HERE.parent / "generated" / "flowers" / "signatures.json").read_text("utf-8")
    lock = json.loads(text)
    with serve(Samples(lock["method_signatures"], model_type=lock["model_type"])) as server:
        print(server.url, flush=True)
        sys.stdin.read()  # until the parent process closes the pipe or exits
