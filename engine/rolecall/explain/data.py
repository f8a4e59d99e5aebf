"""An explanation as JSON-ready data, with a schema of its own beside the decision's record."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from rolecall.counterfactual import MAKERS, Counterfactuals, elsewhere
from rolecall.explain import Explanation
from rolecall.instants import render_instant
from rolecall.record import record
from rolecall.vocabulary.decision import Decision

SCHEMA: Final = 1
SCHEMA_FILE: Final = Path(__file__).with_name("explanation-1.schema.json")


def data(decision: Decision, said: Explanation) -> dict[str, object]:
    """Give the decision's record, and the explanation of it under `explanation`."""
    return {**record(decision), "explanation": explanation_data(said)}


def explanation_data(said: Explanation) -> dict[str, object]:
    """Give an explanation, schema version 1 (`explanation-1.schema.json`)."""
    who, asked = said.who, said.asked
    return {
        "schema": SCHEMA,
        "sentence": said.sentence,
        "code": said.code,
        "who": {
            "user": who.user,
            "district": who.district or None,
            "roles": [{"role": role, **({"doubt": doubt} if doubt else {})} for role, doubt in who.roles],
            "source": who.source,
            "as_of": render_instant(who.as_of) if who.as_of is not None else None,
            "event": who.event or None,
        },
        "asked": {
            "permission": asked.permission,
            "resource": {"type": asked.type, "id": asked.id},
            "asserted": asked.asserted,
            "acting_as": None if asked.acting_as is None else list(asked.acting_as),
            "time": render_instant(asked.time),
        },
        "allowed": [line.permission for line in said.allowed],
        "missing": [_missing(msgspec.to_builtins(line)) for line in said.missing],
        "arithmetic": list(said.arithmetic),
        "rules": msgspec.to_builtins(said.rules),
        "odd": list(said.odd),
        "since": list(said.since),
        "names": None if said.names is None else msgspec.to_builtins(said.names),
        "changes": None if said.changes is None else changes_data(said.changes),
    }


def _missing(line: dict[str, object]) -> dict[str, object]:
    return {key: line[key] for key in ("permission", "code", "cut_by")} | ({"why": line["why"]} if line["why"] else {})


def changes_data(changes: Counterfactuals) -> dict[str, object]:
    """Give what would change an answer, every suggestion of it."""
    return {
        "wanted": changes.wanted or None,
        "suggestions": [
            {
                "sentence": one.sentence,
                "changes": msgspec.to_builtins(one.changes),
                "by": [{"maker": maker, "said": MAKERS[maker]} for maker in one.makers],
                "besides": {**msgspec.to_builtins(one.elsewhere), "said": elsewhere(one.elsewhere, most=99)},
            }
            for one in changes.suggestions
        ],
        "notes": list(changes.notes),
        "cut_off": changes.cut_off or None,
    }
