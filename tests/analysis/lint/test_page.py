"""docs/lint.md has a section for each lint rule, which is what the rule's own file says."""

import os
from pathlib import Path

from rolecall.analysis.lint import IDS, explain

PAGE = Path(__file__).parents[3] / "docs" / "lint.md"
TITLE = "# The rules\n"


def test_the_page_says_what_the_rules_say() -> None:
    """In the order of their names; ROLECALL_REGOLD=1 writes the sections anew."""
    head, title, told = PAGE.read_text("utf-8").partition(TITLE)
    assert title
    wanted = "".join(f"\n### `{rule}`\n\n{explain(rule)}\n" for rule in sorted(IDS))
    if os.environ.get("ROLECALL_REGOLD"):
        PAGE.write_text(head + title + wanted, "utf-8")
    else:
        assert told == wanted
