"""The agreement on authorship: proposed, answered by everybody named, mediated, decided.

Each verb locks the case first, so that a consent and a new version never wait for each other.
Why silence leaves things as they are: docs/adr/0028-authorship-by-consent.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fellowship.accounts.models import Actor, User
from fellowship.accounts.orcid import normalise_orcid
from fellowship.clocks import services as clocks
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, refuse, said_by, unchanged
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.notices.services import notify
from governance import services as governance
from governance.policy.common import text_given
from publications import credit, terms
from publications.authorship_states import AGREEMENT_MOVES, AgreementState, Answer
from publications.models import AuthorshipAgreement, AuthorshipParty
from publications.policy import authorship as policy
from scoping.models import Fellowship

AGREEMENT_CLOCK = "publications.agreement"
AGREEMENT_MEDIATION_CLOCK = "publications.agreement_mediation"
MATTER = "publications.authorship"
S = AgreementState


@journal.verb("publications.propose_agreement")
def propose_agreement(
    *,
    fellowship: Fellowship,
    people: Sequence[Mapping[str, Any]],
    company_criteria: str,
    acknowledgement: str,
    dispute: str,
    because: str,
    mediator: User | None,
    by: User,
) -> AuthorshipAgreement:
    """Propose a version: everybody named, or named until now, is asked; who proposes consents.

    `people` in the agreed order, each with `person`, `credit`, and optionally `name`, `orcid` and
    `alone` (may publish their own part independently). The same proposal again is that proposal.
    """
    case = _case(fellowship)
    refuse(policy.may_propose(case, by))
    people = [_read(case, one) for one in people]
    texts = {
        "company_criteria": company_criteria.strip(),
        "acknowledgement": acknowledgement.strip(),
        "dispute": dispute.strip(),
    }
    refuse(
        policy.sound(case, people, mediator=mediator, texts={**texts, "because": because.strip()})
    )
    held = policy.agreement_of(case)
    last = case.authorship_agreements.order_by("-number").first()
    made = AuthorshipAgreement(
        fellowship=case,
        program_id=case.program_id,
        number=last.number + 1 if last else 1,
        because=because.strip(),
        mediator=mediator,
        proposed_by=by,
        proposed_at=now(),
        **texts,
    )
    parties = [*_named(made, case, people), *_leaving(made, case, people, held)]
    if held and _same_text(made, parties, held):
        return held
    if waiting := _still_open(case, by):
        if _same_text(made, parties, waiting):
            return waiting
        refuse(
            Refusal(
                "open",
                say(
                    "Version {number} waits for answers. Withdraw it, or let it be answered.",
                    number=waiting.number,
                ),
                rule=policy.RULE,
            )
        )
    made.text_hash = made.content_hash(parties)
    made.answer_by = terms.agreement_answer(case).due(now(), case.program.calendar())
    made.save()
    for party in parties:
        party.agreement = made
        if party.person_id == by.pk:
            party.answer, party.answered_at = Answer.CONSENTED, now()
        party.save()
    _wait_for_answers(made, by)
    _tell(made, _unanswered(made), say("your consent to the agreement on authorship is asked"))
    _settle(made, by)
    journal.record(
        subject=made, change={"number": made.number, "hash": made.text_hash, "people": len(parties)}
    )
    return made


@journal.verb("publications.consent")
def consent_to_agreement(
    *, agreement: AuthorshipAgreement, by: User, reason: str = ""
) -> AuthorshipAgreement:
    """Consent to a version. With the last consent it is in force, and the one before is not."""
    agreement = _locked(agreement)
    party = policy.party_of(agreement, by)
    if party and party.answer == Answer.CONSENTED:
        return unchanged(agreement, policy.may_answer(agreement, by))
    refuse(policy.may_answer(agreement, by))
    assert party is not None  # noqa: S101 - refused above
    party.answer, party.answered_at, party.reason = Answer.CONSENTED, now(), reason.strip()
    party.save()
    _settle(agreement, by)
    journal.record(subject=agreement, change={"consents": by.pk, "hash": agreement.text_hash})
    return agreement


@journal.verb("publications.refuse_agreement")
def refuse_agreement(
    *, agreement: AuthorshipAgreement, by: User, reason: str
) -> AuthorshipAgreement:
    """Refuse a version, with a reason everybody named reads. The one in force goes on."""
    agreement = _locked(agreement)
    party = policy.party_of(agreement, by)
    if party and party.answer == Answer.REFUSED and agreement.state == S.REFUSED:
        return unchanged(agreement, policy.may_answer(agreement, by))
    refuse(policy.may_answer(agreement, by))
    refuse(text_given(reason, "reason", say("Say why you refuse: the others read it.")))
    assert party is not None  # noqa: S101 - refused above
    party.answer, party.answered_at, party.reason = Answer.REFUSED, now(), reason.strip()
    party.save()
    _move(agreement, "refuse", by)
    _tell(agreement, _people(agreement, by), say("was refused"), body=reason)
    journal.record(subject=agreement, change={"state": agreement.state})
    return agreement


@journal.verb("publications.withdraw_agreement")
def withdraw_agreement(
    *, agreement: AuthorshipAgreement, by: User, reason: str = ""
) -> AuthorshipAgreement:
    """Take one's proposal back."""
    agreement = _locked(agreement)
    if agreement.state == S.WITHDRAWN:
        return unchanged(agreement, policy.may_withdraw_agreement(agreement, by))
    refuse(policy.may_withdraw_agreement(agreement, by))
    agreement.ended_at = now()
    _move(agreement, "withdraw", by)
    _tell(agreement, _people(agreement, by), say("was withdrawn"), body=reason)
    journal.record(subject=agreement, change={"state": agreement.state})
    return agreement


