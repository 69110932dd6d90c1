"""Who may comment on a draft, answer, and acknowledge what was adopted."""

from __future__ import annotations

from typing import Any

from fellowship.accounts import roles
from fellowship.accounts.models import User
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import say
from governance import rulemaking
from governance.models import RuleAcknowledgement, RuleComment, RuleVersion
from governance.models.visibility import RULE_KEEPERS
from governance.policy.common import needs_role, text_given
from governance.states import CommentOutcome, RuleStatus

AUTHORS = (roles.MANAGER, roles.CHAIR, roles.BOARD_MEMBER)
"""Who writes rules, and answers what is said to them."""
MOST = 10_000
"""Signs of a comment or an answer."""


def may_comment(rule: RuleVersion, by: Any) -> Refusal | None:
    """Why `by` may not comment: they are not bound by it, or the period is over."""
    return first(
        needs_role(
            by, rule.program_id, *{*rulemaking.roles_bound(rule), *AUTHORS}, to=say("comment on it")
        ),
        None
        if rule.status == RuleStatus.COMMENTS
        else Refusal("not_published", say("Only a published draft is commented on.")),
        None
        if rule.status != RuleStatus.COMMENTS or rule.open_for_comments()
        else Refusal("comments_over", say("The time for comments is over."), rule=_cited(rule)),
    )


def says_something(text: str, field: str = "text") -> Refusal | None:
    """Why an empty comment or answer is refused, or one nobody would read."""
    if len(text) > MOST:
        return Refusal(
            "too_long", say("Write at most {MOST:,} characters.", MOST=MOST), field=field
        )
    return text_given(text, field, say("Write what you have to say."))


def may_answer(comment: RuleComment, by: User) -> Refusal | None:
    """Why the comment may not be answered by this person: never by who wrote it."""
    rule = comment.rule
    return first(
        needs_role(by, rule.program_id, *AUTHORS, to=say("answer comments")),
        None
        if by.pk != comment.author_id
        else Refusal(
            "separation",
            say("Somebody else answers your comment."),
            rule=say("separation of duties"),
        ),
        None
        if comment.answered_at is None
        else Refusal(
            "answered", say("{answered_by} has answered it.", answered_by=comment.answered_by)
        ),
        None
        if rule.status in (RuleStatus.COMMENTS, RuleStatus.DRAFT)
        else Refusal("wrong_state", say("{rule} is with the board, or decided.", rule=rule)),
    )


def outcome_known(outcome: str) -> Refusal | None:
    """Why an answer without an outcome is refused."""
    if outcome in CommentOutcome.values:
        return None
    return Refusal("unknown_outcome", say("Say what became of it."), field="outcome")


def heard(rule: RuleVersion) -> Refusal | None:
    """Why the draft may not go to the board yet: comments still run, or some wait for an answer."""
    if rule.status != RuleStatus.COMMENTS:
        return None  # the table of moves says it
    if rule.open_for_comments():
        text = say(
            "Comments are open until {until:%-d %B %Y, %H:%M} UTC. The board hears them all.",
            until=rule.comments_until,
        )
        return Refusal("comments_open", text, rule=_cited(rule))
    waiting = RuleComment.objects.filter(rule=rule).unanswered().count()
    if not waiting:
        return None
    text = (
        say("One comment waits")
        if waiting == 1
        else say("{waiting} comments wait", waiting=waiting)
    )
    return Refusal(
        "comments_unanswered", say("{text} for an answer.", text=text), rule=_cited(rule)
    )


def may_acknowledge(rule: RuleVersion, by: User) -> Refusal | None:
    """Why `by` has nothing to acknowledge here."""
    asked = RuleAcknowledgement.objects.filter(rule=rule, user=by).exists()
    if not asked and not rulemaking.is_bound(rule, by):
        return Refusal("wrong_role", say("This rule does not bind you."))
    if rule.status != RuleStatus.ADOPTED:
        return Refusal("not_adopted", say("Only an adopted version is acknowledged."))
    return None


def reads_acknowledgements(rule: RuleVersion, user: Any) -> bool:
    """Whether the person may see who has acknowledged the version."""
    if not getattr(user, "is_authenticated", False):
        return False
    keeps = needs_role(user, rule.program_id, *RULE_KEEPERS, to=say("see it")) is None
    return keeps or rule.owner_id == user.pk


def _cited(rule: RuleVersion) -> str:
    return rulemaking.terms_ref(rule.program_id)
