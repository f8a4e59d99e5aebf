"""The process's configured default."""

import pytest
import rolecall
from demo import at, pdp, who
from rolecall import NotConfigured, RolecallError, authorize, configure


@pytest.fixture(autouse=True)
def _unconfigured():
    configure(None)
    yield
    configure(None)


def test_unconfigured_it_raises():
    """Without a PDP in force there is no answer, not even no; the error says what to do."""
    with pytest.raises(NotConfigured, match=r"call `rolecall.configure\(Authorizer.load\(...\)\)` once at start-up"):
        authorize(who("teacher"), at("covered_class"), "edit")
    assert issubclass(NotConfigured, RolecallError)


def test_configured_it_answers_like_the_pdp():
    """The module-level call takes what the method takes."""
    engine = pdp()
    configure(engine)
    for acting_as in (None, ["teacher"], ["staff"]):
        mine = rolecall.authorize(who("multi_role_teacher"), at("algebra_class"), "edit", acting_as=acting_as)
        theirs = engine.authorize(who("multi_role_teacher"), at("algebra_class"), "edit", acting_as=acting_as)
        assert (mine.code, mine.permissions) == (theirs.code, theirs.permissions)
    assert "edit" in authorize(who("teacher"), at("covered_class")).permissions


def test_the_last_one_configured_is_in_force():
    """Configuring replaces, and None takes it out of force."""
    configure(pdp())
    configure(pdp(assignments=lambda _: 1 / 0))
    assert authorize(who("teacher"), at("covered_class"), "edit").code == "indeterminate"
    configure(None)
    with pytest.raises(NotConfigured):
        authorize(who("teacher"), at("covered_class"))
