"""`python -m xstilts …` is `xstilts …`."""

import sys

from xstilts.commands.main import main

if __name__ == "__main__":
    sys.exit(main())
