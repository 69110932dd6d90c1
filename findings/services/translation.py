"""The verbs of the translation matrix: classify, contest, answer, change."""

from __future__ import annotations

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import holders
from fellowship.clocks import services as clocks
from fellowship.history.references import next_reference
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse, unchanged
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.notices.services import notify
from fellowship.programs.models import Program
from findings import matrix, policy
from findings.change_states import CONTEST_MOVES, CONTEST_VERBS, ContestState
from findings.matrix import Cell
from findings.models import Contest, Finding, MatrixChange
from findings.services.common import lock
from findings.states import ControlType, Family, FindingClass
from findings.suggesting import suggest
from governance import rules
from governance.states import RuleKind

CONTEST_CLOCK = "findings.contest"
CONTEST_SILENCE = say("It goes to the sponsor; the suggestion stays marked as contested.")


@journal.verb("findings.classify")
def classify(*, finding: Finding, finding_class: str, by: Actor, reason: str = "") -> Finding:
    """Say what a finding is about; the same class again changes nothing."""
    finding = lock(finding)
    refuse(policy.may_classify(finding, by))
    refuse(policy.names_a_class(finding_class))
    if finding.finding_class == finding_class:
        return finding
    before, finding.finding_class = finding.finding_class, finding_class
    finding.save()
    journal.record(subject=finding, change={"class": journal.moved(before, finding_class)})
    return finding


@journal.verb("findings.contest")
def contest(
    *,
    program: Program,
    finding_class: str,
    family: str,
    control_type: str,
    reason: str,
    by: User,
    finding: Finding | None = None,
) -> Contest:
    """Say that a suggestion is wrong. The programme manager answers by name, within the clock.

    The same suggestion contested already is returned as it is.
    """
    program = Program.objects.locked().select_related("realm").get(pk=program.pk)
    refuse(policy.may_contest(program.pk, finding, by))
    refuse(policy.names_a_class(finding_class))
    refuse(policy.names_a_cell(family, control_type))
    refuse(policy.says_why(reason))
    refuse(
        policy.is_suggested(_suggested(program.pk, finding, finding_class), family, control_type)
    )
    cell = {"finding": finding, "family": family, "control_type": control_type}
    about = cell if finding else {**cell, "program": program, "finding_class": finding_class}
    if there := Contest.objects.open().filter(**about).first():
        return there
    rule = rules.in_force(program, RuleKind.FELLOWSHIP_POLICY)
    at = now()
    window = rule.params.reply_answer
    raised = Contest.objects.create(
        program=program,
        ref=next_reference("CT"),
        finding=finding,
        finding_class=finding_class,
        family=family,
        control_type=control_type,
        reason=reason.strip(),
        raised_by=by,
        raised_at=at,
        due_at=window.due(at, program.calendar()),
    )
    clocks.start(
        kind=CONTEST_CLOCK,
        subject=raised,
        realm=program.realm,
        window=window,
        by=by,
        holder="us",
        silence=CONTEST_SILENCE,
        rule=str(rule),
        due_at=raised.due_at,
    )
    journal.record(
        subject=raised,
        change={
            "finding": finding.ref if finding else "",
            "class": finding_class,
            "family": family,
            "control_type": control_type,
        },
    )
    _tell(
        raised,
        holders(program.pk, roles.MANAGER),
        say("{ref}: {by} contests a suggestion", ref=raised.ref, by=by),
    )
    return raised


@journal.verb("findings.answer_contest")
def answer_contest(
    *,
    contest: Contest,
    outcome: str,
    answer: str,
    by: User,
    instead_family: str = "",
    instead_type: str = "",
) -> Contest:
    """Answer a contest by name: the suggestion stands, is replaced, or is no longer made.

    About the matrix itself, the outcome makes its next version. Answered the same way already, it
    stays as it is.
    """
    Program.objects.locked().get(pk=contest.program_id)
    contest = _lock(contest)
    if contest.state == outcome and contest.ended_by == by:
        return contest
    refuse(policy.may_answer(contest, by))
    instead = (instead_family, instead_type) if outcome == ContestState.REPLACED else ("", "")
    refuse(policy.answers(contest, outcome, answer, instead))
    contest.state = CONTEST_MOVES.target(contest.state, CONTEST_VERBS[ContestState(outcome)])
    contest.answer = answer.strip()
    contest.instead_family, contest.instead_type = instead
    _end(contest, by)
    if contest.finding_id is None and outcome != ContestState.UPHELD:
        cell = (contest.family, contest.control_type)
        cells = [(cell, False), *([(instead, True)] if instead[0] else [])]
        _lay_over(
            contest.program_id, contest.finding_class, cells, why=answer, by=by, contest=contest
        )
    journal.record(
        subject=contest, change={"outcome": contest.state, "instead": " ".join(instead).strip()}
    )
    _tell(
        contest,
        [contest.raised_by],
        joined(": ", (contest.ref, contest.get_state_display().lower())),
    )
    return contest


