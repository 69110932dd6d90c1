"""Access in the story beyond a first grant: a renewal, collaborators, a request sent back, an
exception."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import TYPE_CHECKING, Any

from access import services as access
from access.checks import Answer, questions_for
from access.models import AccessRequest, Grant
from access.services.asking import lesser_variants
from fellowship.accounts.models import User
from fellowship.accounts.services import register
from fellowship.kernel.time import now
from governance.models import ExceptionRecord
from oversight.demo import scenes
from oversight.demo.cast import NARRATOR, PASSWORD
from scoping import services as scoping
from scoping.models import Fellowship

if TYPE_CHECKING:
    from oversight.demo.story import Story

CODERS = {
    "coder": ("Mila Okonjo", "Codes the refusals by hand as the second of two coders."),
    "annotator": ("Tomas Reis", "Marks the turn at which a refusal softens, in Portuguese."),
}
SPRING = "assistants-2026-a"
TRACES, LOGS, VOTES = "tool-call-traces", "refusal-logs-2026-q3", "preference-votes"


def plan(story: Story) -> None:
    """Put it on the stage."""
    at = story.stage.at
    at(-44, partial(_join, story, "coder"))
    at(-41, partial(_grant_coder, story))
    at(-34, partial(_coder_uses, story))
    at(-16, partial(_ask_beyond, story))
    at(-14, partial(_beyond, story))
    at(-7, partial(_beyond_uses, story))
    at(-6.2, partial(_join, story, "annotator"))
    at(-5.2, partial(_send_back, story))
    at(-3.2, partial(_used_fields, story))
    at(-2.2, partial(_renew, story))


def _join(story: Story, key: str) -> None:
    """The fellow names somebody; the manager confirms who it is and records the training."""
    name, part = CODERS[key]
    email = f"{key}@fellowship.example"
    person = register(
        email=email,
        username=key,
        name=name,
        affiliation="University of Lagos",
        password=PASSWORD,
        by=NARRATOR,
    )
    story.cast.people[key] = person
    case, manager = _ada(story), story.cast["manager"]
    named = scoping.name_collaborator(
        fellowship=case, name=name, email=email, part=part, by=case.fellow
    )
    scoping.confirm_collaborator(collaborator=named, by=manager)
    scoping.record_training(
        person=person,
        program=case.program,
        completed_at=now() - dt.timedelta(hours=20),
        evidence="Session of the week, with the test passed.",
        by=manager,
    )


def _ada(story: Story) -> Fellowship:
    return story.case(SPRING, 0)


def _asked(
    case: Fellowship, story: Story, slug: str, person: User, days: int, **more: Any
) -> AccessRequest:
    """The fellow asks for somebody of the case, for some days from today."""
    dataset = story.data[slug]
    today = case.program.today()
    given: dict[str, Any] = {
        "operations": ["view", "query"],
        "fields": [f["name"] for f in dataset.fields if not f["sensitive"]],
        "purpose": f"To answer the research question of {case.ref}.",
        "why_less_would_not_do": "Two people must code the same dialogues for their agreement "
        "to be measured.",
        "lesser": {v.ref: "It loses the rare late refusals." for v in lesser_variants(dataset)},
        "starts_on": today,
        "ends_on": min(today + dt.timedelta(days=days), case.ends_on),
        "person": person,
        "by": case.fellow,
    }
    return access.request_access(fellowship=case, dataset=dataset, **{**given, **more})


def _decided(story: Story, request: AccessRequest, said: str) -> Grant:
    """Checked, decided by whoever decides for its tier, and accepted by the person named."""
    cast, dataset = story.cast, request.dataset
    answers = {question.key: Answer(True) for question in questions_for(dataset)}
    request = access.check_request(
        request=request, answers=answers, by=cast["steward"], reason=said
    )
    if dataset.tier in ("public", "internal"):
        access.approve_request(request=request, by=cast["manager"], reason=said)
    else:
        request = access.refer_request(request=request, by=cast["manager"])
        scenes.decide(cast, request)
    agreement = AccessRequest.objects.get(pk=request.pk).agreement
    access.accept_agreement(agreement=agreement, by=agreement.person, text_hash=agreement.text_hash)
    return Grant.objects.select_related("dataset", "person", "fellowship").get(request=request)


def _grant_coder(story: Story) -> None:
    """The second coder has a grant of her own."""
    request = _asked(_ada(story), story, LOGS, story.cast["coder"], 90)
    _decided(story, request, "Two coders, the same fields as the fellow. Nothing less.")


def _coder_uses(story: Story) -> None:
    grant = _ada(story).grants.get(person=story.cast["coder"])
    scenes.use(grant, 18, kinds=("query", "query", "dataset_access"))


def _send_back(story: Story) -> None:
    """The steward sends a request for the third coder back: not every field is needed."""
    request = _asked(_ada(story), story, LOGS, story.cast["annotator"], 40)
    note = "Marking a turn needs the turn and the text, not when it was sent."
    access.send_back_request(
        request=request,
        answers={"purpose": Answer(True), "fields": Answer(False, note)},
        by=story.cast["steward"],
        reason="Leave out what marking does not need, and send it again.",
    )


def _second(story: Story) -> Fellowship:
    return story.case(SPRING, 1)


def _ask_beyond(story: Story) -> None:
    """A dataset the scope does not name, asked for as an exception with an owner and an end."""
    case = _second(story)
    _asked(
        case,
        story,
        VOTES,
        case.fellow,
        30,
        operations=["query"],
        purpose="To see whether empty tool results were voted down by the people who saw them.",
        why_less_would_not_do="The synthetic mirror has no votes.",
        excepting=access.Excepting(
            owner=story.cast["product-owner"],
            rationale="The question came up in the review of the control; the scope is amended "
            "only at the next quarter.",
            risk="Votes are joined with traces of the same sessions.",
            compensating_measure="Queries return counts of ten and more, and are read every week.",
            measure_test="Five queries a week are drawn and read by the steward.",
            expires_at=now() + dt.timedelta(days=29),
        ),
    )


def _beyond(story: Story) -> None:
    """The board excepts it, and the request is decided."""
    case = _second(story)
    request = case.access_requests.get(dataset=story.data[VOTES])
    exception = ExceptionRecord.objects.about(request).get()
    scenes.decide(story.cast, exception)
    _decided(story, request, "Counts alone, for four weeks, under the exception.")


def _beyond_uses(story: Story) -> None:
    grant = _second(story).grants.get(dataset=story.data[VOTES])
    scenes.use(grant, 6, kinds=("query",))


def _traces(story: Story) -> Grant:
    case = _second(story)
    grants = Grant.objects.live().filter(fellowship=case, dataset=story.data[TRACES])
    return grants.select_related("dataset", "person", "fellowship__program").latest("pk")


def _used_fields(story: Story) -> None:
    """The environment begins to say which fields an act reads."""
    grant = _traces(story)
    started = now() - dt.timedelta(hours=7)
    rows = [
        {
            "id": f"{grant.ref}-fields-{number}",
            "at": (started + dt.timedelta(minutes=31 * number)).isoformat(),
            "person": grant.person.email,
            "dataset": grant.dataset.slug,
            "kind": "query",
            "details": {"rows": 25 + 9 * number, "fields": grant.fields[:2]},
            "session": "run-fields",
        }
        for number in range(14)
    ]
    access.ingest(
        program=grant.fellowship.program, events=rows, source="research-environment", by=NARRATOR
    )


def _renew(story: Story) -> None:
    """The fellow asks for what follows on a grant, without what was never used of it."""
    grant = _traces(story)
    case, dataset = grant.fellowship, grant.dataset
    access.renew_grant(
        grant=grant,
        operations=["query"],
        fields=grant.fields[:2],
        purpose="To repeat the count on the wrapper that ships next month.",
        why_less_would_not_do="The repeat counts what the first count did.",
        lesser={v.ref: "It has no empty results." for v in lesser_variants(dataset)},
        ends_on=min(grant.request.ends_on + dt.timedelta(days=45), case.ends_on),
        by=case.fellow,
    )
