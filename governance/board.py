"""The board's own matters: changes of rules, and exceptions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from django.apps import apps
from django.db import models

from fellowship.accounts.models import Actor, User
from fellowship.kernel.canonical import digest
from fellowship.kernel.refusals import Refusal
from fellowship.kernel.saying import dated, joined, say
from fellowship.kernel.time import now
from fellowship.kernel.worktime import WorkCalendar
from governance import exceptions, kinds, rearming, recourse, rules
from governance.kinds import MatterKind, register
from governance.models import (
    Decision,
    ExceptionRecord,
    IndependentReview,
    Matter,
    MeasureTest,
    RuleVersion,
)
from governance.parameters import path_words
from governance.parameters import words as in_words
from governance.policy.rules import RULE_MATTER
from governance.recourse import CONDITIONS_KIND
from governance.services.conditions import drop_conditions
from governance.services.exceptions import (
    MATTER_KIND,
    begin_exception,
    grant_exception,
    reconsider_exception,
    refuse_exception,
    withdraw_exception,
)
from governance.services.rules import bring_into_force, reject_rule, take_back_rule
from governance.states import APPROVING, ExceptionState, Outcome, RuleStatus


class RuleMatter(MatterKind):
    """Whether a new version of a rule is adopted."""

    key: ClassVar[str] = RULE_MATTER
    label: ClassVar[str] = say("Rule change")
    takes_conditions: ClassVar[bool] = False
    subject_model: ClassVar[str] = "governance.ruleversion"
    heading: ClassVar[str] = say("Changes of rules")

    def title(self, subject: RuleVersion) -> str:
        """The kind of rule, with the title of this version where that says more."""
        kind = subject.get_kind_display()
        named = subject.title.casefold() != kind.casefold()
        return joined(": ", (say(kind), subject.title if named else say("a new version")))

    def question(self, subject: RuleVersion) -> str:
        """Whether it is adopted, and from when."""
        at = subject.effective_at
        when = dated(subject.program.day(at)) if at else say("once decided")
        return say(
            "Shall this version of the {kind} apply, from {when}?",
            kind=say(subject.get_kind_display()).lower(),
            when=when,
        )

    def dossier(self, subject: RuleVersion) -> dict[str, Any]:
        """Why, what changes and would have changed, what was said; the whole text last."""
        before = rules.in_force(subject.program_id, subject.kind)
        sections: list[dict[str, Any]] = [
            {"heading": say("Why"), "text": subject.rationale},
            *_against(before, subject),
            _looking_back(subject),
            _said_to_it(subject),
            {"heading": say("Text"), "text": subject.prose},
        ]
        return {"sections": sections, "text_hash": subject.text_hash}

    def revision(self, subject: RuleVersion) -> str:
        """The hash of text and parameters."""
        return subject.text_hash

    def parties(self, subject: RuleVersion) -> set[int]:
        """Nobody: a rule concerns all alike. Who refers it does not vote in any case."""
        return set()

    def url(self, subject: RuleVersion) -> str:
        """The version's page."""
        return subject.get_absolute_url()

    def enact(self, *, matter: Matter, decision: Decision, subject: RuleVersion, by: User) -> None:
        """Adopt, reject, or make it a draft again."""
        if decision.outcome in APPROVING:
            bring_into_force(rule=subject, by=by)
        elif decision.outcome == Outcome.DENY:
            reject_rule(rule=subject, by=by)
        else:
            take_back_rule(rule=subject, by=by)

    def taken_back(self, *, matter: Matter, subject: RuleVersion, by: Actor) -> None:
        """A version withdrawn or returned is a draft again."""
        if subject.status == RuleStatus.PROPOSED:
            take_back_rule(rule=subject, by=by)

    def condition_owner(self, subject: RuleVersion) -> User | None:
        """The rule's owner."""
        return subject.owner


