"""The verbs about people: register, grant and end roles, declare conflicts, make tokens."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Iterable

from django.db.models import Model
from guardian.shortcuts import assign_perm, remove_perm

from fellowship.accounts import policy, roles
from fellowship.accounts.models import Actor, ApiToken, Conflict, Realm, RoleAssignment, User
from fellowship.accounts.queries import forget_what_is_held, label_of
from fellowship.kernel import journal, saying
from fellowship.kernel.canonical import digest
from fellowship.kernel.refusals import Refusal, refuse
from fellowship.kernel.saying import say
from fellowship.kernel.time import now

TOKEN_DAYS = 90


@journal.verb("accounts.register")
def register(
    *,
    email: str,
    name: str,
    username: str,
    by: Actor,
    password: str | None = None,
    affiliation: str = "",
    orcid: str = "",
    time_zone: str = "UTC",
    is_staff: bool = False,
) -> User:
    """Create a person. Raises Refused when the address or the short name is taken."""
    if User.objects.filter(email__iexact=email).exists():
        refuse(Refusal("email_taken", say("This address has an account."), field="email"))
    if User.objects.filter(username=username).exists():
        refuse(Refusal("username_taken", say("This short name is taken."), field="username"))
    user = User.objects.create_user(
        email,
        password,
        name=name,
        username=username,
        affiliation=affiliation,
        orcid=orcid,
        time_zone=time_zone,
        is_staff=is_staff,
    )
    journal.record(subject=user, change={"email_hash": digest(email.lower())})
    return user


@journal.verb("accounts.update_profile")
def update_profile(
    *,
    user: User,
    by: User,
    name: str,
    affiliation: str,
    orcid: str,
    time_zone: str,
    past_affiliations: str = "",
    language: str | None = None,
) -> User:
    """Change one's own name, affiliations, ORCID iD, time zone and, where it is said, language."""
    if by != user:
        refuse(Refusal("not_yours", say("A profile is changed by its own person.")))
    if language and not saying.offered(language):
        refuse(Refusal("no_language", say("Choose a language from the list."), field="language"))
    fields = ["name", "affiliation", "past_affiliations", "orcid", "time_zone", "language"]
    language = user.language if language is None else language
    given = [name, affiliation, past_affiliations, orcid, time_zone, language]
    if [getattr(user, field) for field in fields] == given:
        return user
    for field, value in zip(fields, given, strict=True):
        setattr(user, field, value)
    user.save()
    journal.record(subject=user, change={"fields": fields})
    return user


@journal.verb("accounts.grant_role")
def grant_role(
    *,
    user: User,
    realm: Realm,
    role: str,
    by: Actor,
    seat: str = "",
    starts_at: dt.datetime | None = None,
    ends_at: dt.datetime | None = None,
    reason: str = "",
) -> RoleAssignment:
    """Give a role in a realm, with its object permissions. One already held is returned."""
    starts_at = starts_at or now()
    Realm.objects.locked().get(pk=realm.pk)
    refuse(
        policy.may_grant_role(
            user=user,
            realm=realm,
            role=role,
            seat=seat,
            starts_at=starts_at,
            ends_at=ends_at,
            by=by,
        )
    )
    held = RoleAssignment.objects.filter(
        user=user, realm=realm, role=role, seat=seat, ends_at=None
    ).first()
    if held:
        return held
    if seat:
        refuse(_seat_taken(realm, seat))
    assignment = RoleAssignment.objects.create(
        user=user,
        realm=realm,
        role=role,
        seat=seat,
        starts_at=starts_at,
        ends_at=ends_at,
    )
    for permission in roles.ROLES[role].permissions:
        assign_perm(f"accounts.{permission}", user, realm)
    forget_what_is_held(user)
    journal.record(
        subject=assignment,
        change={
            "user": user.pk,
            "role": role,
            "seat": seat,
            "from": starts_at,
            "until": ends_at,
        },
    )
    return assignment


