"""Run the command line with `python -m cnnhistory`."""

import sys

from cnnhistory.cli import main

if __name__ == "__main__":
    sys.exit(main())
