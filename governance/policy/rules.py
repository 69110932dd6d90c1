"""Who may write, adopt and reject rules."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Sequence
from typing import Any

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import has_role
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from governance import kinds
from governance.models import Decision, RuleVersion
from governance.parameters import path_words
from governance.policy.common import needs_role, text_given
from governance.policy.rulemaking import AUTHORS, heard
from governance.rulekinds import BadParameter, read_params
from governance.states import APPROVING, RULE_MOVES, RuleKind, RuleStatus

RULE_MATTER = "governance.rule"


def may_draft(program: Program, by: Actor) -> Refusal | None:
    """Why `by` may not draft a rule."""
    return needs_role(by, program.pk, *AUTHORS, to=say("draft a rule"))


def fits(kind: str, parameters: Any) -> Refusal | None:
    """Why the parameters are refused, naming the one that does not fit."""
    if kind not in RuleKind.values:
        return Refusal("unknown_kind", say("Choose one of the listed kinds of rule."), field="kind")
    try:
        params = read_params(kind, parameters)
    except BadParameter as error:
        text = say("{where}: {text}.", where=path_words(error.path), text=error.text)
        at = ".".join(filter(None, ("parameters", re.sub(r"\[(\d+)\]", r".\1", error.path))))
        return Refusal("bad_parameter", text, field=at)
    if kind == RuleKind.BALLOT_RULES:
        return _matters_exist(params.matters)
    return None


def _matters_exist(matters: Any) -> Refusal | None:
    known = set(kinds.registered())
    for word, odd in (("unknown", set(matters) - known), ("missing", known - set(matters))):
        if odd:
            names = joined(", ", sorted(odd))
            text = say("matters: {word} kinds of matter: {names}.", word=word, names=names)
            return Refusal("bad_parameter", text, field="parameters")
    return None


def says_why(*, title: str, prose: str, rationale: str) -> Refusal | None:
    """Why a rule without words is refused."""
    return first(
        text_given(title, "title", say("Give the rule a title.")),
        text_given(prose, "prose", say("Write the rule in words people can hold you to.")),
        text_given(rationale, "rationale", say("Say why the rule changes.")),
    )


def may_edit(rule: RuleVersion, by: Actor) -> Refusal | None:
    """Why the draft may not be changed: adopted and proposed versions never change."""
    editable = rule.status == RuleStatus.DRAFT
    return first(
        needs_role(by, rule.program_id, *AUTHORS, to=say("change a draft")),
        None
        if editable
        else Refusal(
            "wrong_state", say("{rule} is no draft, so it does not change any more.", rule=rule)
        ),
    )


def may_propose(rule: RuleVersion, by: Actor) -> Refusal | None:
    """Why the draft may not go to the board."""
    return first(
        needs_role(by, rule.program_id, *AUTHORS, to=say("propose a rule")),
        RULE_MOVES.refusal(rule.status, "propose"),
        heard(rule),
        fits(rule.kind, rule.parameters),
    )


def may_publish(rule: RuleVersion, by: Actor) -> Refusal | None:
    """Why the draft may not be published for comments."""
    return first(
        needs_role(by, rule.program_id, *AUTHORS, to=say("publish a draft")),
        RULE_MOVES.refusal(rule.status, "publish"),
        fits(rule.kind, rule.parameters),
    )


def may_rework(rule: RuleVersion, by: Actor) -> Refusal | None:
    """Why a published draft may not be taken back for changes."""
    return first(
        needs_role(by, rule.program_id, *AUTHORS, to=say("take a draft back")),
        RULE_MOVES.refusal(rule.status, "rework"),
    )


def may_found(program: Program, sponsor: User | None, by: Actor) -> Refusal | None:
    """Why the founding rules may not be adopted: two people do it, administrator and sponsor."""
    refused = needs_role(by, program.pk, roles.ADMINISTRATOR, to=say("adopt its first rules"))
    if refused is not None:
        return refused
    if sponsor is None:
        return Refusal("no_sponsor", say("Name the programme's sponsor first."), field="sponsor")
    return first(
        None
        if sponsor.pk == program.sponsor_id or has_role(sponsor, program.pk, roles.SPONSOR)
        else Refusal(
            "wrong_role_sponsor",
            say("{sponsor} does not sponsor {program}.", sponsor=sponsor, program=program),
            field="sponsor",
        ),
        None
        if by != sponsor
        else Refusal(
            "separation",
            say("The sponsor and the administrator are two people."),
            rule=say("separation of duties"),
        ),
    )


def may_shape(program: Program, kind: str, by: Actor) -> Refusal | None:
    """Why `by` may not change what a first version will say: once adopted, only the board does."""
    adopted = RuleVersion.objects.adopted().filter(program=program, kind=kind)
    return first(
        needs_role(by, program.pk, roles.ADMINISTRATOR, to=say("shape its first rules")),
        Refusal(
            "adopted", say("This rule has its first version; from now on the board changes it.")
        )
        if adopted.exists()
        else None,
    )


def may_import_history(
    program: Program, kind: str, versions: Sequence[Any], by: Actor, *, there: bool
) -> Refusal | None:
    """Why a history kept elsewhere may not be brought along: only before anything is decided here.

    `versions` have `effective_at` and `prose`; their times must rise and lie in the past.
    """
    times = [past.effective_at for past in versions]
    empty = next((past.source for past in versions if not past.prose.strip()), None)
    return first(
        needs_role(by, program.pk, roles.ADMINISTRATOR, to=say("bring a rule's history along")),
        None
        if kind in RuleKind.values
        else Refusal("unknown_kind", say("Choose one of the listed kinds of rule."), field="kind"),
        Refusal(
            "has_versions", say("The programme has versions of this rule; none goes before them.")
        )
        if there
        else None,
        None if versions else Refusal("no_versions", say("There is no version to bring along.")),
        Refusal("no_prose", say("{empty} holds no words.", empty=empty)) if empty else None,
        None
        if all(a < b for a, b in itertools.pairwise(times))
        else Refusal("wrong_order", say("Each version takes effect after the one before it.")),
        Refusal("future", say("A history lies in the past."))
        if times and times[-1] > now()
        else None,
    )


def may_take_effect(rule: RuleVersion, at: dt.datetime) -> Refusal | None:
    """Why the version may not take effect at `at`: no decision, or time run backwards."""
    return first(
        RULE_MOVES.refusal(rule.status, "adopt"),
        fits(rule.kind, rule.parameters),
        _decided(rule),
        _after_its_forerunner(rule, at),
    )


def _decided(rule: RuleVersion) -> Refusal | None:
    approved = Decision.objects.filter(
        matter__kind=RULE_MATTER, matter__subject_id=rule.pk, outcome__in=APPROVING
    )
    if approved.exists():
        return None
    return Refusal("not_decided", say("A rule is adopted by a decision of the board."))


def _after_its_forerunner(rule: RuleVersion, at: dt.datetime) -> Refusal | None:
    adopted = RuleVersion.objects.adopted().filter(program_id=rule.program_id, kind=rule.kind)
    latest = adopted.order_by("-version").first()
    if latest is None or latest.effective_at is None or at >= latest.effective_at:
        return None
    return Refusal(
        "before_its_forerunner",
        say("{latest} takes effect later than this; choose a later time.", latest=latest),
        field="effective_at",
    )
