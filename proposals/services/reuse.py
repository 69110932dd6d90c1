"""Taking over, into a draft, what the same person wrote in an earlier proposal."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from fellowship.accounts.models import User
from fellowship.kernel.refusals import refuse
from fellowship.kernel.time import now
from proposals import reuse, sections
from proposals.models import Draft, Proposal
from proposals.services.drafting import StaleDraft


def take_over(
    *, proposal: Proposal, source: Proposal, parts: Mapping[str, int], by: User
) -> Proposal:
    """Copy the named sections of `source` over those of the draft. No event, as for all drafting.

    `parts` gives each section's key with the version of the draft the person saw. Raises StaleDraft
    where one was saved meanwhile, Refused where it is no other proposal of their own; then nothing
    is copied. What is not offered in this programme is left out.
    """
    with transaction.atomic():
        proposal = Proposal.objects.locked().select_related("call__program").get(pk=proposal.pk)
        refuse(reuse.may_take_over(proposal, source, by))
        answers, offers = reuse.earlier(source), sections.labels(proposal.program)
        for section in reuse.REUSABLE:
            if section.key not in parts:
                continue
            draft, _ = Draft.objects.get_or_create(proposal=proposal, section=section.key)
            taken = {**draft.answers, **reuse.taken(section, answers, offers)}
            if taken == draft.answers:
                continue
            if parts[section.key] != draft.version:
                raise StaleDraft(draft)
            draft.answers, draft.version, draft.saved_at = taken, draft.version + 1, now()
            draft.save()
    return proposal