@journal.verb("publications.lapse_agreement")
def lapse_agreement(*, agreement: AuthorshipAgreement, by: Actor) -> AuthorshipAgreement:
    """Record that the time to answer passed: silence leaves the agreement as it was."""
    agreement = _locked(agreement)
    if agreement.state != S.PROPOSED or agreement.answer_by > now():
        return agreement
    agreement.ended_at = agreement.answer_by
    _move(agreement, "lapse", by)
    _tell(agreement, _people(agreement, by), say("lapsed: not everybody answered in time"))
    journal.record(subject=agreement, change={"state": agreement.state})
    return agreement


@journal.verb("publications.ask_mediator")
def ask_mediator(*, agreement: AuthorshipAgreement, by: User, reason: str) -> AuthorshipAgreement:
    """Bring a refused version to its mediator."""
    agreement = _locked(agreement)
    if agreement.state == S.WITH_MEDIATOR:
        return unchanged(agreement, policy.may_ask_mediator(agreement, by))
    refuse(policy.may_ask_mediator(agreement, by))
    refuse(text_given(reason, "reason", say("Say what the mediator should look at.")))
    _move(agreement, "mediate", by)
    case = agreement.fellowship
    clocks.start(
        kind=AGREEMENT_MEDIATION_CLOCK,
        subject=agreement,
        realm=case.program.realm,
        window=terms.agreement_mediation(case),
        by=by,
        holder="us",
        holder_user=agreement.mediator,
        silence=say("It goes to the board."),
        rule=str(terms.policy_of(case)),
    )
    people = [agreement.mediator, *_people(agreement, by)]
    _tell(agreement, people, say("is with the mediator"), body=reason)
    journal.record(subject=agreement, change={"state": agreement.state})
    return agreement


@journal.verb("publications.mediate")
def mediate(
    *, agreement: AuthorshipAgreement, back: bool, advice: str, by: User
) -> AuthorshipAgreement:
    """The mediator's advice: back to those named, who are asked anew, or on to the board."""
    agreement = _locked(agreement)
    done = S.PROPOSED if back else S.WITH_BOARD
    if agreement.advice and agreement.state == done:
        return unchanged(agreement, policy.may_mediate(agreement, by))
    refuse(policy.may_mediate(agreement, by))
    refuse(text_given(advice, "advice", say("Write what you found and what you advise.")))
    agreement.advice = advice.strip()
    if not back:
        return _to_board(agreement, by)
    for party in agreement.parties.all():
        if party.answer == Answer.REFUSED:
            party.answer, party.answered_at, party.reason = "", None, ""
            party.save()
    case = agreement.fellowship
    agreement.answer_by = terms.agreement_answer(case).due(now(), case.program.calendar())
    _move(agreement, "return", by)
    _wait_for_answers(agreement, by)
    _tell(agreement, _people(agreement, by), say("comes back from the mediator"), body=advice)
    journal.record(subject=agreement, change={"state": agreement.state})
    return agreement


