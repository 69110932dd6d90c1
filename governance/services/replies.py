"""The right of reply: its time begins with the decision; one reply, one answer."""

from __future__ import annotations

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.clocks import services as clocks
from fellowship.clocks.queries import latest
from fellowship.kernel import journal
from fellowship.kernel.canonical import digest
from fellowship.kernel.refusals import refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.notices.services import notify
from governance import kinds, recourse
from governance.models import Decision, Matter, Reply
from governance.policy import replies as policy
from governance.policy.common import text_given
from governance.recourse import ANSWER_CLOCK, REPLY_CLOCK, REQUEST_CLOCK
from governance.services.telling import room

STANDS = say("The decision stands.")
UNANSWERED = say(
    "The sponsor is told. The decision stands meanwhile, and the time to ask for a review runs on "
    "until the answer is given."
)


def open_times(decision: Decision, *, by: Actor) -> None:
    """Start the times to reply and to ask for a review, where the parties have these rights.

    Part of recording the decision: they run from its instant, as its letter says.
    """
    rule, matter = decision.reply_rule, decision.matter
    if rule is None:
        return
    windows = {REPLY_CLOCK: rule.params.right_of_reply}
    if recourse.reviewable(matter, decision.outcome):
        windows[REQUEST_CLOCK] = rule.params.review_request
    for kind, window in windows.items():
        clocks.start(
            kind=kind,
            subject=matter,
            realm=matter.program_id,
            window=window,
            by=by,
            holder="you",
            holder_user=_addressee(matter),
            silence=STANDS,
            rule=str(rule),
            at=decision.decided_at,
        )


def _addressee(matter: Matter) -> User | None:
    """The party the clock is held by: who would fulfil conditions, or the first."""
    parties = list(matter.parties.select_related("user").order_by("id"))
    owner = kinds.get(matter.kind).condition_owner(kinds.subject_of(matter))
    people = [party.user for party in parties]
    return owner if owner in people else people[0] if people else None


@journal.verb("governance.reply")
def reply_to_decision(*, decision: Decision, by: User, text: str) -> Reply:
    """Reply to a decision, once, within its time. The same reply sent twice is made once."""
    matter = Matter.objects.locked().select_related("program").get(pk=decision.matter_id)
    decision = Decision.objects.select_related("matter__program", "reply_rule").get(pk=decision.pk)
    text = text.strip()
    made = Reply.objects.filter(decision=decision, author=by, text=text).first()
    if made:
        return unchanged(made, policy.may_reply(decision, by))
    refuse(policy.may_reply(decision, by))
    refuse(text_given(text, "text", say("Write your reply.")))
    reply = Reply.objects.create(decision=decision, author=by, text=text, made_at=now())
    journal.record(subject=matter, change={"text": digest(text)})
    silent = matter.parties.exclude(user_id__in=decision.replies.values("author_id"))
    clock = latest(matter, REPLY_CLOCK)
    if clock and not silent.exists():
        clocks.stop(clock=clock, by=by)
    rule = decision.reply_rule
    if rule is not None:
        clocks.start(
            kind=ANSWER_CLOCK,
            subject=reply,
            realm=matter.program_id,
            window=rule.params.reply_answer,
            by=by,
            holder="us",
            silence=UNANSWERED,
            rule=str(rule),
        )
    _tell(
        reply,
        room(matter, roles.CHAIR, roles.BOARD_MEMBER, roles.MANAGER),
        say("A reply to the decision on {title}", title=matter.title),
        say("The chair answers it in writing."),
    )
    _tell(
        reply,
        [by],
        say("Your reply is received: {title}", title=matter.title),
        say(
            "The board and the programme manager can read it, and the chair answers it in writing."
        ),
    )
    return reply


@journal.verb("governance.answer_reply")
def answer_reply(*, reply: Reply, by: User, text: str) -> Reply:
    """Answer a reply; with the answer the time to ask for a review begins anew. Once is enough."""
    related = ("decision__matter__program", "decision__reply_rule", "author")
    reply = Reply.objects.locked().select_related(*related).get(pk=reply.pk)
    text = text.strip()
    if reply.answered_by == by and reply.answer == text:
        return reply
    refuse(policy.may_answer(reply, by))
    refuse(text_given(text, "text", say("Write the answer.")))
    reply.answer, reply.answered_at, reply.answered_by = text, now(), by
    reply.save()
    matter = reply.decision.matter
    journal.record(subject=matter, change={"text": digest(text)})
    clocks.stop_open(subject=reply, kinds=[ANSWER_CLOCK], by=by)
    _begin_anew(reply.decision, by)
    _tell(
        reply,
        [reply.author],
        say("Your reply is answered: {title}", title=matter.title),
        say("Read the answer on the page of the decision."),
    )
    return reply


def _begin_anew(decision: Decision, by: User) -> None:
    """The time to ask for a review runs from the answer, where none was asked for yet."""
    clock, rule = recourse.request_clock(decision), decision.reply_rule
    if clock is None or rule is None or hasattr(decision, "independent_review"):
        return
    clocks.stop(clock=clock, by=by, reason=say("The reply is answered: the time begins anew."))
    clocks.start(
        kind=REQUEST_CLOCK,
        subject=decision.matter,
        realm=decision.matter.program_id,
        window=rule.params.review_request,
        by=by,
        holder="you",
        holder_user=clock.holder_user,
        silence=STANDS,
        rule=str(rule),
    )


def _tell(reply: Reply, to: list[User], title: str, body: str) -> None:
    notify(
        kind="governance.reply",
        to=to,
        subject_obj=reply,
        realm=reply.decision.matter.program_id,
        title=title,
        body=body,
        url=reply.get_absolute_url(),
    )
