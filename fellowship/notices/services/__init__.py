"""Tell people and other systems, and see off what is told."""

from __future__ import annotations

from fellowship.notices.services.failing import failing_since, forget_attempts, note_failing
from fellowship.notices.services.telling import (
    DeliveryReport,
    Message,
    close_calendar,
    deliver,
    mark_all_read,
    mark_read,
    notify,
    notify_each,
    one_line,
    open_calendar,
)
from fellowship.notices.services.webhooks import (
    add_endpoint,
    change_endpoint,
    queue,
    replay,
    rotate_secret,
    send_again,
    send_test,
    supersede,
    switch_endpoint,
)

__all__ = [
    "DeliveryReport",
    "Message",
    "add_endpoint",
    "change_endpoint",
    "close_calendar",
    "deliver",
    "failing_since",
    "forget_attempts",
    "mark_all_read",
    "mark_read",
    "note_failing",
    "notify",
    "notify_each",
    "one_line",
    "open_calendar",
    "queue",
    "replay",
    "rotate_secret",
    "send_again",
    "send_test",
    "supersede",
    "switch_endpoint",
]
