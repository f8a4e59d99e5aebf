"""A test of the tests: bugs planted in the live facts, one a sentence that somebody could believe, are all found."""

import pytest
from laws.planted_live import PLANTED, Planted

BRIEFLY = {
    "a-404-is-kept-as-it-was", "who-rests-on-what-is-gone-stays", "the-window-stays-open-while-people-are-forgotten",
    "what-was-read-is-as-of-any-change", "maxstale-is-not-looked-at", "what-is-warm-outlives-maxstale",
    "a-contact-is-not-their-children", "another-districts-record-is-as-good",
}  # fmt: skip
"""The bugs that are planted each time; the others at full size."""

EACH = pytest.mark.parametrize(
    "planted",
    [pytest.param(one, id=one.bug.name, marks=[] if one.bug.name in BRIEFLY else pytest.mark.full) for one in PLANTED],
)


@EACH
def test_a_bug_is_found(planted: Planted) -> None:
    """The test that speaks of the sentence fails while the bug is there, and passes without it."""
    with planted.bug.planted(), pytest.raises(Exception):  # noqa: B017 - in whatever way a test can fail
        planted.found_by()
    planted.found_by()


def test_each_bug_is_one_of_its_own() -> None:
    """There are bugs enough, no two of one name, and those planted each time are among them."""
    names = [one.bug.name for one in PLANTED]
    assert len({*names}) == len(names) >= 60
    assert {*names} > BRIEFLY
