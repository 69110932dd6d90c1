"""The check before submission: what it finds, who sees it when, what stops and what does not."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction

from fellowship.history.models import Event
from fellowship.kernel import journal
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Notice
from publications import policy, services, withholding
from publications.forms.drafts import SourcesForm
from publications.models import Hit, Publication
from publications.precheck import checks, patterns
from tests.publications.test_services import code_of, refusal_of
from tests.scenarios import access, findings, releases
from tests.scenarios import publications as scenario
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db
KEY = "sk-ant-api03-" + "demonstration" * 2
MAIL = "mina.haro@uni-bern.ch"
TEXT = f'We wrote to {MAIL}. The harness reads KEY = "{KEY}".'
DAY = dt.timedelta(days=1)


def draft(world: World, text: str = TEXT, **values: Any) -> Publication:
    work = scenario.drafted(world, **values)
    services.add_version(publication=work, text=text, by=work.fellowship.fellow)
    return work


def hits(work: Publication) -> list[tuple[str, str]]:
    rows = Hit.objects.filter(precheck__version=work.latest).order_by("id")
    return [(hit.kind, hit.rule) for hit in rows]


def test_secrets_and_personal_data_are_found_by_place_and_never_by_entropy() -> None:
    digest = "9f2c41aa" * 8
    text = (
        f"{TEXT}\nAKIAIOSFODNN7EXAMPLE and ghp_{'a1' * 18}\n"
        "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\n"
        "+44 20 7946 0958, (415) 555-2671, DE89370400440532013000 4111 1111 1111 1111\n"
        f"But sha256 {digest}, 10.5555/12345678, x@example.org, 0000-0002-1825-0097, 41 of 60."
    )
    found = [(one.rule, text[one.start : one.end]) for one in patterns(text)]
    assert found == [
        ("E-mail address", MAIL),
        ("Anthropic API key", KEY),
        ("AWS Access Key", "AKIAIOSFODNN7EXAMPLE"),
        ("GitHub Token", f"ghp_{'a1' * 18}"),
        ("Private key", "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----"),
        ("Telephone number", "+44 20 7946 0958"),
        ("Telephone number", "(415) 555-2671"),
        ("IBAN", "DE89370400440532013000"),
        ("Card number", "4111 1111 1111 1111"),
    ]
    assert patterns(text) == patterns(text)
    assert set(checks()) == {"patterns", "bc-detect-secrets", "phonenumberslite", "python-stdnum"}


def test_the_author_sees_hits_first_and_reviewers_with_the_answers_after_submission(
    world: World,
) -> None:
    work = draft(world)
    fellow = work.fellowship.fellow
    assert hits(work) == [("personal_data", "E-mail address"), ("secret", "Anthropic API key")]
    assert Hit.objects.visible_to(fellow).count() == 2
    assert not Hit.objects.visible_to(world.manager).exists()
    mail = Hit.objects.get(kind="personal_data")
    said = {"hit": mail, "answer": "wanted", "reason": "She agreed in writing."}
    assert code_of(lambda: services.answer_hit(**said, by=world.manager)) == "not_yours"
    assert refusal_of(lambda: services.answer_hit(**{**said, "reason": " "}, by=fellow)) == (
        "no_reason",
        "reason",
    )
    services.answer_hit(**said, by=fellow)
    services.answer_hit(**said, by=fellow)
    assert Event.objects.filter(verb="publications.answer_hit").count() == 1
    services.submit_publication(publication=work, by=fellow)
    seen = Hit.objects.visible_to(world.manager).order_by("id")
    assert [(hit.kind, hit.answer) for hit in seen] == [
        ("personal_data", "wanted"),
        ("secret", ""),
    ]
    later = services.add_version(publication=work, text=f"{TEXT} +44 20 7946 0958", by=fellow)
    new = Hit.objects.filter(precheck__version=later)
    assert new.count() == 3
    assert new.visible_to(world.manager).count() == 1  # what is new is the author's first
    assert new.get(rule="E-mail address").reason == "She agreed in writing."


def test_a_secret_is_in_the_text_alone(world: World) -> None:
    work = draft(world)
    fellow = work.fellowship.fellow
    services.submit_publication(publication=work, by=fellow)
    told = str([*Event.objects.values(), *Notice.objects.values(), *Hit.objects.values()])
    assert KEY not in told
    assert MAIL not in str(list(Hit.objects.values()))
    version = work.latest
    assert version is not None
    found = list(Hit.objects.filter(precheck__version=version))
    dotted = withholding.masked(version.text, found)
    assert KEY not in dotted
    assert MAIL not in dotted
    assert len(dotted) == len(version.text)
    (added,) = Event.objects.filter(verb="publications.add_version", subject_id=version.pk)
    assert '"hits":{"personal_data":1,"secret":1}' in str(added.body)


def test_an_output_the_desk_has_not_let_out_stops_the_submission_until_it_has(
    world: World,
) -> None:
    grant = access.granted(world)
    request = releases.sent(grant)
    output = request.outputs.get()
    case: Any = {"fellowship": grant.fellowship, "datasets": [grant.dataset]}
    work = draft(world, f"Counts: sha256 {output.sha256}.", work_class="restricted", **case)
    fellow = grant.fellowship.fellow
    said = refusal_of(lambda: services.submit_publication(publication=work, by=fellow))
    assert said == ("unreleased", "text")
    hit = Hit.objects.get(kind="unreleased_output")
    services.answer_hit(hit=hit, answer="false_positive", reason="Not so.", by=fellow)
    assert policy.stopped(work) is not None  # its very hash is no mistake
    for reviewer in (world.steward, world.manager):
        releases.review(request, reviewer)
    assert policy.stopped(work) is None
    services.submit_publication(publication=work, by=fellow)


def test_an_output_known_by_its_name_alone_may_be_a_mistake(world: World) -> None:
    grant = access.granted(world)
    releases.sent(grant)
    case: Any = {"fellowship": grant.fellowship, "datasets": [grant.dataset]}
    work = draft(world, "See refusals-by-turn.csv.", work_class="restricted", **case)
    assert policy.stopped(work) is not None
    hit = Hit.objects.get(kind="unreleased_output")
    services.answer_hit(
        hit=hit, answer="false_positive", reason="Another file.", by=grant.fellowship.fellow
    )
    assert policy.stopped(work) is None


def test_an_embargo_stops_the_submission_until_it_ends_or_its_passage_waits(
    world: World,
) -> None:
    ends = now() + 20 * DAY
    finding = findings.reported(world, embargo_until=ends)
    case: Any = {"fellowship": finding.fellowship, "findings": [finding]}
    text = f"{'All of it can be read. ' * 40}It is {finding.ref}, by an empty body."
    work = draft(world, text, work_class="vulnerability", **case)
    by = finding.fellowship.fellow
    refusal = policy.stopped(work)
    assert refusal is not None
    assert refusal.code == "embargoed"
    day = f"{world.program.calendar().local(ends):%-d %B %Y}"
    assert refusal.reason.startswith(f"{finding.ref}, under embargo until {day}. Plan a later date")
    assert "disclosure plan" in refusal.reason
    with frozen(ends):
        assert policy.stopped(work) is None
    version = work.latest
    assert version is not None
    start = version.text.index("It is")
    step: dict[str, Any] = {
        "publication": work,
        "version": version,
        "start": start,
        "end": len(version.text),
        "ground": "sensitive_security_detail",
        "summary": "One sentence.",
        "finding": finding,
        "by": by,
    }
    planned = services.plan_step(**step, on=ends + DAY)
    assert policy.stopped(work) is None
    early = refusal_of(lambda: services.release_early(step=planned, by=by, reason="It is mended."))
    assert early == ("embargoed", "")
    with frozen(ends):
        services.release_early(step=planned, by=by, reason="It is mended.")


def test_a_declared_finding_under_embargo_is_named_before_the_text_names_it(world: World) -> None:
    finding = findings.reported(world, embargo_until=now() + 20 * DAY)
    work = draft(
        world,
        "Nothing is named here.",
        work_class="vulnerability",
        fellowship=finding.fellowship,
        findings=[finding],
    )
    assert hits(work) == [("embargoed_finding", "It is declared")]
    fellow = finding.fellowship.fellow
    refusal = policy.may_submit(work, fellow)
    assert refusal is not None
    assert refusal.reason.startswith(f"{finding.ref}, under embargo until {finding.embargo_day}")
    form = SourcesForm(fellowship=finding.fellowship, user=fellow)
    said = f"under embargo until {finding.embargo_day}: what tells of it is not published before"
    assert said in str(form["findings"])


def test_what_a_text_names_without_declaring_it_is_found_and_gone_once_declared(
    world: World,
) -> None:
    grant = access.granted(world)
    fellow = grant.fellowship.fellow
    work = draft(world, f"We used {grant.dataset.name}.", fellowship=grant.fellowship)
    assert hits(work) == [("restricted_data", "Its name")]
    said = refusal_of(
        lambda: services.declare_sources(publication=work, datasets=[grant.dataset], by=fellow)
    )
    assert said == ("class_of_work", "work_class")
    other = draft(
        world,
        f"We used {grant.dataset.name}.",
        fellowship=grant.fellowship,
        work_class="restricted",
    )
    services.declare_sources(publication=other, datasets=[grant.dataset], by=fellow)
    services.declare_sources(publication=other, datasets=[grant.dataset], by=fellow)
    assert hits(other) == []
    assert Event.objects.filter(verb="publications.declare_sources").count() == 1


def test_kinds_ask_for_what_fits_them(world: World) -> None:
    assert refusal_of(lambda: scenario.drafted(world, kind="talk")) == ("no_event", "event")
    work = scenario.drafted(world, kind="code", licence="MIT")
    fellow = work.fellowship.fellow
    said = refusal_of(lambda: services.submit_publication(publication=work, by=fellow))
    assert said == ("no_files", "file")
    archive = ContentFile(b"\x1f\x8b\x08" + b"x" * 50, name="harness.tgz")
    version = services.add_version(publication=work, text="A harness.", file=archive, by=fellow)
    again = ContentFile(b"\x1f\x8b\x08" + b"x" * 50, name="harness.tgz")
    same = services.add_version(publication=work, text="A harness.", file=again, by=fellow)
    assert same == version
    assert (version.reading, version.file_size) == ("kept", 53)
    services.submit_publication(publication=work, by=fellow)


def test_a_file_that_could_not_be_read_needs_a_text_beside_it(world: World) -> None:
    work = scenario.drafted(world)
    fellow = work.fellowship.fellow
    broken = b"%PDF-1.7\n" + b"garbage " * 100
    add = services.add_version

    def of(text: str) -> Any:
        file = ContentFile(broken, name="paper.pdf")
        return add(publication=work, file=file, text=text, by=fellow)

    assert refusal_of(lambda: of("")) == ("file_unread", "file")
    version = of("What the paper says.")
    assert (version.reading, version.unread_because) == ("kept", "it is broken")
    text = ContentFile(b"# Read me\r\n", name="paper.md")
    said = refusal_of(lambda: add(publication=work, file=text, text="Another.", by=fellow))
    assert said == ("two_texts", "text")
    text.seek(0)
    assert add(publication=work, file=text, by=fellow).text == "# Read me\n"


def test_the_database_forbids_half_a_file_half_an_answer_and_two_sources_in_one(
    world: World,
) -> None:
    work = draft(world)
    version = work.latest
    assert version is not None
    hit = Hit.objects.first()
    assert hit is not None
    source = work.sources.model(publication=work)
    version.file_name, hit.answer = "a.pdf", "wanted"
    with journal.acting("tests.wrong", by=world.manager):
        for row in (version, hit, source):
            with pytest.raises(IntegrityError), transaction.atomic():
                row.save()
        journal.record(subject=work)