@journal.verb("accounts.end_role")
def end_role(
    *,
    assignment: RoleAssignment,
    by: Actor,
    reason: str,
    at: dt.datetime | None = None,
) -> RoleAssignment:
    """End a role now or at `at`, and take back its permissions. One already ended stays."""
    at = at or now()
    assignment = RoleAssignment.objects.locked().get(pk=assignment.pk)
    refuse(policy.may_end_role(assignment, by))
    if assignment.ends_at and assignment.ends_at <= at:
        return assignment
    assignment.ends_at = max(at, assignment.starts_at)
    assignment.save()
    kept = {
        permission
        for other in RoleAssignment.objects.live(at).filter(
            user=assignment.user, realm=assignment.realm
        )
        for permission in roles.ROLES[other.role].permissions
    }
    for permission in set(roles.ROLES[assignment.role].permissions) - kept:
        remove_perm(f"accounts.{permission}", assignment.user, assignment.realm)
    forget_what_is_held(assignment.user)
    journal.record(subject=assignment, change={"user": assignment.user_id, "until": at})
    return assignment


@journal.verb("accounts.declare_conflict")
def declare_conflict(
    *,
    user: User,
    subject: Model,
    realm: Realm | int,
    kind: str,
    by: Actor,
    statement: str = "",
) -> Conflict:
    """Declare an interest in a subject, or that there is none; a later declaration replaces it."""
    refuse(policy.may_declare(user=user, kind=kind, statement=statement, by=by))
    conflict, created = Conflict.objects.locked().get_or_create(
        user=user,
        subject_type=label_of(subject),
        subject_id=subject.pk,
        defaults={
            "realm_id": realm.pk if isinstance(realm, Model) else realm,
            "kind": kind,
            "statement": statement,
            "declared_at": now(),
        },
    )
    if not created:
        refuse(policy.may_declare_again(conflict, kind))
        if (conflict.kind, conflict.statement) == (kind, statement):
            return conflict
        conflict.kind, conflict.statement, conflict.declared_at = kind, statement, now()
        conflict.save()
    forget_what_is_held(user)
    journal.record(subject=conflict, change={"user": user.pk, "kind": kind})
    return conflict


@journal.verb("accounts.create_token")
def create_token(
    *,
    user: User,
    scopes: Iterable[str],
    by: Actor,
    name: str = "",
    days: int = TOKEN_DAYS,
) -> tuple[ApiToken, str]:
    """Make an API token; returns it with its secret, which is never shown again."""
    scopes = sorted(set(scopes))
    refuse(policy.may_create_token(user=user, scopes=scopes, by=by))
    secret = f"fel_{secrets.token_urlsafe(32)}"
    token = ApiToken.objects.create(
        user=user,
        name=name or "token",
        prefix=secret[:8],
        token_hash=hashlib.sha256(secret.encode()).hexdigest(),
        scopes=scopes,
        expires_at=now() + dt.timedelta(days=days),
    )
    journal.record(subject=token, change={"user": user.pk, "scopes": token.scopes})
    return token, secret


@journal.verb("accounts.revoke_token")
def revoke_token(*, token: ApiToken, by: Actor, reason: str = "") -> ApiToken:
    """Make a token useless from now on; one already revoked stays as it is."""
    token = ApiToken.objects.select_for_update().get(pk=token.pk)
    if by != token.user and not isinstance(by, journal.System):
        refuse(Refusal("not_yours", say("A token is revoked by its own person.")))
    if token.revoked_at is None:
        token.revoked_at = now()
        token.save(update_fields=["revoked_at"])
        journal.record(subject=token)
    return token


def _seat_taken(realm: Realm, seat: str) -> Refusal | None:
    other = (
        RoleAssignment.objects.live().filter(realm=realm, seat=seat).select_related("user").first()
    )
    if other is None:
        return None
    label = roles.Seat(seat).label
    return Refusal(
        "seat_taken",
        say("The {label} seat is held by {user}.", label=label.lower(), user=other.user),
        field="seat",
    )
