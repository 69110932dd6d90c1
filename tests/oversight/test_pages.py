"""Every page of oversight opens for whom it is meant, and is 404 to the others."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from fellowship.clocks.models import Clock
from fellowship.history.models import Event
from oversight.audit.populations import POPULATIONS
from oversight.office import stalls
from oversight.office.figures import FIGURES, View
from scoping.services.training import RENEWAL
from tests.scenarios.oversight import Case
from tests.scenarios.proposals import submitted_proposal
from tests.scenarios.world import World, make_world

ROOMS = ("room", "as_of", "populations", "samples", "verification", "export")


def _client(world: World, name: str) -> Client:
    client = Client()
    client.force_login(world.fresh(name))
    return client


def test_the_audit_room_opens_for_its_auditor_alone(world: World, case: Case) -> None:
    slug = world.program.slug
    uid = Event.objects.filter(realm=world.program.realm).first().uid  # type: ignore[union-attr]
    urls = [
        *(reverse(f"oversight:{name}", args=[slug]) for name in ROOMS),
        *(reverse("oversight:population", args=[slug, key]) for key in POPULATIONS),
        reverse("oversight:trace", args=[slug, case.fellowship.ref]),
        reverse("oversight:event", args=[slug, uid]),
        reverse("oversight:record", args=[slug, "findings.finding", case.finding.pk]),
    ]
    auditor = _client(world, "auditor")
    assert [auditor.get(url).status_code for url in urls] == [200] * len(urls)
    for name in ("manager", "chair", "sponsor", "admin", "applicant", "stranger"):
        other = _client(world, name)
        assert {other.get(url).status_code for url in urls} == {404}, name


def test_the_office_opens_for_those_who_run_it(world: World, case: Case) -> None:
    slug = world.program.slug
    urls = [
        reverse("oversight:program", args=[slug]),
        reverse("oversight:sponsor", args=[slug]),
        reverse("oversight:cohort", args=[slug, world.cohort.pk]),
        reverse("oversight:waiting", args=[slug]),
        *(reverse("oversight:cases", args=[slug, key]) for key in FIGURES),
    ]
    for name in ("manager", "chair", "sponsor"):
        client = _client(world, name)
        assert [client.get(url).status_code for url in urls] == [200] * len(urls), name
    for name in ("auditor", "applicant", "fellow" if "fellow" in world.people else "stranger"):
        other = _client(world, name)
        assert {other.get(url).status_code for url in urls} == {404}, name


@pytest.mark.parametrize("name", ["manager", "chair", "sponsor"])
def test_whatever_is_linked_behind_a_figure_opens(world: World, case: Case, name: str) -> None:
    client, linked = _client(world, name), set()
    for key in FIGURES:
        page = client.get(reverse("oversight:cases", args=[world.program.slug, key]))
        table = page.content.decode().partition("<tbody>")[2].partition("</tbody>")[0]
        linked |= set(re.findall(r'href="([^"]+)"', table))
    assert linked
    assert {url: client.get(url).status_code for url in linked} == dict.fromkeys(linked, 200)


def test_lineage_and_closeout_open_for_whoever_sees_the_case(world: World, case: Case) -> None:
    ref = case.fellowship.ref
    urls = [
        reverse("oversight:lineage", args=[ref]),
        reverse("oversight:closeout", args=[ref]),
        *(
            reverse("oversight:lineage_file", args=[ref, f])
            for f in ("json", "prov", "openlineage")
        ),
    ]
    for name in ("applicant", "manager", "auditor", "mentor"):
        client = _client(world, name)
        assert [client.get(url).status_code for url in urls] == [200] * len(urls), name
    other = _client(world, "other_applicant")
    assert {other.get(url).status_code for url in urls} == {404}


def test_an_auditor_of_one_programme_gets_nothing_of_another(world: World, case: Case) -> None:
    elsewhere = make_world("-b")
    auditor = _client(elsewhere, "auditor")
    slug = world.program.slug
    for name in ROOMS:
        assert auditor.get(reverse(f"oversight:{name}", args=[slug])).status_code == 404
    own = elsewhere.program.slug
    finding = reverse("oversight:record", args=[own, "findings.finding", case.finding.pk])
    assert auditor.get(finding).status_code == 404
    assert (
        auditor.get(reverse("oversight:trace", args=[own, case.fellowship.ref])).status_code == 404
    )
    page = auditor.get(reverse("oversight:room", args=[own]), {"reference": case.fellowship.ref})
    assert "Nothing was recorded in this scope" in page.content.decode()
    uid = Event.objects.filter(realm=world.program.realm).first().uid  # type: ignore[union-attr]
    assert auditor.get(reverse("oversight:event", args=[own, uid])).status_code == 404


@pytest.mark.parametrize("name", ["room", "populations", "verification", "as_of", "samples"])
def test_pages_of_the_audit_room_stay_within_their_queries(
    world: World, case: Case, name: str
) -> None:
    auditor = _client(world, "auditor")
    url = reverse(f"oversight:{name}", args=[world.program.slug])
    auditor.get(url)
    with CaptureQueriesContext(
        connection,
    ) as counted:
        auditor.get(url)
    assert len(counted) <= 20, [q["sql"][:150] for q in counted]


@pytest.mark.parametrize(
    ("person", "url"),
    [
        ("manager", lambda w, c: reverse("oversight:program", args=[w.program.slug])),
        ("sponsor", lambda w, c: reverse("oversight:sponsor", args=[w.program.slug])),
        ("manager", lambda w, c: reverse("oversight:cohort", args=[w.program.slug, w.cohort.pk])),
        ("manager", lambda w, c: reverse("oversight:lineage", args=[c.fellowship.ref])),
        ("manager", lambda w, c: reverse("oversight:closeout", args=[c.fellowship.ref])),
        (
            "auditor",
            lambda w, c: reverse("oversight:trace", args=[w.program.slug, c.fellowship.ref]),
        ),
    ],
)
def test_detail_pages_stay_within_their_queries(
    world: World, case: Case, person: str, url: Callable[[World, Case], str]
) -> None:
    client = _client(world, person)
    client.get(url(world, case))
    ContentType.objects.clear_cache()
    with CaptureQueriesContext(connection) as counted:
        client.get(url(world, case))
    assert len(counted) <= 40, [q["sql"][:150] for q in counted]


def test_what_waits_is_named_and_leads_to_its_case(world: World, case: Case) -> None:
    slug, finding = world.program.slug, case.finding
    link = f'<a href="{finding.get_absolute_url()}">{finding}</a>'
    for name in ("program", "waiting"):
        url = reverse(f"oversight:{name}", args=[slug])
        assert link in _client(world, "manager").get(url).content.decode()


def test_what_a_reader_may_not_open_waits_without_a_name(world: World) -> None:
    proposal = submitted_proposal(world)
    url = reverse("oversight:waiting", args=[world.program.slug])
    assert proposal.title in _client(world, "manager").get(url).content.decode()
    page = _client(world, "sponsor").get(url).content.decode()
    assert "Recruit: from submission to decision" in page
    assert proposal.title not in page
    assert proposal.ref not in page


def test_nobody_waits_for_the_end_of_a_training_before_its_day(world: World, case: Case) -> None:
    (end,) = Clock.objects.open().filter(kind=RENEWAL, holder_user=case.fellowship.fellow)
    view = View.of(world.program.pk, world.fresh("manager"))
    assert RENEWAL not in {stall.kind for stall in stalls.stalls(view, world.program.calendar())}
    after = View(view.program_id, view.user, end.due_at)
    assert RENEWAL in {stall.kind for stall in stalls.stalls(after, world.program.calendar())}


def test_the_closeout_links_what_its_reader_may_open(world: World, case: Case) -> None:
    """The board reads the list of a case whose data pages it does not read."""
    page = reverse("oversight:closeout", args=[case.fellowship.ref])
    escrow = reverse("access:escrows", args=[case.fellowship.ref])
    assert escrow in _client(world, "manager").get(page).content.decode()
    board = _client(world, "board_legal")
    assert board.get(escrow).status_code == 404
    shown = board.get(page)
    assert shown.status_code == 200
    assert escrow not in shown.content.decode()
