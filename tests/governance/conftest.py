"""One world for governance's tests, and a kind of matter whose effect can be watched."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest
from django.db import models
from pytest_django import DjangoDbBlocker

from fellowship.accounts.models import User
from fellowship.kernel.canonical import digest
from fellowship.programs.models import Cohort
from governance import kinds, services
from governance.ballots import BallotRule
from governance.kinds import MatterKind
from governance.models import Decision, ExceptionRecord, Matter
from tests.scenarios.governance import granted_exception
from tests.scenarios.world import World, make_world
from tests.support import kept


@dataclass(eq=False)
class RenameKind(MatterKind):
    """Whether a cohort is renamed; the test can make the effect fail, and set who is a party."""

    key: ClassVar[str] = "tests.rename"
    label: ClassVar[str] = "Renaming"
    subject_model: ClassVar[str] = "programs.cohort"
    founding_rule: ClassVar[BallotRule] = BallotRule()
    reopens: ClassVar[tuple[str, ...]] = ("deny",)

    party_ids: set[int] = field(default_factory=set)
    also: list[models.Model] = field(default_factory=list)
    error: Exception | None = None
    taken: list[str] = field(default_factory=list)
    summary: tuple[str, ...] = ()
    advisers: set[int] = field(default_factory=set)

    def title(self, subject: Cohort) -> str:
        return f"Rename {subject.name}"

    def question(self, subject: Cohort) -> str:
        return f"Shall {subject.name} be renamed?"

    def dossier(self, subject: Cohort) -> dict[str, Any]:
        return {"sections": [{"heading": "Cohort", "text": subject.name}]}

    def revision(self, subject: Cohort) -> str:
        return digest({"name": subject.name})

    def parties(self, subject: Cohort) -> set[int]:
        return self.party_ids

    def scores_in_summary(self, subject: Cohort) -> tuple[str, ...]:
        return self.summary

    def advised(self, subject: Cohort) -> set[int]:
        return self.advisers

    def related(self, subject: Cohort) -> list[models.Model]:
        return self.also

    def url(self, subject: Cohort) -> str:
        return "/"

    def enact(self, *, matter: Matter, decision: Decision, subject: Cohort, by: User) -> None:
        subject.name = f"Renamed: {decision.outcome}"
        subject.save()
        if self.error:
            raise self.error

    def taken_back(self, *, matter: Matter, subject: Cohort, by: Any) -> None:
        self.taken.append(matter.ref)


@pytest.fixture(autouse=True)
def rename(monkeypatch: pytest.MonkeyPatch) -> RenameKind:
    """The kind, registered for the length of each test here: the rules of the world name it."""
    kind = RenameKind()
    monkeypatch.setitem(kinds._kinds, kind.key, [kind])
    return kind


def _world_that_knows_renaming() -> World:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(kinds._kinds, RenameKind.key, [RenameKind()])
        return make_world()


kept_world = kept.fixture(_world_that_knows_renaming, shared=True)


@pytest.fixture
def matter(world: World) -> Matter:
    """A matter referred by the manager, its ballot open."""
    return services.refer(
        kind="tests.rename", subject=world.cohort, program=world.program, by=world.manager
    )


@pytest.fixture(scope="module")
def kept_exception(
    kept_world: World, django_db_blocker: DjangoDbBlocker
) -> Iterator[ExceptionRecord]:
    """The exception that those of a module's tests share which ask for one."""
    with kept.built(
        lambda: granted_exception(kept_world), django_db_blocker, "exception", kept_world
    ) as exception:
        yield exception


@pytest.fixture
def exception(kept_exception: ExceptionRecord, world: World) -> ExceptionRecord:
    """An exception the board has granted."""
    return copy.deepcopy(kept_exception)
