"""The verbs of an amendment: offer a case a later version, agree, decline, take the offer back."""

from __future__ import annotations

from fellowship.accounts.models import User
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.notices.services import notify
from governance import cases, rules
from governance.models import RuleAmendment, RulePin, RuleVersion
from governance.policy import amendments as policy
from governance.policy.common import text_given
from governance.states import AMENDMENT_MOVES

SILENCE = say("The case stays under the version it began with.")


@journal.verb("governance.offer_amendment")
def offer_amendment(*, pin: RulePin, rule: RuleVersion, by: User, reason: str) -> RuleAmendment:
    """Offer the person of a case that began under an earlier version to be held to this one.

    Nothing changes until they agree; silence leaves it as it is. An offer of the same version that
    is open already is returned.
    """
    pin = RulePin.objects.locked().select_related("rule_version").get(pk=pin.pk)
    subject = cases.subject_of(pin)
    party = cases.party_of(subject)
    about = {"subject_type": pin.subject_type, "subject_id": pin.subject_id, "kind": pin.kind}
    there: RuleAmendment | None = RuleAmendment.objects.open().filter(**about).first()
    if there and there.to_rule_id == rule.pk:
        return unchanged(there, policy.may_offer(rule, pin, subject, party, by))
    refuse(policy.may_offer(rule, pin, subject, party, by))
    assert party is not None  # noqa: S101 - refused above
    refuse(
        text_given(reason, "reason", say("Say why the later version would be better for the case."))
    )
    if there:
        withdraw_amendment(
            amendment=there, by=by, reason=say("{rule} is offered instead.", rule=rule)
        )
    amendment: RuleAmendment = RuleAmendment.objects.create(
        **about,
        program_id=rule.program_id,
        subject_label=str(subject)[:250],
        from_rule=pin.rule_version,
        to_rule=rule,
        why=reason.strip(),
        party=party,
        offered_at=now(),
        offered_by=by,
    )
    change = {"kind": pin.kind, "rule": journal.moved(str(pin.rule_version), str(rule))}
    journal.record(subject=amendment, change=change)
    notify(
        kind="governance.amendment_offered",
        to=[party],
        subject_obj=amendment,
        realm=rule.program_id,
        title=say(
            "{rule} is offered for {subject_label}",
            rule=rule,
            subject_label=amendment.subject_label,
        ),
        body=say(
            "{why}\n\nIt applies only if you agree. {SILENCE}", why=amendment.why, SILENCE=SILENCE
        ),
        url=amendment.get_absolute_url(),
    )
    return amendment


@journal.verb("governance.agree_amendment")
def agree_amendment(*, amendment: RuleAmendment, by: User) -> RuleAmendment:
    """Agree, for the case: from now on it is held to the later version. Once is enough."""
    amendment = _locked(amendment)
    done = AMENDMENT_MOVES.target("offered", "agree")
    if amendment.state == done and amendment.party_id == by.pk:
        return amendment
    subject = cases.subject_of(amendment)
    pin = RulePin.objects.filter(
        subject_type=amendment.subject_type, subject_id=amendment.subject_id, kind=amendment.kind
    ).first()
    refuse(policy.may_answer(amendment, pin, by))
    _answer(amendment, "agree", by)
    rules.amend_pin(
        subject=subject,
        rule=amendment.to_rule,
        by=by,
        agreed_by=amendment.offered_by,
        reason=amendment.why,
    )
    _tell_company(amendment, "agreed")
    return amendment


@journal.verb("governance.decline_amendment")
def decline_amendment(*, amendment: RuleAmendment, by: User, reason: str = "") -> RuleAmendment:
    """Leave the case under the version it began with; no reason is owed. Once is enough."""
    amendment = _locked(amendment)
    done = AMENDMENT_MOVES.target("offered", "decline")
    if amendment.state == done and amendment.party_id == by.pk:
        return amendment
    refuse(policy.may_decline(amendment, by))
    amendment.answer = reason.strip()
    _answer(amendment, "decline", by)
    _tell_company(amendment, "declined")
    return amendment


@journal.verb("governance.withdraw_amendment")
def withdraw_amendment(*, amendment: RuleAmendment, by: User, reason: str) -> RuleAmendment:
    """Take an offer back before it is answered. Once is enough."""
    amendment = _locked(amendment)
    if amendment.state == AMENDMENT_MOVES.target("offered", "withdraw"):
        return unchanged(amendment, policy.may_withdraw(amendment, by))
    refuse(policy.may_withdraw(amendment, by))
    refuse(text_given(reason, "reason", say("Say why it is taken back.")))
    amendment.answer = reason.strip()
    _answer(amendment, "withdraw", by)
    return amendment


def _locked(amendment: RuleAmendment) -> RuleAmendment:
    related = ("party", "offered_by", "from_rule", "to_rule")
    rows = RuleAmendment.objects.locked().select_related(*related)
    found: RuleAmendment = rows.get(pk=amendment.pk)
    return found


def _answer(amendment: RuleAmendment, verb: str, by: User) -> None:
    amendment.state = AMENDMENT_MOVES.target(amendment.state, verb)
    amendment.answered_at, amendment.answered_by = now(), by
    amendment.save()
    journal.record(subject=amendment, change={"state": amendment.state})


def _tell_company(amendment: RuleAmendment, said: str) -> None:
    notify(
        kind="governance.amendment_answered",
        to=[amendment.offered_by],
        subject_obj=amendment,
        realm=amendment.program_id,
        title=say(
            "{party} {said}: {to_rule} for {subject_label}",
            party=amendment.party,
            said=said,
            to_rule=amendment.to_rule,
            subject_label=amendment.subject_label,
        ),
        body=amendment.answer,
        url=amendment.get_absolute_url(),
    )
