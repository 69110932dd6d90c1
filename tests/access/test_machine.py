"""Whatever happens to access, in whatever order, no two answers about it disagree.

Grants, suspensions, amendments, trainings, conditions, tiers, accounts and the clock, by the real
verbs. After each step the decision, the lists, the page's matrix, what target systems are told and
the slow reference are asked the same about now, the past and the future.
"""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable
from typing import Any, ClassVar

from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from access import desired, facts, services
from access.decisions import decide, judge
from access.models import AccessSuspension, Agreement, Dataset, Grant
from access.reach import matrix, reachable, reachable_by
from access.states import TIERS, Operation
from fellowship.accounts.models import User
from fellowship.kernel.journal import System, acting, record
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import now, set_now
from governance import services as governing
from governance.models import Condition
from scoping import services as scoping
from scoping.models import Fellowship, Suspension
from scoping.queries import signed_scope
from tests.access.reference import Record
from tests.scenarios import access as scenario
from tests.scenarios import scoping as scopes
from tests.scenarios.governance import CONDITION
from tests.scenarios.world import World, make_world
from tests.support import kept

OPERATIONS = ("view", "query", "export", "train")
BOTH = ["refusal-logs", "support-logs"]
TICK = dt.timedelta(microseconds=1)
HOURS = st.integers(1, 24 * 12)
SUBSETS = st.lists(
    st.sampled_from(["view", "query", "run_code", "export"]), min_size=1, unique=True
)
FEW = st.integers(0, 3)


def _build() -> World:
    """Two fellows, a restricted and an internal dataset, a grant of the first for the first."""
    world = make_world()
    internal = {"tier": "internal", "fields": []}
    scenario.dataset(world)
    scenario.dataset(world, "support-logs", **internal)
    terms = {"datasets": BOTH, "operations": ["view", "query", "run_code", "export"]}
    world.fellowship = scopes.signed_fellowship(world, world.applicant, **terms)
    scopes.signed_fellowship(world, world.other_applicant, **terms)
    scenario.granted(world)
    return world


kept_world = kept.fixture(_build)


