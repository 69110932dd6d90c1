"""Who may propose, answer and mediate an agreement on authorship, and whom a work may name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import has_role, holders
from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import joined, say
from governance.policy.common import text_given
from publications.authorship_states import AGREEMENT_MOVES, AgreementState, Answer, Side
from publications.models import Author, AuthorshipAgreement, AuthorshipParty, Publication
from scoping.models import Collaborator, Fellowship
from scoping.states import FellowshipState

RULE = say("authorship changes only with everybody’s consent")
PEOPLE_MAX = 40


def agreement_of(fellowship: Fellowship) -> AuthorshipAgreement | None:
    """The version that holds, with its people; None where there is none yet."""
    rows = AuthorshipAgreement.objects.in_force().filter(fellowship=fellowship)
    return rows.prefetch_related("parties__person").first()


def nameable(fellowship: Fellowship, held: AuthorshipAgreement | None) -> QuerySet[User]:
    """Who may be named: the fellow, the mentor, collaborators, staff, and those named already."""
    given: set[int | None] = {fellowship.fellow_id, fellowship.mentor_id}
    given |= set(
        Collaborator.objects.active().filter(fellowship=fellowship).values_list("person", flat=True)
    )
    if held:
        given |= {party.person_id for party in held.parties.all()}
    staff = holders(fellowship.program_id, *roles.STAFF).values("pk")
    keys = [key for key in given if key is not None]
    found = User.objects.filter(pk__in=keys) | User.objects.filter(pk__in=staff)
    return found.filter(is_active=True).distinct().order_by("name")


def mediators(fellowship: Fellowship) -> QuerySet[User]:
    """Who may mediate: people of the programme who do not accompany the fellow."""
    apart = [key for key in (fellowship.fellow_id, fellowship.mentor_id) if key is not None]
    staff = holders(fellowship.program_id, *roles.STAFF).filter(is_active=True)
    return staff.exclude(pk__in=apart).order_by("name")


def may_propose(fellowship: Fellowship, by: Actor) -> Refusal | None:
    """Why `by` may not propose a version: the fellow, those named, and the manager may."""
    return first(
        None
        if _takes_part(fellowship, by)
        else Refusal(
            "not_yours",
            say(
                "The fellow, a person named in the agreement or the programme manager proposes it."
            ),
        ),
        Refusal("closed", say("This case is closed."))
        if fellowship.state == FellowshipState.CLOSED
        else None,
    )


def _takes_part(fellowship: Fellowship, by: Actor) -> bool:
    if isinstance(by, System) or by == fellowship.fellow:
        return True
    if has_role(by, fellowship.program_id, roles.MANAGER):
        return bool(Fellowship.objects.visible_to(by).filter(pk=fellowship.pk).exists())
    held = AuthorshipAgreement.objects.in_force().filter(fellowship=fellowship)
    own = getattr(by, "pk", None)
    return held.filter(parties__person_id=own, parties__leaves=False).exists()


def sound(
    fellowship: Fellowship,
    people: Sequence[Mapping[str, Any]],
    *,
    mediator: User | None,
    texts: Mapping[str, str],
) -> Refusal | None:
    """Why this is no agreement: who is missing, named twice or without a role; what is not said."""
    named = [one["person"].pk for one in people]
    idle = [str(one["person"]) for one in people if not one["credit"]]
    fellow = next((one for one in people if one["person"].pk == fellowship.fellow_id), None)
    return first(
        None
        if fellow is not None
        else Refusal(
            "no_fellow", say("The fellow whose research it is must be named."), field="people"
        ),
        Refusal(
            "fellow_alone",
            say(
                "The fellow may always publish under their own name alone; no agreement takes that."
            ),
            rule=RULE,
            field="people",
        )
        if fellow is not None and not fellow["alone"]
        else None,
        Refusal("named_twice", say("Name each person once."), field="people")
        if len(set(named)) != len(named)
        else None,
        Refusal(
            "too_many",
            say("Name at most {PEOPLE_MAX} people.", PEOPLE_MAX=PEOPLE_MAX),
            field="people",
        )
        if len(named) > PEOPLE_MAX
        else None,
        Refusal(
            "no_role",
            say("Say what {idle} does: at least one CRediT role.", idle=idle[0]),
            field="people",
        )
        if idle
        else None,
        text_given(
            texts["company_criteria"], "company_criteria", say("Say when staff are authors.")
        ),
        text_given(texts["acknowledgement"], "acknowledgement", say("Write the acknowledgement.")),
        text_given(texts["dispute"], "dispute", say("Say what happens where people disagree.")),
        text_given(texts["because"], "because", say("Say why this version.")),
        None if mediator else Refusal("no_mediator", say("Name who mediates."), field="mediator"),
        Refusal(
            "separation", say("Nobody named mediates their own case."), rule=RULE, field="mediator"
        )
        if mediator and mediator.pk in (*named, fellowship.mentor_id)
        else None,
    )


def party_of(agreement: AuthorshipAgreement, by: Actor) -> AuthorshipParty | None:
    """What of the version is the person's own, if it names them."""
    return next((p for p in agreement.parties.all() if p.person_id == getattr(by, "pk", 0)), None)


