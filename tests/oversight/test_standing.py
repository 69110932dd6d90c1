"""Every state of every case says who holds it, what comes next, what silence means, who blocks."""

from __future__ import annotations

import datetime as dt

import pytest

from access import release_standing as releases
from access import standing as access
from fellowship.clocks.models import Clock
from fellowship.clocks.states import State
from fellowship.kernel.moves import TABLES, Holder, Move, MoveTable
from fellowship.kernel.worktime import WorkCalendar
from fellowship.web.standing import OVER, Plan, Standing, Step
from findings import standing as findings
from governance import standing as governance
from proposals import standing as proposals
from publications import agreement_standing as agreements
from publications import standing as publications
from scoping import standing as scoping

MONDAY = dt.datetime(2099, 3, 2, 9, tzinfo=dt.UTC)
CALENDAR = WorkCalendar()
PLANS = {
    "proposal": proposals.PROPOSAL,
    "access request": access.REQUEST,
    "access request for the board": access.BOARD_REQUEST,
    "release request": releases.RELEASE,
    "classification": access.CLASSIFICATION,
    "finding": findings.FINDING,
    "control": findings.CONTROL,
    "authorship agreement": agreements.AGREEMENT,
    "publication": publications.PUBLICATION,
    "publication that goes to the board": publications.ESCALATED,
    "fellowship": scoping.FELLOWSHIP,
    "scope of work": scoping.SCOPE,
    "matter": governance.MATTER,
    "condition": governance.CONDITION,
    "exception": governance.EXCEPTION,
    "escalation": governance.ESCALATION,
    "independent review": governance.REVIEW,
}
SUSPENDERS = "Security on-call, the data steward, the programme manager or the chair"
# Who can still block, in each state: nobody where the list is empty.
BLOCKERS: dict[str, dict[str, list[str]]] = {
    "proposal": {
        "draft": [],
        "submitted": ["The board"],
        "in_review": ["The board"],
        "with_board": ["The board", "The chair"],
        "accepted": [],
        "declined": [],
        "withdrawn": [],
    },
    "access request": {
        "requested": [
            "The data steward",
            "The data steward or the manager",
            "The programme manager",
        ],
        "changes": ["The data steward or the manager", "The programme manager"],
        "checked": ["The programme manager", "The data steward or the manager"],
        "with_board": ["The board"],
        "approved": ["The data steward, security on-call or the programme manager"],
        "granted": ["The data steward, security on-call or the programme manager"],
        "refused": [],
        "withdrawn": [],
    },
    "access request for the board": {
        "requested": ["The data steward", "The data steward or the manager", "The board"],
        "changes": ["The data steward or the manager", "The board"],
        "checked": ["The data steward or the manager", "The board"],
        "with_board": ["The board"],
        "approved": ["The data steward, security on-call or the programme manager"],
        "granted": ["The data steward, security on-call or the programme manager"],
        "refused": [],
        "withdrawn": [],
    },
    "release request": {
        "draft": [],
        "in_review": ["Each of two reviewers"],
        "disagreed": ["Either reviewer", "A third person"],
        "returned": [],
        "released": [],
        "refused": [],
        "withdrawn": [],
    },
    "classification": {"open": [], "differ": [], "settled": [], "withdrawn": []},
    "finding": {
        "reported": [],
        "investigating": ["The product owner", "The board"],
        "accepted": ["The product owner"],
        "deferred": [],
        "rejected": [],
        "closed": [],
    },
    "control": {
        "planned": ["The product owner"],
        "deployed": ["Another person than its owner", "The product owner"],
        "verified": ["The product owner"],
        "withdrawn": [],
    },
    "authorship agreement": {
        "proposed": ["Anybody named"],
        "with_mediator": [],
        "with_board": ["The board"],
        "in_force": [],
        "refused": [],
        "lapsed": [],
        "withdrawn": [],
        "superseded": [],
    },
    "publication": {
        "draft": [],
        "in_review": [],  # the reviewers and objections of the work are added by its own page
        "with_board": ["The board"],
        "released": [],
        "withdrawn": [],
    },
    "publication that goes to the board": {
        "draft": [],
        "in_review": [],  # the reviewers and objections of the work are added by its own page
        "with_board": ["The board"],
        "released": [],
        "withdrawn": [],
    },
    "fellowship": {
        "scope": ["Either side"],
        "access": [
            "The data steward or the board",
            "Security on-call, the data steward, the programme manager or the chair",
        ],
        "research": [SUSPENDERS],
        "review": [SUSPENDERS],
        "translate": [SUSPENDERS],
        "publish": [SUSPENDERS],
        "close_out": ["The programme manager"],
        "closed": [],
    },
    "scope of work": {
        "draft": ["Either side"],
        "with_board": ["The board"],
        "offered": ["Either side"],
        "signed": [],
        "superseded": [],
        "lapsed": [],
        "withdrawn": [],
    },
    "matter": {
        "open": ["The chair"],
        "voting": ["The board", "The chair"],
        "decided": [],
        "withdrawn": [],
        "returned": [],
    },
    "condition": {
        "open": ["Its verifier"],
        "met": ["Its verifier"],
        "failed": [],
        "verified": [],
        "waived": [],
    },
    "exception": {
        "requested": ["The board"],
        "granted": ["Its owner, the chair, the programme manager or security on-call"],
        "refused": [],
        "withdrawn": [],
        "ended": [],
    },
    "escalation": {
        "raised": ["Security on-call"],
        "acknowledged": ["Security on-call"],
        "contained": ["Security on-call"],
        "verified": ["Security on-call"],
        "prevented": ["Security on-call"],
        "closed": [],
    },
    "independent review": {
        "asked": [],
        "under_review": ["The reviewers"],
        "upheld": [],
        "sent_back": [],
    },
}