class ExceptionMatter(MatterKind):
    """Whether a rule is excepted for a time."""

    key: ClassVar[str] = MATTER_KIND
    label: ClassVar[str] = say("Exception")
    subject_model: ClassVar[str] = "governance.exceptionrecord"
    heading: ClassVar[str] = say("Exceptions")
    order: ClassVar[int] = 65
    reopens: ClassVar[tuple[str, ...]] = (Outcome.DENY,)

    def title(self, subject: ExceptionRecord) -> str:
        """What is excepted."""
        return joined(": ", (say(subject.get_kind_display()), subject.title))

    def question(self, subject: ExceptionRecord) -> str:
        """Whether, for what, and until when."""
        return say(
            "Shall this exception for {subject_label} be granted until {until}?",
            subject_label=subject.subject_label,
            until=dated(subject.program.last_day(subject.expires_at)),
        )

    def dossier(self, subject: ExceptionRecord) -> dict[str, Any]:
        """Reason, risk, what makes up for it, and every earlier exception it extends."""
        calendar = subject.program.calendar()
        first, last = _term(subject, calendar)
        term = [
            [say("For"), subject.subject_label],
            [say("From"), first],
            [say("Until"), last],
            [say("Longest term"), exceptions.longest(subject)],
            [say("Owner"), str(subject.owner)],
            [say("Asked for by"), str(subject.requested_by)],
            [say("Extended so far"), str(subject.renewals)],
        ]
        sections: list[dict[str, Any]] = [
            {"heading": say("Term"), "columns": ["", ""], "rows": term},
            {"heading": say("Why the rule cannot be kept"), "text": subject.rationale},
            {"heading": say("What it opens"), "text": rearming.gate(subject.kind).opens},
            {"heading": say("Risk meanwhile"), "text": subject.risk},
            {"heading": say("What makes up for it"), "text": subject.compensating_measure},
            {"heading": say("How that is tested"), "text": subject.measure_test},
        ]
        if earlier := exceptions.earlier(subject):
            sections.append(_before(say("Earlier exceptions it extends"), earlier, calendar))
            sections.append(_tests(exceptions.tests_of(earlier), calendar))
        if others := exceptions.others(subject, earlier):
            sections.append(_before(say("The same was excepted before"), others, calendar))
        return {"sections": sections}

    def revision(self, subject: ExceptionRecord) -> str:
        """The hash of what is asked for."""
        return subject.request_hash()

    def parties(self, subject: ExceptionRecord) -> set[int]:
        """Who asks and who owns it."""
        return {subject.requested_by_id, subject.owner_id}

    def url(self, subject: ExceptionRecord) -> str:
        """The exception's page."""
        return subject.get_absolute_url()

    def related(self, subject: ExceptionRecord) -> Iterable[models.Model]:
        """The record excepted."""
        model = apps.get_model(subject.subject_type)
        return list(model._default_manager.filter(pk=subject.subject_id))

    def enact(
        self, *, matter: Matter, decision: Decision, subject: ExceptionRecord, by: User
    ) -> None:
        """Grant or refuse. A deferred request is refused; it may be asked anew."""
        if decision.outcome in APPROVING:
            grant_exception(exception=subject, decision=decision, by=by)
        else:
            refuse_exception(exception=subject, by=by)

    def taken_back(self, *, matter: Matter, subject: ExceptionRecord, by: Actor) -> None:
        """A request whose matter is withdrawn or returned is withdrawn as well."""
        if subject.state == ExceptionState.REQUESTED:
            withdraw_exception(
                exception=subject, by=by, reason=say("{ref} was taken back", ref=matter.ref)
            )

    def conditions_settled(self, *, subject: ExceptionRecord, by: Actor) -> None:
        """It applies from now on."""
        begin_exception(exception=subject, by=by)

    def may_reopen(self, subject: ExceptionRecord) -> Refusal | None:
        """Only while some of its time is left; after that it is asked for anew."""
        if subject.expires_at > now():
            return None
        return Refusal("expired", say("The time it was asked for is over. Ask for it anew."))

    def reopen(self, *, subject: ExceptionRecord, by: Actor) -> None:
        """The request is with the board again."""
        reconsider_exception(exception=subject, by=by)

    def condition_owner(self, subject: ExceptionRecord) -> User | None:
        """The exception's owner."""
        return subject.owner


def _term(exception: ExceptionRecord, calendar: WorkCalendar) -> tuple[str, str]:
    """Its first and its last day."""
    first, last = calendar.day(exception.starts_at), calendar.last_day(exception.expires_at)
    return dated(first), dated(last)


def _before(
    heading: str, earlier: Iterable[ExceptionRecord], calendar: WorkCalendar
) -> dict[str, Any]:
    rows = [[e.ref, *_term(e, calendar), e.get_state_display()] for e in earlier]
    return {
        "heading": heading,
        "columns": [say("Reference"), say("From"), say("Until"), say("State")],
        "rows": rows,
    }


def _tests(tests: Sequence[MeasureTest], calendar: WorkCalendar) -> dict[str, Any]:
    heading = say("How the earlier measures did")
    if not tests:
        return {"heading": heading, "text": say("None of them was ever tested.")}
    rows = [
        [
            t.exception.ref,
            dated(calendar.day(t.tested_at)),
            say("Held") if t.held else say("Did not hold"),
            t.found,
        ]
        for t in tests
    ]
    columns = [say("Exception"), say("Tested"), say("Result"), say("What was found")]
    return {"heading": heading, "columns": columns, "rows": rows}


