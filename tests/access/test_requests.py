"""From asking to a grant: who, in which order, and why not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.test import Client

from access import policy, services
from access.home import desk
from access.models import AccessRequest, Agreement, Dataset, Grant
from access.obligations import requests as requests_open
from access.standing import of_request
from fellowship.accounts.services import declare_conflict
from fellowship.clocks.models import Clock
from fellowship.clocks.queries import history
from fellowship.clocks.services import sweep
from fellowship.history import recorder
from fellowship.history.models import Event
from fellowship.kernel import journal, saying
from fellowship.kernel.refusals import Missing, Refused
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Notice
from governance import kinds
from governance.models import Decision, Matter
from governance.services import open_ballot
from scoping.models import Fellowship
from tests.scenarios import access as scenario
from tests.scenarios import scoping as scopes
from tests.scenarios.governance import decide, sent_back
from tests.scenarios.world import World, make_world


def code_of(call: Callable[[], Any]) -> str:
    """The code and field a verb is refused with."""
    with pytest.raises(Refused) as refused:
        call()
    refusal = refused.value.refusal
    return f"{refusal.code}/{refusal.field}" if refusal.field else refusal.code


def test_the_grant_exists_because_the_board_voted(world: World) -> None:
    request = scenario.with_board(world)
    assert Grant.objects.count() == 0
    request = scenario.decided_by_board(world, request)
    grant = Grant.objects.get()
    assert grant.request == request
    assert grant.decision is not None
    assert grant.decision.matter.kind == "access.request"
    assert grant.approved_by is None
    assert (grant.operations, grant.fields) == (["view", "query", "run_code"], ["turn", "refused"])
    assert request.state == "approved"
    event = Event.objects.get(verb="access.grant_by_board")
    assert (event.subject_id, event.actor) == (grant.pk, world.chair)


@pytest.mark.parametrize(
    ("outcome", "state"), [("deny", "refused"), ("defer", "checked"), ("approve", "approved")]
)
def test_each_outcome_of_the_board_acts(world: World, outcome: str, state: str) -> None:
    request = scenario.decided_by_board(world, scenario.with_board(world), outcome)
    assert request.state == state
    assert Grant.objects.exists() == (outcome == "approve")


def test_the_board_sees_what_is_asked_and_the_parties_do_not_vote(world: World) -> None:
    scenario.with_board(world)
    matter = Matter.objects.get(kind="access.request")
    headings = [section["heading"] for section in matter.dossier.body["sections"]]
    assert headings == [
        "What you are deciding",
        "Purpose",
        "Why less would not do",
        "Lesser variants considered",
        "The steward's check",
        "Checked",
        "Five safes",
        "Handling, Data handling standard v1",
    ]
    parties = set(matter.parties.values_list("user_id", flat=True))
    assert parties == {world.applicant.pk, world.mentor.pk}


def test_accepting_opens_and_moves_the_case_to_research(world: World) -> None:
    request = scenario.decided(world)
    assert request.fellowship.state == "access"
    agreement = scenario.accept(request.agreement)
    assert (agreement.accepted_by, agreement.request.person) == (world.applicant, world.applicant)
    assert Fellowship.objects.get().state == "research"
    assert AccessRequest.objects.get().state == "granted"
    events = Event.objects.count()
    scenario.accept(agreement)
    assert Event.objects.count() == events, "a second click does nothing"


def test_only_the_named_person_accepts_and_only_the_text_as_it_stands(world: World) -> None:
    agreement = scenario.decided(world).agreement
    assert (
        code_of(
            lambda: services.accept_agreement(
                agreement=agreement, by=world.steward, text_hash=agreement.text_hash
            )
        )
        == "not_yours"
    )
    assert (
        code_of(
            lambda: services.accept_agreement(
                agreement=agreement, by=agreement.person, text_hash="0" * 64
            )
        )
        == "other_text"
    )


def test_a_third_person_can_tell_from_the_agreement_what_is_permitted(world: World) -> None:
    agreement = scenario.decided(world).agreement
    text = agreement.text
    assert "3.2 Query" in text
    assert "- Export from the environment" in text.partition("Nothing else is permitted")[2]
    assert "Fields: turn, refused." in text
    assert "scope of work v1, 2.2 Datasets" in text
    assert "Data handling standard v1" in text
    assert "deleted within 14 calendar days" in text.replace("\n", " ")


def test_below_the_boards_tiers_steward_and_manager_decide(world: World) -> None:
    data = scenario.dataset(world, tier="internal")
    request = scenario.requested(world, data=data)
    assert (
        code_of(lambda: services.approve_request(request=request, by=world.manager, reason="Yes."))
        == "wrong_state"
    )
    request = scenario.checked(world, request)
    assert code_of(lambda: services.refer_request(request=request, by=world.manager)) == (
        "no_board_needed"
    )
    grant = services.approve_request(request=request, by=world.manager, reason="Least that serves.")
    assert (grant.approved_by, grant.decision) == (world.manager, None)
    again = services.approve_request(request=request, by=world.manager, reason="Again.")
    assert again.pk == grant.pk
    assert Agreement.objects.count() == 1


def test_restricted_data_is_opened_by_the_board_alone(world: World) -> None:
    request = scenario.checked(world)
    assert (
        code_of(lambda: services.approve_request(request=request, by=world.manager, reason="Yes."))
        == "board_decides"
    )


WRONG = ("applicant", "mentor", "stranger", "auditor", "sponsor", "product_owner", "chair", "admin")


@pytest.mark.parametrize("who", WRONG)
def test_everyone_else_is_refused_with_a_reason(world: World, who: str) -> None:
    request = scenario.requested(world)
    person = getattr(world, who)
    verbs: tuple[Callable[..., Any], ...] = (
        partial(services.check_request, answers=scenario.all_hold(request.dataset)),
        services.send_back_request,
        services.refuse_request,
        services.approve_request,
    )
    for verb in verbs:
        code = code_of(lambda verb=verb: verb(request=request, by=person, reason="I say so."))
        assert code in ("wrong_role", "separation")


def test_a_steward_who_mentors_the_case_does_not_check_it(world: World) -> None:
    from fellowship.accounts.services import grant_role

    request = scenario.requested(world)
    grant_role(user=world.mentor, realm=world.program.realm, role="steward", by=journal.System("t"))
    mentor = world.fresh("mentor")
    check = partial(services.check_request, answers=scenario.all_hold(request.dataset))
    assert code_of(lambda: check(request=request, by=mentor, reason="Fine.")) == "separation"


def test_a_judgement_gives_its_reason(world: World) -> None:
    request = scenario.requested(world)
    check = partial(services.check_request, answers=scenario.all_hold(request.dataset))
    assert code_of(lambda: check(request=request, by=world.steward, reason=" ")) == (
        "no_reason/reason"
    )


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"operations": []}, "no_operation/operations"),
        ({"operations": ["fly"]}, "unknown_operation/operations"),
        ({"operations": ["export"]}, "outside_scope/operations"),
        ({"fields": []}, "no_fields/fields_wanted"),
        ({"fields": ["mood"]}, "unknown_field/fields_wanted"),
        (
            {"starts_on": dt.date(2020, 1, 2), "ends_on": dt.date(2020, 1, 1)},
            "ends_before_start/ends_on",
        ),
        ({"starts_on": dt.date(2020, 1, 1), "ends_on": dt.date(2020, 2, 1)}, "in_the_past/ends_on"),
        ({"ends_on": dt.date(2090, 1, 1)}, "after_the_fellowship/ends_on"),
    ],
)
def test_what_could_never_be_granted_is_said_at_its_field(
    world: World, asked: dict[str, Any], code: str
) -> None:
    assert code_of(lambda: scenario.requested(world, **asked)) == code


def test_what_the_tier_never_allows_cannot_be_asked(world: World) -> None:
    case = scopes.signed_fellowship(world, operations=["view", "download"])
    assert (
        code_of(lambda: scenario.requested(world, case, operations=["download"]))
        == "handling_forbids/operations"
    )


def test_datasets_outside_the_scope_or_the_programme(world: World) -> None:
    case = scopes.signed_fellowship(world)
    other = scenario.dataset(world, "chat-logs")
    assert code_of(lambda: scenario.requested(world, case, other)) == "outside_scope"
    elsewhere = scenario.dataset(make_world("-b"), "refusal-logs")
    with pytest.raises(Missing):
        scenario.requested(world, case, elsewhere)


def test_each_lesser_variant_needs_its_reason(world: World) -> None:
    raw = scenario.dataset(world)
    mirror = scenario.dataset(
        world, "refusal-mirror", variant="synthetic", parent=raw, tier="public"
    )
    case = scopes.signed_fellowship(world)
    assert code_of(lambda: scenario.requested(world, case)) == (
        f"less_not_considered/lesser_{mirror.pk}"
    )
    request = scenario.requested(world, case, lesser={mirror.ref: "Loses turn order."})
    assert request.lesser == [
        {
            "ref": mirror.ref,
            "name": mirror.name,
            "variant": "Synthetic mirror",
            "why": "Loses turn order.",
        }
    ]
    assert list(Dataset.objects.family_of(raw).least_first()) == [mirror, raw]


def test_asked_once_and_withdrawn(world: World) -> None:
    case = scopes.signed_fellowship(world)
    request = scenario.requested(world, case)
    assert code_of(lambda: scenario.requested(world, case)) == "already_asked"
    services.withdraw_request(request=request, by=world.applicant)
    assert scenario.requested(world, case).pk != request.pk


def test_before_the_scope_is_signed_nothing_is_asked(world: World) -> None:
    case = scopes.founded_fellowship(world)
    assert code_of(lambda: scenario.requested(world, case)) == "no_signed_scope"


def _requested(world: World) -> Callable[[], Any]:
    case = scopes.signed_fellowship(world)
    return lambda: scenario.requested(world, case)


def _checked(world: World) -> Callable[[], Any]:
    request = scenario.requested(world)
    return lambda: scenario.checked(world, request)


def _referred(world: World) -> Callable[[], Any]:
    request = scenario.checked(world)
    return lambda: services.refer_request(request=request, by=world.manager)


def _accepted(world: World) -> Callable[[], Any]:
    agreement = scenario.decided(world).agreement
    return lambda: scenario.accept(agreement)


def _revoked(world: World) -> Callable[[], Any]:
    grant = scenario.granted(world)
    return lambda: services.revoke_grant(grant=grant, by=world.steward, reason="Now.")


def _deleted(world: World) -> Callable[[], Any]:
    grant = scenario.granted(world)
    return lambda: scenario.deleted_certificate(grant)


@pytest.mark.parametrize(
    "prepare", [_requested, _checked, _referred, _accepted, _revoked, _deleted]
)
def test_where_the_ledger_fails_nothing_changes(
    world: World, prepare: Callable[[World], Callable[[], Any]]
) -> None:
    scenario.dataset(world)
    act = prepare(world)

    def counts() -> tuple[Any, ...]:
        return (
            list(AccessRequest.objects.values_list("state", flat=True)),
            list(Grant.objects.values_list("revoked_at", flat=True)),
            list(Agreement.objects.values_list("accepted_at", flat=True)),
            Notice.objects.count(),
            AccessRequest.history.count(),  # type: ignore[attr-defined]
            Event.objects.count(),
        )

    before = counts()

    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("the ledger is full")

    journal.install(fail)
    try:
        with pytest.raises(RuntimeError, match="the ledger is full"):
            act()
    finally:
        journal.install(recorder.record)
    assert counts() == before


def test_deletion_is_verified_by_another_person(world: World, grant: Grant) -> None:
    certificate = scenario.deleted_certificate(grant)
    assert scenario.deleted_certificate(grant) == certificate, "twice is once"
    assert (
        code_of(
            lambda: services.verify_deletion(
                certificate=certificate, by=world.applicant, reason="Trust me."
            )
        )
        == "wrong_role"
    )
    certificate = services.verify_deletion(
        certificate=certificate, by=world.steward, reason="The volume is gone."
    )
    assert certificate.verified_by == world.steward
    assert now() >= certificate.verified_at  # type: ignore[operator]


def test_a_case_does_not_close_before_its_data_is_deleted(world: World, grant: Grant) -> None:
    from scoping import closeout

    keys = [o.key for o in closeout.still_open(grant.fellowship)]
    assert f"access.deletion.{grant.dataset.ref}" in keys
    scenario.deleted(world, grant)
    keys = [o.key for o in closeout.still_open(grant.fellowship)]
    assert f"access.deletion.{grant.dataset.ref}" not in keys


def test_a_refusal_of_the_board_sent_back_by_a_review_may_become_a_grant(world: World) -> None:
    request = scenario.decided_by_board(world, scenario.with_board(world), "deny")
    assert request.state == "refused"
    again = sent_back(world, Decision.objects.get(pk=request.decision_id))
    request.refresh_from_db()
    assert (request.state, request.decision, request.decided_at) == ("with_board", None, None)
    kind = kinds.get("access.request")
    with frozen(now() + dt.timedelta(days=4000)):
        assert kind.may_reopen(request).code == "expired"  # type: ignore[union-attr]
    decide(world, again)
    assert Grant.objects.get().request == request


# --- the time a request may take ----------------------------------------------------------------


def clock_of(request: AccessRequest) -> Clock:
    """The clock waited for on the request."""
    return Clock.objects.about(request).open().get()


def test_a_request_has_a_date_until_it_is_decided(world: World) -> None:
    request = scenario.requested(world)
    clock = clock_of(request)
    assert (clock.window, clock.holder_user) == ("15 working days", world.steward)
    assert clock.rule == "Stage standards v1"
    scenario.checked(world, request)
    assert clock_of(request).due_at == clock.due_at, "the check gives no new time"
    assert clock_of(request).holder_user is None
    services.send_back_request(request=request, by=world.manager, reason="Fewer fields.")
    assert not Clock.objects.about(request).open().exists(), "with whoever asked"
    request.refresh_from_db()
    asked = {name: getattr(request, name) for name in ("operations", "fields", "starts_on")}
    words = {name: getattr(request, name) for name in ("purpose", "why_less_would_not_do")}
    services.revise_request(
        request=request, ends_on=request.ends_on, by=request.person, **asked, **words
    )
    assert clock_of(request).holder_user == world.steward
    request = scenario.with_board(world, request)
    assert clock_of(request).ended_at is None, "the whole way counts, the board's part too"
    scenario.decided_by_board(world, request)
    assert not Clock.objects.about(request).open().exists()


@pytest.mark.parametrize("verb", ["refuse", "withdraw"])
def test_a_request_that_came_to_nothing_is_waited_for_no_more(world: World, verb: str) -> None:
    request = scenario.requested(world)
    if verb == "refuse":
        services.refuse_request(request=request, by=world.steward, reason="Too wide.")
    else:
        services.withdraw_request(request=request, by=request.person)
    assert not Clock.objects.about(request).open().exists()


def test_silence_opens_nothing_and_is_told(world: World) -> None:
    request = scenario.requested(world)
    with frozen(clock_of(request).due_at + dt.timedelta(days=1)):
        sweep(at=now())
        sweep(at=now())
        request.refresh_from_db()
        assert request.state == "requested"
        late = Notice.objects.filter(kind="access.request_late")
        assert {n.recipient for n in late} == {world.steward, world.manager}
        assert late.count() == 2, "once"
        (item,) = desk(world.steward, now())
        assert item.due == clock_of(request).due_at
        standing = of_request(request, clocks=history(request), grant=None)
        assert (standing.due, standing.silence) == (item.due, item.silence)


def test_who_declared_a_conflict_is_not_told_that_it_is_late(world: World) -> None:
    request = scenario.requested(world)
    declare_conflict(
        user=world.manager,
        subject=request,
        realm=world.program.pk,
        kind="personal",
        statement="Siblings.",
        by=world.manager,
    )
    with frozen(clock_of(request).due_at):
        sweep(at=now())
    late = Notice.objects.filter(kind="access.request_late")
    assert [n.recipient for n in late] == [world.steward]


@pytest.mark.parametrize(("tier", "decides"), [("restricted", "board"), ("internal", "manager")])
def test_who_decides_the_tier_is_named_from_the_first_day(
    world: World, tier: str, decides: str
) -> None:
    request = scenario.requested(world, data=scenario.dataset(world, tier=tier))

    def blockers() -> dict[str, str]:
        found = of_request(request, clocks=history(request), grant=None)
        return {f"{b.who} {b.can}": b.who for b in found.blockers}

    said = "The board approves it, with or without conditions, denies or defers it"
    approves = "The programme manager approves it"
    refuses = "The data steward or the manager may refuse it"
    checks = "The data steward checks it, or sends it back for changes"
    decider = said if decides == "board" else approves
    assert set(blockers()) == {checks, refuses, decider}
    request = scenario.checked(world, request)
    assert set(blockers()) == {refuses, decider}
    assert (policy.may_approve(request, world.manager) is None) == (decides == "manager")


def test_the_steward_reads_the_date_of_the_vote_and_not_the_matter(
    world: World, client: Client
) -> None:
    request = scenario.with_board(world)
    open_ballot(matter=Matter.objects.get(kind="access.request"), by=world.manager)
    matter = Matter.objects.get(kind="access.request")
    assert not Matter.objects.visible_to(world.steward).filter(pk=matter.pk).exists()
    client.force_login(world.steward)
    context = client.get(request.get_absolute_url()).context
    assert context["standing"].due == matter.due_at
    assert context["matter"] is None


def test_a_judge_of_their_own_case_is_refused_in_whole_sentences(world: World) -> None:
    request = scenario.requested(world)
    said = []
    for verb in ("check", "send_back", "refer", "approve", "refuse"):
        request.requested_by = world.manager if verb == "approve" else world.steward
        said.append(getattr(policy, f"may_{verb}")(request, request.requested_by).reason)
    (still_open,) = requests_open(request.fellowship, now())
    with saying.override("de"):
        assert [str(reason) for reason in said] == [
            "Niemand prüft eine Anfrage des eigenen Falls.",
            "Niemand sendet eine Anfrage des eigenen Falls zurück.",
            "Niemand verweist eine Anfrage des eigenen Falls an das Gremium.",
            "Niemand genehmigt eine Anfrage des eigenen Falls.",
            "Niemand lehnt eine Anfrage des eigenen Falls ab.",
        ]
        assert str(still_open.label) == f"{request.ref} entschieden oder zurückgezogen"
