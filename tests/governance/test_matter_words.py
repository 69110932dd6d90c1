"""What a matter is called and asks is English in the record, and said to whoever reads it."""

from __future__ import annotations

import pytest

from fellowship.kernel import journal, saying
from fellowship.notices.models import Notice
from findings import services as findings
from governance.docket import to_vote
from governance.models import Matter
from tests.scenarios import findings as reports
from tests.scenarios.governance import requested_exception
from tests.scenarios.scoping import signed_fellowship
from tests.scenarios.world import SETUP, World

pytestmark = pytest.mark.django_db
LONG = "A" * 249


def referred(world: World, title: str = "Leaks the prompt") -> Matter:
    """Before the board: whether a severe finding may be rejected."""
    case = signed_fellowship(world)
    finding = reports.reported(world, case, title=title, severity="critical", evidence=[])
    findings.take_finding(finding=finding, by=world.product_owner)
    return findings.refer_rejection(
        finding=finding, by=world.product_owner, reason="A false alarm."
    )


def test_a_matter_is_said_in_the_language_of_its_reader_and_kept_in_english(world: World) -> None:
    matter = referred(world)
    title, question = Matter.objects.values_list("title", "question").get(pk=matter.pk)
    ref = title.removeprefix("Reject ").partition(":")[0]
    assert title == f"Reject {ref}: Leaks the prompt"
    assert question == f"Whether the product owner may reject {ref} (critical)."
    with saying.override("de"):
        (found,) = to_vote(world.fresh("board_product")).only("ref", "title", "words")
        assert str(found.title) == f"{ref} ablehnen: Leaks the prompt"
        whole = Matter.objects.get(pk=matter.pk)
        asked = f"Ob der Product Owner {ref} (Kritisch) ablehnen darf."
        assert str(whole.question) == asked
        notice = Notice.objects.filter(recipient=world.board_product).latest("pk")
        assert f"{ref} ablehnen: Leaks the prompt" in notice.said_title
        (bare,) = Matter.objects.filter(pk=matter.pk).only("title")
        assert str(bare.title) == title, "its words were not read, and no query is asked for them"
    assert str(found.title) == title


def test_what_is_saved_again_stays_english(world: World) -> None:
    matter = referred(world)
    with saying.override("de"):
        found = Matter.objects.get(pk=matter.pk)
        with journal.acting("tests.touch", by=SETUP):
            found.save()
            journal.record(subject=found)
    kept = Matter.objects.values_list("title", flat=True).get(pk=matter.pk)
    assert kept == str(matter.title)
    assert kept.startswith("Reject F-")


def test_a_title_that_is_shortened_or_written_anew_is_as_it_is_kept(world: World) -> None:
    matter = referred(world, LONG)
    assert set(matter.words) == {"question"}
    assert len(matter.title) == 250
    with saying.override("de"), journal.acting("tests.touch", by=SETUP):
        matter.title = "Written anew."
        matter.save()
        journal.record(subject=matter)
    with saying.override("de"):
        assert str(Matter.objects.get(pk=matter.pk).title) == "Written anew."


def test_the_kind_of_an_exception_is_said_in_its_title(world: World) -> None:
    requested_exception(world)
    with saying.override("de"):
        matter = Matter.objects.latest("pk")
        assert str(matter.title) != saying.plain(matter.title)
