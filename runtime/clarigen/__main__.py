"""`python -m clarigen`: the same as `gen-client`.

The only module of the runtime that imports the generator, which is in the same distribution.
"""

import sys

from gen_client.cli import main

sys.exit(main())