@journal.verb("findings.take_back_contest")
def take_back_contest(*, contest: Contest, by: User, reason: str = "") -> Contest:
    """Contest a suggestion no longer. One taken back stays so."""
    contest = _lock(contest)
    if contest.state == ContestState.RETRACTED:
        return unchanged(contest, policy.may_take_back(contest, by))
    refuse(policy.may_take_back(contest, by))
    contest.state = CONTEST_MOVES.target(contest.state, "take_back")
    _end(contest, by)
    journal.record(subject=contest, change={"outcome": contest.state})
    return contest


@journal.verb("findings.change_matrix")
def change_matrix(
    *,
    program: Program,
    finding_class: str,
    family: str,
    control_type: str,
    suggested: bool,
    reason: str,
    by: User,
) -> int:
    """Suggest a kind of control for a class of findings from now on, or no longer.

    Returns the version of the matrix in which it is so.
    """
    program = Program.objects.locked().get(pk=program.pk)
    refuse(policy.may_change_matrix(program.pk, by))
    refuse(policy.names_a_class(finding_class))
    refuse(policy.names_a_cell(family, control_type))
    refuse(policy.says_why(reason))
    now_in_force = matrix.in_force(matrix.changes(program.pk))
    cell = (Family(family), ControlType(control_type))
    if (cell in now_in_force.cells[FindingClass(finding_class)]) == suggested:
        return now_in_force.version
    cells = [((family, control_type), suggested)]
    row = _lay_over(program.pk, finding_class, cells, why=reason, by=by)
    journal.record(
        subject=row,
        change={
            "class": finding_class,
            "family": family,
            "control_type": control_type,
            "suggested": suggested,
            "version": row.version,
        },
    )
    return row.version


def _suggested(program: int, finding: Finding | None, finding_class: str) -> set[Cell]:
    if finding is not None:
        return {(row.family, row.control_type) for row in suggest(finding).rows}
    here = matrix.in_force(matrix.changes(program))
    return set(here.cells[FindingClass(finding_class)])


def _lay_over(
    program: int,
    finding_class: str,
    cells: list[tuple[tuple[str, str], bool]],
    *,
    why: str,
    by: User,
    contest: Contest | None = None,
) -> MatrixChange:
    version = matrix.in_force(matrix.changes(program)).version + 1
    rows = [
        MatrixChange.objects.create(
            program_id=program,
            version=version,
            finding_class=finding_class,
            family=family,
            control_type=control_type,
            suggested=suggested,
            why=why.strip(),
            decided_at=now(),
            decided_by=by,
            contest=contest,
        )
        for (family, control_type), suggested in cells
    ]
    return rows[-1]


def _lock(contest: Contest) -> Contest:
    rows = Contest.objects.locked().select_related("program__realm", "raised_by", "ended_by")
    return rows.select_related("finding__fellowship").get(pk=contest.pk)


def _end(contest: Contest, by: User) -> None:
    contest.ended_at, contest.ended_by = now(), by
    contest.save()
    reason = f"{contest.ref} {contest.state}"
    clocks.stop_open(subject=contest, kinds=[CONTEST_CLOCK], by=by, reason=reason)


def _tell(contest: Contest, to: object, title: str) -> None:
    notify(
        kind="findings.contest",
        to=to,  # type: ignore[arg-type]
        subject_obj=contest,
        realm=contest.program.realm,
        title=title,
        body=contest.answer or contest.reason,
        url=contest.get_absolute_url(),
    )
