"""People, realms, role assignments and API tokens.

Why it is so: docs/adr/0001-realm-shared-by-roles-and-programmes.md.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Self, TypeAlias
from zoneinfo import ZoneInfo, available_timezones

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from guardian.mixins import GuardianUserMixin
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from fellowship.accounts import roles
from fellowship.accounts.orcid import normalise_orcid
from fellowship.kernel import journal
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.kernel.tracking import (
    Tracked,
    TrackedHistory,
    TrackedQuerySet,
    Untracked,
)


def validate_orcid(value: str) -> None:
    """Refuse an ORCID iD whose form or check digit is wrong."""
    try:
        normalise_orcid(value)
    except ValueError as error:
        raise ValidationError(str(error), code="orcid") from error


def validate_time_zone(value: str) -> None:
    """Refuse a name that is no IANA time zone."""
    if value not in available_timezones():
        raise ValidationError(say("Choose a time zone from the list."), code="time_zone")


class Realm(Tracked):
    """What roles are held in and records belong to: one per programme, which shares its key."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)

    class Meta:
        ordering = ("name",)
        permissions: ClassVar = list(roles.PERMISSIONS.items())

    def __str__(self) -> str:
        return self.name


class RealmUserPermission(UserObjectPermissionBase):
    """A person's permission on a realm, with a real foreign key so that none outlives it."""

    content_object = models.ForeignKey(Realm, on_delete=models.CASCADE)


class RealmGroupPermission(GroupObjectPermissionBase):
    """Needed by django-guardian beside the person's; groups are not used."""

    content_object = models.ForeignKey(Realm, on_delete=models.CASCADE)


class UserManager(BaseUserManager["User"]):
    """Finds people by e-mail address whatever its case."""

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)

    def create_user(self, email: str, password: str | None = None, **values: Any) -> User:
        """Create a person; inside a verb. Use `accounts.services.register`."""
        user = self.model(email=self.normalize_email(email), **values)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email: str, password: str | None = None, **values: Any) -> User:
        """Who runs the installation, as `manage.py createsuperuser` asks; founds programmes."""
        return self.create_user(email, password, is_superuser=True, **values)


class User(GuardianUserMixin, AbstractBaseUser, PermissionsMixin):
    """A person. Never deleted: deactivated, and pseudonymised when their data must go.

    History holds no personal data of theirs, so that erasing it keeps the record verifiable.
    """

    username = models.CharField(
        max_length=60, unique=True, help_text="A short name, also accepted at sign-in."
    )
    email = models.EmailField(say("e-mail address"), unique=True)
    name = models.CharField(max_length=200)
    orcid = models.CharField(
        say("ORCID iD"), max_length=19, blank=True, validators=[validate_orcid]
    )
    affiliation = models.CharField(max_length=200, blank=True)
    past_affiliations = models.TextField(
        max_length=2000, blank=True, help_text="One a line; hints at conflicts come from them."
    )
    time_zone = models.CharField(max_length=60, default="UTC", validators=[validate_time_zone])
    language = models.CharField(
        max_length=10, blank=True, help_text="Empty follows the browser, mails are then English."
    )
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False, help_text="May open the board room's site.")
    date_joined = models.DateTimeField(default=now, editable=False)
    directory_key = models.CharField(
        max_length=200,
        blank=True,
        editable=False,
        help_text="What the company's directory knows the person by (SCIM externalId).",
    )

    last_login = None
    history = TrackedHistory(
        excluded_fields=[
            "password",
            "name",
            "email",
            "orcid",
            "affiliation",
            "past_affiliations",
            "username",
            "directory_key",
        ]
    )
    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["username", "name"]

    class Meta:
        ordering = ("name",)
        constraints: ClassVar = [
            models.UniqueConstraint(Lower("email"), name="user_email_unique_whatever_its_case"),
            models.UniqueConstraint(
                fields=["directory_key"],
                condition=~Q(directory_key=""),
                name="user_directory_key_unique",
            ),
            models.CheckConstraint(
                condition=Q(orcid="") | Q(orcid__regex=r"^[0-9]{4}(-[0-9]{3}[0-9X]){3}$"),
                name="user_orcid_has_its_form",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return self.name.split(" ", 1)[0] if self.name else self.email

    def today(self) -> dt.date:
        """The day on the wall of the person."""
        return self.day(now())

    def day(self, at: dt.datetime) -> dt.date:
        """The day of an instant on the wall of the person."""
        return at.astimezone(ZoneInfo(self.time_zone)).date()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; sign-in libraries do so outside our verbs and are recorded as an account change."""
        if journal.current():
            super().save(*args, **kwargs)
            return
        with journal.acting("accounts.change_account", by=self if self.pk else SIGN_UP):
            super().save(*args, **kwargs)
            journal.record(subject=self)


SIGN_UP = journal.System("sign-up")

Actor: TypeAlias = User | journal.System | journal.RuleActor
"""Who can act: a person, a service or a rule."""


class RoleQuerySet(TrackedQuerySet["RoleAssignment"]):
    """Role assignments, live by the clock."""

    def live(self, at: dt.datetime | None = None) -> Self:
        """Those in force at `at` (default now), for people who are active."""
        at = at or now()
        return self.filter(
            Q(ends_at=None) | Q(ends_at__gt=at), starts_at__lte=at, user__is_active=True
        )

    def visible_to(self, user: Any) -> Self:
        """Those in the realms the person administers."""
        from fellowship.accounts.queries import realm_ids_where

        return self.filter(realm_id__in=realm_ids_where(user, roles.ADMINISTRATOR))


class RoleAssignment(Tracked):
    """A person holds a role in a realm from `starts_at` until `ends_at` (exclusive, or open)."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="role_assignments")
    realm = models.ForeignKey(Realm, on_delete=models.PROTECT, related_name="role_assignments")
    role = models.CharField(max_length=30, choices=roles.CHOICES)
    seat = models.CharField(max_length=20, choices=roles.Seat.choices, blank=True)
    starts_at = models.DateTimeField(default=now)
    ends_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar = RoleQuerySet.as_manager()

    class Meta:
        ordering = ("realm_id", "role", "user_id", "starts_at")
        indexes: ClassVar = [
            models.Index(fields=["user", "role", "realm"]),
            models.Index(fields=["realm", "role", "user"]),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gte=F("starts_at")),
                name="role_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=(Q(role=roles.BOARD_MEMBER) & ~Q(seat=""))
                | (~Q(role=roles.BOARD_MEMBER) & Q(seat="")),
                name="role_board_members_and_they_alone_have_a_seat",
            ),
            models.UniqueConstraint(
                fields=["user", "realm", "role", "seat"],
                condition=Q(ends_at=None),
                name="role_held_once_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["realm", "seat"],
                condition=Q(ends_at=None) & ~Q(seat=""),
                name="role_one_person_per_board_seat",
            ),
        ]

    def __str__(self) -> str:
        seat = say(", {seat} seat", seat=self.get_seat_display()) if self.seat else ""
        return joined("", (self.get_role_display(), seat))


class ApiToken(Untracked):
    """A token for the API: only its hash is kept. Untracked since each use writes `last_used_at`;

    its creation and revocation are ledger events.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="api_tokens")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12)
    token_hash = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(default=now, editable=False)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.prefix}… {self.name}"

    def live(self, at: dt.datetime | None = None) -> bool:
        """Whether the token is accepted at `at`."""
        at = at or now()
        return self.revoked_at is None and at < self.expires_at and self.user.is_active
