"""The verbs between a draft and the board: publish, comment, answer, take back for changes."""

from __future__ import annotations

from fellowship.accounts.models import Actor, User
from fellowship.clocks import queries as clocks
from fellowship.clocks import services as clock_services
from fellowship.kernel import journal
from fellowship.kernel.canonical import digest
from fellowship.kernel.refusals import refuse, unchanged
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.notices.services import notify
from governance import rulemaking
from governance.models import RuleComment, RuleVersion
from governance.policy import rulemaking as policy
from governance.policy import rules as drafts
from governance.policy.common import text_given
from governance.states import RULE_MOVES, RuleStatus

COMMENT_CLOCK = "governance.comments"
SILENCE = say("Whoever says nothing is taken to have nothing to add. The board then decides.")


@journal.verb("governance.publish_rule")
def publish_rule(*, rule: RuleVersion, by: Actor) -> RuleVersion:
    """Publish a draft for comments by those it would bind, until the period by rule ends.

    A text whose period is over already has been heard: it may go to the board at once. One changed
    since gets the shorter period. A draft already published stays as it is.
    """
    rule = RuleVersion.objects.locked().select_related("program", "owner").get(pk=rule.pk)
    if rule.status == RuleStatus.COMMENTS:
        return unchanged(rule, drafts.may_publish(rule, by))
    refuse(drafts.may_publish(rule, by))
    at, before = now(), rule.comments_until
    heard = before is not None and before <= at
    rule.status = RULE_MOVES.target(rule.status, "publish")
    if heard and rule.published_hash == rule.text_hash:
        rule.save()
        journal.record(subject=rule, change={"text_hash": rule.text_hash, "until": before})
        return rule
    terms = rulemaking.terms(rule.program_id)
    window = terms.comment_window_again if heard else terms.comment_window
    rule.published_at, rule.published_hash = at, rule.text_hash
    rule.comments_until = window.due(at, rule.program.calendar())
    rule.save()
    change = {"text_hash": rule.text_hash, "until": rule.comments_until}
    journal.record(subject=rule, change=change)
    if rule.comments_until > at:
        clock_services.start(
            kind=COMMENT_CLOCK,
            subject=rule,
            realm=rule.program_id,
            window=window,
            by=by,
            holder="you",
            silence=SILENCE,
            rule=rulemaking.terms_ref(rule.program_id),
            at=at,
        )
    _tell_bound(rule, by)
    return rule


@journal.verb("governance.rework_rule")
def rework_rule(*, rule: RuleVersion, by: User, reason: str) -> RuleVersion:
    """Take a published draft back for changes. Comments stay, and stay to be answered.

    One that is a draft already stays so.
    """
    rule = RuleVersion.objects.locked().get(pk=rule.pk)
    if rule.status == RuleStatus.DRAFT:
        return unchanged(rule, drafts.may_rework(rule, by))
    refuse(drafts.may_rework(rule, by))
    refuse(text_given(reason, "reason", say("Say what is to change.")))
    rule.status = RULE_MOVES.target(rule.status, "rework")
    rule.save()
    journal.record(subject=rule, change={"status": rule.status})
    running = clocks.current(rule, COMMENT_CLOCK)
    if running:
        clock_services.stop(clock=running, by=by, reason=reason)
    return rule


@journal.verb("governance.comment_on_rule")
def comment_on_rule(*, rule: RuleVersion, by: User, text: str) -> RuleComment:
    """Say something to a published draft. The same words to the same text are said once."""
    rule = RuleVersion.objects.locked().select_related("program").get(pk=rule.pk)
    text = text.strip()
    said = {"rule": rule, "author": by, "text_hash": rule.text_hash, "sha256": digest(text)}
    there: RuleComment | None = RuleComment.objects.filter(**said).first()
    if there:
        return unchanged(there, policy.may_comment(rule, by))
    refuse(policy.may_comment(rule, by))
    refuse(policy.says_something(text))
    comment: RuleComment = RuleComment.objects.create(**said, text=text, commented_at=now())
    journal.record(subject=rule, change={"comment": comment.sha256, "text_hash": comment.text_hash})
    return comment


@journal.verb("governance.answer_comment")
def answer_comment(*, comment: RuleComment, by: User, outcome: str, answer: str) -> RuleComment:
    """Say what became of a comment, and why; its author is told. The same answer again is one."""
    RuleVersion.objects.locked().get(pk=comment.rule_id)
    rows = RuleComment.objects.locked().select_related("rule__program", "author", "answered_by")
    comment = rows.get(pk=comment.pk)
    answer = answer.strip()
    given = (comment.outcome, comment.answer, comment.answered_by_id)
    if comment.answered_at and given == (outcome, answer, by.pk):
        return comment
    refuse(policy.may_answer(comment, by))
    refuse(policy.outcome_known(outcome))
    refuse(policy.says_something(answer, "answer"))
    comment.outcome, comment.answer = outcome, answer
    comment.answered_at, comment.answered_by = now(), by
    comment.save()
    journal.record(
        subject=comment.rule, change={"comment": comment.sha256, "outcome": comment.outcome}
    )
    notify(
        kind="governance.comment_answered",
        to=[comment.author],
        subject_obj=comment.rule,
        realm=comment.rule.program_id,
        title=say("Your comment is answered: {title}", title=comment.rule.title),
        body=joined(". ", (comment.get_outcome_display(), comment.answer)),
        url=comment.rule.get_absolute_url(),
    )
    return comment


def _tell_bound(rule: RuleVersion, by: Actor) -> None:
    notify(
        kind="governance.rule_published",
        to=rulemaking.bound(rule).exclude(pk=getattr(by, "pk", 0)),
        subject_obj=rule,
        realm=rule.program_id,
        title=say("A rule that binds you may change: {title}", title=rule.title),
        body=say(
            "{rationale}\n\nComment until {until:%-d %B %Y, %H:%M} UTC. {SILENCE}",
            rationale=rule.rationale,
            until=rule.comments_until,
            SILENCE=SILENCE,
        ),
        url=rule.get_absolute_url(),
    )
