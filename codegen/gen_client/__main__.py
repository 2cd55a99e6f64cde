"""`python -m gen_client`: the same as `gen-client`."""

import sys

from gen_client.cli import main

sys.exit(main())
