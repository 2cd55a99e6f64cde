"""`python -m gen_client` is `gen-client`."""

import sys

from gen_client.cli import main

sys.exit(main())