def at(plan: Plan, state: str) -> Standing:
    return plan.at(state, calendar=CALENDAR)


@pytest.mark.parametrize("name", PLANS)
def test_each_state_says_everything(name: str) -> None:
    plan = PLANS[name]
    found = {state: at(plan, state) for state in plan.table.states}
    assert {s: [b.who for b in it.blockers] for s, it in found.items()} == BLOCKERS[name]
    for state, it in found.items():
        assert it.where
        assert it.holder
        assert it.next
        assert all(text.endswith(".") and "  " not in text for text in it.next)
        assert it.silence.endswith(".")
        closed = state in plan.table.terminal
        assert it.over == closed
        held_by_nobody = plan.table.holder(state) == Holder.NOBODY
        assert not held_by_nobody or it.holder.startswith(("Nobody", "The board"))
        assert closed or it.silence != OVER
        for blocker in it.blockers:
            assert blocker.can
            assert all(blocker.grounds)
            assert blocker.rule
            assert blocker.rule_url == "/rules/"
            assert blocker.silence.endswith(".")


def test_a_running_clock_says_until_when_and_what_silence_means() -> None:
    clock = Clock(
        pk=1,
        kind="proposals.decision",
        holder="us",
        starts_at=MONDAY,
        due_at=MONDAY + dt.timedelta(days=28),
        silence="The sponsor is told.",
        state=State.RUNNING,
    )
    clock._prefetched_objects_cache = {"pauses": clock.pauses.none()}  # type: ignore[attr-defined]
    it = proposals.PROPOSAL.at("in_review", calendar=CALENDAR, clocks=[clock])
    assert it.due == clock.due_at
    assert it.silence == "The sponsor is told."
    assert {b.until for b in it.blockers} == {clock.due_at}


def test_days_without_clocks_are_counted_by_whom_it_was_with() -> None:
    week = dt.timedelta(days=7)
    start = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
    it = access.REQUEST.at(
        "granted",
        calendar=CALENDAR,
        spans=[("us", start, start + week), ("you", start + week, start + 2 * week)],
    )
    assert (it.with_us, it.with_you) == (5, 5)


def test_what_ends_by_itself_is_not_called_closed() -> None:
    nexts = [access.REQUEST.at(s, calendar=CALENDAR).next for s in ("granted", "withdrawn")]
    assert nexts == [("No further step is needed.",), ("Nothing more: it is closed.",)]


def test_a_plan_that_leaves_something_unsaid_is_an_error() -> None:
    table = MoveTable(
        name="unsaid",
        initial="a",
        moves=(Move("go", "a", "b"),),
        holders={"a": Holder.US, "b": Holder.NOBODY},
    )
    del TABLES["unsaid"]
    with pytest.raises(ValueError, match=r"unsaid: nothing is said of \['b', 'go'\]"):
        Plan(table, holders={"a": "We"}, silence={"a": "Nothing."}, steps={})
    steps = {"go": Step("We", "go")}
    assert Plan(table, holders={"a": "We", "b": "Nobody"}, silence={"a": "."}, steps=steps)
