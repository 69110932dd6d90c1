"""The roles of a programme: classes in code, their powers in prose and as permissions.

Permissions are django-guardian object permissions on the programme's realm. What a role may do to a
single case follows from the case's own policy; these say which rooms a role may enter at all.
"""

from __future__ import annotations

from typing import ClassVar, Final

from django.db import models

from fellowship.kernel.saying import say

APPLICANT: Final = "applicant"
FELLOW: Final = "fellow"
COLLABORATOR: Final = "collaborator"
MENTOR: Final = "mentor"
REVIEWER: Final = "reviewer"
BOARD_MEMBER: Final = "board_member"
CHAIR: Final = "chair"
MANAGER: Final = "manager"
STEWARD: Final = "steward"
PRODUCT_OWNER: Final = "product_owner"
ONCALL: Final = "oncall"
POLICY_REVIEWER: Final = "policy_reviewer"
LEGAL_REVIEWER: Final = "legal_reviewer"
AUDITOR: Final = "auditor"
SPONSOR: Final = "sponsor"
ADMINISTRATOR: Final = "administrator"


class Seat(models.TextChoices):
    """The five seats of a board."""

    RESEARCH = "research", say("Research")
    PRODUCT = "product", say("Product")
    SECURITY = "security", say("Security")
    LEGAL = "legal", say("Legal")
    POLICY = "policy", say("Policy")


PERMISSIONS: Final[dict[str, str]] = {
    "apply": say("Draft and submit proposals"),
    "do_research": say("Carry out a fellowship"),
    "collaborate": say("Work on one fellowship beside its fellow"),
    "mentor_fellows": say("Accompany fellows"),
    "score_proposals": say("Declare conflicts and score assigned proposals"),
    "sit_on_board": say("Read dossiers, vote and dissent"),
    "chair_board": say("Open and record ballots"),
    "manage_program": say("Run calls, cohorts and panels"),
    "steward_data": say("Classify datasets, check requests, verify deletion"),
    "own_product": say("Take findings and ship controls"),
    "answer_escalations": say("Contain and suspend"),
    "review_policy": say("Object to passages on listed grounds"),
    "review_law": say("Object to passages on listed grounds, for legal exposure"),
    "audit_record": say("Read and export the record, change nothing"),
    "sponsor_program": say("Read the programme's outcomes"),
    "administer": say("Grant and end roles"),
}


class Role:
    """One role: its key, name, prose, and the permissions it carries on the programme."""

    key: ClassVar[str]
    label: ClassVar[str]
    prose: ClassVar[str]
    permissions: ClassVar[tuple[str, ...]]
    seated: ClassVar[bool] = False


ROLES: Final[dict[str, type[Role]]] = {}


def _role(key: str, label: str, prose: str, *permissions: str, seated: bool = False) -> type[Role]:
    role = type(
        label.title().replace(" ", "").replace("-", "") + say("Role"),
        (Role,),
        {
            "__doc__": prose,
            "key": key,
            "label": label,
            "prose": prose,
            "permissions": permissions,
            "seated": seated,
        },
    )
    ROLES[key] = role
    return role


ApplicantRole = _role(
    APPLICANT,
    say("Applicant"),
    say("Drafts and submits proposals, and follows their own case."),
    "apply",
)
FellowRole = _role(
    FELLOW,
    say("Fellow"),
    say(
        "Carries out a signed scope of work: requests data, reports findings, submits publications."
    ),
    "apply",
    "do_research",
)
CollaboratorRole = _role(
    COLLABORATOR,
    say("Collaborator"),
    say(
        "Works on a fellowship beside its fellow, with data granted by name; sees "
        "nothing else of it."
    ),
    "collaborate",
)
MentorRole = _role(
    MENTOR,
    say("Mentor"),
    say("Accompanies assigned fellows and sees what blocks them."),
    "mentor_fellows",
)
ReviewerRole = _role(
    REVIEWER,
    say("Panel reviewer"),
    say("Scores assigned proposals after declaring conflicts; decides nothing alone."),
    "score_proposals",
)
BoardMemberRole = _role(
    BOARD_MEMBER,
    say("Board member"),
    say("Holds one of five seats; votes on matters without a conflict, on the record once closed."),
    "sit_on_board",
    seated=True,
)
ChairRole = _role(
    CHAIR,
    say("Chair"),
    say(
        "Opens ballots and records decisions the rule allows; has only the vote of a "
        "seat also held."
    ),
    "sit_on_board",
    "chair_board",
)
ManagerRole = _role(
    MANAGER,
    say("Programme manager"),
    say("Runs calls, cohorts, panels and scopes of work; proposes and therefore does not approve."),
    "manage_program",
)
StewardRole = _role(
    STEWARD,
    say("Data steward"),
    say("Classifies datasets, checks requests for the least that serves, verifies deletion."),
    "steward_data",
)
ProductOwnerRole = _role(
    PRODUCT_OWNER,
    say("Product owner"),
    say("Takes findings, gives each a disposition, ships controls and shows whether risk fell."),
    "own_product",
)
OncallRole = _role(
    ONCALL,
    say("Security on-call"),
    say("Answers escalations and may suspend everything a fellow can reach."),
    "answer_escalations",
)
PolicyReviewerRole = _role(
    POLICY_REVIEWER,
    say("Policy reviewer"),
    say("May object to a marked passage on a listed ground; never to a whole paper."),
    "review_policy",
)
LegalReviewerRole = _role(
    LEGAL_REVIEWER,
    say("Legal reviewer"),
    say("May object to a marked passage for legal exposure on a listed ground."),
    "review_law",
)
AuditorRole = _role(
    AUDITOR,
    say("Auditor"),
    say("Reads the whole record as of any date and exports it; changes nothing."),
    "audit_record",
)
SponsorRole = _role(
    SPONSOR,
    say("Sponsor"),
    say("Answers for the programme and reads its outcomes."),
    "sponsor_program",
)
AdministratorRole = _role(
    ADMINISTRATOR,
    say("Administrator"),
    say("Grants and ends roles for others, never for themselves; sees no case by that alone."),
    "administer",
)

CHOICES: Final = [(key, role.label) for key, role in ROLES.items()]
STAFF: Final = tuple(key for key in ROLES if key not in (APPLICANT, FELLOW, COLLABORATOR))
"""Roles held for the company, against applicants and fellows from outside."""
