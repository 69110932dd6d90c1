"""The verbs of classification: begin, answer apart, settle, call off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from access import classifying
from access.models import Classification, ClassificationAnswers, Dataset
from access.states import CLASSIFICATION_MOVES, TIERS
from access.states import ClassificationState as State
from fellowship.accounts.models import User
from fellowship.accounts.queries import holders
from fellowship.history.references import next_reference
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.notices.services import notify
from governance.policy.common import text_given
from governance.rules import in_force
from governance.states import RuleKind


@journal.verb("access.open_classification")
def open_classification(*, dataset: Dataset, by: User, reason: str = "") -> Classification:
    """Put the questions in force to two roles. One under way is returned as it is."""
    dataset = Dataset.objects.locked().get(pk=dataset.pk)
    refuse(classifying.may_open(dataset, by))
    found = Classification.objects.under_way().filter(dataset=dataset).first()
    if found:
        return found
    rule = in_force(dataset.program_id, RuleKind.DATA_CLASSIFICATION)
    made = Classification.objects.create(
        dataset=dataset, ref=next_reference("CLS"), rule=rule, opened_by=by, reason=reason
    )
    notify(
        kind="access.to_classify",
        to=holders(dataset.program_id, *rule.params.answered_by),
        subject_obj=made,
        realm=dataset.program_id,
        title=say("Classify {dataset}", dataset=dataset),
        body=say("Answer alone: nobody sees another's answers until both roles have sent."),
        url=made.get_absolute_url(),
    )
    journal.record(subject=made, change={"dataset": dataset.ref, "rule": str(rule)})
    return made


@journal.verb("access.send_answers")
def send_answers(
    *, classification: Classification, answers: Mapping[str, int], by: User, remarks: str = ""
) -> Classification:
    """Send one's answers, by question key. The second person's close the matter or show where they
    differ. The same answers sent again change nothing; others are refused.
    """
    found = _locked(classification)
    sent = list(found.answers.select_related("person"))
    if any(one.person == by and one.answers == dict(answers) for one in sent):
        return found
    role = classifying.answering_role(found, by, sent)
    refuse(classifying.answers_fit(classifying.standard(found), answers))
    mine = ClassificationAnswers.objects.create(
        classification=found, role=role, person=by, answers=dict(answers), remarks=remarks
    )
    change: dict[str, Any] = {"answered_by": role}
    if sent:
        change |= _compare(found, sent[0], mine)
    journal.record(subject=found, change=change)
    return found


@journal.verb("access.settle_classification")
def settle_classification(
    *,
    classification: Classification,
    answers: Mapping[str, int],
    because: Mapping[str, str],
    by: User,
    reason: str = "",
) -> Classification:
    """Settle each question that two people saw differently, with a reason for each.

    One settled already stays as it is.
    """
    found = _locked(classification)
    sent = list(found.answers.select_related("person"))
    if found.state == State.SETTLED and found.settler == by:
        return found
    refuse(classifying.may_settle(found, by, sent))
    rule = classifying.standard(found)
    open_keys = classifying.differing(rule, sent[0].answers, sent[1].answers)
    refuse(classifying.answers_fit(rule, answers, open_keys))
    refuse(classifying.reasons_given(because, open_keys))
    found.state = CLASSIFICATION_MOVES.target(found.state, "settle")
    found.settler = by
    found.because = {key: because[key].strip() for key in open_keys}
    change = _apply(found, {**sent[0].answers, **answers})
    journal.record(subject=found, change={"state": found.state, **change})
    return found


@journal.verb("access.call_off_classification")
def call_off_classification(
    *, classification: Classification, by: User, reason: str
) -> Classification:
    """Call off a classification still waiting for answers; one called off stays as it is."""
    found = _locked(classification)
    if found.state == State.WITHDRAWN:
        return unchanged(found, classifying.may_call_off(found, by))
    refuse(classifying.may_call_off(found, by))
    refuse(text_given(reason, "reason", say("Say why it is called off.")))
    found.state = CLASSIFICATION_MOVES.target(found.state, "call_off")
    found.closed_at = now()
    found.save()
    journal.record(subject=found, change={"state": found.state})
    return found


def _locked(classification: Classification) -> Classification:
    rows = Classification.objects.locked().select_related("dataset__program", "rule")
    found: Classification = rows.get(pk=classification.pk)
    return found


def _compare(
    found: Classification, one: ClassificationAnswers, other: ClassificationAnswers
) -> dict[str, Any]:
    """Close it where both agree; else show the differences and hold the stricter. What changed."""
    rule = classifying.standard(found)
    keys = classifying.differing(rule, one.answers, other.answers)
    if not keys:
        found.state = CLASSIFICATION_MOVES.target(found.state, "agree")
        return {"state": found.state, **_apply(found, one.answers)}
    found.state = CLASSIFICATION_MOVES.target(found.state, "differ")
    found.save()
    notify(
        kind="access.to_settle",
        to=[
            user
            for user in holders(found.program_id, *rule.settled_by)
            if user not in (one.person, other.person)
        ],
        subject_obj=found,
        realm=found.program_id,
        title=say("Settle the class of {dataset}", dataset=found.dataset),
        body=say(
            "Two people answered {n} of {n2} questions differently.",
            n=len(keys),
            n2=len(rule.questions),
        ),
        url=found.get_absolute_url(),
    )
    held = classifying.stricter(rule, one.answers, other.answers)
    before = found.dataset.tier
    if TIERS.index(held) > TIERS.index(before):
        dataset = Dataset.objects.locked().get(pk=found.dataset_id)
        dataset.tier = held
        dataset.save()
        tell_of_tier(dataset, before)
        found.dataset = dataset
        return {"state": found.state, "tier": journal.moved(before, held)}
    return {"state": found.state}


def _apply(found: Classification, answers: Mapping[str, int]) -> dict[str, Any]:
    """Give the dataset its scores and its tier. What changed, for the ledger."""
    rule = classifying.standard(found)
    scores = rule.scores(answers)
    found.settled, found.tier, found.closed_at = dict(answers), rule.tier(scores), now()
    found.save()
    dataset = Dataset.objects.locked().get(pk=found.dataset_id)
    before = dataset.tier
    for dimension, score in scores.items():
        setattr(dataset, dimension, score)
    dataset.tier, dataset.classification = found.tier, found
    dataset.save()
    found.dataset = dataset
    notify(
        kind="access.classified",
        to=[dataset.steward, dataset.owner],
        subject_obj=found,
        realm=dataset.program_id,
        title=say(
            "{dataset} is classified: {tier}", dataset=dataset, tier=dataset.get_tier_display()
        ),
        url=dataset.get_absolute_url(),
    )
    tell_of_tier(dataset, before)
    return {"tier": journal.moved(before, found.tier), **scores}


def tell_of_tier(dataset: Dataset, before: str) -> None:
    """Tell those whose live grants a risen tier narrows, and what it shuts."""
    if TIERS.index(dataset.tier) <= TIERS.index(before):
        return
    for one in classifying.affected(dataset):
        notify(
            kind="access.tier_raised",
            to=[one.grant.person],
            subject_obj=one.grant,
            realm=dataset.program_id,
            title=say("{dataset} is held more closely from now on", dataset=dataset),
            body=one.sentence,
            url=one.grant.get_absolute_url(),
        )
