"""Which gates of access ask for an exception, and what they refuse again when it ends."""

from __future__ import annotations

from fellowship.kernel.saying import say
from governance import rearming
from governance.states import ExceptionKind

rearming.register(
    ExceptionKind.TEMPORARY_ACCESS,
    opens=say("Access beyond the rules of the data, for the request it names and nothing else."),
    again=say("Access beyond the rules of the data is refused."),
)
rearming.register(
    ExceptionKind.LATE_TRAINING,
    opens=say("Access to data before the training is done."),
    again=say("Access to data is refused until the training is done."),
)
rearming.register(
    ExceptionKind.RETENTION,
    opens=say("Data of the grant it names is kept beyond its time."),
    again=say(
        "The data is to be deleted as if it had never been kept; the clock of its deletion runs."
    ),
)
