"""The verbs of an objection to one passage, as far as the two sides settle it by themselves."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.urls import reverse

from fellowship.accounts.models import Actor, User
from fellowship.clocks import services as clocks
from fellowship.clocks.models import Clock
from fellowship.history.references import next_reference
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, refuse, unchanged
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.kernel.worktime import Window
from governance import services as governance
from governance.models import Matter
from publications import policy, terms
from publications.models import Objection, Publication, Version
from publications.services import disclosure, redactions
from publications.services.windows import release_when_settled, with_window
from publications.services.works import locked, tell
from publications.states import OBJECTION_MOVES, Ground, ObjectionState

ANSWER_CLOCK = "publications.answer"
WORDING_CLOCK = "publications.wording"
MEDIATION_CLOCK = "publications.mediation"
PROPOSAL_CLOCK = "publications.proposal"
STEP_CLOCKS = (ANSWER_CLOCK, WORDING_CLOCK, MEDIATION_CLOCK, PROPOSAL_CLOCK)
DATED = (ObjectionState.ACCEPTED, ObjectionState.UPHELD)
"""States in which a passage put off to a date becomes a step of the disclosure plan."""
AS_ASKED = say("The passage is treated as the objection asks; the rest goes on.")


@journal.verb("publications.object")
def object_to_passage(
    *,
    publication: Publication,
    version: Version,
    ground: str,
    start: int,
    end: int,
    harm: str,
    ask: str,
    public_summary: str,
    by: User,
    owner: User | None = None,
    until: dt.datetime | None = None,
) -> Objection:
    """Object to `version.text[start:end]` on a listed ground. The author is told at once.

    `owner` answers for it in the company; it is who objects unless somebody else is named.
    """
    publication, owner = locked(publication), owner or by
    same = publication.objections.filter(
        version=version, passage_start=start, passage_end=end, ground=ground, raised_by=by
    ).first()
    if same:
        return unchanged(same, policy.may_object(publication, by))
    refuse(policy.may_object(publication, by))
    if ground not in Ground.values:
        refuse(Refusal("no_ground", say("Choose one of the listed grounds."), field="ground"))
    refuse(policy.may_own(publication, owner))
    refuse(
        policy.may_mark(publication, version=version, start=start, end=end, ask=ask, until=until)
    )
    return mark(
        publication,
        version=version,
        ground=ground,
        start=start,
        end=end,
        harm=harm,
        ask=ask,
        public_summary=public_summary,
        by=by,
        owner=owner,
        until=until,
    )


@journal.verb("publications.accept_objection")
def accept_objection(
    *, objection: Objection, by: Actor, reason: str = "", at: dt.datetime | None = None
) -> Objection:
    """The author accepts what is asked; so does the passing of the time to answer, `at` its end."""
    objection = locked_objection(objection)
    refused = policy.may_answer(objection, "accept", by) if isinstance(by, User) else None
    if objection.state == ObjectionState.ACCEPTED:
        return unchanged(objection, refused)
    refuse(refused)
    objection.answer = reason
    return settle(objection, "accept", by, at=at)


@journal.verb("publications.offer_wording")
def offer_wording(*, objection: Objection, wording: str, by: User, reason: str = "") -> Objection:
    """The author offers other wording. Where whoever objected stays silent, the wording stands."""
    objection = locked_objection(objection)
    if objection.state == ObjectionState.REWORDED and objection.wording == wording:
        return unchanged(objection, policy.may_answer(objection, "reword", by))
    refuse(policy.may_answer(objection, "reword", by))
    if not wording.strip():
        refuse(Refusal("no_wording", say("Write the other wording."), field="wording"))
    objection.wording, objection.answer = wording, reason
    step(
        objection,
        "reword",
        by,
        kind=WORDING_CLOCK,
        window=terms.answer_window(objection.publication.fellowship),
        becomes=ObjectionState.AGREED,
        holder="us",
        holder_user=objection.owner,
        silence=say("The wording stands."),
    )
    tell_both(objection, say("{ref}: other wording offered", ref=objection.ref), by, body=wording)
    journal.record(subject=objection, change={"state": objection.state})
    return objection


@journal.verb("publications.agree_wording")
def agree_wording(
    *, objection: Objection, by: Actor, reason: str = "", at: dt.datetime | None = None
) -> Objection:
    """Whoever objected agrees to the other wording; so does the passing of their time, `at`."""
    objection = locked_objection(objection)
    refused = policy.may_settle(objection, "agree", by) if isinstance(by, User) else None
    if objection.state == ObjectionState.AGREED:
        return unchanged(objection, refused)
    refuse(refused)
    return settle(objection, "agree", by, at=at)


@journal.verb("publications.decline_wording")
def decline_wording(*, objection: Objection, by: User, reason: str) -> Objection:
    """Whoever objected says why the wording will not do; the author has the time to answer anew."""
    objection = locked_objection(objection)
    if objection.state == ObjectionState.OPEN and objection.declined == reason:
        return unchanged(objection, policy.may_settle(objection, "decline", by))
    refuse(policy.may_settle(objection, "decline", by))
    refuse(policy.contest_said(reason))
    objection.declined = reason
    step(
        objection,
        "decline",
        by,
        kind=ANSWER_CLOCK,
        window=terms.answer_window(objection.publication.fellowship),
        becomes=ObjectionState.ACCEPTED,
        holder="you",
        holder_user=objection.publication.fellowship.fellow,
        silence=AS_ASKED,
    )
    tell_both(
        objection, say("{ref}: the other wording was declined", ref=objection.ref), by, body=reason
    )
    journal.record(subject=objection, change={"state": objection.state})
    return objection


@journal.verb("publications.withdraw_objection")
def withdraw_objection(*, objection: Objection, by: User, reason: str = "") -> Objection:
    """Whoever objected takes it back, at any step; a matter before the board ends with it."""
    objection = locked_objection(objection)
    if objection.state == ObjectionState.WITHDRAWN:
        return unchanged(objection, policy.may_settle(objection, "withdraw", by))
    refuse(policy.may_settle(objection, "withdraw", by))
    settled = settle(objection, "withdraw", by)
    leave_the_board(objection, say("{ref} was withdrawn.", ref=objection.ref))
    return settled


def mark(
    publication: Publication,
    *,
    version: Version,
    ground: str,
    start: int,
    end: int,
    harm: str,
    ask: str,
    public_summary: str,
    by: User,
    owner: User,
    until: dt.datetime | None,
) -> Objection:
    """Write an objection, tell the author and start their clock; within a verb that asked why not.

    It records that verb's event.
    """
    objection = Objection(
        publication=publication,
        program_id=publication.program_id,
        version=version,
        ref=next_reference("OBJ"),
        ground=ground,
        passage_start=start,
        passage_end=end,
        passage=version.text[start:end],
        text_length=len(version.text),
        marked_together=policy.marked_with(publication, version, start, end),
        harm=harm,
        ask=ask,
        until=until,
        public_summary=public_summary,
        owner=owner,
        raised_by=by,
        raised_at=(at := now()),
        step_due_at=terms.answer_window(publication.fellowship).due(
            at, publication.program.calendar()
        ),
        if_silent=ObjectionState.ACCEPTED,
    )
    objection.save()
    _to_the_author(objection, by)
    tell(
        publication,
        [publication.fellowship.fellow],
        say(
            "{ref}: an objection to one passage of {ref2}", ref=objection.ref, ref2=publication.ref
        ),
        body=joined(". ", (objection.get_ground_display(), harm)),
    )
    if owner != by:
        tell(
            publication,
            [owner],
            say("You own {ref}, an objection to one passage", ref=objection.ref),
        )
    journal.record(
        subject=objection, change={"ground": ground, "ask": ask, "publication": publication.ref}
    )
    return objection


def end_with_the_work(publication: Publication, by: Actor) -> None:
    """The author withdrew the work: nothing is left of which a passage could be withheld."""
    for objection in publication.objections.unsettled():
        settle(locked_objection(objection), "withdraw", by, release=False)
        leave_the_board(objection, say("{ref} was withdrawn by its author.", ref=publication.ref))


def leave_the_board(objection: Objection, reason: str) -> None:
    """Withdraw the matter the board has of it, where it has one."""
    live = Matter.objects.live().filter(kind="publications.dispute", subject_id=objection.pk)
    for matter in live:
        governance.withdraw_matter(matter=matter, by=journal.System("publications"), reason=reason)


def objection_url(objection: Objection) -> str:
    """The objection on its publication's page."""
    page = reverse("publications:detail", args=[objection.publication.ref])
    return f"{page}#{objection.ref}"


