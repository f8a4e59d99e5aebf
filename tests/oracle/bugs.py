"""Bugs that can be planted in the oracle, one a clause: each is a sentence somebody could have believed.

They say how sharp the generated examples are: an example set in which a planted bug changes no answer would
not have found that bug in the engine either.
"""

BUGS: dict[str, str] = {
    # section 3: places
    "other-district-counts": "A place of another district counts.",
    "section-without-school-counts": "A section whose school the facts do not hold is held.",
    # section 3: the five roles
    "null-role-is-present": "A role whose value is null is present.",
    "section-makes-teacher": "A section that names a user makes them a teacher, whatever their roles.",
    "teacher-forgets-section-school": "A teacher of a section is not at the section's school.",
    "co-teachers-forgotten": "Only the section's `teacher` teaches it.",
    "co-teacher-is-primary": "Everyone whom `teachers` names is a primary teacher.",
    "primary-only-at-section": "A primary teacher is one at the section, not at its school.",
    "no-schools-is-every-school": "Staff without schools are at every school of the district.",
    "staff-where-teaching": "Staff who teach elsewhere are staff there too.",
    "staff-only-where-schools": "Staff without schools are staff nowhere, not even anywhere.",
    "student-forgets-section-school": "A student of a section is not at the section's school.",
    "student-forgets-other-schools": "A student is at `school` only, not at each of `schools`.",
    "every-contact-is-guardian": "Every relationship makes a guardian.",
    "contact-forgets-sections": "A contact is at the student and their schools, not at their sections.",
    "contact-forgets-section-schools": "A contact is not at the schools of the student's sections.",
    "guardian-of-nobody-is-anywhere": "A guardian of nobody held is a guardian anywhere.",
    # section 3: the application's own
    "assigned-section-gives-school": "A role assigned at a section is held at its school.",
    "assigned-place-unchecked-for-anywhere": "An assignment at an unknown place is held anywhere.",
    "undeclared-scope-counts": "An assignment at a scope that the role's `scopes` lacks counts.",
    "from-ignored": "An assignment is held before its `from`.",
    "from-excluded": "An assignment is not yet held at its very `from`.",
    "until-ignored": "An assignment is held after its `until`.",
    "until-included": "An assignment is still held at its very `until`.",
    "bad-instant-of-ignored-assignment-ignored": "A bad instant matters only in an assignment that counts.",
    "bad-instant-is-absent": "A bad instant is no instant.",
    # section 3: doubt
    "absent-designations-are-none": "Unknown designations put nobody in doubt about PortalOnly.",
    "some-unknown-designation-is-doubt": "One unknown designation is enough to put PortalOnly in doubt.",
    "nearly-known-designation-is-known": "A designation that differs in case or spaces is beyond doubt.",
    "nearly-known-designation-is-unknown": "A designation that differs in case or spaces is none at all.",
    "beside-student-no-doubt": "A role beside `roles.student` is beyond doubt.",
    "beside-contact-no-doubt": "An employee role beside `roles.contact` is beyond doubt.",
    "beside-student-drops": "A role beside `roles.student` is not held at all.",
    "unlisted-student-no-doubt": "A section that does not list the grade's student is no doubt.",
    "doubt-gives": "A doubtful role counts in `when` of a `min`.",
    "doubt-lifts": "A doubtful role counts in `unless` of a `max`.",
    "doubt-never-caps": "A doubtful role does not count in `when` of a `max`.",
    "doubt-never-hinders": "A doubtful role does not count in `unless` of a `min`.",
    # section 3: location, owner
    "grade-at-all-schools-of-student": "A grade is at every school of its student.",
    "student-forgets-own-schools": "A student's location is their sections and those sections' schools only.",
    "student-location-forgets-section-schools": "A student's location lacks the schools of their sections.",
    "owner-missing-is-nobody": "An absent or null `owner` puts nobody in doubt.",
    "owner-missing-is-subject": "An absent or null `owner` is the subject.",
    "owner-empty-is-missing": "An empty `owner` is an absent one.",
    "owner-without-role": "An owner needs no role in the district.",
    "everyone-includes-roleless": "Everyone is everyone of the district, with or without a role.",
    # section 4: sets
    "except-forgets-implying": "`except` takes out what it names, and not what implies it.",
    "except-before-include": "`include` puts back what `except` took out.",
    "implies-one-step": "A permission implies what it names and nothing further.",
    "max-forgets-unnamed-types": "A type that a `max` does not name is not capped.",
    "set-list-is-intersection": "A list of sets means what they share.",
    # section 4: rules
    "for-ignored": "A rule speaks of every type.",
    "when-list-is-all-of": "A list of combinations in `when` asks for all of them.",
    "combination-is-any-of": "One role of a combination is enough.",
    "unless-list-is-all-of": "A list of combinations in `unless` asks for all of them.",
    "max-loses": "A permission that some `min` gives is never cut by a `max` that overrides.",
    "last-max-wins": "Of several `max` rules the last one counts.",
    # section 4: attributes
    "one-is-true": "`1` is true and `0` is false.",
    "if-unknown-default-min-applies": "Where an attribute is unknown a `min` applies by default.",
    "if-unknown-default-max-skips": "Where an attribute is unknown a `max` skips by default.",
    "if-unknown-one-apply-is-enough": "Of several unknown attributes one that says `apply` is enough.",
    "unknown-before-mismatch": "An unknown attribute that says `apply` decides before a known mismatch.",
    "if-only-one-attribute": "Of several attributes in `if` one that matches is enough.",
    # section 4: terms
    "term-of-the-request": "A `term` in the request's properties is believed.",
    "term-of-another-district-counts": "A section's term may be of another district.",
    "bare-end-is-midnight": "A bare end date ends with its first instant.",
    "bare-date-in-utc": "A bare date is a day in UTC, whatever the policy's `timezone`.",
    "midnight-end-is-an-instant": "An end at midnight UTC is that instant.",
    "midnight-start-is-a-date": "A start at midnight UTC is that bare date.",
    "zoneless-is-local": "An instant without a zone is one of the policy's `timezone`.",
    "half-a-term-counts": "A term with one date is open at the other end.",
    "backwards-term-is-past": "A term that ends before it starts is past once it has ended.",
    "end-excluded": "A term is over at the very instant of its end.",
    # section 4: acting as
    "acting-as-ignored-by-min": "`when` of a `min` looks at every role held.",
    "acting-as-ignored-by-everyone": "`everyone` in a `min` is everyone, whatever they act as.",
    "acting-as-frees-from-max": "`when` of a `max` looks at the acting roles.",
    "unless-of-max-looks-at-all-roles": "`unless` of a `max` looks at every role held.",
    "unless-of-min-looks-at-acting-roles": "`unless` of a `min` looks at the acting roles.",
    "acting-as-forgets-inner": "Acting as a role does not carry what lies inside it.",
    "acting-as-forgets-owner": "An owner is none while acting as a role.",
    "acting-as-owner-always": "An owner is one whatever they act as.",
    "acting-as-doubtful-owner": "An owner is one while acting as a doubtful role.",
    "acting-as-empty-is-absent": "Acting as an empty list of roles is not acting.",
    "acting-as-one-role-is-enough": "A combination needs one of its roles acted as, the others held.",
}


class Bugs:
    """The switch that a clause consults: `if bug("name"):` stands where the true sentence would."""

    def __init__(self, name: str | None = None) -> None:
        """Plant the bug of this name, or none."""
        if name is not None and name not in BUGS:
            message = f"no such bug: `{name}`"
            raise KeyError(message)
        self.name = name

    def __call__(self, name: str) -> bool:
        """Tell whether it is this bug that is planted."""
        return self.name == name


NO_BUG = Bugs()
