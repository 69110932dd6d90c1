"""The verbs of saved wording: what reviewers of a programme use again."""

from __future__ import annotations

from fellowship.accounts.models import User
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from publications import policy
from publications.models import SavedWording
from publications.states import Saved


@journal.verb("publications.save_wording")
def save_wording(*, program: Program, use: str, title: str, text: str, by: User) -> SavedWording:
    """Keep words for others. A title that is there already for this use gets the new text."""
    program = Program.objects.locked().get(pk=program.pk)
    refuse(policy.may_save(program.pk, by))
    if use not in Saved.values:
        refuse(Refusal("no_use", say("Choose what it is for."), field="use"))
    if not title.strip() or not text.strip():
        refuse(Refusal("no_text", say("Give it a title and its words."), field="text"))
    there = SavedWording.objects.offered(program.pk).filter(use=use, title=title).first()
    if there and there.text == text:
        return there
    wording = there or SavedWording(
        program=program, use=use, title=title, added_at=now(), added_by=by
    )
    wording.text = text
    wording.save()
    journal.record(subject=wording, change={"use": use, "title": title})
    return wording


@journal.verb("publications.retire_wording")
def retire_wording(*, wording: SavedWording, by: User) -> SavedWording:
    """Put it away: what was written with it stays as it is."""
    wording = SavedWording.objects.locked().select_related("added_by").get(pk=wording.pk)
    if wording.retired_at is not None:
        return unchanged(wording, policy.may_retire(wording, by))
    refuse(policy.may_retire(wording, by))
    wording.retired_at, wording.retired_by = now(), by
    wording.save()
    journal.record(subject=wording, change={"retired": True})
    return wording
