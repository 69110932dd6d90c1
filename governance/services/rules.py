"""The verbs of rules: draft, propose, adopt, and found a programme's first ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, cast

from fellowship.accounts.models import Actor, User
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from governance import founding
from governance.models import Matter, RuleVersion
from governance.policy import rules as policy
from governance.services import acknowledging
from governance.services.board import refer
from governance.states import RULE_MOVES, RuleKind, RuleStatus

FIRST = say("The programme's first rules.")


@journal.verb("governance.draft_rule")
def draft_rule(
    *,
    program: Program,
    kind: str,
    parameters: Mapping[str, Any],
    title: str,
    prose: str,
    rationale: str,
    owner: User,
    by: User,
    effective_at: dt.datetime | None = None,
) -> RuleVersion:
    """Draft a new version. Parameters that do not fit their kind are refused by name."""
    refuse(policy.may_draft(program, by))
    refuse(policy.says_why(title=title, prose=prose, rationale=rationale))
    refuse(policy.fits(kind, parameters))
    rule = _new(program, kind, parameters, title=title, prose=prose, rationale=rationale)
    rule.owner, rule.author, rule.effective_at = owner, by, effective_at
    rule.save()
    journal.record(subject=rule, change={"kind": kind, "text_hash": rule.text_hash})
    return rule


@journal.verb("governance.edit_rule")
def edit_rule(
    *,
    rule: RuleVersion,
    by: User,
    parameters: Mapping[str, Any],
    title: str,
    prose: str,
    rationale: str,
    effective_at: dt.datetime | None = None,
) -> RuleVersion:
    """Change a draft. The same text again changes nothing."""
    rule = RuleVersion.objects.locked().get(pk=rule.pk)
    refuse(policy.may_edit(rule, by))
    refuse(policy.says_why(title=title, prose=prose, rationale=rationale))
    refuse(policy.fits(rule.kind, parameters))
    before = (rule.text_hash, rule.rationale, rule.effective_at)
    rule.title, rule.prose, rule.rationale = title, prose, rationale
    rule.parameters, rule.effective_at = dict(parameters), effective_at
    rule.text_hash = rule.content_hash()
    if before == (rule.text_hash, rationale, effective_at):
        return rule
    rule.save()
    journal.record(subject=rule, change={"text_hash": journal.moved(before[0], rule.text_hash)})
    return rule


@journal.verb("governance.propose_rule")
def propose_rule(*, rule: RuleVersion, by: User, reason: str = "") -> Matter:
    """Put a published draft before the board, once comments are over and answered.

    Returns its matter. One already proposed returns the same.
    """
    rule = RuleVersion.objects.locked().select_related("program").get(pk=rule.pk)
    live = Matter.objects.live().filter(kind=policy.RULE_MATTER, subject_id=rule.pk).first()
    if live:
        return unchanged(live, policy.may_propose(rule, by))
    refuse(policy.may_propose(rule, by))
    rule.status = RULE_MOVES.target(rule.status, "propose")
    rule.save()
    journal.record(subject=rule, change={"status": rule.status})
    return refer(kind=policy.RULE_MATTER, subject=rule, program=rule.program, by=by, reason=reason)


@journal.verb("governance.bring_into_force")
def bring_into_force(*, rule: RuleVersion, by: Actor, reason: str = "") -> RuleVersion:
    """Adopt a version: it gets its number and takes effect at its time, now at the earliest.

    Called where the board's decision is performed, and refused without one. A version already
    adopted stays as it is.
    """
    Program.objects.locked().get(pk=rule.program_id)
    rule = RuleVersion.objects.locked().get(pk=rule.pk)
    if rule.status == RuleStatus.ADOPTED:
        return rule
    at = now()
    effective_at = max(rule.effective_at or at, at)
    refuse(policy.may_take_effect(rule, effective_at))
    _adopt(rule, effective_at)
    change = {"version": rule.version, "from": effective_at, "text_hash": rule.text_hash}
    journal.record(subject=rule, change=change)
    acknowledging.ask_for(rule, at)
    return rule


@journal.verb("governance.reject_rule")
def reject_rule(*, rule: RuleVersion, by: Actor, reason: str = "") -> RuleVersion:
    """Note that the board did not adopt a version. One already rejected stays as it is."""
    return _leave(rule, "reject")


@journal.verb("governance.take_back_rule")
def take_back_rule(*, rule: RuleVersion, by: Actor, reason: str = "") -> RuleVersion:
    """Make a proposed version a draft again: its matter was withdrawn, returned or deferred."""
    return _leave(rule, "take_back")


@journal.verb("governance.shape_founding_rule")
def shape_founding_rule(
    *, program: Program, kind: str, title: str, prose: str, parameters: Mapping[str, Any], by: User
) -> RuleVersion:
    """Change what the first version of a rule will say; it binds nobody before it is adopted.

    The same text again changes nothing.
    """
    program = Program.objects.locked().get(pk=program.pk)
    refuse(policy.may_shape(program, kind, by))
    refuse(policy.says_why(title=title, prose=prose, rationale=FIRST))
    refuse(policy.fits(kind, parameters))
    new = _new(program, kind, parameters, title=title, prose=prose, rationale=FIRST)
    rule = founding_draft(program, kind) or new
    if rule.pk and rule.text_hash == new.text_hash:
        return rule
    rule.title, rule.prose, rule.parameters = title, prose, new.parameters
    rule.text_hash, rule.owner, rule.author = new.text_hash, program.sponsor or by, by
    rule.save()
    journal.record(subject=rule, change={"kind": kind, "text_hash": rule.text_hash})
    return rule


def founding_draft(program: Program, kind: str) -> RuleVersion | None:
    """What the first version of a rule was shaped to say, where somebody did."""
    drafts = RuleVersion.objects.filter(program=program, kind=kind, status=RuleStatus.DRAFT)
    return drafts.order_by("-pk").first()


@journal.verb("governance.adopt_founding_rules")
def adopt_founding_rules(
    *,
    program: Program,
    by: Actor,
    sponsor: User | None = None,
    owner: User | None = None,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
    reason: str = "",
) -> dict[str, RuleVersion]:
    """Give a new programme its first version of every kind, by the administrator with the sponsor.

    What was shaped before is adopted as it was shaped. `overrides` replaces whole parameter sets by
    kind. Kinds that have a version stay as they are.
    Returns the first versions by kind.
    """
    program = Program.objects.locked().get(pk=program.pk)
    sponsor = sponsor or program.sponsor
    refuse(policy.may_found(program, sponsor, by))
    owner = owner or cast("User", sponsor)
    there = set(
        RuleVersion.objects.adopted().filter(program=program).values_list("kind", flat=True)
    )
    missing = [kind for kind in RuleKind.values if kind not in there]
    made = {}
    for kind in missing:
        given = (overrides or {}).get(kind)
        rule = None if given else founding_draft(program, kind)
        if rule is None:
            parameters = given or founding.parameters(kind)
            words = {"title": founding.TITLES[kind], "prose": founding.prose(kind)}
            rule = _new(program, kind, parameters, rationale=FIRST, **words)
        refuse(policy.fits(kind, rule.parameters))
        made[kind] = _found(rule, owner=owner, by=by)
    if made:
        change = {
            "sponsor": sponsor.pk if sponsor else None,
            "rules": {kind: rule.text_hash for kind, rule in made.items()},
        }
        journal.record(subject=program, realm_id=program.pk, change=change)
    first_ones = RuleVersion.objects.filter(program=program, version=1)
    return {rule.kind: rule for rule in first_ones}


def _found(rule: RuleVersion, *, owner: User, by: Actor) -> RuleVersion:
    rule.owner = owner
    rule.author = by if isinstance(by, User) else None
    rule.status = RuleStatus.PROPOSED
    return _adopt(rule, now())


def _new(
    program: Program,
    kind: str,
    parameters: Mapping[str, Any],
    *,
    title: str,
    prose: str,
    rationale: str,
) -> RuleVersion:
    rule = RuleVersion(
        program=program,
        kind=kind,
        parameters=dict(parameters),
        title=title,
        prose=prose,
        rationale=rationale,
    )
    rule.text_hash = rule.content_hash()
    return rule


def _adopt(rule: RuleVersion, effective_at: dt.datetime) -> RuleVersion:
    """Number and adopt the version; the programme's row is locked, so numbers have no gaps."""
    of_kind = RuleVersion.objects.adopted().filter(program_id=rule.program_id, kind=rule.kind)
    rule.status = RULE_MOVES.target(rule.status, "adopt")
    rule.version = of_kind.count() + 1
    rule.adopted_at = now()
    rule.effective_at = max(effective_at, rule.adopted_at)
    rule.save()
    return rule


def _leave(rule: RuleVersion, verb: str) -> RuleVersion:
    rule = RuleVersion.objects.locked().get(pk=rule.pk)
    done = {move.target for move in RULE_MOVES.moves if move.verb == verb}
    if rule.status in done:
        return rule
    rule.status = RULE_MOVES.target(rule.status, verb)
    rule.save()
    journal.record(subject=rule, change={"status": rule.status})
    return rule
