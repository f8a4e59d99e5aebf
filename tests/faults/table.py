"""The table: what came of each scenario, added up, and what a run was made with; as Markdown."""

from pathlib import Path

from faults.judge import Tally

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
BEGIN, END = "<!-- the run writes from here -->", "<!-- to here -->"

COLUMNS = {
    "decisions": "decisions",
    "right": "right",
    "stale": "right within staleness",
    "indeterminate": "indeterminate",
    "said404": "Clever said 404",
    "wrong_deny": "wrong deny",
    "wrong_allow": "wrong allow",
    "lost": "events lost",
    "doubled": "events doubled",
}
_OF_EVENTS = ("lost", "doubled")


def problems(tally):
    """What is not as it should be with a scenario, as sentences."""
    found = [f"{getattr(tally, name)} times: {COLUMNS[name]}" for name in COLUMNS if name.startswith("wrong")]
    found += [f"{getattr(tally, name)} {COLUMNS[name]}" for name in _OF_EVENTS]
    found = [one for one in found if not one.startswith("0 ")]
    found += [f"the fault was never met: {name}" for name, count in tally.injected.items() if not count]
    found += [] if tally.injected else ["no fault was met"]
    found += [f"nothing was allowed {stage} the fault" for stage in ("before", "after") if not tally.allows[stage]]
    return [f"{tally.name}: {one}" for one in found] + tally.wrong


def total(tallies):
    """All of them as one."""
    found = Tally("all")
    for tally in tallies:
        for name in (*COLUMNS, "kills", "events"):
            if name != "decisions":
                setattr(found, name, getattr(found, name) + getattr(tally, name))
        found.injected.update(tally.injected)
    return found


def row(tally, name=None):
    """One line of the table. A scenario without events has lost none, and doubled none."""
    numbers = [
        "-" if column in _OF_EVENTS and not tally.events else f"{getattr(tally, column):,}" for column in COLUMNS
    ]
    return f"| {name or tally.name} | {' | '.join([*numbers, f'{sum(tally.injected.values()):,}'])} |"


def rendered(tallies, size, settings):
    """The table and what it was made with."""
    heads = ["scenario", *COLUMNS.values(), "faults met"]
    whole = total(tallies)
    lines = [f"| {' | '.join(heads)} |", f"| --- |{' ---: |' * (len(heads) - 1)}"]
    lines += [row(one) for one in tallies]
    lines += [row(whole, "**all of them**"), ""]
    said = {
        "seed": size.seed,
        "questions asked again and again in a round": size.asked,
        "`kill -9`": whole.kills,
        "events followed": whole.events,
    } | settings
    lines += [
        f"- {name}: {value:,}" if isinstance(value, int) else f"- {name}: {value}" for name, value in said.items()
    ]
    return "\n".join(lines) + "\n"


def write(text):
    """Put the table into the page."""
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}", "utf-8")
