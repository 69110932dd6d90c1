"""What the board may decide: one handler per kind of matter, declared by the app it concerns.

Each app subclasses `MatterKind` in its `board.py`, registers one instance, and imports the module
in `AppConfig.ready`. A system check fails where a kind has two handlers or no such subject exists.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django.apps import apps
from django.core.checks import CheckMessage, Error, Warning
from django.core.checks import register as checker
from django.db import DatabaseError, models

from fellowship.kernel.saying import joined, say
from governance.ballots import BallotRule
from governance.states import Outcome

if TYPE_CHECKING:
    from fellowship.accounts.models import Actor, User
    from fellowship.kernel.refusals import Refusal
    from governance.models import Decision, Matter

_KEY = re.compile(r"^[a-z_]+\.[a-z_]+$")


class MatterKind(ABC):
    """One kind of decision: what is asked, what members see, who may not vote, and what follows."""

    key: ClassVar[str]
    """Stable name, `"proposals.proposal"`; the prefix is the app's label."""
    label: ClassVar[str]
    """For headings: “Proposal”."""
    subject_model: ClassVar[str]
    """The model decided upon, `"proposals.proposal"`."""
    heading: ClassVar[str] = ""
    """What its matters stand under in an agenda; the label by default."""
    order: ClassVar[int] = 70
    """Where they stand in an agenda: proposals come first, changes of rules last."""
    founding_rule: ClassVar[BallotRule] = BallotRule()
    """The ballot rule a new programme starts with; its board may adopt another."""
    replied_to: ClassVar[tuple[str, ...]] = (Outcome.CONDITIONS, Outcome.DENY, Outcome.DEFER)
    """Outcomes to which the parties may reply."""
    takes_conditions: ClassVar[bool] = True
    """Whether something waits for conditions to be met; not where a decision has effect at once."""
    withholds: ClassVar[bool] = False
    """Whether `withheld` keeps parts of a sealed dossier from some who read the rest."""
    reopens: ClassVar[tuple[str, ...]] = ()
    """Outcomes from which `reopen` can put the subject before the board again."""

    @abstractmethod
    def title(self, subject: Any) -> str:
        """The matter in the docket, in a few words."""

    @abstractmethod
    def question(self, subject: Any) -> str:
        """What the board is deciding, as one sentence that can be answered."""

    @abstractmethod
    def dossier(self, subject: Any) -> dict[str, Any]:
        """Exactly what members see, as JSON: `{"sections": [{"heading", "text" | "rows"}]}`."""

    @abstractmethod
    def revision(self, subject: Any) -> str:
        """A hash that changes whenever what is decided upon does."""

    @abstractmethod
    def parties(self, subject: Any) -> set[int]:
        """Ids of the people the matter is about: they do not vote and see its public face alone."""

    @abstractmethod
    def url(self, subject: Any) -> str:
        """The subject's own page."""

    @abstractmethod
    def enact(self, *, matter: Matter, decision: Decision, subject: Any, by: User) -> None:
        """Perform what was decided, by `decision.outcome`, in the decision's transaction.

        Raise `Refused` where that cannot be: then nothing is recorded and the chair sees why.
        """

    def withheld(self, subject: Any, user: Any) -> Mapping[str, str]:
        """What the person reads now in place of sections of the dossier, by heading.

        Asked where `withholds` is set. What was sealed stays as it is, and its hash with it.
        """
        return {}

    def may_refer(self, subject: Any, by: Actor) -> Refusal | None:
        """Why `by` may not refer this subject, beyond what the app's own service asked before."""
        return None

    def related(self, subject: Any) -> Iterable[models.Model]:
        """Other records a declared conflict in which recuses from this matter as well."""
        return ()

    def taken_back(self, *, matter: Matter, subject: Any, by: Actor) -> None:  # noqa: B027
        """What follows when the matter is withdrawn or returned without a decision."""

    def holds_gate_of(self, subject: Any) -> models.Model:
        """The record whose gate the conditions hold shut: the subject by default."""
        found: models.Model = subject
        return found

    def conditions_settled(self, *, subject: Any, by: Actor) -> None:  # noqa: B027
        """What follows when the last open condition on the subject is verified or waived."""

    def scores_in_summary(self, subject: Any) -> Sequence[str]:
        """What was scored before, in lines for the letter, as it stood when it was decided."""
        return ()

    def advised(self, subject: Any) -> set[int]:
        """Ids of the people who advised on the case: they do not review its decision."""
        return set()

    def may_reopen(self, subject: Any) -> Refusal | None:
        """Why the subject cannot go before the board again as it stands."""
        return None

    def reopen(self, *, subject: Any, by: Actor) -> None:  # noqa: B027
        """Put the subject where it was when it went before the board, which then has it again."""

    def condition_owner(self, subject: Any) -> User | None:
        """Who fulfils conditions where the board names nobody; the first party by default."""
        return None

    def condition_verifier(self, subject: Any) -> User | None:
        """Who verifies conditions where the board names nobody; a programme manager by default."""
        return None


