"""The ladder of an objection: each step has its clock, its holder, and a meaning of silence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, models, transaction
from django.test import Client
from django.urls import reverse

from fellowship.clocks.models import Clock
from fellowship.clocks.services import sweep
from fellowship.history.models import Event
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from governance.models import Matter
from governance.services import withdraw_matter
from publications import services
from publications.models import Mediation, Objection, Publication, Question, ScientificReview
from publications.policy import covered
from publications.states import OBJECTION_MOVES, UNSETTLED
from tests.scenarios import publications as scenario
from tests.scenarios.governance import decide
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
Step = Callable[[World], Objection]


def code_of(call: Callable[[], Any]) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.refusal.code


def fresh(objection: Objection) -> Objection:
    return Objection.objects.select_related("publication__fellowship__fellow").get(pk=objection.pk)


def reworded(world: World) -> Objection:
    objection = scenario.objected(world)
    fellow = objection.publication.fellowship.fellow
    return services.offer_wording(objection=objection, wording="in some cases", by=fellow)


def proposed_wording(world: World) -> Objection:
    return scenario.proposed(world, proposal="wording", wording="in some cases")


STEPS: list[tuple[Step, str, str]] = [
    (scenario.objected, "you", "accepted"),
    (reworded, "us", "agreed"),
    (scenario.contested, "us", "with_board"),
    (scenario.proposed, "you", "withdrawn"),
    (proposed_wording, "you", "agreed"),
]


@pytest.mark.parametrize(
    ("step", "holder", "becomes"),
    STEPS,
    ids=["asked", "reworded", "contested", "proposed-keep", "proposed-wording"],
)
def test_silence_ends_each_step_at_its_instant_with_or_without_a_worker(
    world: World, step: Step, holder: str, becomes: str
) -> None:
    objection = fresh(step(world))
    due = objection.step_due_at
    assert due is not None
    clock = Clock.objects.about(objection).running().get()
    assert (clock.due_at, clock.holder, bool(clock.silence)) == (due, holder, True)
    with frozen(due - dt.timedelta(microseconds=1)):
        assert objection.effective_state() == objection.state
    with frozen(due + 31 * DAY):
        unsettled = becomes in UNSETTLED
        assert objection.effective_state() == becomes
        assert Objection.objects.unsettled().exists() == unsettled
        fellow = objection.publication.fellowship.fellow
        late = code_of(lambda: services.accept_objection(objection=objection, by=fellow))
        assert late == "time_over"
        sweep()
        sweep()
    after = fresh(objection)
    assert (after.state, after.step_due_at, after.if_silent) == (becomes, None, "")
    assert after.settled_at == (None if unsettled else due)
    last = Event.objects.about(after).first()
    assert last is not None
    assert last.actor_kind == "rule"


def test_other_wording_is_declined_with_a_reason_and_the_author_answers_anew(world: World) -> None:
    objection = reworded(world)
    assert (
        code_of(
            lambda: services.decline_wording(
                objection=objection, by=world.policy_reviewer, reason=" "
            )
        )
        == "no_reason"
    )
    said = "It still names the tool."
    back = services.decline_wording(objection=objection, by=world.policy_reviewer, reason=said)
    assert (back.state, back.declined, back.if_silent) == ("open", said, "accepted")
    events = Event.objects.count()
    services.decline_wording(objection=objection, by=world.policy_reviewer, reason=said)
    assert Event.objects.count() == events
    fellow = back.publication.fellowship.fellow
    assert services.contest_objection(objection=back, by=fellow, reason="No.").state == "contested"


def test_the_mediator_has_no_part_in_the_case(world: World) -> None:
    objection = scenario.objected(world)
    fellow = objection.publication.fellowship.fellow
    name = services.name_mediator
    early = code_of(
        lambda: name(objection=objection, mediator=world.reviewer_two, by=world.manager)
    )
    assert early == "not_contested"
    services.contest_objection(objection=objection, by=fellow, reason="It is public already.")
    mentor = objection.publication.fellowship.mentor
    for person in filter(None, (world.reviewer, world.policy_reviewer, mentor)):
        said = code_of(
            lambda person=person: name(objection=objection, mediator=person, by=world.manager)
        )
        assert said == "separation", person
    for person in (fellow, world.stranger):
        assert code_of(
            lambda person=person: name(objection=objection, mediator=person, by=world.manager)
        ) in ("separation", "wrong_mediator")
    assert (
        code_of(
            lambda: name(objection=objection, mediator=world.reviewer_two, by=world.policy_reviewer)
        )
        == "wrong_role"
    )
    name(objection=objection, mediator=world.reviewer_two, by=world.manager)
    seen = Publication.objects.visible_to(world.reviewer_two)
    assert seen.filter(pk=objection.publication_id).exists()


def test_both_sides_take_the_proposal(world: World) -> None:
    objection = scenario.proposed(world, proposal="later", until=now() + 20 * DAY)
    fellow = objection.publication.fellowship.fellow
    said = services.answer_proposal
    assert code_of(lambda: said(objection=objection, takes=True, by=world.manager)) == "not_yours"
    assert code_of(lambda: services.accept_objection(objection=objection, by=fellow)) == (
        "proposal_first"
    )
    assert said(objection=objection, takes=True, by=fellow).state == "proposed"
    assert said(objection=objection, takes=True, by=fellow).state == "proposed"
    done = said(objection=objection, takes=True, by=world.policy_reviewer)
    assert (done.state, done.ask, done.until) == ("accepted", "stage", now_plus(objection, 20))
    assert done.withholds(done.until - DAY)
    assert not done.withholds(done.until)


def now_plus(objection: Objection, days: int) -> dt.datetime:
    until = Mediation.objects.get(objection=objection).until
    assert until is not None
    return until


@pytest.mark.parametrize(("outcome", "state"), [("approve", "upheld"), ("deny", "overruled")])
def test_a_side_that_declines_brings_it_before_the_board_and_back(
    world: World, outcome: str, state: str
) -> None:
    objection = scenario.proposed(world)
    no = {"objection": objection, "takes": False, "by": world.policy_reviewer}
    assert code_of(lambda: services.answer_proposal(**no)) == "no_reason"
    services.answer_proposal(**no, reason="The documentation says nothing of the kind.")
    assert fresh(objection).state == "with_board"
    matter = Matter.objects.get(kind="publications.dispute")
    sealed = str(matter.dossier.body)
    for told in ("The documentation says as much.", "nothing of the kind", "It is public already"):
        assert told in sealed
    decide(world, matter, outcome)
    assert fresh(objection).state == state


def test_undecided_or_taken_back_it_is_before_the_board_again(world: World) -> None:
    objection = scenario.proposed(world)
    services.answer_proposal(
        objection=objection, takes=False, by=world.policy_reviewer, reason="Not so."
    )
    live = Matter.objects.live().filter(kind="publications.dispute")
    first = live.get()
    decide(world, first, "defer")
    second = live.get()
    withdraw_matter(matter=second, by=world.manager, reason="The agenda is full.")
    third = live.get()
    assert len({first.pk, second.pk, third.pk}) == 3
    assert fresh(objection).state == "with_board"
    assert Clock.objects.about(third).running().get().due_at == third.due_at
    decide(world, third, "deny")
    assert fresh(objection).state == "overruled"
    assert not live.exists()


def test_an_objection_withdrawn_while_the_board_has_it_takes_the_matter_with_it(
    world: World,
) -> None:
    objection = scenario.contested(world)
    due = objection.step_due_at
    assert due is not None
    with frozen(due):
        sweep()
        services.withdraw_objection(objection=objection, by=world.policy_reviewer, reason="Moot.")
    assert fresh(objection).state == "withdrawn"
    assert Matter.objects.get(kind="publications.dispute").state == "withdrawn"


def test_a_work_withdrawn_leaves_nothing_open(world: World) -> None:
    objection = scenario.contested(world)
    work = objection.publication
    services.withdraw_publication(publication=work, by=work.fellowship.fellow, reason="Later.")
    assert fresh(objection).state == "withdrawn"
    subjects = [("publications.publication", work.pk), ("publications.objection", objection.pk)]
    for kind, pk in subjects:
        assert not Clock.objects.open().filter(subject_type=kind, subject_id=pk).exists()


def test_the_owner_settles_as_who_raised_it_may(world: World) -> None:
    owner = world.policy_reviewer
    objection = scenario.objected(world)
    assert objection.owner == owner
    wrong = {"owner": world.steward, "ground": "personal_data"}
    assert code_of(lambda: scenario.objected(world, objection.publication, **wrong)) == (
        "wrong_owner"
    )


def test_objections_together_never_hold_the_work(world: World) -> None:
    work = scenario.submitted(world)
    version = work.latest
    assert version is not None
    length = len(version.text)
    share = max(length // 5, min(2000, length // 2))
    scenario.objected(world, work, start=0, end=share)
    over = {"start": share - 50, "end": 2 * share - 50}
    assert code_of(lambda: scenario.objected(world, work, **over)) == "marked_together"
    scenario.objected(world, work, start=share - 50, end=length // 2)
    standing = list(Objection.objects.standing())
    marked = covered((o.passage_start, o.passage_end) for o in standing)
    assert marked * 2 <= length
    assert max(o.marked_together for o in standing) == marked


@pytest.mark.parametrize(
    "values",
    [
        {"passage_start": 0, "passage_end": 4000, "marked_together": 4000},
        {"marked_together": 1},
        {"marked_together": 9_000},
        {"text_length": 80},
        {"step_due_at": None},
        {"if_silent": "open"},
        {"if_silent": ""},
    ],
    ids=["whole", "less-than-itself", "half", "short-text", "no-clock", "no-end", "no-meaning"],
)
def test_the_database_forbids_a_hold(world: World, values: dict[str, Any]) -> None:
    objection = scenario.objected(world)
    for name, value in values.items():
        setattr(objection, name, value)
    with (
        pytest.raises(IntegrityError),
        transaction.atomic(),
        journal.acting("test.break", by=journal.System("test")),
    ):
        objection.save()


def test_there_is_no_verb_to_hold_and_no_note_the_author_cannot_read() -> None:
    assert "hold" not in {move.verb for move in OBJECTION_MOVES.moves}
    hidden = ("note", "private", "internal", "comment", "confidential")
    for model in (Objection, ScientificReview, Mediation, Question):
        for field in model._meta.get_fields():
            if isinstance(field, models.TextField):
                assert not any(word in field.name for word in hidden), field


def test_whoever_holds_a_step_is_led_to_it_and_can_take_it_on_its_page(world: World) -> None:
    until = now() + 20 * DAY
    objection = scenario.objected(
        world, ask="stage", until=until, public_summary="It is published after the fix."
    )
    work = objection.publication
    fellow = work.fellowship.fellow

    def banner(person: Any) -> bool:
        page = as_(person).get(work.get_absolute_url()).content.decode()
        return "With you: one contested passage" in page

    services.contest_objection(objection=objection, by=fellow, reason="It is public already.")
    assert (banner(world.manager), banner(fellow)) == (True, False)
    services.name_mediator(objection=objection, mediator=world.reviewer_two, by=world.manager)
    assert (banner(world.manager), banner(world.reviewer_two)) == (False, True)
    propose = reverse("publications:propose", args=[objection.ref])
    shown = as_(world.reviewer_two).get(propose)
    assert shown.status_code == 200
    day = work.program.calendar().last_day(until)
    assert f'datetime="{day:%Y-%m-%d}' in shown.content.decode()
    said = {"proposal": "keep", "reasons": "The documentation says as much."}
    assert as_(world.reviewer_two).post(propose, said).status_code == 302
    assert (banner(fellow), banner(world.policy_reviewer)) == (True, True)
    services.answer_proposal(objection=objection, takes=True, by=fellow)
    assert (banner(fellow), banner(world.policy_reviewer)) == (False, True)
    services.answer_proposal(
        objection=objection, takes=False, by=world.policy_reviewer, reason="Too soon."
    )
    matter = Matter.objects.get(kind="publications.dispute", subject_id=objection.pk)
    page = as_(fellow).get(work.get_absolute_url()).content.decode()
    assert f'href="{matter.get_absolute_url()}"' in page
    assert "The board’s own clock runs." in page


def as_(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client
