"""Writing a proposal: begin, save section by section, submit, revise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.urls import reverse

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import has_role, holders, recused_ids
from fellowship.accounts.services import grant_role
from fellowship.clocks import queries as running
from fellowship.clocks import services as clocks
from fellowship.history.references import next_reference
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, Refused, refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.notices.services import notify
from fellowship.programs.models import Call
from governance import rules
from proposals import answers as reading
from proposals import attachments, checks, policy, sections, terms
from proposals.models import Draft, DraftFile, Proposal, ProposalVersion
from proposals.services.blind import keep_copy
from proposals.states import PROPOSAL_MOVES, REVISION_CLOCK, ProposalState

SERVICE = journal.System("proposals service")
DECISION_CLOCK = "proposals.decision"
DECISION_SILENCE = say(
    "The programme office shows it as stalled; silence never declines a proposal."
)
REVISION_SILENCE = say("The panel goes on with the text as it stands.")


class StaleDraft(Refused):
    """A section was saved in another tab meanwhile; carries what is stored there now."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        super().__init__(
            Refusal(
                "stale_draft",
                say(
                    "This section was saved elsewhere after you opened it. Both texts are shown; "
                    "choose what to keep."
                ),
                rule=say("no silent loss"),
            )
        )


@journal.verb("proposals.start")
def start_proposal(*, call: Call, by: User, answers: Mapping[str, Any] | None = None) -> Proposal:
    """Begin a proposal for a call, with the applicant's role and the rules now in force pinned.

    Somebody who has a draft for the call gets that one back. `answers` are saved with it; raises
    ValidationError by field where they cannot be kept, and then nothing is begun.
    """
    call = Call.objects.locked().get(pk=call.pk)
    there = Proposal.objects.filter(call=call, applicant=by, state=ProposalState.DRAFT).first()
    if there:
        return save_answers(proposal=there, raw=answers, by=by) if answers else there
    refuse(policy.may_start(call, by))
    if not has_role(by, call.program_id, roles.APPLICANT):
        grant_role(user=by, realm=call.program.realm, role=roles.APPLICANT, by=SERVICE)
    proposal = Proposal.objects.create(
        call=call, program_id=call.program_id, applicant=by, ref=next_reference("PROP")
    )
    journal.record(subject=proposal, change={"call": call.ref})
    rules.pin(subject=call, program=call.program, by=SERVICE)
    rules.pin(subject=proposal, program=call.program, by=SERVICE)
    if answers:
        save_answers(proposal=proposal, raw=answers, by=by)
    return proposal


def save_section(
    *,
    proposal: Proposal,
    section: str,
    raw: Mapping[str, Any],
    version: int,
    by: User,
    judged: bool = True,
) -> Draft:
    """Save what was written in one section. `version` is the one it was opened with.

    Raises ValidationError by field for what is wrong, StaleDraft where another tab saved a
    different text meanwhile. Not `judged`, a text still being typed is kept as it is, and only
    what cannot be stored is an error. No event: drafts are not tracked.
    """
    with transaction.atomic():
        proposal = Proposal.objects.locked().select_related("call__program").get(pk=proposal.pk)
        refuse(policy.may_edit(proposal, by))
        part = sections.BY_KEY[section]
        if judged:
            found = reading.clean(part, raw, sections.labels(proposal.program))
        else:
            found = reading.keep(part, raw)
        draft, _ = Draft.objects.get_or_create(proposal=proposal, section=section)
        if {**draft.answers, **found} == draft.answers:
            return draft
        if version != draft.version:
            raise StaleDraft(draft)
        draft.answers = {**draft.answers, **found}
        draft.version = version + 1
        draft.saved_at = now()
        draft.save()
        return draft


