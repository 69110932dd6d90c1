"""Who may do what at the release desk, and why not. Each function returns None or a Refusal."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from django.db.models import QuerySet

from access.criteria import Limits
from access.models import Dataset, Output, Release, ReleaseRequest, ReleaseReview
from access.policy import SEPARATION
from access.release_states import RELEASE_MOVES, Answer, OutputKind, ReleaseState
from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import has_role, holders, recused
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import joined, say
from scoping.models import Collaborator, Fellowship
from scoping.states import FellowshipState

REVIEWERS: Final = (roles.STEWARD, roles.ONCALL, roles.MANAGER)
"""Who reviews what leaves: any two of them who are not concerned."""
OUTPUTS_MAX: Final = 20
RULE: Final = say("release desk")


def reviewers_of(request: ReleaseRequest) -> QuerySet[User]:
    """Who may review the request: of the programme's desk, all who are not concerned."""
    case = request.fellowship
    concerned = [request.requester_id, case.fellow_id, case.mentor_id or 0]
    return holders(request.program_id, *REVIEWERS).exclude(pk__in=concerned)


def may_ask(fellowship: Fellowship, by: Actor) -> Refusal | None:
    """Why `by` may not ask for outputs of the fellowship to leave."""
    return first(
        None
        if by == fellowship.fellow
        else Refusal("not_yours", say("Outputs are released at the request of the fellow.")),
        Refusal("closed", say("The fellowship is closed: nothing more leaves it."))
        if fellowship.state == FellowshipState.CLOSED
        else None,
    )


def made_from(fellowship: Fellowship, datasets: Collection[Dataset]) -> Refusal | None:
    """Why outputs cannot come from these datasets: the fellowship never had one of them."""
    there = set(Dataset.objects.open_to(fellowship).values_list("pk", flat=True))
    strange = [str(dataset) for dataset in datasets if dataset.pk not in there]
    if not strange:
        return None
    reason = say("The fellowship was never granted {strange}.", strange=joined(", ", strange))
    return Refusal("never_granted", reason, field="datasets")


def may_change(request: ReleaseRequest, by: Actor) -> Refusal | None:
    """Why `by` may not change what is asked for."""
    return first(
        _own(request, by),
        None
        if request.is_prepared
        else Refusal(
            "wrong_state",
            say(
                "It is {phrase}: its outputs stand as they were sent.",
                phrase=RELEASE_MOVES.phrase(request.state),
            ),
            rule=RULE,
        ),
    )


