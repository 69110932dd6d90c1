"""What stands beside the main way of the house's case, so that every address names something."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import replace
from typing import Any

from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.usersessions.models import UserSession

from access import services as access_services
from access.activity import of_case
from access.anomalies import of as anomalies_of
from access.models import AccessRequest, DeletionCertificate
from fellowship.accounts.models import Conflict, User
from fellowship.accounts.services import create_token, declare_conflict
from fellowship.clocks.models import Clock
from fellowship.kernel.time import now
from fellowship.notices.services import open_calendar
from fellowship.programs import usual
from fellowship.programs.models import Call, FellowshipModel, PathStep
from fellowship.programs.services import draft_call, furnish, publish_call
from fellowship.programs.states import TalentPath
from governance import cases, founding
from governance import services as governance_services
from governance.models import Decision, ExceptionRecord, Matter, Meeting, RuleVersion
from governance.states import RuleKind
from oversight import drawing
from oversight import services as oversight_services
from oversight.audit.controls import TESTS
from oversight.audit.populations import POPULATIONS
from oversight.models import HealthBreach
from oversight.persons import copying
from proposals import sections
from proposals import services as proposal_services
from proposals.importers import evaluation
from proposals.importers.services import IMPORTER, import_evaluation
from proposals.models import Proposal
from publications import services as publication_services
from publications.models import Hit, Publication
from scoping import services as scoping_services
from tests.scenarios import access, governance, proposals, publications, releases
from tests.scenarios.scoping import checked_in
from tests.scenarios.world import SETUP
from tests.support.house import House

EVALUATED = """# Evaluation

* **Status:** Accepted
* **Milestone:** 2

