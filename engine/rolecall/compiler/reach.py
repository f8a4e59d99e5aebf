"""Which cells a consistent roster can reach (DESIGN section 4, "Reachable"), on bits.

Every rule of reachability says that some pairs come with others, or that two can never meet. So each set of pairs has
one smallest reachable set around it (its *closure*), or none at all; and as combinations only ask for roles, never
against them, two rules meet exactly if the closure of what both ask for is possible and holds none of their `unless`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rolecall.vocabulary.roles import (
    DESIGNATIONS,
    EMPLOYEES,
    HELD_AT_SCHOOL_THROUGH_SECTION,
    INSIDE,
    OWNER,
    Atoms,
)


class Reaches:
    """Reachability for the types of one policy: types whose locations have the same scopes share it."""

    def __init__(self, atoms: Atoms) -> None:
        """Nothing is worked out before it is asked for."""
        self.atoms = atoms
        self._made: dict[tuple[str, ...], Reach] = {}

    def __getitem__(self, scopes: tuple[str, ...]) -> Reach:
        """Give the reachability for a location's scopes."""
        if scopes not in self._made:
            self._made[scopes] = Reach(self.atoms, scopes)
        return self._made[scopes]


class Reach:
    """Reachability for one kind of location: the scopes it has, and whether its resources have owners."""

    def __init__(self, atoms: Atoms, scopes: tuple[str, ...]) -> None:
        """`scopes` are those of the type's location; `resource` among them means an application's own type."""
        self.atoms = atoms
        self.possible = sum(bit for (_, scope), bit in atoms.bit.items() if scope in scopes)
        self.rules = tuple(self._rules())
        self.exclusive = self._exclusive()
        self._closed: dict[int, int | None] = {}
        self.anyone = tuple(bit for (_, scope), bit in atoms.bit.items() if scope == "anywhere")

    def _rules(self) -> Iterator[tuple[int, int]]:
        """Give what comes with what: whoever holds all of the first holds all of the second."""
        bit = self.atoms.bit
        for outer, inner in INSIDE.items():
            for role in inner:
                yield from ((bit[role, s], bit[outer, s]) for r, s in bit if r == role)
        for role in DESIGNATIONS:  # a designation is held exactly where staff is
            yield bit[role, "anywhere"] | bit["staff", "school"], bit[role, "school"]
        for role in HELD_AT_SCHOOL_THROUGH_SECTION:
            yield bit[role, "section"], bit[role, "school"]
        for (role, scope), one in bit.items():
            if role != OWNER and scope != "anywhere":
                yield one, bit[role, "anywhere"]
        yield bit["district_admin", "anywhere"], bit["district_admin", "district"]

    def _exclusive(self) -> tuple[tuple[int, int], ...]:
        """Give the masks of which only one can be held: student, contact, and the employees."""
        groups = (("student",), ("contact", *INSIDE["contact"]), (*EMPLOYEES, *INSIDE["teacher"], *INSIDE["staff"]))
        student, contact, employee = (
            sum(one for (role, _), one in self.atoms.bit.items() if role in group) for group in groups
        )
        return ((student, contact), (student, employee), (contact, employee))

    def close(self, mask: int) -> int:
        """Give the smallest set around `mask` that obeys what comes with what."""
        before = -1
        while before != mask:
            before = mask
            for when, then in self.rules:
                if when & mask == when:
                    mask |= then
        return mask

    def closure(self, mask: int) -> int | None:
        """Give the smallest reachable set around `mask` (someone's other role apart), or None where there is none."""
        if mask not in self._closed:
            closed = self.close(mask)
            clash = any(closed & one and closed & other for one, other in self.exclusive)
            self._closed[mask] = None if clash or closed & ~self.possible else closed
        return self._closed[mask]

    def people(self, mask: int) -> Iterator[int]:
        """Give the smallest reachable cells around `mask` of somebody who holds a role at all.

        An owner, and `everyone`, needs some role besides: then there is one such cell for each role there is.
        """
        found = self.closure(mask)
        if found is None:
            return
        if found & self.atoms.anywhere:
            yield found
            return
        for one in self.anyone:
            if (more := self.closure(found | one)) is not None:
                yield more

    def meets(self, asked: int, unless: Iterable[int]) -> int | None:
        """Give a smallest reachable cell around `asked` in which none of `unless` holds; None where there is none."""
        for cell in self.people(asked):
            if not any(mask & cell == mask for mask in unless):
                return cell
        return None

    def cells(self, asked: int) -> Iterator[int]:
        """Give every reachable cell as far as the pairs in `asked` tell it apart from others, each once.

        Exact, and as slow as there are cells: call `count` first where a policy may be large.
        """
        seen: set[int] = set()
        stack = [0]
        wanted = [bit for bit in self.atoms.bit.values() if bit & asked & self.possible]
        tried: set[int] = set()
        while stack:
            mask = stack.pop()
            for person in self.people(mask):
                if person & asked not in seen:
                    seen.add(person & asked)
                    yield person & asked
            for bit in wanted:
                more = self.closure(mask | bit)
                if more is not None and more not in tried:
                    tried.add(more)
                    stack.append(more)

    def count(self, asked: int) -> int:
        """Give how many cells `cells` would yield, from the roles' independence, without walking them."""
        blank = False  # whether somebody can hold a role that no pair in `asked` shows
        sizes: dict[str, int] = {}
        for name, roles in self._components().items():
            mine = sum(one for (role, _), one in self.atoms.bit.items() if role in roles) & self.possible
            states = self._states(mine)
            blank = blank or any(state and not state & asked for state in states)
            sizes[name] = len({state & asked for state in states})
        employees = sizes.pop("teacher") * sizes.pop("staff") * sizes.pop("district_admin")
        total = employees + sizes.pop("student") + sizes.pop("contact") - 2
        for size in sizes.values():
            total *= size
        owners = 2 if self.atoms.owner & asked & self.possible else 1
        return total * owners if blank else (total - 1) * owners

    def _components(self) -> dict[str, tuple[str, ...]]:
        """Give the groups of roles between which nothing comes with anything."""
        return {login: (login, *INSIDE.get(login, ())) for login in self.atoms.login_roles}

    def _states(self, mine: int) -> set[int]:
        """Give every reachable set of pairs of one group, the empty one included."""
        bits = [bit for bit in self.atoms.bit.values() if bit & mine]
        states = {0}
        stack = [0]
        while stack:
            mask = stack.pop()
            for bit in bits:
                more = self.closure(mask | bit)
                if more is not None and more not in states:
                    states.add(more)
                    stack.append(more)
        return states