_kinds: dict[str, list[MatterKind]] = {}


def register(kind: MatterKind) -> MatterKind:
    """Register the handler of a kind. A module imported twice registers it once."""
    handlers = _kinds.setdefault(kind.key, [])
    if all(type(handler) is not type(kind) for handler in handlers):
        handlers.append(kind)
    return kind


def get(key: str) -> MatterKind:
    """The handler of a kind. Raises LookupError where there is none, or more than one."""
    handlers = _kinds.get(key, [])
    if len(handlers) != 1:
        raise LookupError(f"{key} has {len(handlers)} handlers; it must have exactly one")
    return handlers[0]


def registered() -> dict[str, MatterKind]:
    """Every kind with its handler, by key."""
    return {key: handlers[0] for key, handlers in sorted(_kinds.items())}


def subject_of(matter: Matter) -> Any:
    """The record a matter is about. Raises ObjectDoesNotExist where it is gone."""
    model = apps.get_model(get(matter.kind).subject_model)
    return model._default_manager.get(pk=matter.subject_id)


@checker()
def each_kind_has_one_handler(**_: Any) -> list[CheckMessage]:
    """Exactly one handler per kind, named after its app, about a model that exists."""
    errors: list[CheckMessage] = []
    for key, handlers in _kinds.items():
        if len(handlers) != 1:
            names = joined(", ", (type(handler).__qualname__ for handler in handlers))
            errors.append(
                Error(f"Matters {key} have several handlers: {names}.", id="governance.E001")
            )
        if not _KEY.match(key):
            errors.append(Error(f"{key} is no name of a kind of matter.", id="governance.E002"))
        for handler in handlers:
            try:
                apps.get_model(handler.subject_model)
            except (LookupError, ValueError):
                text = say(
                    "Matters {key} are about {subject_model}, which does not exist.",
                    key=key,
                    subject_model=handler.subject_model,
                )
                errors.append(Error(text, id="governance.E003"))
    return errors


@checker("database", deploy=False)
def each_ruled_kind_exists(databases: Any = None, **_: Any) -> list[CheckMessage]:
    """Every kind in a ballot rule in force has a handler, and every handler's kind has a rule."""
    if not databases:
        return []
    from governance.models import RuleVersion
    from governance.states import RuleKind

    found: list[CheckMessage] = []
    rules = RuleVersion.objects.current(RuleKind.BALLOT_RULES)
    try:
        ruled = list(rules.values_list("program__name", "parameters__matters"))
    except DatabaseError:  # before the first migration there is nothing to compare
        return []
    for program, matters in ruled:
        for key in sorted(set(matters) - set(_kinds)):
            text = say(
                "The ballot rules of {program} name {key}, which no app decides.",
                program=program,
                key=key,
            )
            found.append(Error(text, id="governance.E004"))
        for key in sorted(set(_kinds) - set(matters)):
            text = say(
                "The ballot rules of {program} say nothing about {key}; it cannot be referred.",
                program=program,
                key=key,
            )
            found.append(Warning(text, id="governance.W001"))
    return found
