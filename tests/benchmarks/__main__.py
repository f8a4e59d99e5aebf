"""`python -m benchmarks` or `python tests/benchmarks`: the whole run, in a minute or two."""

import sys
from pathlib import Path

if __package__ in (None, ""):  # `python tests/benchmarks`
    sys.path[:0] = [str(Path(__file__).parents[1])]

from benchmarks.run import main

if __name__ == "__main__":
    main()
