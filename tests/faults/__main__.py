"""`python -m faults` or `python tests/faults`: the whole run, in about ten minutes on two cores."""

import os
import sys
from pathlib import Path

_TESTS = str(Path(__file__).parents[1])
if __package__ in (None, ""):  # `python tests/faults`
    sys.path[:0] = [_TESTS]
os.environ["PYTHONPATH"] = os.pathsep.join([_TESTS, *filter(None, [os.environ.get("PYTHONPATH")])])

from faults.run import main  # noqa: E402 - it must be found first

if __name__ == "__main__":
    main()
