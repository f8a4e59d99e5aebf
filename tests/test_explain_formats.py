"""An explanation in each format: what it says is the same, and nothing of what people wrote is obeyed."""

import json
import re
import tempfile
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import pytest
from demo import NOW, who
from markdown_it import MarkdownIt
from rolecall import Authorizer, Resource, Snapshot
from rolecall.compiler import load_table
from rolecall.counterfactual import counterfactuals
from rolecall.explain import explain, render
from rolecall.explain.data import SCHEMA_FILE, data, explanation_data
from rolecall.loader import load_policy
from test_explain import CASES, told

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "](https://evil.example) [click",
    "![x](https://evil.example/x.png)",
    "@everyone #1 GH-1 www.evil.example https://evil.example",
    "`<b>`` **bold** _it_ ~~no~~ | a | b |",
    "\n\n# Approved\n\n- [x] done",
    "1. one\n2. two",
    "&lt;b&gt; &#64;here",
    '"><svg onload=alert(1)>',
    "\u202eevil \u001b[31mred",
    "$x^2$ --- ===",
]
POLICY = """
rolecall: 1
application: x
resources:
  section: {permissions: [view]}
  file: {within: section, attributes: {kind: [quiz]}, permissions: [view]}
rules:
  - id: r
    because: BECAUSE
    when: {teacher: section}
    for: section
    min: {section: [view]}
  - id: s
    because: BECAUSE
    when: everyone
    for: [section, file]
    max: none
    overrides: all
"""


@cache
def schema():
    return jsonschema.Draft202012Validator(json.loads(SCHEMA_FILE.read_text("utf-8")))


@pytest.mark.parametrize("name", CASES)
def test_data_is_as_its_schema_says(name):
    """`--format json` is the decision's record, and the explanation under its own versioned schema."""
    decision, said = told(name)
    found = json.loads(json.dumps(data(decision, said)))
    assert found["schema"] == 1
    schema().validate(found["explanation"])
    schema().validate(json.loads(json.dumps(explanation_data(explain(decision)))))
    assert found["explanation"]["sentence"] == said.sentence


class Page(HTMLParser):
    """The tags, attributes and text of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.text, self.open = set(), [], [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, text):
        if self.open and self.open[-1] != "style":
            self.text.append(text)


@pytest.mark.parametrize("name", CASES)
def test_a_page_stands_by_itself_and_says_what_the_text_says(name):
    """No script, nothing from elsewhere, every tag closed, and each line of the text is on it."""
    _, said = told(name)
    page = render.page(said)
    found = Page(page)
    assert found.open == []
    assert found.tags <= {
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "h1",
        "h2",
        "section",
        "ul",
        "li",
        "code",
        "footer",
    }
    assert {key for key, _ in found.attributes} <= {"lang", "charset", "name", "content", "http-equiv"}
    assert not re.search(r"url\(|@import|https?://", page)
    shown = re.sub(r"\s+", "", "".join(found.text))
    for line in render.text(said).splitlines():
        assert re.sub(r"\s+|`|:$", "", line) in shown


@cache
def written(hostile):
    """Explanations in which everything that can be somebody's text is hostile."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "p.yaml")
        file.write_text(POLICY.replace("BECAUSE", json.dumps(hostile.replace("\x1b", ""))), "utf-8")
        policy = load_policy(file)
    table = load_table(policy)
    staff = {"staff": {"schools": ["k", hostile], "roles": [hostile]}, "teacher": {"schools": ["k"]}}
    roster = Snapshot.read(
        {
            "schools": [{"id": "k", "district": hostile}],
            "sections": [{"id": hostile, "district": hostile, "school": "k", "teacher": hostile}],
            "users": [{"id": hostile, "district": hostile, "roles": staff}],
            "as_of": NOW.isoformat(),
        },
        hostile,
    )
    pdp = Authorizer(table, facts=roster, max_stale=None, clock=lambda: NOW)
    things = [
        Resource("section", hostile),
        Resource("file", hostile, {"section": hostile, "owner": hostile, "kind": hostile}),
        Resource("section", f"{hostile}x"),
    ]
    for thing in things:
        decision = pdp.authorize(hostile, thing, "view")
        yield explain(
            decision, changes=counterfactuals(decision, table, policy=policy, roster=roster), since=(hostile,)
        )


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_can_be_injected_into_a_page(hostile):
    """Ids, designations, an author's sentence: all of it is text."""
    for said in written(hostile):
        page = Page(render.page(said))
        assert page.open == []
        assert page.tags & {"script", "img", "svg", "b", "a"} == set()
        assert not any(key.startswith("on") for key, _ in page.attributes)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_can_be_injected_into_a_ticket(hostile):
    """Rendered as GitHub does, markdown has the explanation's own headings and lists, and no link, image, tag or table."""
    markdown = MarkdownIt("gfm-like", {"html": True, "linkify": False})
    for said in written(hostile):
        text = render.markdown(said)
        harmless = written("harmless")[0]
        kinds = [token.type for token in markdown.parse(text)]
        inline = [child for token in markdown.parse(text) for child in token.children or ()]
        allowed = {"text", "code_inline", "strong_open", "strong_close", "html_inline", "text_special", "softbreak"}
        assert {one.type for one in inline} <= allowed, text
        assert {one.content for one in inline if one.type == "html_inline"} <= {"<sub>", "</sub>"}
        assert set(kinds) <= {token.type for token in markdown.parse(render.markdown(harmless))}
        outside = "".join(one.content for one in inline if one.type != "code_inline")
        assert not re.search(r"@\w|#\d|://|www\.|GH-\d", outside), text


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_can_be_injected_into_a_terminal(hostile):
    """What a terminal would obey is shown as a mark, and a text has no more lines than its explanation."""
    for said in written(hostile):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", render.text(said))


def test_a_person_of_the_demo_is_in_the_page():
    """The page says who and what in its title."""
    _, said = told("capped")
    assert f"<title>User {who('past_teacher')} has no edit permission" in render.page(said)
