"""`python -m vexil` is the `vexil` command."""

import sys

from vexil.cli import main

if __name__ == "__main__":
    sys.exit(main())
