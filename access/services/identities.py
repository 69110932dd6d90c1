"""Whom a reporting system means by a name of its own: the steward says, and takes it back."""

from __future__ import annotations

from access import policy
from access.models import SourceIdentity
from fellowship.accounts.models import Actor, User
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse
from fellowship.kernel.time import now
from fellowship.programs.models import Program


@journal.verb("access.name_identity")
def name_identity(
    *, program: Program, source: str, identity: str, person: User, by: User
) -> SourceIdentity:
    """Say that `source` means `person` by `identity`, from now on; ends what was said before.

    Said again of the same person, it stays as it is. Verdicts given before stay what they are.
    """
    program = Program.objects.locked().get(pk=program.pk)
    source, identity = source.strip(), identity.strip()
    refuse(policy.may_name_identities(program, by))
    refuse(policy.identity_fits(program, source, identity, person))
    known = (
        SourceIdentity.objects.in_force()
        .filter(program=program, source=source, identity=identity)
        .first()
    )
    if known is not None:
        if known.person_id == person.pk:
            return known
        known.ended_at = now()
        known.save()
    made = SourceIdentity.objects.create(
        program=program, source=source, identity=identity, person=person, named_by=by
    )
    before = known.person_id if known else None
    journal.record(subject=made, change={"source": source, "person": person.pk, "before": before})
    return made


@journal.verb("access.forget_identity")
def forget_identity(*, named: SourceIdentity, by: Actor) -> SourceIdentity:
    """Take back whom a name means; one taken back already stays as it is."""
    named = SourceIdentity.objects.locked().get(pk=named.pk)
    refuse(policy.may_name_identities(named.program_id, by))
    if named.ended_at is None:
        named.ended_at = now()
        named.save()
        journal.record(subject=named, change={"source": named.source, "person": named.person_id})
    return named
