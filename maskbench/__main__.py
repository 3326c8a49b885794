"""Run ``maskbench`` as ``python -m maskbench``."""

import sys

from maskbench.cli import main

if __name__ == "__main__":
    sys.exit(main())
