"""The codes of the Data Use Ontology that fit a company's data, and whether a use fits them.

Ids, shorthands and labels are those of the ontology (CC BY 4.0, EBISPOT/DUO); the sentences are
ours. Left out are its two groups of codes and what concerns diseases, genetics, ancestry and
clinical care alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from fellowship.kernel.saying import joined, say, within

Verdict: TypeAlias = Literal["fits", "asks", "conflicts"]

FITS: Final = "fits"
ASKS: Final = "asks"
CONFLICTS: Final = "conflicts"


@dataclass(frozen=True, slots=True)
class Term:
    """One code: what the ontology calls it, and what it means to whoever uses the data."""

    code: str
    shorthand: str
    label: str
    meaning: str
    permission: bool = False
    """Whether it says what the data may be used for at all; the others only add conditions."""


@dataclass(frozen=True, slots=True)
class Fit:
    """What one code says to a use: it fits, it asks for something, or it conflicts."""

    code: str
    verdict: Verdict
    sentence: str

    @property
    def tone(self) -> str:
        """How a page marks it."""
        return {FITS: "good", ASKS: "warn", CONFLICTS: "bad"}[self.verdict]


_TERMS: Final = (
    Term(
        "DUO:0000004",
        "NRES",
        say("no restriction"),
        say("Any use is allowed."),
        permission=True,
    ),
    Term(
        "DUO:0000042",
        "GRU",
        say("general research use"),
        say("Any research is allowed."),
        permission=True,
    ),
    Term(
        "DUO:0000006",
        "HMB",
        say("health or medical or biomedical research"),
        say("Allowed for questions of health, medicine or biology alone."),
        permission=True,
    ),
    Term(
        "DUO:0000012",
        "RS",
        say("research specific restrictions"),
        say("Only the research it names."),
    ),
    Term(
        "DUO:0000015",
        "NMDS",
        say("no general methods research"),
        say("Not for developing methods, software or models in general."),
    ),
    Term(
        "DUO:0000018",
        "NPUNCU",
        say("not for profit, non commercial use only"),
        say("Only organisations not for profit, and only for non-commercial use."),
    ),
    Term(
        "DUO:0000045",
        "NPU",
        say("not for profit organisation use only"),
        say("Not for companies."),
    ),
    Term("DUO:0000046", "NCU", say("non-commercial use only"), say("Not for commercial use.")),
    Term("DUO:0000019", "PUB", say("publication required"), say("Results must be published.")),
    Term(
        "DUO:0000024",
        "MOR",
        say("publication moratorium"),
        say("Nothing is published before a day."),
    ),
    Term(
        "DUO:0000020",
        "COL",
        say("collaboration required"),
        say("Those who made it take part."),
    ),
    Term(
        "DUO:0000021",
        "IRB",
        say("ethics approval required"),
        say("An ethics board has agreed."),
    ),
    Term(
        "DUO:0000022",
        "GS",
        say("geographical restriction"),
        say("Used in a named region alone."),
    ),
    Term(
        "DUO:0000025",
        "TS",
        say("time limit on use"),
        say("Used for a fixed time, then deleted."),
    ),
    Term(
        "DUO:0000026",
        "US",
        say("user specific restriction"),
        say("Used by named people alone."),
    ),
    Term(
        "DUO:0000027",
        "PS",
        say("project specific restriction"),
        say("Used in the named project alone."),
    ),
    Term(
        "DUO:0000028",
        "IS",
        say("institution specific restriction"),
        say("Used in one institution alone."),
    ),
    Term(
        "DUO:0000029",
        "RTN",
        say("return to database or resource"),
        say("Enriched data goes back."),
    ),
)

TERMS: Final[Mapping[str, Term]] = {term.code: term for term in _TERMS}
"""The codes offered, by their id."""

CHOICES: Final = [
    (term.code, say("{code}: {label}", code=term.shorthand, label=term.label)) for term in _TERMS
]

PURPOSE: Final = {
    "research": say("It is research"),
    "health": say("It concerns health, medicine or biology"),
    "methods": say("It develops a method, software or a model"),
    "non_commercial": say("The use is not commercial"),
    "not_for_profit": say("The organisation is not for profit"),
    "will_publish": say("Results will be published"),
    "publish_not_before": say("Publication waits for the day the data's makers name"),
    "collaborates": say("Those who made the data take part"),
    "ethics_approval": say("An ethics board has agreed"),
    "within_region": say("It stays in the region the data is bound to"),
    "within_institution": say("It stays in the institution the data is bound to"),
    "time_limited": say("The use ends on a fixed day"),
    "named_people": say("Only named people use it"),
    "named_project": say("It is used for one named project"),
    "within_stated_research": say("It is the research the data's makers name"),
    "returns_data": say("Enriched data is given back"),
}
"""The facts of a use that codes ask about: key and statement. A fact not known is left out."""

_ASKED: Final[Mapping[str, tuple[str, ...]]] = {
    "DUO:0000042": ("research",),
    "DUO:0000006": ("health",),
    "DUO:0000012": ("within_stated_research",),
    "DUO:0000018": ("not_for_profit", "non_commercial"),
    "DUO:0000045": ("not_for_profit",),
    "DUO:0000046": ("non_commercial",),
    "DUO:0000019": ("will_publish",),
    "DUO:0000024": ("publish_not_before",),
    "DUO:0000020": ("collaborates",),
    "DUO:0000021": ("ethics_approval",),
    "DUO:0000022": ("within_region",),
    "DUO:0000025": ("time_limited",),
    "DUO:0000026": ("named_people",),
    "DUO:0000027": ("named_project",),
    "DUO:0000028": ("within_institution",),
    "DUO:0000029": ("returns_data",),
}


def term(code: str) -> Term:
    """The term of a code. Raises KeyError for a code not offered."""
    return TERMS[code]


def described(codes: Collection[str]) -> list[Term]:
    """The terms of the codes, in the order they are offered; unknown codes are left out."""
    return [term for term in _TERMS if term.code in codes]


def fits(codes: Collection[str], purpose: Mapping[str, bool]) -> list[Fit]:
    """What each code says to a use with these facts (keys of `PURPOSE`), worst first.

    A fact that is true fits, one that is false conflicts, one not known is asked for. A code that
    is not one of ours is asked about: nothing is judged to fit that was not read.
    """
    known = [_fit(term, purpose) for term in described(codes)]
    strange = [
        Fit(
            code,
            ASKS,
            say("{code} is not a code this programme reads; ask what it demands.", code=code),
        )
        for code in codes
        if code not in TERMS
    ]
    order = [CONFLICTS, ASKS, FITS]
    return sorted([*known, *strange], key=lambda fit: order.index(fit.verdict))


def _fit(term: Term, purpose: Mapping[str, bool]) -> Fit:
    special = _SPECIAL.get(term.code)
    return special(term, purpose) if special else _by_facts(term, purpose)


def _by_facts(term: Term, purpose: Mapping[str, bool]) -> Fit:
    asked = _ASKED[term.code]
    false = [key for key in asked if purpose.get(key) is False]
    open_ = [key for key in asked if purpose.get(key) is None]
    if false:
        return Fit(
            term.code,
            CONFLICTS,
            say("{meaning} Not so here: {said}.", meaning=term.meaning, said=_said(false)),
        )
    if open_:
        return Fit(
            term.code,
            ASKS,
            say("{meaning} Not said yet: {said}.", meaning=term.meaning, said=_said(open_)),
        )
    return Fit(
        term.code,
        FITS,
        say("{meaning} So it is here: {said}.", meaning=term.meaning, said=_said(asked)),
    )


def _said(keys: Collection[str]) -> str:
    words = [PURPOSE[key] for key in keys]
    return joined("; ", (within(word) for word in words))


def _no_restriction(term: Term, purpose: Mapping[str, bool]) -> Fit:
    return Fit(term.code, FITS, term.meaning)


def _no_methods(term: Term, purpose: Mapping[str, bool]) -> Fit:
    """The one code that forbids rather than asks."""
    if purpose.get("methods") is None:
        return Fit(
            term.code,
            ASKS,
            say("{meaning} Not said yet: whether it develops a method.", meaning=term.meaning),
        )
    if purpose["methods"]:
        return Fit(
            term.code, CONFLICTS, say("{meaning} Here one is developed.", meaning=term.meaning)
        )
    return Fit(term.code, FITS, say("{meaning} None is developed here.", meaning=term.meaning))


_SPECIAL: Final[Mapping[str, Callable[[Term, Mapping[str, Any]], Fit]]] = {
    "DUO:0000004": _no_restriction,
    "DUO:0000015": _no_methods,
}