def may_answer(agreement: AuthorshipAgreement, by: Actor) -> Refusal | None:
    """Why `by` may not consent or refuse: not named, or the time is over."""
    return first(
        None
        if party_of(agreement, by)
        else Refusal("not_yours", say("Those named in this version answer it.")),
        None
        if agreement.effective_state() == AgreementState.PROPOSED
        else Refusal(
            "not_open",
            say(
                "This version is {said_state}; it takes no answers.",
                said_state=agreement.said_state.lower(),
            ),
            rule=RULE,
        ),
    )


def may_withdraw_agreement(agreement: AuthorshipAgreement, by: Actor) -> Refusal | None:
    """Why `by` may not take a proposal back."""
    return first(
        None
        if by == agreement.proposed_by
        else Refusal(
            "not_yours",
            say(
                "Only {proposed_by}, who proposed it, may do this.",
                proposed_by=agreement.proposed_by,
            ),
        ),
        AGREEMENT_MOVES.refusal(agreement.effective_state(), "withdraw"),
    )


def may_ask_mediator(agreement: AuthorshipAgreement, by: Actor) -> Refusal | None:
    """Why `by` may not bring a refused version to the mediator."""
    later = AuthorshipAgreement.objects.filter(
        fellowship_id=agreement.fellowship_id, number__gt=agreement.number
    )
    return first(
        None
        if party_of(agreement, by)
        else Refusal("not_yours", say("Those named in this version ask for the mediator.")),
        AGREEMENT_MOVES.refusal(agreement.state, "mediate"),
        Refusal("not_latest", say("A later version was proposed; what is open is settled there."))
        if agreement.state == AgreementState.REFUSED and later.exists()
        else None,
        Refusal("turned_down", say("The board has turned this version down; propose another."))
        if agreement.ended_at
        else None,
    )


def may_mediate(agreement: AuthorshipAgreement, by: Actor) -> Refusal | None:
    """Why `by` may not write as the mediator."""
    return first(
        None
        if by == agreement.mediator
        else Refusal(
            "not_yours", say("{mediator} mediates this version.", mediator=agreement.mediator)
        ),
        AGREEMENT_MOVES.refusal(agreement.state, "return"),
    )


def authors_agreed(publication: Publication) -> Refusal | None:
    """Why these authors may not be submitted: outside the agreement, unwilling, or out of order.

    Without an agreement in force the fellow alone may be named, so that nobody's silence can keep
    a fellow from publishing.
    """
    return authors_within(publication.fellowship, list(publication.authors.all()))


def authors_within(fellowship: Fellowship, authors: Iterable[Author]) -> Refusal | None:
    """The same for authors not saved yet."""
    agreement = agreement_of(fellowship)
    authors = list(authors)
    if agreement is None:
        others = [a.name for a in authors if not _is(a, fellowship.fellow, fellowship.fellow.name)]
        return (
            Refusal(
                "authors_outside",
                say(
                    "{others}: no agreement on authorship names them yet. Propose one; "
                    "it holds once everybody named has consented. Until then you may "
                    "submit under your own name alone.",
                    others=joined(", ", others),
                ),
                rule=RULE,
                field="authors",
            )
            if others
            else None
        )
    parties = [party for party in agreement.parties.all() if not party.leaves]
    matched = [
        next((p for p in parties if _is(a, p.person, p.name, p.orcid)), None) for a in authors
    ]
    outside = [a.name for a, p in zip(authors, matched, strict=True) if p is None]
    unwilling = [p.name for p in matched if p and p.answer == Answer.REFUSED]
    places = [p.position for p in matched if p]
    named = say("the agreement on authorship, version {number}", number=agreement.number)
    return first(
        Refusal(
            "authors_outside",
            say(
                "{outside}: outside {named}. Propose a version that names them; it holds "
                "once everybody has consented.",
                outside=joined(", ", outside),
                named=named,
            ),
            rule=RULE,
            field="authors",
        )
        if outside
        else None,
        Refusal(
            "author_unwilling",
            say(
                "{unwilling} refused to be named. Nobody is an author against their will.",
                unwilling=joined(", ", unwilling),
            ),
            rule=RULE,
            field="authors",
        )
        if unwilling
        else None,
        Refusal(
            "author_order",
            say("The order differs from {named}. Another order is another version.", named=named),
            rule=RULE,
            field="authors",
        )
        if places != sorted(places)
        else None,
    )


def _is(author: Author, person: User, name: str, orcid: str = "") -> bool:
    """Whether this author is the person: by account, by ORCID iD, else by name."""
    if author.user_id:
        return author.user_id == person.pk
    if author.orcid and (orcid or person.orcid):
        return author.orcid in (orcid, person.orcid)
    return _same(author.name, name) or _same(author.name, person.name)


def _same(one: str, other: str) -> bool:
    return " ".join(one.casefold().split()) == " ".join(other.casefold().split())


def side_of(fellowship: Fellowship, person: User) -> str:
    """On whose side the person works in this case."""
    if person.pk == fellowship.fellow_id:
        return Side.FELLOW
    staff = has_role(person, fellowship.program_id, *roles.STAFF)
    return Side.COMPANY if staff or person.pk == fellowship.mentor_id else Side.COLLABORATOR