class AccessMachine(RuleBasedStateMachine):
    """Two people and two datasets, in a world that is as it was after each example."""

    world: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.people = copy.deepcopy(self.world)
        self.turn = 0
        self.moved(now())

    def teardown(self) -> None:
        try:
            self.pages_say_the_same()
        finally:
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)
            set_now(None)

    def moved(self, at: dt.datetime) -> None:
        self.at = at
        set_now(at)

    # --- what happens

    def attempt(self, verb: Callable[[], Any]) -> None:
        """Do it, or be refused; a refused verb changes nothing."""
        self.moved(self.at + dt.timedelta(seconds=1))
        try:
            with transaction.atomic():
                verb()
        except Refused:
            return

    def case(self, number: int) -> Fellowship:
        return Fellowship.objects.order_by("pk")[number % 2]

    def dataset(self, number: int) -> Dataset:
        return Dataset.objects.order_by("pk")[number % 2]

    @rule(hours=HOURS)
    def time_passes(self, hours: int) -> None:
        self.moved(self.at + dt.timedelta(hours=hours))

    @rule(which=FEW, operations=SUBSETS, days=st.integers(1, 40))
    def asked_for_and_approved(self, which: int, operations: list[str], days: int) -> None:
        case = self.case(which)
        data = Dataset.objects.get(slug="support-logs")
        today = case.program.calendar().local(now()).date()

        def grant() -> None:
            request = scenario.requested(
                self.people,
                case,
                data,
                operations=operations,
                starts_on=today + dt.timedelta(days=which),
                ends_on=min(today + dt.timedelta(days=days + which), case.ends_on),
            )
            scenario.checked(self.people, request)
            services.approve_request(request=request, by=self.people.manager, reason="The least.")

        self.attempt(grant)

    @rule(conditional=st.booleans())
    def decided_by_the_board(self, conditional: bool) -> None:
        data = Dataset.objects.get(slug="refusal-logs")
        outcome = "approve_with_conditions" if conditional else "approve"
        conditions = [CONDITION] if conditional else []

        def grant() -> None:
            asked = scenario.requested(self.people, self.case(1), data)
            scenario.decided(self.people, asked, outcome, conditions)

        self.attempt(grant)

    @rule(which=FEW)
    def accepted(self, which: int) -> None:
        waiting = list(Agreement.objects.filter(accepted_at=None).order_by("pk"))
        if waiting:
            self.attempt(lambda: scenario.accept(waiting[which % len(waiting)]))

    @rule(which=FEW)
    def revoked(self, which: int) -> None:
        grants = list(Grant.objects.filter(revoked_at=None).order_by("pk"))
        if grants:
            found = grants[which % len(grants)]
            by = self.people.steward
            self.attempt(lambda: services.revoke_grant(grant=found, by=by, reason="Over."))

    @rule()
    def a_condition_is_verified(self) -> None:
        found = Condition.objects.filter(settled_at=None).first()
        if found:
            self.attempt(lambda: self._verify(found))

    def _verify(self, found: Condition) -> None:
        governing.meet_condition(condition=found, by=found.owner, evidence="The desk is set.")
        governing.verify_condition(condition=found, by=found.verifier, reason="Looked.")

    @rule(what=st.sampled_from(["person", "case", "dataset"]), which=FEW, hours=st.none() | HOURS)
    def suspended(self, what: str, which: int, hours: int | None) -> None:
        until = now() + dt.timedelta(hours=hours) if hours else None
        told: dict[str, Any] = {"by": self.people.oncall, "reason": "A leak.", "until": until}
        case = self.case(which)
        verbs: dict[str, Callable[[], Any]] = {
            "person": lambda: services.suspend_person(
                program=case.program, person=case.fellow, **told
            ),
            "case": lambda: scoping.suspend(fellowship=case, **told),
            "dataset": lambda: services.suspend_dataset(dataset=self.dataset(which), **told),
        }
        self.attempt(verbs[what])

    @rule(which=FEW)
    def lifted(self, which: int) -> None:
        mine: list[Any] = [*AccessSuspension.objects.live(), *Suspension.objects.live()]
        if not mine:
            return
        found = mine[which % len(mine)]
        lift = services.lift_suspension if isinstance(found, AccessSuspension) else scoping.lift
        by = self.people.manager
        self.attempt(lambda: lift(suspension=found, by=by, reason="False alarm."))  # type: ignore[operator]

    @rule(which=FEW, operations=SUBSETS, datasets=st.sampled_from([BOTH, BOTH[:1], BOTH[1:]]))
    def the_scope_is_amended(self, which: int, operations: list[str], datasets: list[str]) -> None:
        self._amend(which, operations=operations, datasets=datasets)

    @rule(which=FEW, days=st.integers(-5, 20), operations=SUBSETS)
    def the_scope_has_stages(self, which: int, days: int, operations: list[str]) -> None:
        case, scope = self.case(which), signed_scope(self.case(which))
        if scope is None:
            return
        less = {"operations": [op for op in scope.operations if op in operations]}
        switch = max(now().date() + dt.timedelta(days=days), case.starts_on + dt.timedelta(days=1))
        common = {"freedom": "high", "switch": "A review."}
        first = {"key": "one", "title": "One", "from": case.starts_on.isoformat(), "less": {}}
        second = {"key": "two", "title": "Two", "from": switch.isoformat(), "less": less}
        self._amend(which, stages=[{**first, **common}, {**second, **common}])

    def _amend(self, which: int, **changes: Any) -> None:
        case = self.case(which)

        def amend() -> None:
            scope = scopes.amended_scope(self.people, case, **changes)
            scope.refresh_from_db()
            if scope.state == "draft":
                scope = scoping.offer_scope(scope=scope, by=self.people.manager)
            if scope.state == "offered":
                scopes.sign_both(self.people, scope)

        self.attempt(amend)

    @rule(which=FEW, ago=st.integers(0, 40), days=st.integers(1, 30))
    def trained(self, which: int, ago: int, days: int) -> None:
        done = now() - dt.timedelta(days=ago)
        self.attempt(
            lambda: scoping.record_training(
                person=self.case(which).fellow,
                program=self.people.program,
                completed_at=done,
                expires_at=done + dt.timedelta(days=days),
                evidence="Signed list.",
                by=self.people.manager,
            )
        )

    @rule(which=FEW, tier=st.sampled_from(TIERS))
    def reclassified(self, which: int, tier: str) -> None:
        data = self.dataset(which)
        by = self.people.steward
        self.attempt(
            lambda: services.change_dataset(dataset=data, by=by, reason="Looked again.", tier=tier)
        )

    @rule(which=FEW, name=st.sampled_from(["refusal-logs", "Support logs", "Renamed"]))
    def renamed(self, which: int, name: str) -> None:
        data = self.dataset(which)
        by = self.people.steward
        self.attempt(
            lambda: services.change_dataset(dataset=data, by=by, reason="Clearer.", name=name)
        )

    @rule(which=FEW)
    def an_account_closes_or_opens(self, which: int) -> None:
        user = User.objects.get(pk=self.case(which).fellow_id)

        def switch() -> None:
            with acting("accounts.switch", by=System("test")):
                user.is_active = not user.is_active
                user.save()
                record(subject=user)

        self.attempt(switch)

    @rule(which=FEW, stage=st.sampled_from(["review", "close_out"]))
    def moved_on(self, which: int, stage: str) -> None:
        case, by = self.case(which), self.people.manager
        self.attempt(
            lambda: scoping.advance(fellowship=case, stage=stage, by=by, reason="By hand.")
        )

    @rule(which=st.sampled_from([1, 1, 0]))
    def ended(self, which: int) -> None:
        case, by = self.case(which), self.people.manager
        self.attempt(lambda: scoping.end(fellowship=case, by=by, reason="Done early."))

    # --- what must be so after every step

    @invariant()
    def no_two_answers_disagree(self) -> None:
        slow, everything = Record(), Grant.objects.all()
        loaded = facts.load(everything)
        cases = list(Fellowship.objects.select_related("program", "fellow").order_by("pk"))
        for at in self.times(slow):
            tables = {case.pk: _table(matrix(case, at)) for case in cases}
            within = {case.pk: _allowed(reachable(case, at)) for case in cases}
            reach = _allowed(reachable_by(everything, at))
            let_through = _let_through(at) if at == now() else None
            live = set(Grant.objects.live(at).values_list("pk", flat=True))
            for case in cases:
                for data in Dataset.objects.all():
                    pair = (case.fellow_id, data.pk)
                    for operation in OPERATIONS:
                        decision = judge(loaded, *pair, operation, at).decision
                        said = (decision.allowed, decision.until)
                        assert said == slow.decision(*pair, operation, at), (at, operation)
                        if (data.pk, operation) in tables[case.pk]:
                            assert tables[case.pk][data.pk, operation] == decision
                        else:
                            assert not decision.allowed
                        here = decision.allowed and decision.fellowship_id == case.pk
                        assert ((*pair, operation) in within[case.pk]) == here
                        assert ((*pair, operation) in reach) == decision.allowed
                        if let_through is not None:
                            assert ((*pair, operation) in let_through) == decision.allowed
                        assert not decision.allowed or decision.grant_id in live
        data = self.dataset(0)
        asked = decide(person=cases[0].fellow, dataset=data, operation="query")
        assert asked == judge(loaded, cases[0].fellow_id, data.pk, "query", now()).decision

    def times(self, slow: Record) -> list[dt.datetime]:
        """Now; just before and at something that changes; in turn ahead, and ever further back."""
        self.turn += 1
        ahead = [at for at in slow.instants if at > now()]
        behind = [at for at in slow.instants if at <= now()][::-1]
        known = ahead if self.turn % 3 == 0 and ahead else behind
        chosen = known[(self.turn * self.turn) % len(known)]
        return [now(), chosen - TICK, chosen]

    def pages_say_the_same(self) -> None:
        """What the fellow reads, and what a system is answered, is what was decided."""
        case = self.case(0)
        if not case.fellow.is_active or case.state == "closed":
            return
        client = Client()
        client.force_login(case.fellow, "allauth.account.auth_backends.AuthenticationBackend")
        page = client.get(f"/fellowships/{case.ref}/what-may-i-do/").content.decode()
        data = Dataset.objects.get(slug="support-logs")
        for operation in OPERATIONS:
            decision = decide(person=case.fellow, dataset=data, operation=operation)
            sent = {"person": case.fellow.email, "dataset": data.ref, "operation": operation}
            answer = client.post(
                "/api/v1/access/decision", sent, content_type="application/json"
            ).json()
            assert (answer["allowed"], answer["clause"]) == (decision.allowed, decision.clause)
            assert (f'"{data.ref} {operation} yes"' in page) == decision.allowed


Key = tuple[int, int, str]


def _table(rows: Any) -> dict[tuple[int, str], Any]:
    return {(row.dataset.pk, a.operation): a.decision for row in rows for a in row.answers}


def _allowed(reach: Any) -> set[Key]:
    return {(one.person.pk, one.dataset.pk, a.operation) for one in reach for a in one.allowed}


def _let_through(at: dt.datetime) -> set[Key]:
    """What target systems would be told at that time."""
    found = desired.of(Grant.objects.all(), at)
    return {
        (*pair, operation)
        for pair, wanted in found.items()
        for permission in wanted.permissions
        for operation in permission["operations"]
    }


def test_no_two_answers_about_access_disagree(world: World) -> None:
    assert set(OPERATIONS) <= set(Operation.values)
    AccessMachine.world = world
    run_state_machine_as_test(
        AccessMachine,
        settings=settings(
            max_examples=10,
            stateful_step_count=12,
            phases=(Phase.generate,),  # a step takes milliseconds, and shrinking takes thousands
            suppress_health_check=list(HealthCheck),
        ),
    )
