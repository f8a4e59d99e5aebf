"""What can go wrong with a roster store, beyond the database itself.

FactsError
 ├── AnotherSync      somebody else reads this district; nothing was done
 │    └── Overtaken   somebody else has followed its feed further; nothing was done
 ├── BadEvent         an event that would have to be guessed at; what came before it is applied
 ├── UnknownEvent     an event of a type that is not known; what came before it is applied
 ├── BadRecord        a record of a full read that would have to be guessed at; nothing was done
 ├── MassChange       so much is gone that somebody has to say yes first; nothing was done
 └── StillHeld        a district to be forgotten was read, so that somebody has to say yes first; nothing was done
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from rolecall.errors import FactsError


class AnotherSync(FactsError):
    """Another process reads or follows the district at the same time, and was quicker."""

    def __init__(self, district: str, what: str) -> None:
        """Name the district, and what the other one does."""
        self.district, self.what = district, what
        super().__init__(district, what)

    def __str__(self) -> str:
        """Give the sentence."""
        return f"district `{self.district}`: {self.what}; nothing was changed here"


class Overtaken(AnotherSync):
    """Another process has followed the district's feed further than this one knew: look again, and go on from there."""

    def __init__(self, district: str) -> None:
        """Name the district."""
        super().__init__(district, "another sync has followed its feed further in the meantime")
        self.args = (district,)


class BadEvent(FactsError):
    """An event that would have to be guessed at. It is never passed over."""

    def __init__(self, district: str, event: str, wrong: str) -> None:
        """Name the event (empty where it has no id), and what is wrong with it."""
        self.district, self.event, self.wrong = district, event, wrong
        super().__init__(district, event, wrong)

    def __str__(self) -> str:
        """Give the sentence with the fix."""
        named = f"event `{self.event}`" if self.event else "an event"
        return (
            f"district `{self.district}`: {named} cannot be applied: {self.wrong}. The feed stands before it, and "
            "decisions go on with older facts until they are too old; a new full read (`rolecall sync --full`) goes "
            "round it once Clever's record is well"
        )


class UnknownEvent(FactsError):
    """An event of a type that this version does not know: only a full read tells what it changed."""

    def __init__(self, district: str, event: str, kind: str) -> None:
        """Name the event and its type."""
        self.district, self.event, self.kind = district, event, kind
        super().__init__(district, event, kind)

    def __str__(self) -> str:
        """Give the sentence with the fix."""
        return (
            f"district `{self.district}`: event `{self.event}` is of the unknown type `{self.kind}`, so that only a "
            "new full read can tell what it changed"
        )


class BadRecord(FactsError):
    """A record in one of Clever's lists that would have to be guessed at."""

    def __init__(self, district: str, wrong: str) -> None:
        """Name the district, and what is wrong with which record."""
        self.district, self.wrong = district, wrong
        super().__init__(district, wrong)

    def __str__(self) -> str:
        """Give the sentence with the fix."""
        return (
            f"district `{self.district}` cannot be read: {self.wrong}. Nothing of this read is used; ask Clever's "
            "support about the record, then `rolecall sync` again"
        )


class Loss(msgspec.Struct, frozen=True):
    """How many records of a kind would be gone, of how many."""

    kind: str
    gone: int
    of: int

    def __str__(self) -> str:
        """Give it in words: `31 of 120 sections`."""
        return f"{self.gone} of {self.of} {self.kind}s"


class MassChange(FactsError):
    """So much is gone at once that somebody has to say yes first."""

    def __init__(self, district: str, losses: tuple[Loss, ...], share: float) -> None:
        """Name the district and, by kind, what would be gone."""
        self.district, self.losses, self.share = district, losses, share
        super().__init__(district, losses, share)

    @property
    def counts(self) -> Mapping[str, int]:
        """Give how many are gone, by kind."""
        return {loss.kind: loss.gone for loss in self.losses}

    def __str__(self) -> str:
        """Give the sentence with the fix."""
        said = ", ".join(map(str, self.losses))
        return (
            f"district `{self.district}`: {said} are gone at once, more than {self.share:.0%} of a kind. Nothing of it "
            "is applied, and decisions go on with older facts until they are too old. Where this is right (a new "
            "school year, a school no longer shared), say `rolecall sync --accept`"
        )


class StillHeld(FactsError):
    """A district to be forgotten was read: all that is held of it would end, so somebody has to say yes first."""

    def __init__(self, district: str, held: Mapping[str, int]) -> None:
        """Name the district, and how many records of each kind are held of it."""
        self.district, self.held = district, held
        super().__init__(district, held)

    def __str__(self) -> str:
        """Give the sentence with the fix."""
        return (
            f"district `{self.district}` was read, and the store holds of it {counted(self.held)}. To forget it ends "
            "them all as of now: nobody there is allowed anything any more; what was stays known. Where this is right "
            f"(the district has left), say `rolecall sync --forget {self.district} --accept`"
        )


def counted(held: Mapping[str, int]) -> str:
    """Say how many records of each kind there are: `1 district, 120 users`."""
    return ", ".join(f"{count:,} {kind}{'s' if count > 1 else ''}" for kind, count in sorted(held.items())) or "nothing"
