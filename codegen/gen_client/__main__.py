"""Runs `gen-client` as `python -m gen_client`."""

import sys

from gen_client.cli import main

sys.exit(main())
