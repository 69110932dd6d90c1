"""By which words a person is found when they ask to be forgotten, and which files are theirs."""

from __future__ import annotations

from collections import Counter

from allauth.account.models import EmailAddress

from fellowship.accounts.models import User
from fellowship.history.traces import Traces, traces_of
from fellowship.kernel import blobs
from fellowship.kernel.saying import say
from proposals.models import DraftFile, ProposalVersion


def traces(person: User, words: str = "") -> Traces:
    """The person's names, addresses and identifiers, and those given with the request."""
    given = [line.strip() for line in words.splitlines() if line.strip()]
    known = EmailAddress.objects.filter(user=person).values_list("email", flat=True)
    codes = [word for word in given if "@" in word or any(c.isdigit() for c in word)]
    return traces_of(
        pseudonym=say("Person {pk}", pk=person.pk),
        names=[person.name],
        given=[word for word in given if word not in codes],
        codes=[person.email, *known, person.orcid, person.directory_key, *codes],
        identities=[person.username, person.email.partition("@")[0]],
    )


def files_of(person: User) -> list[str]:
    """The contents of what they attached to their proposals, and nobody else did."""
    theirs: Counter[str] = Counter(
        DraftFile.objects.filter(proposal__applicant=person).values_list("sha256", flat=True)
    )
    versions = ProposalVersion.objects.filter(proposal__applicant=person)
    for entries in versions.values_list("attachments", flat=True):
        theirs.update(entry["sha256"] for entry in entries)
    named = Counter(sha256 for sha256 in blobs.references() if sha256 in theirs)
    return sorted(sha256 for sha256, count in theirs.items() if named[sha256] <= count)


def remove(files: list[str]) -> None:
    """Remove the contents for good; records go on naming their hashes."""
    for sha256 in files:
        blobs.remove(sha256)