| Number | Deliverable | Accepted | Link | Evaluation Notes |
| --- | --- | --- | --- | --- |
| 1. | Harness | <ul><li>[x] </li></ul> | https://example.org/h | Runs |
"""
TABLE = b"turn,refusals\n5,41\n20,23\n"


def furnish_all(house: House) -> None:
    """Make what no main way makes, and say where addresses name it."""
    for furnished in (
        _the_work,
        _the_talent,
        _decided_against,
        _set_aside,
        _of_the_board,
        _of_the_rules,
        _proposed,
        _deleted,
        _differing,
        _looked_at,
        _written,
        _staged,
        _offered,
        _audited,
        _ones_own,
        _of_persons,
    ):
        furnished(house)


def _the_work(house: House) -> None:
    """A blocker, a contribution, a file as evidence."""
    case, fellow = house.case.fellowship, house.case.fellowship.fellow
    blocked = checked_in(house.world, case, "The environment is down.")
    given = scoping_services.add_contribution(
        fellowship=case,
        kind="talk",
        title="Refusals under pressure",
        link="https://example.org/talk",
        on=now().date(),
        people="Ada Nwosu",
        by=fellow,
    )
    milestone = case.milestones.open().earliest("pk")
    milestone = scoping_services.attach_evidence(
        milestone=milestone, file=releases.file("trials.csv", TABLE), by=fellow
    )
    digest = milestone.files[0]["sha256"]
    house.names["api/v1/milestones/<pk>/files/"] = [milestone.pk]
    house.later |= {
        "fellowships/<str:ref>/check-ins/": [blocked.pk],
        "fellowships/<str:ref>/contributions/": [given.pk],
        "fellowships/<str:ref>/milestones/": [case.milestones.earliest("pk").pk],
        "office/<slug:slug>/cohorts/": [house.world.cohort.pk],
        "fellowships/<str:ref>/milestones/<int:pk>/files/": [milestone.pk, digest],
        "api/v1/milestones/<pk>/files/": [digest],
    }


def _the_talent(house: House) -> None:
    """A step that waits for its decision."""
    step = scoping_services.propose_talent_step(
        fellowship=house.case.fellowship,
        step=TalentPath.values[0],
        expectations="Two days a week.",
        by=house.world.manager,
    )
    house.later["fellowships/<str:ref>/talent/"] = [step.pk]


def _decided_against(house: House) -> None:
    """A request of the case that the board denied: replied to, and under independent review."""
    world, case = house.world, house.case.fellowship
    data = access.dataset(world, "session-logs")
    denied = access.decided(world, access.requested(world, case, purpose="Turn 40 too."), "deny")
    decision = _decision_on(denied)
    fellow = case.fellow
    reply = governance_services.reply_to_decision(
        decision=decision, by=fellow, text="Section 3 says otherwise."
    )
    review = governance_services.ask_review(
        decision=decision, by=fellow, ground="fact_wrong", text="Section 3 says otherwise."
    )
    governance_services.name_reviewers(
        review=review,
        by=world.sponsor,
        reviewers=[world.policy_reviewer, world.legal_reviewer],
    )
    ref = decision.matter.ref
    house.names |= {
        "board/<str:ref>/replies/": [ref],
        "board/<str:ref>/review/": [ref],
    }
    house.later["board/<str:ref>/replies/"] = [reply.pk]
    house.later["access/cases/<str:ref>/deleted/"] = [data.ref]


def _decision_on(request: AccessRequest) -> Decision:
    return Decision.objects.select_related("matter").get(
        matter__subject_type="access.accessrequest", matter__subject_id=request.pk
    )


def _set_aside(house: House) -> None:
    """Two recusals that somebody asks to set aside, one of which is."""
    world = house.world
    waits = Conflict.objects.exclude(kind="none").earliest("pk")
    ask, asked = governance_services.request_override, {"by": world.manager, "reason": "No other."}
    ask(conflict=waits, **asked)
    lifted = declare_conflict(
        user=world.board_legal,
        subject=Proposal.objects.get(title="Waits for reviewers"),
        realm=world.program.pk,
        kind="other",
        statement="A former colleague.",
        by=world.board_legal,
    )
    governance_services.approve_override(override=ask(conflict=lifted, **asked), by=world.chair)
    for begin in ("board/recusals/<int:pk>/", "api/v1/recusals/<pk>/"):
        house.names[begin] = [waits.pk]
        house.names[f"{begin}revoke/"] = [lifted.pk]


def _of_the_board(house: House) -> None:
    """A cadence, a deputy, an exception asked for, a figure beyond its limit."""
    world, program = house.world, house.world.program
    day = now() + dt.timedelta(days=7)
    governance_services.set_cadence(
        program=program,
        first_on=day.date(),
        at=dt.time(10),
        every_weeks=4,
        minutes=60,
        by=world.chair,
    )
    ballots = founding.parameters(RuleKind.BALLOT_RULES)
    for ballot in ballots["matters"].values():
        ballot["delegation"] = "named_deputy"
    governance.adopted_rule(world, RuleKind.BALLOT_RULES, ballots)
    governance_services.name_deputy(
        program=program,
        deputy=world.mentor,
        starts_at=day,
        ends_at=day + dt.timedelta(days=2),
        by=world.board_research,
    )
    asked = governance.requested_exception(world, title="Asked for")
    _on_the_agenda(house, asked)
    house.names["exceptions/<str:ref>/amend/"] = [asked.ref]
    house.later["escalations/<str:ref>/<str:step>/"] = ["contain"]
    oversight_services.measure_health(program=program, by=SETUP)
    figure = HealthBreach.objects.earliest("pk").figure
    house.later |= {"office/<slug:slug>/health/": [figure]}
    house.later |= {"api/v1/office/<slug:slug>/health/": [figure]}


def _on_the_agenda(house: House, asked: ExceptionRecord) -> None:
    """The matter of what is asked for is on the consent list of a meeting to come."""
    meeting = Meeting.objects.exclude(cadence=None).earliest("starts_at")
    matter = Matter.objects.live().get(
        subject_type="governance.exceptionrecord", subject_id=asked.pk
    )
    item = governance_services.list_consent(meeting=meeting, matter=matter, by=house.world.chair)
    for part, said in {
        "consent": {"matter": matter.ref},
        "present": {"user": house.world.chair.pk, "present": "1"},
        "pull": {"item": item.pk},
    }.items():
        house.names[f"board/meetings/<int:pk>/{part}/"] = [meeting.pk]
        house.said[f"/board/meetings/<pk>/{part}/"] = said


def _of_the_rules(house: House) -> None:
    """Both versions of a rule, and a case that is held to the first."""
    latest = RuleVersion.objects.adopted().filter(version=2).earliest("pk")
    first = RuleVersion.objects.get(program=latest.program, kind=latest.kind, version=1)
    pin = cases.held_to_earlier(latest, house.world.manager).earliest("pk")
    house.names |= {
        "rules/first/": [house.world.program.slug],
        "rules/<int:pk>/compare/": [latest.pk],
        "rules/<int:pk>/earlier/": [latest.pk],
        "api/v1/rules/<pk>/compare/": [latest.pk],
    }
    house.later |= {
        "rules/first/<slug:slug>/": [RuleKind.values[0]],
        "rules/<int:pk>/compare/": [first.pk],
        "rules/<int:pk>/earlier/": [pin.pk],
    }
    house.asked["/api/v1/rules/<pk>/compare/"] = f"other={first.pk}"
    house.asked["/api/v1/scopes/<pk>/compare/"] = "other=1"


def _proposed(house: House) -> None:
    """Proposals with a file, an evaluation and reviews that differ; and one read blind."""
    world = house.world
    author = world.other_applicant
    written = proposals.drafted_proposal(world, author, title="With a file")
    kept = proposal_services.attach_file(
        proposal=written, file=releases.file("pilot.csv", TABLE), by=author
    )
    sent = proposal_services.submit_proposal(proposal=written, by=author)
    for reviewer, score in zip(proposals.panel(world), (1, 5, 5, 5), strict=False):
        proposals.review(proposals.assigned(world, sent, reviewer), score)
    import_evaluation(
        proposal=sent,
        parsed=evaluation.parse(EVALUATED, name="file_2_vera"),
        source="file_2_vera.md",
        source_hash="1" * 64,
        by=IMPORTER,
    )
    call = _a_call(house, "Read blind", blind=True)
    blind = proposals.submitted_proposal(
        replace(world, call=publish_call(call=call, by=world.manager)), author, title="Read blind"
    )
    draft = proposals.drafted_proposal(world, author)
    waits = Proposal.objects.get(title="Waits for reviewers")
    house.names |= {
        "proposals/": [draft.ref, *house.names["proposals/"]],
        "proposals/<slug:ref>/files/": [sent.ref],
        "proposals/<slug:ref>/panel/discussion/": [sent.ref],
        "proposals/<slug:ref>/copy/": [blind.ref],
        "proposals/<slug:ref>/edit/": [draft.ref],
        "proposals/<slug:ref>/reuse/": [draft.ref],
        "api/v1/proposals/<ref>/attachments/<digest>/": [sent.ref],
        "api/v1/proposals/<ref>/copy/": [blind.ref],
        "api/v1/proposals/<ref>/mask/": [blind.ref],
        "api/v1/proposals/<ref>/check-copy/": [blind.ref],
    }
    house.later |= {
        "proposals/<slug:ref>/files/": [kept.sha256],
        "proposals/<slug:ref>/edit/": [sections.ALL[0].key],
        "proposals/<slug:ref>/reuse/": [waits.ref],
        "api/v1/proposals/<ref>/attachments/": [kept.sha256],
    }
    topics = _a_call(house, "The next one")
    house.later["triage/lessons/<int:pk>/take/"] = [topics.ref]
    house.said["/triage/imports/<ref>/<place>/"] = {"mark": "leave"}


def _a_call(house: House, title: str, **values: Any) -> Call:
    """A draft of a call like the one the case came of."""
    call = house.world.call
    told = ("summary", "topics", "constraints", "eligibility", "publication_rules")
    return draft_call(
        program=call.program,
        cohort=call.cohort,
        by=house.world.manager,
        title=title,
        opens_at=call.opens_at,
        closes_at=call.closes_at,
        **{name: getattr(call, name) for name in told},
        **values,
    )


def _deleted(house: House) -> None:
    """A certificate of deletion with a file as evidence."""
    case = house.case
    made: DeletionCertificate = access_services.confirm_deletion(
        fellowship=case.fellowship,
        dataset=case.dataset,
        method="secure_delete",
        tool="shred 9.1",
        scope="The volume and its backup.",
        evidence=releases.file("shred.csv", TABLE),
        by=case.fellowship.fellow,
    )
    house.names["access/deletions/"] = [made.ref]
    house.names["api/v1/access/deletions/"] = [made.ref]
    house.later["access/people/"] = [case.fellowship.fellow_id]


def _differing(house: House) -> None:
    """A request to release on which the two reviewers differ."""
    world = house.world
    request = releases.sent(house.case.grant, file=releases.file("other.csv", TABLE))
    releases.review(request, world.steward)
    releases.review(request, world.oncall, "return")
    house.names["access/releases/<str:ref>/revise/"] = [request.ref]
    house.names["api/v1/access/releases/<pk>/revise/"] = [request.pk]


def _looked_at(house: House) -> None:
    """An act reported long before by another system, so that the gateway's stand out."""
    world, case = house.world, house.case.fellowship
    early = access.event(house.case.grant, 100, at=(now() - dt.timedelta(days=10)).isoformat())
    access_services.ingest(
        events=[early], source="archive", program=world.program, by=world.steward
    )
    until = now()
    one = anomalies_of(of_case(case, until - dt.timedelta(days=30), until))[0][0]
    for which in ("cases", "datasets"):
        house.asked[f"/access/{which}/<ref>/activity/look/"] = f"key={one.key}"
    for address in ("datasets/new", "import", "targets/new"):
        house.asked[f"/access/{address}/"] = f"program={world.program.slug}"
    house.asked["/api/v1/translation-matrix/"] = f"program={world.program.slug}"