class ConditionsMatter(MatterKind):
    """Whether conditions that an independent review sent back are dropped, or set anew."""

    key: ClassVar[str] = CONDITIONS_KIND
    label: ClassVar[str] = say("Conditions, after review")
    subject_model: ClassVar[str] = "governance.independentreview"

    def title(self, subject: IndependentReview) -> str:
        """The decision whose conditions they are."""
        return say(
            "Conditions of {ref}: {title}",
            ref=subject.decision.matter.ref,
            title=subject.decision.matter.title,
        )

    def question(self, subject: IndependentReview) -> str:
        """What each outcome does: what was approved is not in question."""
        return say(
            "Shall the open conditions of {ref} be dropped? To approve drops them, to "
            "approve with conditions puts new ones in their place, to deny or to defer "
            "leaves them as they are.",
            ref=subject.decision.matter.ref,
        )

    def dossier(self, subject: IndependentReview) -> dict[str, Any]:
        """The review, the letter, and how each condition stands."""
        conditions = subject.decision.conditions.select_related("owner").order_by("number")
        rows = [[c.ref, c.text, c.get_state_display()] for c in conditions]
        standing = {
            "heading": say("The conditions as they stand"),
            "columns": [say("Reference"), say("Condition"), say("State")],
            "rows": rows,
        }
        return {"sections": [*recourse.sections(subject), standing]}

    def revision(self, subject: IndependentReview) -> str:
        """Changes with the state of any of the conditions."""
        states = subject.decision.conditions.order_by("number").values_list("number", "state")
        return digest({"conditions": [list(row) for row in states]})

    def parties(self, subject: IndependentReview) -> set[int]:
        """Those of the decision."""
        return set(subject.decision.matter.parties.values_list("user_id", flat=True))

    def related(self, subject: IndependentReview) -> Iterable[models.Model]:
        """What a conflict recused from the decision recuses from this."""
        matter = subject.decision.matter
        about = kinds.subject_of(matter)
        return (matter, about, *kinds.get(matter.kind).related(about))

    def url(self, subject: IndependentReview) -> str:
        """The review's page."""
        return subject.get_absolute_url()

    def holds_gate_of(self, subject: IndependentReview) -> models.Model:
        """The gate that the conditions of the decision hold."""
        matter = subject.decision.matter
        return kinds.get(matter.kind).holds_gate_of(kinds.subject_of(matter))

    def condition_owner(self, subject: IndependentReview) -> User | None:
        """Whoever fulfils those of the decision."""
        matter = subject.decision.matter
        return kinds.get(matter.kind).condition_owner(kinds.subject_of(matter))

    def condition_verifier(self, subject: IndependentReview) -> User | None:
        """Whoever verifies those of the decision."""
        matter = subject.decision.matter
        return kinds.get(matter.kind).condition_verifier(kinds.subject_of(matter))

    def enact(
        self, *, matter: Matter, decision: Decision, subject: IndependentReview, by: User
    ) -> None:
        """Drop the open conditions where the board dropped or replaced them."""
        if decision.outcome in APPROVING:
            drop_conditions(
                decision=subject.decision,
                by=by,
                reason=say("Decided anew as {ref}", ref=matter.ref),
            )


def _against(before: RuleVersion, after: RuleVersion) -> list[dict[str, Any]]:
    """What differs from the version in force: numbers, then words; where none does, that."""
    numbers: dict[str, Any] = {"heading": say("Numbers against {before}", before=before)}
    words: dict[str, Any] = {"heading": say("Words against {before}", before=before)}
    if changes := rules.diff(before, after).parameters:
        numbers["columns"] = [say("Parameter"), say("Now"), say("Then")]
        numbers["rows"] = [
            [path_words(c.path), in_words(c.before), in_words(c.after)] for c in changes
        ]
    else:
        numbers["text"] = say("No number differs.")
    if before.prose != after.prose:
        words["diff"] = {"old": before.prose, "new": after.prose}
    else:
        words["text"] = say("No word differs.")
    return [numbers, words]


def _said_to_it(rule: RuleVersion) -> dict[str, Any]:
    """Every comment with its answer, or that there was none."""
    heading = say("What was said to it, and what became of it")
    rows = [
        [str(c.author), c.text, c.get_outcome_display(), c.answer, str(c.answered_by or "")]
        for c in rule.comments.select_related("author", "answered_by").order_by("id")
    ]
    if not rows:
        return {"heading": heading, "text": say("Nobody commented on it.")}
    columns = [
        say("Who"),
        say("Comment"),
        say("What became of it"),
        say("Answer"),
        say("Answered by"),
    ]
    return {"heading": heading, "columns": columns, "rows": rows}


def _looking_back(rule: RuleVersion) -> dict[str, Any]:
    """How many past cases would have gone otherwise; which ones, each member sees on its page."""
    found = [one.caption for one in rules.what_if(rule)]
    text = "\n\n".join(found) or say(
        "Nothing of this kind of rule can be worked out on past cases."
    )
    return {"heading": say("What it would have changed"), "text": text}


register(RuleMatter())
register(ExceptionMatter())
register(ConditionsMatter())
