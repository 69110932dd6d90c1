"""Signals of ours about sign-in, for those further down who tell people."""

from __future__ import annotations

from typing import Final

from django.dispatch import Signal

new_browser: Final = Signal()
"""Somebody signed in with a browser they never signed in with before: `user`, `browser`."""
factors_taken: Final = Signal()
"""Somebody's second factors were taken away by an administrator: `user`."""
