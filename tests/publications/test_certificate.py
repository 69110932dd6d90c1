"""The release certificate: true at the release, the same for ever, public, checkable; citations."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pypdf
import pytest
import yaml
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from fellowship.clocks.services import sweep
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from publications import citations, services
from publications.certificate import checking, facts
from publications.models import Publication
from tests.scenarios import access
from tests.scenarios import publications as scenario
from tests.scenarios.scoping import signed_fellowship
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
URL = "https://fellowship.example/publications/PUB/certificate/"


def reread(work: Publication) -> Publication:
    return Publication.objects.get(pk=work.pk)


def with_two_objections(world: World) -> Publication:
    """One passage redacted as asked, one contested and upheld; then the window passes."""
    first = scenario.objected(world)
    work = first.publication
    services.accept_objection(objection=first, by=work.fellowship.fellow)
    version, end = work.latest, work.window_ends_at
    assert version is not None
    assert end is not None
    start = version.text.index("Nothing else")
    with frozen(end - 5 * DAY):
        second = services.object_to_passage(
            publication=work,
            version=version,
            ground="personal_data",
            start=start,
            end=start + 12,
            harm="A secret harm.",
            ask="redact",
            public_summary="A name is left out.",
            by=world.policy_reviewer,
        )
        services.contest_objection(objection=second, by=work.fellowship.fellow, reason="No name.")
    return reread(work)


def test_it_says_what_was_asked_and_nothing_that_is_private(world: World) -> None:
    work = with_two_objections(world)
    end = work.window_ends_at
    assert end is not None
    with frozen(end + 40 * DAY):
        said = facts.body(work)
        again = facts.fingerprint(facts.body(work))
        sweep()  # recorded at last: not a letter changes
        said_recorded = facts.body(reread(work))
    assert facts.fingerprint(said) == again == facts.fingerprint(said_recorded)
    assert said["release"] == {
        "at": end.astimezone(dt.UTC).isoformat(timespec="microseconds")[:-6] + "Z",
        "by": "silence",
        "days_from_submission": 30,
    }
    assert said["policy"]["window"] == "30 calendar days"
    assert said["policy"]["version"] == 1
    assert said["objections"]["raised"] == 2
    assert said["objections"]["by_ground"]["sensitive_security_detail"] == 1
    assert said["objections"]["by_ground"]["material_misuse_risk"] == 0
    assert said["objections"]["contested"] == 1
    assert said["passages"]["redacted"] == 2
    assert not said["independence"]["unchanged_by_the_company"]
    statements = " ".join(said["independence"]["statements"])
    assert "2 passages were changed or withheld at the company’s request: 2 redacted" in statements
    text = facts.text(said).decode()
    for private in (scenario.PASSAGE, "bypass of a live control", "secret harm"):
        assert private not in text
    for person in (world.policy_reviewer, world.reviewer, world.manager):
        assert person.name not in text


def test_a_work_nobody_touched_says_so(world: World) -> None:
    work = scenario.released(world)
    said = facts.body(work)
    assert said["release"]["by"] == "review"
    assert said["independence"]["unchanged_by_the_company"]
    assert "Nobody objected to any passage." in said["independence"]["statements"]
    draft = scenario.drafted(world, work.fellowship, title="A draft")
    with pytest.raises(ValueError, match="is not released"):
        facts.body(draft)


def test_what_is_settled_later_does_not_change_it(world: World) -> None:
    work = with_two_objections(world)
    assert work.window_ends_at is not None
    with frozen(work.window_ends_at + DAY):
        before = facts.fingerprint(facts.body(work))
    with frozen(work.window_ends_at + 60 * DAY):
        sweep()  # the mediator said nothing: the passage went to the board
        objection = work.objections.get(ground="personal_data")
        assert objection.state == "with_board"
        services.withdraw_objection(objection=objection, by=world.policy_reviewer)
        assert facts.fingerprint(facts.body(reread(work))) == before


def test_restricted_data_is_told_by_tier_not_by_name(world: World) -> None:
    grant = access.granted(world)
    public = access.dataset(world, "open-prompts", tier="public")
    work = scenario.submitted(
        world, grant.fellowship, datasets=[grant.dataset, public], work_class="restricted"
    )
    work = scenario.released(world, work)
    said = facts.body(work)["access"]
    assert said["by_tier"]["restricted"] == 1
    assert said["public_datasets"] == [public.name]
    assert said["restricted_data"]
    assert grant.dataset.name not in facts.text(facts.body(work)).decode()


def test_anybody_reads_prints_and_checks_it(world: World) -> None:
    work = scenario.released(world)
    visitor = Client()
    page = visitor.get(reverse("publications:certificate", args=[work.ref]))
    assert page.status_code == 200
    assert facts.fingerprint(facts.body(work)) in page.content.decode()
    files = {
        ending: visitor.get(reverse("publications:certificate_file", args=[work.ref, ending]))
        for ending in ("json", "html", "pdf")
    }
    assert {r.status_code for r in files.values()} == {200}
    content = files["json"].content
    assert hashlib.sha256(content).hexdigest() == facts.fingerprint(facts.body(work))
    assert "Independence" in files["html"].content.decode()
    reader = pypdf.PdfReader(io.BytesIO(files["pdf"].content))
    assert reader.attachments[f"{work.ref}-release-certificate.json"][0] == content
    assert work.title in " ".join(reader.pages[0].extract_text().split())
    other = reverse("publications:certificate_file", args=[work.ref, "exe"])
    assert visitor.get(other).status_code == 404
    check = reverse("publications:check_certificate")
    upload = SimpleUploadedFile("c.json", content)
    assert "Genuine" in visitor.post(check, {"file": upload}).content.decode()
    bent = json.loads(content)
    bent["passages"]["redacted"] = 7
    answer = visitor.post(check, {"text": json.dumps(bent)}).content.decode()
    assert "The record says something else" in answer
    assert "passages.redacted" in answer
    assert visitor.post(check, {}).status_code == 422


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param(b"no json", "This is not JSON", id="no JSON"),
        pytest.param(b"[" * 100_000, "This is not JSON", id="nested without end"),
        pytest.param(b"[]", "no release certificate", id="another JSON"),
        pytest.param(b'{"schema":"x"}', "no release certificate", id="another schema"),
        pytest.param(b"x" * 300_000, "at most 200 kB", id="too large"),
        pytest.param(b"\xff\xfe", "This is not JSON", id="no text"),
        pytest.param(
            json.dumps(
                {"schema": facts.SCHEMA, "schema_version": 1, "work": {"ref": "PUB-\x00"}}
            ).encode(),
            "No work of this reference",
            id="unknown work",
        ),
    ],
)
def test_what_is_no_certificate_is_refused_with_the_reason(content: bytes, problem: str) -> None:
    verdict = checking.check(content)
    assert problem in verdict.problem
    assert not verdict.same


HOSTILE = "{Drift} & 100% \\input{/etc/passwd} $x_1$ ~ “naïve” #1"


def cited(world: World, **outcome: Any) -> Publication:
    work = scenario.drafted(world, title=HOSTILE, abstract="key: [not, yaml]\n- at all")
    fellow = work.fellowship.fellow
    services.set_authors(
        publication=work,
        authors=[
            {
                "name": fellow.name,
                "user": fellow,
                "orcid": "0000-0002-1825-0097",
                "credit": ["Software"],
            }
        ],
        by=fellow,
    )
    services.submit_publication(publication=work, by=fellow)
    services.assign_reviewer(
        publication=work, track="policy", reviewer=world.policy_reviewer, by=world.manager
    )
    work = scenario.released(world, work)
    if outcome:
        services.record_outcome(publication=work, by=fellow, **outcome)
    return reread(work)


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param({}, id="not out yet"),
        pytest.param(
            {"stage": "published", "doi": "https://doi.org/10.5555/a_b", "venue": "Work & Shop"},
            id="published",
        ),
    ],
)
def test_citations_fit_their_schemas(
    world: World, shared_data: Path, outcome: dict[str, str]
) -> None:
    work = cited(world, **outcome)
    folder = shared_data / "schemas"
    cff = yaml.safe_load(citations.cff(work, URL))
    jsonschema_rs.validator_for(json.loads((folder / "schema.json").read_text())).validate(cff)
    assert cff["title"] == HOSTILE
    assert cff["authors"][0]["orcid"] == "https://orcid.org/0000-0002-1825-0097"
    csl = json.loads(citations.csl(work, URL))
    schema = json.loads((folder / "schemas/input/csl-data.json").read_text())
    jsonschema_rs.validator_for(schema).validate(csl)
    assert csl[0]["title"] == HOSTILE
    bibtex = citations.bibtex(work, URL)
    assert r"100\% \textbackslash{}input\{/etc/passwd\} \$x\_1\$" in bibtex
    assert bibtex.count("{") == bibtex.count("}")
    if outcome:
        assert cff["doi"] == csl[0]["DOI"] == "10.5555/a_b"
        assert (csl[0]["type"], csl[0]["container-title"]) == ("article-journal", "Work & Shop")
        assert r"journal = {Work \& Shop}" in bibtex
    for name in citations.FILES:
        found = Client().get(reverse("publications:citation", args=[work.ref, name]))
        assert found.status_code == 200
        assert found["Content-Disposition"].startswith("attachment")
    assert Client().get(reverse("publications:citation", args=[work.ref, "x"])).status_code == 404


def test_outcomes_are_dated_corrected_and_the_furthest_stands_on_the_work(world: World) -> None:
    work = scenario.released(world)
    fellow, today = work.fellowship.fellow, now().date()

    def record(**values: Any) -> Publication:
        return services.record_outcome(publication=work, by=fellow, **values)

    for wrong, field in (
        ({"doi": "11.1/x"}, "doi"),
        ({"doi": "https://example.org/10.1234/x"}, "doi"),
        ({"stage": "submitted"}, "venue"),
        ({"stage": "published"}, "doi"),
        ({"stage": "lost", "venue": "X"}, "stage"),
        ({"venue": "X", "on": today + DAY}, "on"),
        ({"venue": "X", "link": "javascript:alert(1)"}, "link"),
    ):
        with pytest.raises(Refused) as refused:
            record(**wrong)
        assert refused.value.refusal.field == field
    record(stage="published", venue="Journal", doi="doi:10.1234/Abc.1")
    record(stage="preprint", venue="arXiv", doi="10.48550/arXiv.1", on=today - 3 * DAY)
    record(stage="declined", venue="Another")
    for _ in range(2):
        done = record(stage="published", venue="Journal", doi="10.1234/abc.2")
    assert (done.doi, done.venue) == ("10.1234/abc.2", "Journal")
    stages = list(work.outcomes.values_list("stage", flat=True))
    assert sorted(stages) == ["declined", "preprint", "published"]


def test_the_outcome_page_puts_errors_beside_their_cause(world: World) -> None:
    work = scenario.released(world)
    client = Client()
    client.force_login(work.fellowship.fellow)
    url = reverse("publications:outcome", args=[work.ref])
    wrong = client.post(url, {"stage": "published", "on": "2026-01-01", "doi": "not one"})
    assert wrong.status_code == 422
    assert "A DOI begins with 10." in wrong.content.decode()
    assert "not one" in wrong.content.decode()
    right = {"stage": "published", "on": "2026-01-01", "doi": "10.1234/x"}
    assert client.post(url, right).status_code == 302
    public = Client().get(reverse("publications:certificate", args=[work.ref])).content.decode()
    assert "https://doi.org/10.1234/x" in public


def test_nothing_of_an_unreleased_work_is_public(world: World) -> None:
    work = scenario.submitted(world, signed_fellowship(world))
    for name, rest in (
        ("certificate", ()),
        ("certificate_file", ("json",)),
        ("citation", ("citation.bib",)),
    ):
        url = reverse(f"publications:{name}", args=[work.ref, *rest])
        assert Client().get(url).status_code == 404, name
