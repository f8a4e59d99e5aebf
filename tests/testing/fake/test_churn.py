"""Made-up roster changes: real ones, told as they are, the same for the same seed."""

from clever_fake import OAKVALE, fake
from rolecall.testing.fake.churn import Churn


def test_each_step_changes_a_section_and_says_how():
    """Somebody joins or leaves; the event has the section that the sentence names."""
    clever = fake()
    churn = Churn(clever)
    for _ in range(40):
        said = churn.step()
        event = clever.events()[-1]
        section = event["data"]["object"]
        assert (event["type"], section["district"]) == ("sections.updated", OAKVALE)
        assert said.endswith(f" {section['name']} (section {section['id']})")
        (field,) = event["previous_attributes"]
        before, now = set(event["previous_attributes"][field]), set(section[field])
        (who,) = before ^ now
        name = clever.record("user", who)["name"]
        verb = "joins" if who in now else "leaves"
        assert said.startswith(f"{name['first']} {name['last']} ({field[:-1]} {who}) {verb} ")
    assert {" joins ", " leaves "} <= {word for one in clever.events() for word in (" joins ", " leaves ")}


def test_it_is_the_same_for_the_same_seed():
    """And another one for another."""

    def steps(seed):
        churn = Churn(fake(), seed)
        return [churn.step() for _ in range(10)]

    assert steps(1) == steps(1) != steps(2)
