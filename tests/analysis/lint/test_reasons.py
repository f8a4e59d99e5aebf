"""What is a reason, and what only fills the place of one, in whatever language."""

import pytest
from rolecall.analysis.lint.reasons import says_nothing


@pytest.mark.parametrize(
    "text",
    [
        "A teacher edits the classes they teach.",
        "El profesor edita todo lo que enseña.",
        "Todo estudiante ve sus propias notas.",
        "\u6559\u5e08\u53ef\u4ee5\u7f16\u8f91\u81ea\u5df1\u7684\u8bfe\u7a0b\u3002",  # teachers may edit their own classes
        "\u0e04\u0e23\u0e39\u0e41\u0e01\u0e49\u0e44\u0e02\u0e44\u0e14\u0e49",  # a teacher can edit
        "\uad50\uc0ac\ub294 \uc790\uae30 \uc218\uc5c5\uc744 \uace0\uce5c\ub2e4",  # a teacher edits their classes
    ],
)
def test_a_sentence_is_a_reason(text):
    """`todo` is a Spanish word, and some languages put no spaces between words."""
    assert not says_nothing(text, "teachers-edit")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("TODO write this sentence later", "`TODO` stands where the reason should"),  # what an author wrote, not work
        ("todo: write this sentence later", "`todo:` stands where the reason should"),
        ("Todo", "it has 1 word"),
        ("\u6559\u5e08", "it has 2 words"),
        ("Teachers edit.", "it only repeats the rule's id"),
        ("Lorem ipsum dolor sit amet", "`Lorem ipsum` stands where the reason should"),
        ("See the ticket 4711", "`See the ticket 4711` stands where the reason should"),
    ],
)
def test_what_fills_the_place_of_a_reason_is_told(text, said):
    """A word or two, the rule's id over again, a placeholder."""
    assert says_nothing(text, "teachers-edit") == said
