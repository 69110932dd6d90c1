"""What other rules would have done to past votes, alarms, exceptions, replies and comments."""

from __future__ import annotations

import copy
import datetime as dt
from typing import Any

import pytest

from fellowship.kernel.time import frozen, now
from governance import founding, rules, services
from governance.models import RuleVersion
from tests.governance.test_rulemaking import published, until
from tests.scenarios.governance import (
    closed_escalation,
    decide,
    granted_exception,
    requested_exception,
    vote,
)
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def other(world: World, kind: str, *path: str, to: Any) -> RuleVersion:
    """A draft of the kind's next version in which one parameter is another."""
    parameters = copy.deepcopy(founding.parameters(kind))
    at = parameters
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = to
    return services.draft_rule(
        program=world.program,
        kind=kind,
        parameters=parameters,
        title="Another",
        prose=founding.prose(kind),
        rationale="To see.",
        owner=world.sponsor,
        by=world.manager,
    )


def found(rule: RuleVersion) -> list[tuple[str, str, str]]:
    return [(d.case, d.before, d.after) for one in rules.what_if(rule) for d in one.differences]


def test_the_same_votes_counted_by_another_rule(world: World) -> None:
    from governance.models import Matter

    exception = requested_exception(world)
    matter = Matter.objects.get(subject_id=exception.pk, kind="governance.exception")
    for member, position in zip(world.board, ["approve"] * 3 + ["deny"] * 2, strict=True):
        vote(matter, member, position)
    services.record_decision(matter=matter, by=world.chair)
    kind = ("ballot_rules", "matters", "governance.exception")
    assert found(other(world, *kind, "threshold", to="at least 3/5")) == []
    case = f"{matter.ref} {matter.title}"
    stricter = other(world, *kind, "threshold", to="at least 2/3")
    assert found(stricter) == [(case, "Approved", "Deferred")]
    harder = other(world, *kind, "threshold", to="at least 4/5")
    harder.parameters["matters"]["governance.exception"]["undecided"] = "deny"
    assert found(harder) == [(case, "Approved", "Denied")]
    blocking = other(world, *kind, "blocking", to=["policy"])
    assert [after for _, _, after in found(blocking)] != ["Approved"]
    rule_changes = ("ballot_rules", "matters", "governance.rule")
    elsewhere = other(world, *rule_changes, "threshold", to="at least 4/5")
    assert found(elsewhere) == []


def test_exceptions_that_would_be_too_long(world: World) -> None:
    exception = granted_exception(world)
    rule = other(world, "exceptions", "terms", "control_not_implemented", "longest_days", to=30)
    ((case, before, after),) = found(rule)
    assert case == f"{exception.ref} {exception.title}"
    assert before.startswith("Until ")
    assert after.startswith("At most 30 days: ")
    assert found(other(world, "exceptions", "terms", "other", "longest_days", to=30)) == []


def test_alarms_that_would_be_late(world: World) -> None:
    alarm = closed_escalation(world)
    path = ("severity_clocks", "severities", "critical", "acknowledge")
    with frozen(now() + DAY):
        assert found(other(world, *path, to="2 hours")) == []
        rule = other(world, *path, to="0 hours")
        assert found(rule) == [
            (
                f"{alarm.ref} {alarm.title}",
                "In time (1 hour)",
                "Too late (0 hours)",
            )
        ]


def test_comments_that_would_come_too_late(world: World) -> None:
    draft = published(world)
    with frozen(until(draft) - DAY):
        services.comment_on_rule(rule=draft, by=world.mentor, text="In time.")
    shorter = other(world, "rule_making", "comment_window", to="2 working days")
    ((case, before, after),) = found(shorter)
    assert case == "Publication policy, open for comments: Faster methods papers"
    assert before.startswith("Comments until ")
    assert after.endswith("1 comment would have come too late")


def test_the_board_reads_how_many_and_the_page_shows_which(world: World) -> None:
    from tests.governance.test_pages import page
    from tests.scenarios.governance import proposed_rule

    exception = granted_exception(world)
    rule = other(world, "exceptions", "terms", "control_not_implemented", "longest_days", to=30)
    said = "Of the exceptions granted, 1 would have gone otherwise."
    shown = page(world.fresh("manager"), rule.get_absolute_url())
    assert said in shown
    assert exception.ref in shown
    assert exception.ref not in page(world.fresh("mentor"), rule.get_absolute_url())
    matter = proposed_rule(world, rule)
    sections = {s["heading"]: s for s in matter.dossier.body["sections"]}
    section = sections["What it would have changed"]
    assert section == {"heading": "What it would have changed", "text": said}
    decide(world, matter)


def test_a_rule_of_which_nothing_can_be_worked_out_says_so(world: World) -> None:
    from tests.governance.test_pages import page

    rule = other(world, "stage_standards", "stages", "scope", "standard", to="Another.")
    shown = page(world.fresh("manager"), rule.get_absolute_url())
    assert "Nothing of this kind of rule can be worked out on past cases." in shown
