"""Where checkpoints go so that whoever runs the log cannot rewrite it unseen.

A witness is a function of a checkpoint, called after it was committed. One that fails is logged and
does not hold up sealing: the next checkpoint covers all that the lost one did. Two are always
there: a directory of copies, and the first checkpoint of each day by mail to `LEDGER_WITNESSES`.
Apps below register others in `AppConfig.ready`. A witness must not write events: each would need a
seal again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

from django.conf import settings
from django.core.mail import send_mail

from fellowship.history import keys
from fellowship.history.models import Checkpoint

Witness = Callable[[Checkpoint], object]
WITNESSES: dict[str, Witness] = {}
_MAIL = """Keep this message. The record as it stood is whatever gives this root:

{note}
It is signed by

{verifier}

If the record is ever rewritten, this message shows it: docs/ledger.md says how to compare.
"""
logger = logging.getLogger(__name__)


def register(name: str) -> Callable[[Witness], Witness]:
    """Decorator: send every new checkpoint to this function. The same name replaces."""

    def decorate(witness: Witness) -> Witness:
        WITNESSES[name] = witness
        return witness

    return decorate


def send(checkpoint: Checkpoint) -> list[str]:
    """Give a checkpoint to every witness; returns the names of those that failed."""
    failed = []
    for name, witness in list(WITNESSES.items()):
        try:
            witness(checkpoint)
        except Exception:
            logger.exception("witness %s did not take checkpoint %s", name, checkpoint)
            failed.append(name)
    return failed


def directory() -> Path:
    """Where copies lie: `VAR_DIR/checkpoints`, which an operator mirrors to another machine."""
    return Path(settings.VAR_DIR) / "checkpoints"


@register("directory")
def keep_copy(checkpoint: Checkpoint) -> None:
    """Write the note under its month and size; a copy once written is never written over."""
    folder = directory() / f"{checkpoint.signed_at:%Y-%m}"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with (folder / f"{checkpoint.size:012d}.txt").open("x", encoding="utf-8") as file:
            file.write(checkpoint.note)
    except FileExistsError:
        logger.warning("a copy of checkpoint %s lies there already", checkpoint)


@register("mail")
def mail_first_of_day(checkpoint: Checkpoint) -> None:
    """Mail the first checkpoint of each day (UTC) to the addresses in `LEDGER_WITNESSES`."""
    to = list(settings.LEDGER_WITNESSES)
    before = Checkpoint.objects.filter(number=checkpoint.number - 1).first()
    if not to or (before and before.signed_at.date() == checkpoint.signed_at.date()):
        return
    send_mail(
        subject=f"Checkpoint of {settings.LEDGER_ORIGIN}: {checkpoint.size} events",
        message=_MAIL.format(note=checkpoint.note, verifier=keys.verifier()),
        from_email=None,
        recipient_list=to,
    )


def copies() -> Iterator[tuple[int, Path]]:
    """The copies there are, by the size in their name, smallest first."""
    found = (path for path in directory().glob("*/*.txt") if path.stem.isdigit())
    yield from sorted((int(path.stem), path) for path in found)