def save_answers(*, proposal: Proposal, raw: Mapping[str, Any], by: User) -> Proposal:
    """Save answers to any questions at once, over what is there: for the API and importers.

    Raises ValidationError by field; then nothing is saved.
    """
    with transaction.atomic():
        proposal = Proposal.objects.locked().select_related("call__program").get(pk=proposal.pk)
        refuse(policy.may_edit(proposal, by))
        for section, found in reading.clean_all(raw, sections.labels(proposal.program)).items():
            draft, _ = Draft.objects.get_or_create(proposal=proposal, section=section)
            draft.answers = {**draft.answers, **found}
            draft.version, draft.saved_at = draft.version + 1, now()
            draft.save()
    return proposal


def draft_answers(proposal: Proposal) -> sections.Answers:
    """Everything drafted so far, by field."""
    found: sections.Answers = {}
    for draft in Draft.objects.filter(proposal=proposal):
        found |= draft.answers
    return found


@journal.verb("proposals.submit")
def submit_proposal(*, proposal: Proposal, by: User, reason: str = "") -> Proposal:
    """Submit the draft, or the revision under way, as an immutable version.

    One already submitted, with no revision under way, is returned unchanged. Raises Refused with
    what is missing, or where the call has closed; the draft is kept then.
    """
    proposal = Proposal.objects.locked().select_related("call__program").get(pk=proposal.pk)
    drafts = Draft.objects.filter(proposal=proposal)
    if proposal.state != ProposalState.DRAFT and not drafts.exists():
        return unchanged(proposal, policy.may_revise(proposal, by))
    found = sections.only_known(draft_answers(proposal))
    if proposal.state != ProposalState.DRAFT:
        return _revise(proposal, found, by)
    offers = sections.labels(proposal.program)
    refuse(policy.may_submit(proposal, by, found, offers))
    found = _judged(found, offers)
    proposal.state = PROPOSAL_MOVES.target(proposal.state, "submit")
    proposal.submitted_at = now()
    version = _write_version(proposal, found, by)
    clear_draft(proposal)
    journal.record(subject=proposal, change=_submitted(version))
    _start_clock(proposal)
    _tell_submitted(proposal)
    return proposal


def begin_revision(*, proposal: Proposal, by: User) -> Proposal:
    """Open the submitted text for a revision; one under way is kept. The submitted text stands."""
    with transaction.atomic():
        proposal = Proposal.objects.locked().select_related("call").get(pk=proposal.pk)
        refuse(policy.may_revise(proposal, by))
        if not Draft.objects.filter(proposal=proposal).exists():
            now_there = proposal.answers()
            for section in sections.ALL:
                kept = {f.key: now_there[f.key] for f in section.fields if f.key in now_there}
                Draft.objects.create(proposal=proposal, section=section.key, answers=kept)
            for file in attachments.of_version(proposal.current()):
                DraftFile.objects.create(proposal=proposal, **asdict(file))
    return proposal


def discard_revision(*, proposal: Proposal, by: User) -> Proposal:
    """Let a revision under way go; the submitted text stands as it is."""
    with transaction.atomic():
        proposal = Proposal.objects.locked().get(pk=proposal.pk)
        refuse(policy.may_revise(proposal, by))
        clear_draft(proposal)
    return proposal


def _revise(proposal: Proposal, found: sections.Answers, by: User) -> Proposal:
    refuse(policy.may_revise(proposal, by))
    offers = sections.labels(proposal.program)
    refuse(policy.complete(found, offers))
    found = _judged(found, offers)
    before = proposal.current()
    if before and before.text_hash == sections.text_hash(found, _entries(proposal)):
        clear_draft(proposal)
        return proposal
    proposal.state = PROPOSAL_MOVES.target(proposal.state, "revise")
    proposal.revision_asked_at = None
    version = _write_version(proposal, found, by)
    clear_draft(proposal)
    journal.record(subject=proposal, change={**_submitted(version), "revision": True})
    resume_clock(proposal)
    tell_manager(
        by,
        proposal,
        kind="proposals.revised",
        title=say("{ref} was revised", ref=proposal.ref),
        body=say(
            "Version {number} of “{title}” replaces the one before.",
            number=version.number,
            title=proposal.title,
        ),
    )
    return proposal


