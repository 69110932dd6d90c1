"""What track, model and output type each allow at most; a first scope gets the narrowest of them.

The programme's own words on them are read where a proposal pins them; what they come to as enforced
clauses stands here, and in an output type's highest tier.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, Final

from fellowship.kernel.saying import joined, say
from fellowship.programs.models import FellowshipModel, Offer, OutputType, Track
from fellowship.programs.terms import ResidencyStage
from scoping.stages import STAGED, Terms
from scoping.states import Environment, Operation, Tier

_ALL: Final = tuple(Operation.values)
_INSIDE: Final = (Operation.VIEW, Operation.QUERY, Operation.RUN_CODE, Operation.NOTEBOOK)
KINDS: Final[Mapping[str, str]] = {
    "track": "track",
    "fellowship_model": "model",
    "output_type": say("output type"),
}
"""What a proposal chooses, by question, as provenance names it."""


@dataclass(frozen=True, slots=True)
class Posture:
    """What a template allows unless the two sides agree on less or more. Datasets are not its."""

    max_tier: Tier
    environment: Environment
    operations: tuple[str, ...]
    code_may_leave: bool
    retention_days: int

    def terms(self, datasets: Sequence[str]) -> Terms:
        """The same with the datasets the proposal asks for."""
        return Terms(
            self.max_tier,
            tuple(datasets),
            tuple(map(str, self.operations)),
            self.environment,
            self.code_may_leave,
        )


OPEN: Final = Posture(Tier.PUBLIC, Environment.OWN, _ALL, True, 365)
CONTROLLED: Final = Posture(Tier.RESTRICTED, Environment.CONTROLLED, _INSIDE, False, 30)
PRODUCT: Final = Posture(
    Tier.RESTRICTED, Environment.COMPANY, (*_INSIDE, Operation.MODEL_CALL), False, 30
)
POLICY: Final = Posture(
    Tier.INTERNAL, Environment.OWN, (*_INSIDE, Operation.DOWNLOAD, Operation.PUBLISH), True, 180
)
NO_LIMIT: Final = Posture(Tier.HIGHLY_RESTRICTED, Environment.OWN, _ALL, True, 3_650)

TRACKS: Final[Mapping[str, Posture]] = {
    Track.Key.OPEN: OPEN,
    Track.Key.CONTROLLED: CONTROLLED,
    Track.Key.PRODUCT: PRODUCT,
}
MODELS: Final[Mapping[str, Posture]] = {
    FellowshipModel.Key.OPEN: OPEN,
    FellowshipModel.Key.CONTROLLED: CONTROLLED,
    FellowshipModel.Key.PRODUCT: PRODUCT,
    FellowshipModel.Key.POLICY: POLICY,
}
TIERS: Final[Mapping[Tier, Posture]] = {
    Tier.PUBLIC: OPEN,
    Tier.INTERNAL: replace(PRODUCT, max_tier=Tier.INTERNAL, retention_days=90),
    Tier.RESTRICTED: PRODUCT,
    Tier.HIGHLY_RESTRICTED: replace(CONTROLLED, max_tier=Tier.HIGHLY_RESTRICTED),
}
"""What a stage of a residency allows that works with data of the tier."""

TOOLS: Final[Mapping[str, str]] = {
    Track.Key.OPEN: say("Any tool the fellow chooses. No internal system of the company."),
    Track.Key.CONTROLLED: say(
        "The tools of the controlled environment; others on request to the data steward."
    ),
    Track.Key.PRODUCT: say(
        "The company's research environment and the evaluation tools of the product team."
    ),
}
PROHIBITED: Final[Mapping[str, str]] = {
    Track.Key.OPEN: say(
        "Access to internal systems or unpublished data. Attacks on services in production."
    ),
    Track.Key.CONTROLLED: say(
        "Copying data out of the controlled environment. Attempts to identify "
        "people. Sharing of credentials. Attacks on services in production."
    ),
    Track.Key.PRODUCT: say(
        "Changes to systems in production. Copying data out of the research "
        "environment. Attempts to identify people. Disclosure of unreleased product specifics."
    ),
}


@dataclass(frozen=True, slots=True)
class Template:
    """Something a proposal chose: its name with its version, and what it allows at most."""

    name: str
    posture: Posture


def templates(track: str, chosen: Mapping[str, Offer]) -> list[Template]:
    """What was chosen, with what it comes to; the case's track in any case."""
    found = [Template(named("track", track, chosen), TRACKS[track])]
    for question in ("fellowship_model", "output_type"):
        offer = chosen.get(question)
        if offer is not None and (posture := _posture(offer)) is not None:
            found.append(Template(named(question, str(offer), chosen), posture))
    return found


def named(question: str, name: str, chosen: Mapping[str, Offer]) -> str:
    """“the track Controlled access v2”; without a number where the proposal pins none."""
    offer = chosen.get(question)
    if offer is None:
        name = str(Track.Key(name).label) if question == "track" else name
        return say("the {KINDS} {name}", KINDS=KINDS[question], name=name)
    return say(
        "the {KINDS} {offer} v{version}", KINDS=KINDS[question], offer=offer, version=offer.version
    )


def _posture(offer: Offer) -> Posture | None:
    if isinstance(offer, FellowshipModel):
        if stages := offer.residency():
            return envelope(TIERS[stage.tier] for stage in stages)
        return MODELS.get(offer.key)
    if isinstance(offer, OutputType) and offer.highest_tier:
        return replace(NO_LIMIT, max_tier=Tier(offer.highest_tier))
    return None


def envelope(postures: Iterable[Posture]) -> Posture:
    """The widest of several on each clause: what bounds a residency over all of its stages."""
    found = list(postures)
    wide = reduce(Terms.reaching, (posture.terms(()) for posture in found))
    days = max(posture.retention_days for posture in found)
    return Posture(wide.max_tier, wide.environment, wide.operations, wide.code_may_leave, days)


def narrowest(found: Sequence[Template]) -> tuple[Posture, dict[str, str]]:
    """The narrowest on each clause, and for each clause which template it came from, in words."""
    least = reduce(Terms.within, (template.posture.terms(()) for template in found))
    days = min(template.posture.retention_days for template in found)
    posture = Posture(
        least.max_tier, least.environment, least.operations, least.code_may_leave, days
    )
    keys = [key for key in STAGED if key != "datasets"]
    sources = {key: _source(key, found, posture) for key in (*keys, "retention_days")}
    return posture, sources


_SAME: Final[Mapping[str, Callable[[Any], Any]]] = {"operations": frozenset}


def _source(key: str, found: Sequence[Template], result: Posture) -> str:
    """The templates that say exactly this, and whether another would allow more."""
    same = _SAME.get(key, lambda value: value)
    said = [t.name for t in found if same(getattr(t.posture, key)) == same(getattr(result, key))]
    if not said:
        return say("what {name} all allow", name=joined(say(" and "), (t.name for t in found)))
    more = say(", the narrowest of what was chosen") if len(said) < len(found) else ""
    return joined(say(" and "), said) + more


def of_stage(stage: ResidencyStage, within: Terms) -> dict[str, Any]:
    """On which clauses a stage allows less than `within`, and what."""
    terms = TIERS[stage.tier].terms(within.datasets).within(within).write()
    return {key: terms[key] for key in STAGED if terms[key] != within.write()[key]}