def takes(request: ReleaseRequest, kind: str, size: int, limits: Limits) -> Refusal | None:
    """Why no output of this kind and size can leave."""
    if kind not in OutputKind.values:
        return Refusal("unknown_kind", say("Choose from the list."), field="kind")
    if kind not in limits.kinds:
        label = OutputKind(kind).label.lower()
        reason = say(
            "Outputs of this tier leave as {kinds_words}, not as {label}.",
            kinds_words=limits.kinds_words(),
            label=label,
        )
        return Refusal("kind_stays", reason, rule=limits.rule, field="kind")
    if size > limits.largest_bytes:
        most = limits.largest_bytes // 1_000
        reason = say(
            "Choose a file of at most {most:,} kB; this has {value:,} kB.",
            most=most,
            value=-(-size // 1000),
        )
        return Refusal("file_too_large", reason, rule=limits.rule, field="file")
    if size == 0:
        reason = say("This file is empty. Choose a file with something in it.")
        return Refusal("file_empty", reason, rule=RULE, field="file")
    if request.outputs.filter(removed_at=None).count() >= OUTPUTS_MAX:
        reason = say(
            "A request takes {OUTPUTS_MAX} files. Send the others by another request.",
            OUTPUTS_MAX=OUTPUTS_MAX,
        )
        return Refusal("too_many_files", reason, rule=RULE, field="file")
    return None


def differs(request: ReleaseRequest, name: str, sha256: str) -> Refusal | None:
    """Why a file cannot stand beside those there: its name or its content is among them."""
    for output in request.outputs.filter(removed_at=None):
        if output.sha256 == sha256:
            reason = say("This file is here already, as “{name}”.", name=output.name)
            return Refusal("file_there", reason, rule=RULE, field="file")
        if output.name == name:
            reason = say(
                "Another file is called “{name}”. Remove it first, or rename this.", name=name
            )
            return Refusal("file_name_taken", reason, rule=RULE, field="file")
    return None


def may_send(request: ReleaseRequest, outputs: Collection[Output], by: Actor) -> Refusal | None:
    """Why the request may not go to the reviewers yet."""
    unsaid = [o.name for o in outputs if needs_explaining(o) and not o.explanation]
    return first(
        _own(request, by),
        RELEASE_MOVES.refusal(request.state, "send"),
        None if outputs else Refusal("no_output", say("Add at least one file."), rule=RULE),
        Refusal(
            "unexplained",
            say(
                "Say what you think of what was found in {unsaid}, or remove the file.",
                unsaid=joined(", ", unsaid),
            ),
            rule=RULE,
        )
        if unsaid
        else None,
    )


def needs_explaining(output: Output) -> bool:
    """Whether a machine found something that the requester has to answer before sending."""
    return any(check["result"] == "failed" for check in output.checks)


def may_withdraw(request: ReleaseRequest, by: Actor) -> Refusal | None:
    """Why `by` may not take the request back."""
    return first(_own(request, by), RELEASE_MOVES.refusal(request.state, "withdraw"))


def may_review(request: ReleaseRequest, by: Any) -> Refusal | None:
    """Why `by` may not review the request now: it reads nothing of what another review says."""
    return first(
        _independent(request, by),
        None
        if request.state == ReleaseState.IN_REVIEW
        else Refusal(
            "wrong_state",
            say(
                "It is {phrase}; it is reviewed only once it is sent.",
                phrase=RELEASE_MOVES.phrase(request.state),
            ),
            rule=RULE,
        ),
    )


def two_sent(reviews: Collection[ReleaseReview], by: Any) -> Refusal | None:
    """Why no third review is taken."""
    if len(reviews) < 2:
        return None
    return Refusal("two_reviews", say("Two others have reviewed it already."), rule=RULE)


def may_find(verdict: str, answers: Collection[str]) -> Refusal | None:
    """Why a verdict does not follow from the answers."""
    if verdict == "release" and Answer.NO in answers:
        reason = say("An output that fails a criterion is not released: return or refuse it.")
        return Refusal("release_with_no", reason, rule=RULE, field="verdict")
    return None


def may_revise(review: ReleaseReview, by: Any) -> Refusal | None:
    """Why `by` may not revise the review: only its author, while the two disagree."""
    return first(
        None
        if by == review.reviewer
        else Refusal("not_yours", say("A review is revised by the person who wrote it.")),
        _independent(review.request, by),
        _disagreed(review.request),
    )


def may_settle(
    request: ReleaseRequest, reviews: Collection[ReleaseReview], by: Any
) -> Refusal | None:
    """Why `by` may not settle the disagreement: a third person does, after both were opened."""
    return first(
        _independent(request, by),
        _disagreed(request),
        Refusal(
            "separation",
            say("A third person settles it, neither of the reviewers."),
            rule=SEPARATION,
        )
        if by.pk in {review.reviewer_id for review in reviews}
        else None,
    )


def may_look(request: ReleaseRequest, by: Any) -> Refusal | None:
    """Why `by` may not open a file that is not released: whoever asks, and who may review it."""
    if by.pk in (request.requester_id, request.fellowship.fellow_id):
        return None
    return _independent(request, by)


def may_take(release: Release, by: Any) -> Refusal | None:
    """Why `by` may not take a released file: those of the case, and the staff who release."""
    case = release.request.fellowship
    concerned = by.pk in (case.fellow_id, case.mentor_id, release.request.requester_id)
    return first(
        None
        if concerned
        or has_role(by, case.program_id, *REVIEWERS)
        or Collaborator.objects.active().filter(fellowship=case, person_id=by.pk).exists()
        else Refusal("not_allowed", say("Released files go to the people of the case.")),
        None
        if release.sha256 == release.output.sha256
        else Refusal("other_bytes", say("The file is not the one that was released."), rule=RULE),
    )


def _own(request: ReleaseRequest, by: Actor) -> Refusal | None:
    if by in (request.requester, request.fellowship.fellow):
        return None
    return Refusal("not_yours", say("This is done by the person who asks for the release."))


def _disagreed(request: ReleaseRequest) -> Refusal | None:
    if request.state == ReleaseState.DISAGREED:
        return None
    reason = say(
        "It is {phrase}: there is nothing to settle.", phrase=RELEASE_MOVES.phrase(request.state)
    )
    return Refusal("wrong_state", reason, rule=RULE)


def _independent(request: ReleaseRequest, by: Any) -> Refusal | None:
    """A reviewer of the programme who has no part in the case, and no conflict about it."""
    case = request.fellowship
    if by.pk in (request.requester_id, case.fellow_id, case.mentor_id):
        reason = say("Nobody reviews what leaves a case of their own.")
        return Refusal("separation", reason, rule=SEPARATION)
    if not has_role(by, request.program_id, *REVIEWERS):
        reason = say("What leaves is reviewed by data stewards, security on-call and managers.")
        return Refusal("wrong_role", reason)
    if any(recused(by, about) for about in (request, case, case.proposal)):
        return Refusal("separation_conflict", say("You declared a conflict of interest here."))
    return None
