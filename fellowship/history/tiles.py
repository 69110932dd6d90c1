"""The log as a C2SP tlog-tiles directory: files that tools not ours verify without us.

See https://c2sp.org/tlog-tiles. Beside the tiles lie the public key, as a verifier key and as PEM.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from fellowship.history import keys, redactions
from fellowship.history.merkle import leaf, perfect_root
from fellowship.history.models import Checkpoint, Redaction, Seal

WIDTH = 256
_BATCH = 20 * WIDTH


class NothingSealed(ValueError):
    """There is no checkpoint to export a log under."""


def export(folder: Path, *, size: int | None = None) -> Checkpoint:
    """Write the log as it was at the checkpoint of `size` events, default the latest, into
    `folder`.

    Only what is sealed under that checkpoint is written. Raises NothingSealed when there is no such
    checkpoint.
    """
    found = Checkpoint.objects.all() if size is None else Checkpoint.objects.filter(size=size)
    checkpoint = found.last()
    if checkpoint is None:
        raise NothingSealed("no checkpoint was signed for that size")
    levels = [_Level(folder / "tile" / "0")]
    sealed = redacted(checkpoint.size)
    for number, bundle in enumerate(_bundles(checkpoint.size)):
        entries = [body for _, body in bundle]
        _write(folder / "tile" / "entries", number, len(entries), _bundle(entries))
        for seq, body in bundle:
            _add(levels, 0, sealed.get(seq) or leaf(body), folder)
    for level in levels:
        level.flush()
    lines = redactions.statements(checkpoint.size, _events_of(checkpoint.size))
    (folder / redactions.FILE).write_bytes(b"".join(map(redactions.written, lines)))
    (folder / "checkpoint").write_text(checkpoint.note, encoding="utf-8")
    (folder / "public-key.txt").write_text(f"{keys.verifier()}\n", encoding="utf-8")
    (folder / "public-key.pem").write_bytes(keys.public_pem())
    return checkpoint


def tile_path(number: int, width: int = WIDTH) -> str:
    """A tile's path below its level: `x001/x234/067`, and `….p/5` while it holds 5 of 256."""
    digits = f"{number:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    parts = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    path = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
    return path if width == WIDTH else f"{path}.p/{width}"


def redacted(size: int) -> dict[int, bytes]:
    """The leaf, as sealed, of each entry below `size` from which personal data was taken out since.

    The leaf stays in its tile and the tree the tree; the bundle has the text as it is now, which no
    longer gives the leaf. `redactions.jsonl` leads from the one to the other.
    """
    rows = Redaction.objects.filter(model=redactions.EVENT).values("row")
    seals = Seal.objects.filter(event__in=rows, seq__lt=size).values_list("seq", "leaf_hash")
    return {seq: bytes.fromhex(text) for seq, text in seals}


class _Level:
    """The hashes of one level of tiles, written out at every 256th."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.number = 0
        self.hashes: list[bytes] = []

    def flush(self) -> None:
        if self.hashes:
            _write(self.folder, self.number, len(self.hashes), b"".join(self.hashes))
            self.number += 1
            self.hashes = []


def _add(levels: list[_Level], at: int, value: bytes, folder: Path) -> None:
    """Add a hash to a level; a full tile becomes one hash of the level above."""
    if at == len(levels):
        levels.append(_Level(folder / "tile" / str(at)))
    level = levels[at]
    level.hashes.append(value)
    if len(level.hashes) == WIDTH:
        root = perfect_root(level.hashes)
        level.flush()
        _add(levels, at + 1, root, folder)


def _write(folder: Path, number: int, width: int, content: bytes) -> None:
    path = folder / tile_path(number, width)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _bundle(entries: list[bytes]) -> bytes:
    """Entries one after the other, each with its length in 16 bits before it."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def _bundles(size: int) -> Iterator[list[tuple[int, bytes]]]:
    """The log's entries with their places, 256 at a time."""
    sealed = Seal.objects.order_by("seq").values_list("seq", "event__body")
    for start in range(0, size, _BATCH):
        end = min(start + _BATCH, size)
        bodies = [(seq, body.encode()) for seq, body in sealed.filter(seq__gte=start, seq__lt=end)]
        for first in range(0, len(bodies), WIDTH):
            yield bodies[first : first + WIDTH]


def _events_of(size: int) -> redactions.Holds:
    """The log under a checkpoint holds events, and no other rows."""

    def holds(model: str, rows: Collection[int]) -> Collection[int]:
        if model != redactions.EVENT:
            return ()
        events = Seal.objects.filter(event__in=list(rows), seq__lt=size)
        return list(events.values_list("event_id", flat=True))

    return holds
