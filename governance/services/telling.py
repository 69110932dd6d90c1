"""Whom governance tells of matters and alarms: nobody is told what they may not open."""

from __future__ import annotations

from fellowship.accounts import roles
from fellowship.accounts.models import User
from fellowship.accounts.queries import holders
from fellowship.kernel.saying import joined, say
from fellowship.notices.services import notify
from governance import ballot_box
from governance.letters import instant
from governance.models import Ballot, Decision, Escalation, Matter
from governance.states import Standing

SILENCE = say("Silence is no vote. When the window ends the chair records what was cast.")
FOR_PARTIES = say(
    "When the time to vote is over, the chair records what was cast, or returns the matter "
    "undecided where the quorum was missed. Silence declines nothing."
)
"""What the board's silence means for those who wait: said the same wherever they look."""


def seats(matter: Matter, ballot: Ballot) -> None:
    """Tell those who may vote that their vote is asked."""
    voters = User.objects.filter(
        pk__in=ballot.seats.filter(standing=Standing.ELIGIBLE).values("user_id")
    )
    notify(
        kind="governance.ballot_opened",
        to=voters,
        subject_obj=matter,
        realm=matter.program_id,
        title=say("Your vote is asked: {title}", title=matter.title),
        body=say(
            "{question}\n\nThe vote ends on {closes_at:%-d %B %Y}. {SILENCE}",
            question=matter.question,
            closes_at=matter.program.last_day(ballot.closes_at),
            SILENCE=SILENCE,
        ),
        url=matter.get_absolute_url(),
    )


def voters(ballot: Ballot) -> list[User]:
    """Who has cast a vote in the ballot that may still count."""
    cast = ballot.seats.filter(standing=Standing.ELIGIBLE, vote__isnull=False)
    return list(User.objects.filter(pk__in=cast.values("vote__cast_by_id")))


def stale(matter: Matter, ballot: Ballot, voted: list[User], why: str) -> None:
    """Tell those whose vote was cast on an earlier text, save who may not open the matter now."""
    inside = [
        user for user in voted if Matter.objects.opened_to(user).filter(pk=matter.pk).exists()
    ]
    notify(
        kind="governance.vote_stale",
        to=inside,
        subject_obj=matter,
        realm=matter.program_id,
        title=say("The text changed after you voted: {title}", title=matter.title),
        body=say(
            "{why}\n\nYour vote counts once you reaffirm it or vote anew, until "
            "{closes_at:%-d %B %Y}.",
            why=why,
            closes_at=matter.program.last_day(ballot.closes_at),
        ),
        url=matter.get_absolute_url(),
    )


def chair_when_all_voted(matter: Matter, ballot: Ballot) -> None:
    """Tell the chair, once, that the ballot can be closed."""
    if ballot_box.count(ballot).reasons:
        return
    notify(
        kind="governance.ballot_complete",
        to=room(matter, roles.CHAIR),
        subject_obj=matter,
        realm=matter.program_id,
        title=say("Ready to record: {title}", title=matter.title),
        body=say("The ballot can be closed under its rule."),
        url=matter.get_absolute_url(),
        dedupe=f"governance.ballot_complete:{matter.pk}",
    )


def decided(matter: Matter, decision: Decision) -> None:
    """Tell the parties and the board what was decided."""
    parties = User.objects.filter(pk__in=matter.parties.values("user_id"))
    label = decision.get_outcome_display()
    notify(
        kind="governance.decided",
        to={*parties, *room(matter, roles.CHAIR, roles.BOARD_MEMBER, roles.MANAGER)},
        subject_obj=matter,
        realm=matter.program_id,
        title=joined(": ", (label, matter.title)),
        body=say(
            "{question}\n\n{label}. The letter gives the reasons.{may_reply}",
            question=matter.question,
            label=label,
            may_reply=_may_reply(decision),
        ),
        url=matter.get_absolute_url(),
    )


def _may_reply(decision: Decision) -> str:
    """Until when those it is about may reply, where they may."""
    rule = decision.reply_rule
    if rule is None:
        return ""
    calendar = decision.matter.program.calendar()
    until = rule.params.right_of_reply.due(decision.decided_at, calendar)
    return say(
        " Those it is about may reply once, until {instant}.", instant=instant(until, calendar)
    )


def readers(escalation: Escalation, *role_keys: str) -> list[User]:
    """The holders of the roles who may open the escalation: none with a conflict about it."""
    alarm = Escalation.objects.filter(pk=escalation.pk)
    people = holders(escalation.program_id, *role_keys)
    return [user for user in people if alarm.visible_to(user).exists()]


def room(matter: Matter, *role_keys: str) -> list[User]:
    """The holders of the roles who may know of the matter: none of them recused."""
    recused = ballot_box.recused_ids(matter)
    return [user for user in holders(matter.program_id, *role_keys) if user.pk not in recused]
