"""The verbs of a person's own data: a copy of it, and its erasure."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount

from fellowship.accounts.models import Actor, ApiToken, RoleAssignment, User
from fellowship.accounts.services import end_role, end_sessions, revoke_token
from fellowship.history import erasing, redactions
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.notices.models import CalendarFeed, Mail, Notice
from fellowship.notices.services import notify
from oversight import persons_policy as policy
from oversight import retention_policy as retention
from oversight.models import DueErasure, Erasure, PersonalCopy
from oversight.persons import parts, remains
from proposals.models import Draft, DraftFile

ERASING = journal.System("erasure")


@journal.verb("oversight.ask_copy")
def ask_copy(*, by: User) -> PersonalCopy:
    """Ask for a copy of what is held about oneself. One that is being made is returned."""
    User.objects.select_for_update().get(pk=by.pk)
    known: PersonalCopy | None = PersonalCopy.objects.waiting().filter(person=by).first()
    if known:
        return known
    copy: PersonalCopy = PersonalCopy.objects.create(person=by)
    journal.record(subject=copy, change={"person": by.pk})
    return copy


@journal.verb("oversight.finish_copy")
def finish_copy(
    *, copy: PersonalCopy, sha256: str, size: int, records: int, by: Actor
) -> PersonalCopy:
    """Note that the file is there, and tell the person. Once, however often it was made."""
    found: PersonalCopy = PersonalCopy.objects.locked().get(pk=copy.pk)
    if found.made_at or found.failed_at:
        return found
    found.made_at, found.sha256, found.size, found.records = now(), sha256, size, records
    found.save()
    journal.record(subject=found, change={"sha256": sha256, "records": records})
    _tell(found, say("The copy of your data is ready"))
    return found


@journal.verb("oversight.fail_copy")
def fail_copy(*, copy: PersonalCopy, by: Actor) -> PersonalCopy:
    """Note that it could not be made, and tell the person."""
    found: PersonalCopy = PersonalCopy.objects.locked().get(pk=copy.pk)
    if found.made_at or found.failed_at:
        return found
    found.failed_at = now()
    found.save()
    journal.record(subject=found, change={"failed": True})
    _tell(found, say("The copy of your data could not be made"))
    return found


@journal.verb("oversight.ask_erasure")
def ask_erasure(*, person: User, words: str = "", reason: str, by: User) -> Erasure:
    """Ask that what identifies a person is taken out. What is asked already is returned."""
    person = User.objects.select_for_update().get(pk=person.pk)
    refuse(policy.may_ask_erasure(person, by, reason=reason))
    known: Erasure | None = Erasure.objects.open().filter(person=person).first()
    if known:
        return known
    erasure: Erasure = Erasure.objects.create(
        person=person, asked_by=by, words=words.strip(), reason=reason.strip()
    )
    journal.record(subject=erasure, change={"person": person.pk})
    return erasure


@journal.verb("oversight.approve_erasure")
def approve_erasure(*, erasure: Erasure, by: User) -> Erasure:
    """Approve it as a second person: the account closes now, the owner of the tables does the rest.

    Whoever approved it already has it back as it is.
    """
    found: Erasure = Erasure.objects.locked().select_related("person").get(pk=erasure.pk)
    if found.approved_by_id == by.pk:
        return found
    refuse(policy.may_approve_erasure(found, by))
    found.approved_by, found.approved_at = by, now()
    found.save()
    person = User.objects.select_for_update().get(pk=found.person_id)
    refuse(retention.held(person.pk))  # one placed while this waited for the lock
    for assignment in RoleAssignment.objects.live().filter(user=person, role__in=parts.OUTSIDE):
        end_role(assignment=assignment, by=ERASING, reason="erasure")
    person.is_active = False
    person.save()
    journal.record(subject=found, change={"person": person.pk, "active": False})
    end_sessions(user=person, by=ERASING, reason="erasure")
    for token in ApiToken.objects.filter(user=person, revoked_at=None):
        revoke_token(token=token, by=ERASING, reason="erasure")
    return found


@journal.verb("oversight.refuse_erasure")
def refuse_erasure(*, erasure: Erasure, reason: str, by: User) -> Erasure:
    """Refuse it with what stands against it, which the person is told."""
    found: Erasure = Erasure.objects.locked().select_related("person").get(pk=erasure.pk)
    refuse(policy.may_refuse_erasure(found, by, reason=reason))
    found.refused_by, found.refused_at, found.answer = by, now(), reason.strip()
    found.save()
    journal.record(subject=found, change={"refused": True})
    notify(
        kind="oversight.erasure_refused",
        to=[found.person],
        title=say("Your data stays for now"),
        body=found.answer,
        url="/your-data/",
        subject_obj=found,
    )
    return found


@journal.verb("oversight.erase_person")
def erase_person(*, erasure: Erasure, by: Actor) -> Erasure:
    """Carry an approved erasure out in every table; one carried out, or held back, stays as it is.

    By the owner of the tables (`manage.py erase_people`): the application's own role may not change
    the record, and so could not.
    """
    found: Erasure = Erasure.objects.locked().get(pk=erasure.pk)
    if found.done_at or not found.approved_at:
        return found
    person = User.objects.select_for_update().get(pk=found.person_id)
    if retention.held(person.pk):
        return found
    traces = remains.traces(person, found.words)
    files = remains.files_of(person)
    _remove_what_only_they_read(person)
    found.done_at = now()
    found.save()
    for due in DueErasure.objects.locked().open().filter(person=person):
        due.ended_at = found.done_at
        due.save()
    _forget(person, traces.pseudonym, traces.code)
    done = erasing.erase(traces)
    erased: Erasure = Erasure.objects.get(pk=found.pk)
    erased.rows = sum(done.rows.values())
    erased.save()
    change = {
        "person": person.pk,
        "asked_by": found.asked_by_id,
        "approved_by": found.approved_by_id,
        "rows": done.rows,
        "files": len(files),
        redactions.KEY: redactions.summary(done.redactions),
    }
    journal.record(subject=erased, change=change)
    journal.after_commit(lambda: remains.remove(files))
    return erased


def _remove_what_only_they_read(person: User) -> None:
    """Rows that are no part of the record: inbox, mails, drafts, ways to sign in."""
    Notice.objects.filter(recipient=person).delete()
    Mail.objects.filter(recipient=person).delete()
    CalendarFeed.objects.filter(user=person).delete()
    DraftFile.objects.filter(proposal__applicant=person).delete()
    Draft.objects.filter(proposal__applicant=person).delete()
    EmailAddress.objects.filter(user=person).delete()
    Authenticator.objects.filter(user=person).delete()
    SocialAccount.objects.filter(user=person).delete()
    ApiToken.objects.filter(user=person).update(name="")


def _forget(person: User, name: str, email: str) -> None:
    person.name, person.email, person.username = name, email, email.partition("@")[0]
    person.orcid = person.affiliation = person.past_affiliations = person.directory_key = ""
    person.time_zone, person.is_active, person.is_superuser = "UTC", False, False
    person.set_unusable_password()
    person.save()


def _tell(copy: PersonalCopy, title: str) -> None:
    notify(
        kind="oversight.personal_copy",
        to=[copy.person],
        title=title,
        url="/your-data/",
        subject_obj=copy,
    )