def _judged(found: sections.Answers, offers: Mapping[str, Mapping[str, str]]) -> sections.Answers:
    """The answers as they are read: a draft keeps them as they were typed.

    A justification that nothing asks for any more is left out.
    """
    cleaned: sections.Answers = {}
    for part in reading.clean_all(found, offers).values():
        cleaned |= part
    if not checks.overbroad(cleaned):
        cleaned.pop(policy.JUSTIFICATION, None)
    return sections.only_known(cleaned)


def _write_version(proposal: Proposal, found: sections.Answers, by: User) -> ProposalVersion:
    terms_chosen = terms.pins(proposal.program, found, proposal.current())
    proposal.version += 1
    proposal.title = found["title"]
    proposal.save()
    files = _entries(proposal)
    version = ProposalVersion.objects.create(
        proposal=proposal,
        number=proposal.version,
        answers=found,
        terms=terms_chosen,
        attachments=files,
        remarks=[{"message": a.message, "sentence": a.sentence} for a in checks.overbroad(found)],
        text_hash=sections.text_hash(found, files),
        submitted_at=now(),
        submitted_by=by,
    )
    keep_copy(proposal, version)
    return version


def _entries(proposal: Proposal) -> list[dict[str, Any]]:
    return [file.entry() for file in proposal.draft_files.all()]


def _submitted(version: ProposalVersion) -> dict[str, Any]:
    """What the ledger keeps of a version: hashes, no text and no file's name."""
    change: dict[str, Any] = {"version": version.number, "text_hash": version.text_hash}
    if version.attachments:
        change["attachments"] = {entry["sha256"]: entry["size"] for entry in version.attachments}
    return change


def clear_draft(proposal: Proposal) -> None:
    """The draft is submitted or let go: its answers and its list of files end."""
    proposal.drafts.all().delete()
    proposal.draft_files.all().delete()


def _start_clock(proposal: Proposal) -> None:
    rule = rules.pinned(proposal, "stage_standards")
    clocks.start(
        kind=DECISION_CLOCK,
        subject=proposal,
        realm=proposal.program_id,
        window=rule.params.stages["recruit"].expected,
        by=SERVICE,
        holder="us",
        silence=DECISION_SILENCE,
        rule=str(rule),
    )


def resume_clock(proposal: Proposal) -> None:
    """The ball is with us again: the applicant's clock stops, ours runs on."""
    clocks.stop_open(subject=proposal, kinds=[REVISION_CLOCK], by=SERVICE)
    clock = running.current(proposal, DECISION_CLOCK)
    if clock and clock.paused_at:
        clocks.resume(clock=clock, by=SERVICE)


def _tell_submitted(proposal: Proposal) -> None:
    notify(
        kind="proposals.receipt",
        to=[proposal.applicant],
        subject_obj=proposal,
        title=say("We have received your proposal {ref}", ref=proposal.ref),
        body=(
            say(
                "“{title}” is with the programme manager now. Nothing is needed from "
                "you. The receipt gives the hash of what you sent.",
                title=proposal.title,
            )
        ),
        url=reverse("proposals:receipt", args=[proposal.ref]),
    )
    tell_manager(
        proposal.applicant,
        proposal,
        kind="proposals.submitted",
        title=say("New proposal {ref}", ref=proposal.ref),
        body=say("“{title}” waits for reviewers.", title=proposal.title),
    )


def tell_manager(actor: Actor, proposal: Proposal, *, kind: str, title: str, body: str) -> None:
    """Tell the programme's managers, but not who acts and not those recused from the case."""
    people = holders(proposal.program_id, roles.MANAGER).exclude(pk__in=recused_ids(proposal))
    notify(
        kind=kind,
        to=[user for user in people if user not in (actor, proposal.applicant)],
        subject_obj=proposal,
        title=title,
        body=body,
        url=proposal.get_absolute_url(),
    )
