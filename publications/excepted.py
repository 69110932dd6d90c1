"""Which gate of publications asks for an exception, and what is waited for again when it ends."""

from __future__ import annotations

from fellowship.kernel.saying import say
from governance import rearming
from governance.states import ExceptionKind

rearming.register(
    ExceptionKind.PUBLICATION_SHORTCUT,
    opens=say("The work may be released before its review window ends, with no objection open."),
    again=say("The review window is waited for. What was released meanwhile stays released."),
)
