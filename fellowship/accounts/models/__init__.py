"""People, realms, role assignments, declared conflicts with their overrides, and API tokens."""

from fellowship.accounts.models.conflicts import Conflict, RecusalOverride
from fellowship.accounts.models.people import (
    SIGN_UP,
    Actor,
    ApiToken,
    Realm,
    RealmGroupPermission,
    RealmUserPermission,
    RoleAssignment,
    RoleQuerySet,
    User,
    UserManager,
    validate_orcid,
    validate_time_zone,
)

__all__ = [
    "SIGN_UP",
    "Actor",
    "ApiToken",
    "Conflict",
    "Realm",
    "RealmGroupPermission",
    "RealmUserPermission",
    "RecusalOverride",
    "RoleAssignment",
    "RoleQuerySet",
    "User",
    "UserManager",
    "validate_orcid",
    "validate_time_zone",
]
