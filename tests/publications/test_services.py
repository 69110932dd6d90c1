"""Publications: silence releases, objections mark passages, nobody holds a work."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from django.db import IntegrityError, transaction

from fellowship.accounts.models import User
from fellowship.clocks.services import sweep
from fellowship.history.models import Event
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from governance.models import Matter
from publications import services
from publications.models import Objection, Publication
from publications.policy import may_mark
from tests.scenarios import access, findings
from tests.scenarios import publications as scenario
from tests.scenarios.governance import decide
from tests.scenarios.scoping import signed_fellowship
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def refusal_of(call: Callable[[], Any]) -> tuple[str, str]:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.refusal.code, refused.value.refusal.field


def test_a_work_with_restricted_data_is_of_a_class_that_silence_takes_to_the_board(
    world: World,
) -> None:
    grant = access.granted(world)
    case, used = grant.fellowship, [grant.dataset]
    said = refusal_of(lambda: scenario.drafted(world, case, datasets=used))
    assert said == ("class_of_work", "work_class")
    work = scenario.submitted(world, case, datasets=used, work_class="restricted")
    assert (work.work_class, work.silence_releases) == ("restricted", False)
    assert scenario.drafted(world, case, datasets=used, work_class="vulnerability")


def test_a_work_uses_the_data_its_findings_rest_on(world: World) -> None:
    finding = findings.reported(world)
    said = refusal_of(lambda: scenario.drafted(world, finding.fellowship, findings=[finding]))
    assert said == ("class_of_work", "work_class")


def test_a_work_names_no_data_that_was_never_granted(world: World) -> None:
    case = signed_fellowship(world)
    other = access.dataset(world, "account-telemetry", tier="highly_restricted")
    said = refusal_of(
        lambda: scenario.drafted(world, case, datasets=[other], work_class="restricted")
    )
    assert said == ("never_granted", "datasets")
    public = access.dataset(world, "prompts", tier="public")
    assert scenario.drafted(world, case, datasets=[public]).sources.count() == 1


def test_a_tier_raised_since_the_draft_decides_at_submission(world: World) -> None:
    case = signed_fellowship(world)
    data = access.dataset(world, "prompts", tier="public")
    work = scenario.drafted(world, case, datasets=[data])
    with journal.acting("tests.reclassify", by=world.steward):
        data.tier = "restricted"
        data.save()
        journal.record(subject=data)
    work = services.submit_publication(publication=work, by=case.fellow)
    assert (work.work_class, work.silence_releases) == ("restricted", False)


def code_of(call: Callable[[], Any]) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.refusal.code


def test_silence_releases_at_the_instant_even_with_no_worker(world: World) -> None:
    work = scenario.submitted(world)
    end = work.window_ends_at
    assert end is not None
    with frozen(end - dt.timedelta(microseconds=1)):
        assert work.effective_state() == "in_review"
        assert not Publication.objects.released().exists()
    with frozen(end):
        assert work.effective_state() == "released"
        assert Publication.objects.released().get() == work


def test_the_sweep_records_the_instant_the_window_ended_however_late(world: World) -> None:
    work = scenario.submitted(world)
    assert work.window_ends_at is not None
    with frozen(work.window_ends_at + 31 * DAY):
        sweep()
        sweep()
    released = Publication.objects.get(pk=work.pk)
    assert released.state == "released"
    assert released.released_at == work.window_ends_at
    assert released.release_kind == "silence"
    assert Event.objects.filter(verb="publications.release").count() == 1


def test_a_late_objection_is_refused_with_the_reason(world: World) -> None:
    work = scenario.submitted(world)
    assert work.window_ends_at is not None
    with frozen(work.window_ends_at):
        assert code_of(lambda: scenario.objected(world, work)) == "window_over"


def test_for_a_vulnerability_silence_goes_to_the_board(world: World) -> None:
    work = scenario.submitted(world, work_class="vulnerability")
    assert work.window_ends_at is not None
    with frozen(work.window_ends_at + DAY):
        assert work.effective_state() == "with_board"  # derived, before anything records it
        assert code_of(lambda: scenario.objected(world, work)) == "window_over"
        sweep()
        work.refresh_from_db()
        assert work.state == "with_board"
        matter = Matter.objects.get(kind="publications.release")
        decide(world, matter, "deny")
        work.refresh_from_db()
        assert work.state == "in_review"
        assert work.silence_releases
    assert work.window_ends_at is not None
    with frozen(work.window_ends_at):
        assert work.effective_state() == "released"


def test_the_whole_work_cannot_be_objected_to(world: World) -> None:
    work = scenario.submitted(world)
    version = work.latest
    assert version is not None
    end = len(version.text)
    assert code_of(lambda: scenario.objected(world, work, start=0, end=end)) == "whole_work"
    assert not Objection.objects.exists()


def test_a_short_text_cannot_be_marked_whole_either(world: World) -> None:
    work = scenario.drafted(world)
    fellow = work.fellowship.fellow
    version = services.add_version(publication=work, text="Eleven words.", by=fellow)
    refusal = may_mark(
        work, version=version, start=0, end=len(version.text), ask="redact", until=None
    )
    assert refusal is not None
    assert refusal.code == "whole_work"


def test_a_delay_is_bounded_by_the_pinned_policy(world: World) -> None:
    work = scenario.submitted(world)
    far = now() + 400 * DAY
    assert code_of(lambda: scenario.objected(world, work, ask="delay", until=far)) == "too_long"
    assert code_of(lambda: scenario.objected(world, work, ask="delay")) == "no_date"
    assert code_of(lambda: scenario.objected(world, work, ground="we dislike it")) == "no_ground"


def test_the_same_objection_twice_is_one(world: World) -> None:
    work = scenario.submitted(world)
    first = scenario.objected(world, work)
    assert scenario.objected(world, work) == first


def test_an_unanswered_objection_is_accepted_by_the_rule(world: World) -> None:
    objection = scenario.objected(world)
    with frozen(now() + 20 * DAY):
        sweep()
    objection.refresh_from_db()
    assert objection.state == "accepted"
    event = Event.objects.get(verb="publications.accept_objection")
    assert event.actor_kind == "rule"


def test_other_wording_is_offered_and_agreed(world: World) -> None:
    objection = scenario.objected(world)
    fellow = objection.publication.fellowship.fellow
    services.offer_wording(objection=objection, wording="under some conditions", by=fellow)
    done = services.agree_wording(objection=objection, by=world.policy_reviewer)
    assert done.state == "agreed"
    assert not Objection.objects.standing().exists()


def test_ending_the_policy_review_with_nothing_open_releases(world: World) -> None:
    work = scenario.submitted(world)
    services.clear_policy_review(publication=work, by=world.policy_reviewer)
    work.refresh_from_db()
    assert (work.state, work.release_kind) == ("released", "review")
    assert code_of(lambda: scenario.objected(world, work)) == "window_over"


def test_scientific_advice_blocks_nothing(world: World) -> None:
    work = scenario.submitted(world)
    services.give_scientific_review(
        publication=work,
        soundness=1,
        reproducibility=1,
        support=1,
        advice="Weak.",
        by=world.reviewer,
    )
    services.clear_policy_review(publication=work, by=world.policy_reviewer)
    work.refresh_from_db()
    assert work.state == "released"


def test_nobody_sits_on_both_tracks(world: World) -> None:
    work = scenario.submitted(world)
    from fellowship.accounts.services import grant_role

    grant_role(
        user=world.reviewer, realm=world.program.realm, role="policy_reviewer", by=world.admin
    )
    reviewer = User.objects.get(pk=world.reviewer.pk)
    assert (
        code_of(
            lambda: services.assign_reviewer(
                publication=work, track="policy", reviewer=reviewer, by=world.manager
            )
        )
        == "separation"
    )


def test_others_are_refused(world: World) -> None:
    work = scenario.submitted(world)
    assert code_of(lambda: scenario.objected(world, work, by=world.reviewer)) == "wrong_role"
    assert code_of(lambda: scenario.objected(world, work, by=world.manager)) == "wrong_role"
    assert (
        code_of(lambda: services.clear_policy_review(publication=work, by=world.reviewer))
        == "wrong_role"
    )
    objection = scenario.objected(world, work)
    assert (
        code_of(lambda: services.accept_objection(objection=objection, by=world.manager))
        == "not_yours"
    )
    assert (
        code_of(lambda: services.withdraw_objection(objection=objection, by=world.manager))
        == "not_yours"
    )


def test_submission_needs_text_and_authors(world: World) -> None:
    work = scenario.drafted(world)
    services.set_authors(publication=work, authors=[], by=work.fellowship.fellow)
    assert (
        code_of(lambda: services.submit_publication(publication=work, by=work.fellowship.fellow))
        == "no_authors"
    )


def test_submitting_twice_starts_one_window(world: World) -> None:
    work = scenario.submitted(world)
    events = Event.objects.count()
    services.submit_publication(publication=work, by=work.fellowship.fellow)
    assert Event.objects.count() == events


def test_a_failing_ledger_leaves_no_objection(world: World) -> None:
    work = scenario.submitted(world)
    with (
        mock.patch.object(Event, "save", side_effect=RuntimeError("disk full")),
        pytest.raises(RuntimeError),
    ):
        scenario.objected(world, work)
    assert not Objection.objects.exists()


@pytest.mark.parametrize(
    "values",
    [
        {"passage_end": 0},
        {"ground": "the paper"},
        {"harm": ""},
        {"ask": "stage"},
        {"state": "accepted"},
    ],
)
def test_the_database_forbids_what_an_objection_may_not_be(
    world: World, values: dict[str, Any]
) -> None:
    objection = scenario.objected(world)
    for name, value in values.items():
        setattr(objection, name, value)
    with (
        pytest.raises(IntegrityError),
        transaction.atomic(),
        journal.acting("test.break", by=journal.System("test")),
    ):
        objection.save()