@journal.verb("publications.refer_agreement")
def refer_agreement(*, agreement: AuthorshipAgreement, by: Actor) -> AuthorshipAgreement:
    """Take a version to the board when the mediator's time has passed."""
    agreement = _locked(agreement)
    return _to_board(agreement, by) if agreement.state == S.WITH_MEDIATOR else agreement


@journal.verb("publications.decide_agreement")
def decide_agreement(
    *, agreement: AuthorshipAgreement, adopt: bool, by: Actor, reason: str
) -> AuthorshipAgreement:
    """The board's decision about a version people disagree on. Called by the board alone."""
    agreement = _locked(agreement)
    if agreement.state != S.WITH_BOARD:
        return agreement
    if adopt:
        _in_force(agreement, "adopt", by)
    else:
        agreement.ended_at = now()
        _move(agreement, "turn_down", by)
    said = (
        say("is in force by decision of the board")
        if adopt
        else say("was turned down by the board")
    )
    _tell(agreement, _people(agreement, by), said, body=reason)
    journal.record(subject=agreement, change={"state": agreement.state})
    return agreement


def _case(fellowship: Fellowship) -> Fellowship:
    rows = Fellowship.objects.locked().select_related("program__realm", "fellow", "mentor")
    return rows.get(pk=fellowship.pk)


def _locked(agreement: AuthorshipAgreement) -> AuthorshipAgreement:
    """The version with its people and case, the case locked first."""
    case = _case(Fellowship(pk=agreement.fellowship_id))
    rows = AuthorshipAgreement.objects.locked().select_related("mediator", "proposed_by")
    found = rows.prefetch_related("parties__person").get(pk=agreement.pk)
    found.fellowship = case
    return found


def _read(case: Fellowship, one: Mapping[str, Any]) -> dict[str, Any]:
    """One person as named: roles by key, ORCID iD normalised and checked."""
    person: User = one["person"]
    try:
        roles = credit.read(one.get("credit", ()))
        given = one.get("orcid") or person.orcid
        orcid = normalise_orcid(given) if given else ""
    except ValueError as error:
        refuse(Refusal("people", joined(": ", (str(person), said_by(error))), field="people"))
        raise AssertionError from error
    return {
        "person": person,
        "name": (one.get("name") or person.name).strip(),
        "orcid": orcid,
        "credit": roles,
        "alone": bool(one.get("alone", person.pk == case.fellow_id)),
    }


def _named(
    made: AuthorshipAgreement, case: Fellowship, people: Iterable[Mapping[str, Any]]
) -> list[AuthorshipParty]:
    return [
        AuthorshipParty(
            agreement=made, position=at, side=policy.side_of(case, one["person"]), **one
        )
        for at, one in enumerate(people, start=1)
    ]


def _leaving(
    made: AuthorshipAgreement,
    case: Fellowship,
    people: Sequence[Mapping[str, Any]],
    held: AuthorshipAgreement | None,
) -> list[AuthorshipParty]:
    """Those named until now and no more: they are asked as well."""
    if held is None:
        return []
    staying = {one["person"].pk for one in people}
    left = [p for p in held.parties.all() if not p.leaves and p.person_id not in staying]
    return [
        AuthorshipParty(
            agreement=made,
            position=at,
            side=p.side,
            person_id=p.person_id,
            name=p.name,
            orcid=p.orcid,
            credit=p.credit,
            alone=p.alone,
            leaves=True,
        )
        for at, p in enumerate(left, start=len(people) + 1)
    ]