def _to_the_author(objection: Objection, by: Actor) -> Clock:
    """Start the author's time to answer."""
    case = objection.publication.fellowship
    return clocks.start(
        kind=ANSWER_CLOCK,
        subject=objection,
        realm=objection.publication.program.realm,
        window=terms.answer_window(case),
        by=by,
        holder="you",
        holder_user=case.fellow,
        silence=AS_ASKED,
        rule=str(terms.policy_of(case)),
        at=objection.raised_at,
    )


def step(
    objection: Objection,
    verb: str,
    by: Actor,
    *,
    kind: str,
    window: Window,
    becomes: str,
    holder: str,
    holder_user: User | None,
    silence: str,
) -> None:
    """Move to the next step of the ladder: its clock runs, and `becomes` is what silence makes."""
    work = objection.publication
    objection.state = OBJECTION_MOVES.target(objection.state, verb)
    end_step(objection, by)
    clock = clocks.start(
        kind=kind,
        subject=objection,
        realm=work.program.realm,
        window=window,
        by=by,
        holder=holder,
        holder_user=holder_user,
        silence=silence,
        rule=str(terms.policy_of(work.fellowship)),
    )
    objection.step_due_at, objection.if_silent = clock.due_at, becomes
    objection.save()


def settle(
    objection: Objection,
    verb: str,
    by: Actor,
    *,
    at: dt.datetime | None = None,
    release: bool = True,
    **values: Any,
) -> Objection:
    """End it: both sides are told, and where nothing else waits the work is released."""
    objection.state = OBJECTION_MOVES.target(objection.state, verb)
    objection.settled_at = at or now()
    objection.step_due_at, objection.if_silent = None, ""
    for name, value in values.items():
        setattr(objection, name, value)
    objection.save()
    end_step(objection, by)
    redactions.check_newest(objection)
    tell_both(objection, joined(": ", (objection.ref, objection.get_state_display().lower())), by)
    journal.record(subject=objection, change={"state": objection.state})
    if objection.until is not None and objection.state in DATED:
        disclosure.plan_step(objection=objection, on=objection.until, by=by)
    if release:
        release_when_settled(objection.publication, by)
    return objection


def tell_both(objection: Objection, title: str, by: Actor, *, body: str = "") -> None:
    """Tell the author, who objected and who owns it, except the one who acts."""
    people = {objection.raised_by, objection.owner, objection.publication.fellowship.fellow}
    tell(objection.publication, list(people - {by}), title, body=body, url=objection_url(objection))


def locked_objection(objection: Objection) -> Objection:
    """The objection with its people, locked after its clocks, the window's clock and its work.

    The sweep locks a clock before what it is about; whoever takes the same order waits for it and
    is never in its way.
    """
    list(Clock.objects.about(objection).open().locked().order_by("pk"))
    with_window(objection.publication)
    rows = Objection.objects.locked().select_related(
        "publication__fellowship__fellow",
        "publication__program__realm",
        "raised_by",
        "owner",
        "program",
    )
    return rows.get(pk=objection.pk)


def end_step(objection: Objection, by: Actor) -> None:
    """Stop the clock of the step it was on."""
    reason = f"{objection.ref} {objection.state}"
    clocks.stop_open(subject=objection, kinds=STEP_CLOCKS, by=by, reason=reason)