def _written(house: House) -> None:
    """A work that is released, and one in review with a file and something to answer."""
    world, case = house.world, house.case.fellowship
    released = publications.released(
        world, publications.submitted(world, case, title="Released", work_class="methods")
    )
    work = publications.drafted(world, case, title="With an address")
    publication_services.add_version(
        publication=work,
        file=releases.file("paper.md", b"# Drift\n\nWrite to mina.haro@uni-bern.ch. " * 9),
        by=case.fellow,
    )
    publication_services.submit_publication(publication=work, by=case.fellow)
    for track, reviewer in {"scientific": world.reviewer, "policy": world.policy_reviewer}.items():
        publication_services.assign_reviewer(
            publication=work, track=track, reviewer=reviewer, by=world.manager
        )
    version = work.versions.latest("number")
    hit = Hit.objects.filter(precheck__version=version).earliest("pk")
    for before in ("publications/<str:ref>/", "api/v1/publications/<ref>/"):
        house.names |= {
            f"{before}{part}": [released.ref] for part in ("certificate", "letter/", "cite/")
        }
        house.names |= {f"{before}{part}": [work.ref] for part in ("check/", "versions/")}
        house.later[f"{before}versions/"] = [version.number]
    house.names["publications/register/"] = [released.ref]
    house.later["api/v1/publications/<ref>/check/"] = [hit.pk]
    house.said["/publications/<ref>/check/"] = {"hit": hit.pk}


