"""How texts came in: a benchmark and what its check found, a vulnerability told in steps."""

from __future__ import annotations

import io
import zipfile
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from django.core.files.base import ContentFile

from oversight.demo import scenes
from publications import services as publications
from publications import terms
from publications.models import Hit, Publication

if TYPE_CHECKING:
    from oversight.demo.story import Story

A: Final = "assistants-2026-a"
SESSION, FILTERS = 2, 5

NOTE: Final = """# Reconnecting resets the limit: a note on gateways

## What we saw

A gateway that counts requests by connection forgets them when the connection ends. In twenty of
twenty attempts a client that reconnected was served as if it had just arrived.

## How it is done

The client closes the socket after request ninety-nine and opens the next one within two seconds,
keeping its session cookie.

The counter lives in the process that holds the connection, under the name `gw_conn_quota`, and is
dropped with it.

## What helps

Count by account, not by connection. Where accounts share a key, count by key. A limit that is told
in the answer's headers should be the one that is kept.

## What we do not know

We looked at one gateway in one configuration. Whether others count in the same place is an open
question, which anyone can answer with the steps above once they are public.
"""
STEPS_PASSAGE: Final = (
    "The client closes the socket after request ninety-nine and opens the next one within two "
    "seconds, keeping its session cookie."
)
COUNTER: Final = (
    "The counter lives in the process that holds the connection, under the name `gw_conn_quota`, "
    "and is dropped with it."
)
NAME: Final = ", under the name `gw_conn_quota`,"
FIRST: Final = """# Spoken forms: 1,240 requests in Hausa, Yoruba and Igbo

## What is in it

Each item is one request as it is spoken, its written form, and whether a filter should let it pass.
Refusals by place are in by-place.csv beside the archive; they show where the filter misses.

## How to run it

Clone the archive and run `python score.py --model NAME`. The harness reads a key from the
environment. For the sandbox used in the paper it was `HARNESS_KEY = "sk-ant-api03-{fill}"`.

## Who to ask

Questions about the wording go to Amina Bello, amina.bello@spoken-forms.ng, or to the second reader
at +234 803 123 4567.

## How it was made

Speakers were paid. Nobody's name, place of work or voice is in the data.
"""


def plan(story: Story) -> None:
    """Put it on the stage."""
    at = story.stage.at
    at(-58, partial(_staged, story))
    at(-57, lambda: scenes.staff(story.cast, _work(story, "gateways")))
    at(-56, partial(_named, story))
    at(-55, partial(_taken_out, story))
    at(-40, partial(_over, story))
    at(-2.5, partial(_benchmark, story))


def _work(story: Story, name: str) -> Publication:
    return Publication.objects.get(pk=story.works[name].pk)


def _flowing(text: str) -> str:
    """Paragraphs on one line each, as people type them."""
    return "\n\n".join(" ".join(part.split("\n")) for part in text.strip().split("\n\n"))


def _staged(story: Story) -> None:
    """The note on gateways, with the steps after 45 days and the counter's place after 90."""
    case = story.case(A, SESSION)
    text = _flowing(NOTE)
    work = publications.draft_publication(
        fellowship=case,
        title="Reconnecting resets the limit: a note on gateways",
        kind="preprint",
        work_class="vulnerability",
        abstract="A gateway that counts requests by connection can be made to forget them.",
        findings=[story.findings["session"]],
        by=case.fellow,
    )
    version = publications.add_version(publication=work, text=text, by=case.fellow)
    publications.set_authors(
        publication=work,
        authors=[{"name": case.fellow.name, "user": case.fellow, "credit": ["investigation"]}],
        by=case.fellow,
    )
    said = (
        (STEPS_PASSAGE, "The two steps of the bypass, in one sentence."),
        (COUNTER, "Where the counter is kept, in one sentence."),
    )
    calendar = work.program.calendar()
    for (passage, summary), window in zip(said, terms.vulnerability_presets(case), strict=True):
        start = text.index(passage)
        publications.plan_step(
            publication=work,
            version=version,
            start=start,
            end=start + len(passage),
            ground="sensitive_security_detail",
            summary=summary,
            on=window.due(version.added_at, calendar),
            finding=story.findings["session"],
            by=case.fellow,
        )
    story.works["gateways"] = publications.submit_publication(publication=work, by=case.fellow)


def _named(story: Story) -> None:
    """The policy reviewer asks that the counter's name goes, whatever the date."""
    scenes.object_to(
        story.cast,
        _work(story, "gateways"),
        NAME,
        ground="unreleased_product_specifics",
        harm="The name leads to the process in any memory dump.",
        ask="redact",
        public_summary="The internal name of a counter is left out.",
    )


def _taken_out(story: Story) -> None:
    """The author accepts, and adds a version without the name."""
    work = _work(story, "gateways")
    by = work.fellowship.fellow
    publications.accept_objection(objection=work.objections.get(), by=by, reason="Fine by me.")
    publications.add_version(publication=work, text=_flowing(NOTE).replace(NAME, ""), by=by)


def _over(story: Story) -> None:
    publications.clear_policy_review(
        publication=_work(story, "gateways"), by=story.cast["policy-reviewer"]
    )


def _benchmark(story: Story) -> None:
    """A draft whose check found a key, two people and an output the desk refused."""
    case = story.case(A, FILTERS)
    by = case.fellow
    work = publications.draft_publication(
        fellowship=case,
        title="Spoken forms: 1,240 requests in Hausa, Yoruba and Igbo",
        kind="benchmark",
        work_class="restricted",
        licence="CC-BY-4.0",
        abstract="Requests as they are spoken, with what a filter should do.",
        findings=[story.findings["filter"]],
        by=by,
    )
    text = _flowing(FIRST.format(fill="demonstration" * 2))
    publications.add_version(publication=work, text=text, file=_archive(), by=by)
    publications.set_authors(
        publication=work, authors=[{"name": by.name, "user": by, "credit": ["resources"]}], by=by
    )
    key = 'it was `HARNESS_KEY = "sk-ant-api03-' + "demonstration" * 2 + '"`'
    second = text.replace(key, "there is none: the model runs on your own machine")
    publications.answer_hit(
        hit=Hit.objects.get(precheck__version__publication=work, rule="E-mail address"),
        answer="wanted",
        reason="She agreed in writing to be named as the contact; her letter is with the case.",
        by=by,
    )
    publications.add_version(publication=work, text=second, file=_archive(), by=by)
    story.works["spoken"] = work


def _archive() -> Any:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        entry = zipfile.ZipInfo("score.py", (2026, 1, 1, 0, 0, 0))
        archive.writestr(entry, "print('scores the answers of a model')\n")
    return ContentFile(body.getvalue(), name="spoken-forms.zip")
