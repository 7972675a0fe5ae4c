"""`python -m huying.cli …` is `huying …`."""

from __future__ import annotations

import sys

from huying.cli import main

if __name__ == "__main__":
    sys.exit(main())
