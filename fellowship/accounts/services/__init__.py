"""The verbs about people: register, roles, conflicts, tokens; factors, sessions; leaving."""

from __future__ import annotations

from fellowship.accounts.services.factors import note_factor, reset_factors
from fellowship.accounts.services.leaving import come_back, leave, settle_hand_over, tell
from fellowship.accounts.services.people import (
    create_token,
    declare_conflict,
    end_role,
    grant_role,
    register,
    revoke_token,
    update_profile,
)
from fellowship.accounts.services.sessions import end_other_sessions, end_session, end_sessions

__all__ = [
    "come_back",
    "create_token",
    "declare_conflict",
    "end_other_sessions",
    "end_role",
    "end_session",
    "end_sessions",
    "grant_role",
    "leave",
    "note_factor",
    "register",
    "reset_factors",
    "revoke_token",
    "settle_hand_over",
    "tell",
    "update_profile",
]