def _same_text(
    made: AuthorshipAgreement, parties: list[AuthorshipParty], other: AuthorshipAgreement
) -> bool:
    """Whether a version says the same as one there is, leavers and number aside."""

    def said(one: AuthorshipAgreement, rows: Iterable[AuthorshipParty]) -> dict[str, Any]:
        body = one.body([p for p in rows if not p.leaves])
        return {key: value for key, value in body.items() if key != "number"}

    return said(made, parties) == said(other, other.parties.all())


def _still_open(case: Fellowship, by: User) -> AuthorshipAgreement | None:
    """The version on its way; one whose time is over is recorded as lapsed first."""
    waiting = case.authorship_agreements.open().prefetch_related("parties").first()
    if waiting and waiting.effective_state() == S.LAPSED:
        lapse_agreement(agreement=waiting, by=journal.RuleActor(str(terms.policy_of(case))))
        return None
    found: AuthorshipAgreement | None = waiting
    return found


def _settle(agreement: AuthorshipAgreement, by: Actor) -> None:
    """With everybody's consent the version is in force."""
    answers = AuthorshipParty.objects.filter(agreement=agreement).values_list("answer", flat=True)
    if agreement.state != S.PROPOSED or any(a != Answer.CONSENTED for a in answers):
        return
    _in_force(agreement, "agree", by)
    _tell(agreement, _people(agreement, by), say("is in force: everybody has consented"))


def _in_force(agreement: AuthorshipAgreement, verb: str, by: Actor) -> None:
    held = AuthorshipAgreement.objects.locked().in_force()
    before = held.filter(fellowship_id=agreement.fellowship_id).first()
    if before:
        before.ended_at = now()
        before.state = AGREEMENT_MOVES.target(before.state, "supersede")
        before.save()
        journal.record(subject=before, change={"state": before.state})
    agreement.in_force_at = now()
    _move(agreement, verb, by)


def _to_board(agreement: AuthorshipAgreement, by: Actor) -> AuthorshipAgreement:
    _move(agreement, "refer", by)
    journal.record(subject=agreement, change={"state": agreement.state})
    governance.refer(
        kind=MATTER,
        subject=agreement,
        program=agreement.fellowship.program,
        by=by,
        reason=say("Those named disagree, and mediation has ended."),
    )
    return agreement


def _move(agreement: AuthorshipAgreement, verb: str, by: Actor) -> None:
    """Change the state, and stop what was waited for."""
    agreement.state = AGREEMENT_MOVES.target(agreement.state, verb)
    agreement.save()
    kinds = [AGREEMENT_CLOCK, AGREEMENT_MEDIATION_CLOCK]
    clocks.stop_open(subject=agreement, kinds=kinds, by=by, reason=str(agreement.state))


def _wait_for_answers(agreement: AuthorshipAgreement, by: Actor) -> None:
    case = agreement.fellowship
    clocks.start(
        kind=AGREEMENT_CLOCK,
        subject=agreement,
        realm=case.program.realm,
        window=terms.agreement_answer(case),
        by=by,
        holder="you",
        silence=say("The agreement stays as it is."),
        rule=str(terms.policy_of(case)),
        due_at=agreement.answer_by,
    )


def _unanswered(agreement: AuthorshipAgreement) -> list[User]:
    rows = AuthorshipParty.objects.filter(agreement=agreement, answer="").select_related("person")
    return [party.person for party in rows]


def _people(agreement: AuthorshipAgreement, by: Actor) -> list[User]:
    """Everybody named, but for whoever acts."""
    rows = AuthorshipParty.objects.filter(agreement=agreement).select_related("person")
    return [party.person for party in rows if party.person != by]


def _tell(agreement: AuthorshipAgreement, to: Iterable[User], what: str, *, body: str = "") -> None:
    case = agreement.fellowship
    notify(
        kind="publications.agreement",
        to=to,
        subject_obj=agreement,
        realm=case.program.realm,
        title=say(
            "{ref}: agreement on authorship, version {number}, {what}",
            ref=case.ref,
            number=agreement.number,
            what=what,
        )
        if not what.startswith("your")
        else joined(": ", (case.ref, what)),
        body=body,
        url=agreement.get_absolute_url(),
    )