def _staged(house: House) -> None:
    """One passage of the case's work that comes out later."""
    work = Publication.objects.get(pk=house.case.publication.pk)
    version = work.latest
    assert version is not None
    start = version.text.index("Nothing else was dropped.")
    step = publication_services.plan_step(
        publication=work,
        version=version,
        start=start,
        end=start + 25,
        ground="sensitive_security_detail",
        summary="One sentence on what was left out.",
        on=now() + dt.timedelta(days=30),
        by=house.case.fellowship.fellow,
    )
    house.later["publications/<str:ref>/disclosure/"] = [step.pk]
    house.later["api/v1/publications/<ref>/disclosure/"] = [step.pk]


def _offered(house: House) -> None:
    """A residency among the models, and steps on the path."""
    furnish(
        program=house.world.program,
        by=house.world.manager,
        models=[one for one in usual.MODELS if one["key"] == FellowshipModel.Key.HYBRID],
        path_steps=usual.PATH,
    )
    assert PathStep.objects.filter(program=house.world.program).exists()


def _audited(house: House) -> None:
    """A sample, a scope kept under a name, a test of control."""
    world, program = house.world, house.world.program
    asked: dict[str, Any] = {"program": program, "by": world.auditor}
    period: dict[str, Any] = {"from_at": None, "to_at": now()}
    sample = drawing.draw(population=POPULATIONS["roles"], size=3, **period, **asked)
    run = drawing.run(test=TESTS["duties"], **period, **asked)
    scope = oversight_services.save_scope(name="Mine", query="actor=manager", **asked)
    for before in ("", "api/v1/"):
        house.later |= {
            f"{before}audit/<slug:slug>/samples/": [sample.pk],
            f"{before}audit/<slug:slug>/scopes/": [scope.pk],
        }
    house.later["audit/<slug:slug>/controls/runs/"] = [run.pk]


def _ones_own(house: House) -> None:
    """What the fellow of the case alone sees: a copy of their data, a token, a session, a clock."""
    fellow = house.case.fellowship.fellow
    copy = oversight_services.ask_copy(by=fellow)
    assert copying.make(copy)
    token, _ = create_token(user=fellow, scopes=["read"], by=fellow)
    session = UserSession.objects.create(
        user=fellow, ip="127.0.0.1", user_agent="Firefox", session_key=secrets.token_hex(16)
    )
    clock = Clock.objects.open().filter(holder_user=fellow).earliest("pk")
    house.names |= {
        "your-data/copies/": [copy.pk],
        "accounts/tokens/": [token.pk],
        "accounts/sessions/": [session.pk],
        "api/v1/clocks/": [clock.pk],
        "inbox/calendar/": [open_calendar(by=fellow)],
        "help/": ["mentor"],
    }


def _of_persons(house: House) -> None:
    """An address not confirmed yet; somebody who has left and asks to be forgotten."""
    address = EmailAddress.objects.create(
        user=house.world.mentor, email="mentor-too@example.org", verified=False
    )
    gone = User.objects.get(username="gone")
    due = list(house.names["erasures/people/"])
    house.names |= {
        "accounts/confirm-email/": [EmailConfirmationHMAC(address).key],
        "erasures/people/": [gone.pk],
        "erasures/people/<int:pk>/hold/": due,
        "proposals/reviewers/": [house.world.reviewer.pk],
    }
    proposal_services.describe_reviewing(by=house.world.reviewer, works_on=["jailbreaks"], places=3)
    assert ExceptionRecord.objects.exists()
