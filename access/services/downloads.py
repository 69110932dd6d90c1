"""Handing out files of the release desk and of escrow: each time on record, by the bytes' hash."""

from __future__ import annotations

from access import release_policy
from access.models import Output, Release
from fellowship.accounts.models import User
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse


@journal.verb("access.take_released")
def take_released(*, release: Release, by: User) -> Release:
    """A released file is taken: who took which bytes goes on record."""
    refuse(release_policy.may_take(release, by))
    change = {"request": release.request.ref, "sha256": release.sha256}
    journal.record(subject=release, change=change)
    return release


@journal.verb("access.look_at_output")
def look_at_output(*, output: Output, by: User) -> Output:
    """A file that is not released is opened by who may review it, or asks for it: on record."""
    refuse(release_policy.may_look(output.request, by))
    change = {"request": output.request.ref, "sha256": output.sha256}
    journal.record(subject=output, change=change)
    return output
