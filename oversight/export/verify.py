"""Checks an export of the record without anything of those who made it.

    python verify.py [--key NAME+ID+KEY] [--checkpoint FILE] [FOLDER]

FOLDER is the unpacked export, by default the one this file lies in. Needs Python 3.9 or later and
the package `cryptography`. Prints what was checked and exits with 0, or says what is wrong and
exits with 1.

What is checked: that the manifest is signed by the log's key, and that every file is as it says,
none missing, none added; that each event is the one that was sealed at its place, and that together
they lead to the root of the signed checkpoint; that every earlier checkpoint was signed over the
beginning of the same log; that the table of events says what their bodies say; and that the history
rows are those the events recorded, none missing and none put in: in an export as JSON Lines
value by value, as CSV by their keys. Rows and events from which a person's data was taken out are
not as they were sealed: each must be led back to what was, by a redaction that a sealed erasure
accounts for, and is counted by that erasure.

What is not: whose key it is, and whether the log is the one you saw before. Give the key you were
sent on another day by --key (again for keys before a rotation), and each checkpoint you kept, a
file or a folder of them, by --checkpoint: they show a log signed anew, cut short, or put back to an
older backup, whatever those who made the export changed.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import csv
import hashlib
import json
import sqlite3
import sys
from array import array
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

OWN = {"manifest.json", "manifest.sig"}
EVENT = "history.event"
ERASES = "oversight.erase_person"
SHOWN = 20
SIZE = 32
NOTHING = bytes(SIZE)
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
Place = tuple[int, int]
"""Level (0: leaves) and index within the level."""


class Wrong(Exception):
    """Something does not fit, and there is no use in going on; its text says what."""


class Key:
    """An Ed25519 key under a name: a C2SP verifier key `name+id+base64(0x01 + key)`."""

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        self.name, _, rest = self.text.partition("+")
        self.id, _, encoded = rest.partition("+")
        try:
            raw = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        if len(raw) != 33 or raw[:1] != b"\x01":
            raise Wrong(f"{self.text[:60]!r} is no Ed25519 key NAME+ID+KEY")
        if sha256(self.name.encode() + b"\n" + raw)[:4].hex() != self.id:
            raise Wrong(f"the id of the key {self.name}+{self.id} is not that of its name and key")
        self.public = Ed25519PublicKey.from_public_bytes(raw[1:])


class Signed:
    """A checkpoint: the size and the root of the log, as somebody signed them."""

    def __init__(self, name: str, note: str, keys: list[Key]) -> None:
        self.name = name
        lines = signed_text(name, note, keys).split("\n")
        if lines[0] != keys[0].name:
            raise Wrong(f"{name} is of another log, {lines[0]}")
        self.size = int(lines[1])
        self.root = base64.b64decode(lines[2], validate=True)


class Found:
    """What was found: what is wrong, and what there is to say besides."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self.more = 0
        self.notes: list[str] = []

    def add(self, what: str) -> None:
        """Something does not fit, and the rest can still be checked."""
        if len(self.wrong) < SHOWN:
            self.wrong.append(what)
        else:
            self.more += 1


def say(text: str) -> None:
    """One line of the answer."""
    sys.stdout.write(f"{text}\n")


def sha256(content: bytes) -> bytes:
    """SHA-256."""
    return hashlib.sha256(content).digest()


def node(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node (RFC 9162)."""
    return sha256(b"\x01" + left + right)


def file_hash(path: Path) -> str:
    """SHA-256 of a file in hex, read in pieces."""
    found = hashlib.sha256()
    with path.open("rb") as held:
        for block in iter(lambda: held.read(1 << 20), b""):
            found.update(block)
    return found.hexdigest()


def signed_text(name: str, note: str, keys: list[Key]) -> str:
    """The text of a C2SP signed note, after checking its signature by one of the keys."""
    text, blank, lines = note.rpartition("\n\n")
    text += "\n"
    signers = []
    for line in lines.splitlines():
        dash, _, rest = line.partition(" ")
        signer, _, encoded = rest.partition(" ")
        if not blank or dash != "\u2014":
            continue
        try:
            blob = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            raise Wrong(f"{name}: its signature line is malformed") from None
        signers.append(f"{signer} {blob[:4].hex()}")
        for key in keys:
            if (signer, blob[:4].hex()) != (key.name, key.id):
                continue
            try:
                key.public.verify(blob[4:], text.encode())
            except InvalidSignature:
                raise Wrong(f"{name}: the signature is wrong") from None
            return text
    by = ", ".join(signers) or "nobody"
    raise Wrong(f"{name} is not signed by {keys[0].name} {keys[0].id}, but by {by}")


# --- keys, manifest, checkpoints -----------------------------------------------------------------


def read_keys(folder: Path, trusted: list[str]) -> list[Key]:
    """The key of the export first, then those accepted for earlier checkpoints."""
    text = (folder / "public-key.txt").read_text(encoding="ascii").strip()
    if trusted and text not in {one.strip() for one in trusted}:
        raise Wrong(f"the export is signed by another key than yours: {text}")
    mine = Key(text)
    if trusted:
        return [mine, *(Key(one) for one in trusted if one.strip() != text)]
    old = folder / "old-keys.txt"
    lines = old.read_text(encoding="ascii").split() if old.is_file() else []
    return [mine, *map(Key, lines)]


def check_manifest(folder: Path, keys: list[Key]) -> Any:
    """The manifest, its signature, and every file it names."""
    note = (folder / "manifest.sig").read_text(encoding="utf-8")
    said = signed_text("manifest.sig", note, keys[:1]).split("\n")
    if said[:1] != ["fellowship export"] or said[1] != file_hash(folder / "manifest.json"):
        raise Wrong("manifest.json is not the one that was signed")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    files = manifest["files"]
    found = Found()
    for name, about in sorted(files.items()):
        path = folder / name
        if not path.is_file():
            found.add(f"{name} is missing")
        elif file_hash(path) != about["sha256"]:
            found.add(f"{name} was changed: it is not the file the manifest names")
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    for name in sorted(there - set(files) - OWN):
        if "__pycache__" not in name:
            found.add(f"{name} is not in the manifest: it was added")
    if found.wrong:
        raise Wrong("; ".join(found.wrong))
    return manifest


def read_checkpoints(
    folder: Path, keys: list[Key], kept: list[str], found: Found
) -> tuple[Signed, list[Signed]]:
    """The checkpoint of the export, and all others there are: its own earlier ones and yours."""
    main = Signed("the checkpoint", (folder / "checkpoint").read_text(encoding="utf-8"), keys)
    notes = []
    with (folder / "checkpoints.jsonl").open(encoding="utf-8") as held:
        for line in held:
            entry = json.loads(line)
            notes.append((entry["name"], entry["note"]))
    for path in kept_files(kept):
        notes += [(f"your checkpoint {path.name}", path.read_text(encoding="utf-8"))]
    others = [main]
    for name, note in notes:
        try:
            others.append(Signed(name, note, keys))
        except Wrong as wrong:
            found.add(f"{wrong}: the log may have been signed anew")
    return main, sorted(others, key=lambda one: one.size)


def kept_files(kept: list[str]) -> Iterator[Path]:
    """The files named, and those in the folders named."""
    for name in kept:
        path = Path(name)
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*.txt") if p.is_file())
        else:
            yield path


# --- the log and its tree ------------------------------------------------------------------------


class Level:
    """The hashes known of one level of the tree, in rising order of their indexes."""

    def __init__(self) -> None:
        self.indexes = array("q")
        self.hashes = bytearray()

    def add(self, index: int, found: bytes) -> None:
        """One more, to the right of all before."""
        self.indexes.append(index)
        self.hashes += found

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        for number, index in enumerate(self.indexes):
            yield index, bytes(self.hashes[number * SIZE : (number + 1) * SIZE])

    def with_given(self, given: dict[int, bytes]) -> Level:
        """This level with the hashes given for it, where it has none of its own."""
        if not given:
            return self
        merged, waiting = Level(), sorted(given, reverse=True)
        for index, found in self:
            while waiting and waiting[-1] < index:
                merged.add(waiting[-1], given[waiting.pop()])
            if waiting and waiting[-1] == index:
                waiting.pop()
            merged.add(index, found)
        while waiting:
            merged.add(waiting[-1], given[waiting.pop()])
        return merged


def sizes_of(size: int) -> list[int]:
    """How many nodes each level has."""
    sizes = [size]
    while sizes[-1] > 1:
        sizes.append((sizes[-1] + 1) // 2)
    return sizes


def parts_of(size: int) -> list[Place]:
    """The perfect subtrees that the first `size` leaves consist of, from left to right."""
    places, start = [], 0
    for level in range(size.bit_length() - 1, -1, -1):
        if size >> level & 1:
            places.append((level, start >> level))
            start += 1 << level
    return places


def climb(
    folder: Path, leaves: Level, size: int, wanted: set[Place]
) -> tuple[bytes | None, dict[Place, bytes]]:
    """From the leaves up to the root, with the hashes given; also the hashes at wanted places."""
    kept: dict[Place, bytes] = {}
    at = leaves
    sizes = sizes_of(size)
    with (folder / "proofs.csv").open(newline="", encoding="ascii") as held:
        by_level = groupby(csv.DictReader(held), key=lambda row: int(row["level"]))
        waiting = next(by_level, None)
        for level, width in enumerate(sizes):
            given: dict[int, bytes] = {}
            if waiting and waiting[0] == level:
                given = {int(row["index"]): bytes.fromhex(row["hash"]) for row in waiting[1]}
                waiting = next(by_level, None)
            at = at.with_given(given)
            for index, found in at:
                if (level, index) in wanted:
                    kept[level, index] = found
            if level + 1 < len(sizes):
                at = parents(at, width, level)
    return (bytes(at.hashes) if at.indexes else None), kept


def parents(at: Level, width: int, level: int) -> Level:
    """The level above."""
    above = Level()
    left: tuple[int, bytes] | None = None
    for index, found in at:
        if index >= width:
            raise Wrong(f"index {index << level} lies outside the log of the checkpoint")
        if left and index != left[0] + 1:
            raise Wrong(f"the event at index {left[0] << level} or after has no inclusion proof")
        if index % 2 == 0:
            if index + 1 == width:
                above.add(index // 2, found)
            else:
                left = (index, found)
        elif left:
            above.add(index // 2, node(left[1], found))
            left = None
        else:
            raise Wrong(f"the event at index {index << level} or after has no inclusion proof")
    if left:
        raise Wrong(f"the event at index {left[0] << level} or after has no inclusion proof")
    return above


def check_log(folder: Path, manifest: Any, size: int, rows: Rows, found: Found) -> Level:
    """Every event against the leaf that was sealed in its place; returns the leaves."""
    leaves, redacted = Level(), rows.redacted
    for low, high in manifest["missing"]:
        which = f"index {low}" if low == high else f"index {low} to {high}"
        found.add(f"no event stands at {which}: the log had them and they were removed")
    count, last = 0, -1
    with (folder / "log.jsonl").open(encoding="utf-8") as held:
        for line in held:
            entry = json.loads(line)
            index, body = entry["index"], entry["body"]
            if index <= last:
                raise Wrong(f"the event at index {index} is out of order or there twice")
            if index >= size:
                raise Wrong(f"the event at index {index} lies outside the log of the checkpoint")
            last = index
            leaf = redacted.recorded(EVENT, "", leaf_of(body), index, found)
            if leaf != entry["leaf"]:
                found.add(f"the event at index {index} is not the one that was sealed there")
            leaves.add(index, bytes.fromhex(entry["leaf"]))
            count += 1
            try:
                rows.note(index, json.loads(body))
            except (ValueError, KeyError, TypeError):
                found.add(f"the body of the event at index {index} cannot be read")
    if count != manifest["events"]:
        raise Wrong(f"log.jsonl holds {count} events, the manifest says {manifest['events']}")
    return redacted.among(leaves)


def check_roots(
    folder: Path, leaves: Level, main: Signed, others: list[Signed], found: Found
) -> int:
    """Every checkpoint against the tree; how many were compared."""
    parts = {one.size: parts_of(one.size) for one in others if one.size < main.size}
    wanted = {place for places in parts.values() for place in places}
    root, kept = climb(folder, leaves, main.size, wanted)
    if root is None:
        return 0
    good, bad, compared = 0, False, set()
    for one in others:
        if one.size > main.size:
            found.add(
                f"{one.name} was signed for {one.size} events, and the log of this export has "
                f"{main.size}: it was cut short, or an older backup was put in its place"
            )
            continue
        own = root if one.size == main.size else root_of(parts[one.size], kept)
        if own is None:
            found.add(f"{one.name} is of {one.size} events: the export holds no proof for it")
            continue
        compared.add(one.size)
        if own == one.root:
            good = good if bad else one.size
        elif not bad:
            bad = True
            low, high = min(good, one.size - 1), one.size - 1
            which = f"index {low}" if low == high else f"index {low} to {high}"
            found.add(
                f"{one.name} of {one.size} events was signed over another log: at {which} an event"
                " was changed, removed, put in or moved"
            )
        else:
            found.add(f"{one.name} of {one.size} events was signed over another log")
    return len(compared)


def root_of(places: list[Place], kept: dict[Place, bytes]) -> bytes | None:
    """The root over these subtrees; None where one of them is not known."""
    hashes = [kept.get(place) for place in places]
    root = hashes.pop()
    for left in reversed(hashes):
        if left is None or root is None:
            return None
        root = node(left, root)
    return root


# --- what erasures changed ---------------------------------------------------------------------


def leaf_of(body: str) -> str:
    """The leaf hash of an event's body, in hex."""
    return sha256(b"\x00" + body.encode()).hex()


def digest_of(value: Any) -> str:
    """SHA-256 of canonical JSON of lists, text and numbers, in hex."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


class Erasure:
    """A sealed event by which a person's data was taken out, and what it changed here."""

    def __init__(self, index: int, change: Any) -> None:
        self.index = index
        self.approved = change.get("approved_by")
        self.events_met = self.rows_met = 0

    def __str__(self) -> str:
        by = "" if self.approved is None else f", approved by person {self.approved},"
        return (
            f"{self.events_met} events and {self.rows_met} history rows were redacted by the"
            f" erasure at index {self.index}{by} and are otherwise as recorded"
        )


class Redacted:
    """The redactions that sealed erasures account for, by the row they changed.

    Events are known by their hashes alone, other rows by table and key. The latest erasure is read
    first: an earlier one may itself have been redacted, by a later one alone.
    """

    def __init__(self, lines: Iterable[str], size: int, found: Found) -> None:
        self.erasures: list[Erasure] = []
        self.steps: dict[tuple[str, str], dict[str, tuple[str, Erasure]]] = {}
        self.gone: dict[tuple[str, str, str], Erasure] = {}
        self.leaves: dict[int, bytes] = {}
        said = []
        for entry in map(json.loads, lines):
            if entry["index"] is None or not 0 <= entry["index"] < size:
                count = len(entry["rows"])
                found.add(
                    f"{count} redactions name the event {entry['event']}, and no such event is"
                    " sealed in this log: they were made up, or the erasure was not sealed yet"
                )
            else:
                said.append(entry)
        for entry in sorted(said, key=lambda one: -int(one["index"])):
            self.accept(entry, found)

    def accept(self, entry: Any, found: Found) -> None:
        """Take over the redactions of one erasure, if its event is sealed and says just these."""
        index, rows = entry["index"], entry["rows"]
        body = json.loads(entry["body"])
        leaf = self.recorded(EVENT, "", leaf_of(entry["body"]), index, found)
        if index in self.leaves or leaf != entry["leaf"]:
            found.add(f"the erasure at index {index} is not the event that was sealed there")
            return
        self.leaves[index] = bytes.fromhex(leaf)
        told = body["change"].get("redacted") if body["verb"] == ERASES else None
        if body["uid"] != entry["event"] or not told:
            found.add(f"{len(rows)} redactions name the event at index {index}: it erased nothing")
            return
        hashes = sorted([*map(digest_of, rows), *entry["others"]])
        if len(hashes) != told["count"]:
            found.add(
                f"{len(hashes)} redactions name the erasure at index {index}, which made"
                f" {told['count']}"
            )
        elif digest_of(hashes) != told["digest"]:
            found.add(f"the redactions of the erasure at index {index} are not those it made")
        else:
            self.add(Erasure(index, body["change"]), rows)

    def add(self, erasure: Erasure, rows: list[list[str]]) -> None:
        """Follow these redactions from now on."""
        self.erasures.append(erasure)
        for label, pk, before, after in rows:
            key = (label, "" if label == EVENT else pk)
            self.steps.setdefault(key, {})[after] = (before, erasure)
            if before != after:
                self.gone[(*key, before)] = erasure

    def recorded(self, label: str, pk: str, present: str, place: int, found: Found) -> str:
        """The digest that was recorded at `place` of what has the digest `present` now."""
        steps = self.steps.get((label, pk), {})
        if back := self.gone.get((label, pk, present)):
            what = f"the event at index {place}" if label == EVENT else f"{label} {pk}"
            found.add(f"what the erasure at index {back.index} took out of {what} is back")
        met: set[str] = set()
        while present in steps and present not in met and steps[present][1].index >= place:
            met.add(present)
            present, erasure = steps[present]
            if label == EVENT:
                erasure.events_met += 1
            else:
                erasure.rows_met += 1
        return present

    def among(self, leaves: Level) -> Level:
        """These leaves with those of the erasures, which may be of another part of the record."""
        merged = leaves.with_given(self.leaves)
        for index, leaf in merged if self.leaves else ():
            if self.leaves.get(index, leaf) != leaf:
                raise Wrong(f"the erasure at index {index} is not the event that was sealed there")
        return merged


# --- history rows and the table of events --------------------------------------------------------


class Rows:
    """Which history rows the events account for; on disk, so that memory does not grow."""

    def __init__(self, shapes: dict[str, Any], redacted: Redacted) -> None:
        self.redacted = redacted
        self.db = sqlite3.connect("")
        self.db.executescript(
            "CREATE TABLE named (model, id, digest, shape, place, seen DEFAULT 0,"
            " PRIMARY KEY (model, id)) WITHOUT ROWID;"
            "CREATE TABLE summed (uid PRIMARY KEY, place, said) WITHOUT ROWID;"
            "CREATE TABLE part (uid, model, id, digest, shape);"
            "CREATE TABLE withheld (model, id, uid, PRIMARY KEY (model, id)) WITHOUT ROWID;"
        )
        self.shapes: dict[str, Any] = {}
        for key, about in shapes.items():
            columns = sorted(about["columns"])
            said = json.dumps([about["model"], columns], separators=(",", ":"))
            if sha256(said.encode()).hex()[:16] != key:
                raise Wrong(f"shapes.json: the shape {key} is not what its name says")
            self.shapes[key] = columns
        self.checked = self.unreadable = 0

    def note(self, place: int, said: Any) -> None:
        """The rows that an event names, one by one or summed up."""
        rows = said["rows"]
        if isinstance(rows, dict):
            self.db.execute(
                "INSERT INTO summed VALUES (?, ?, ?)", (said["uid"], place, json.dumps(rows))
            )
            return
        self.db.executemany(
            "INSERT OR REPLACE INTO named (model, id, digest, shape, place) VALUES (?, ?, ?, ?, ?)",
            [(label, str(pk), digest, shape, place) for label, pk, digest, shape in rows],
        )

    def withhold(self, listed: Iterable[tuple[str, str, str]]) -> None:
        """Rows left out on purpose, with their events: what they say may not be read yet."""
        self.db.executemany("INSERT OR IGNORE INTO withheld VALUES (?, ?, ?)", listed)

    def check(self, label: str, pk: str, row: dict[str, Any] | None, found: Found) -> None:
        """One row of the export; `row` None where only its key can be compared."""
        got = self.db.execute(
            "SELECT digest, shape, place FROM named WHERE model = ? AND id = ?", (label, pk)
        ).fetchone()
        if got is None:
            self.check_summed(label, pk, row, found)
            return
        self.db.execute("UPDATE named SET seen = 1 WHERE model = ? AND id = ?", (label, pk))
        self.checked += 1
        if row is None:
            return
        digest = self.digest(label, got[1], row)
        if digest is None:
            self.unreadable += 1
        elif self.redacted.recorded(label, pk, digest, got[2], found) != got[0]:
            found.add(f"{label} {pk} is not as the event at index {got[2]} recorded it")

    def check_summed(self, label: str, pk: str, row: dict[str, Any] | None, found: Found) -> None:
        """A row that no event names alone: one that sums up its rows must account for it."""
        if row is None:
            if not self.db.execute("SELECT 1 FROM summed LIMIT 1").fetchone():
                found.add(f"no event accounts for {label} {pk}: it was put in")
            return
        uid = row.get("history_event")
        got = self.db.execute("SELECT said, place FROM summed WHERE uid = ?", (uid,)).fetchone()
        shapes = dict(json.loads(got[0])["shapes"]) if got else {}
        if label not in shapes:
            found.add(f"no event accounts for {label} {pk}: it was put in")
            return
        digest = self.digest(label, shapes[label], row) or ""
        digest = self.redacted.recorded(label, pk, digest, got[1], found)
        part = (uid, label, pk, digest, shapes[label])
        self.db.execute("INSERT INTO part VALUES (?, ?, ?, ?, ?)", part)
        self.checked += 1

    def digest(self, label: str, shape: str, row: dict[str, Any]) -> str | None:
        """The digest of a row in a shape; None where a column of the shape is no longer there."""
        columns = self.shapes.get(shape)
        if columns is None or not set(columns) <= set(row):
            return None
        values = {"model": label, "row": {name: row[name] for name in columns}}
        text = json.dumps(values, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def finish(self, exact: bool, found: Found) -> None:
        """Rows that events named and that are not there; events that sum up other rows."""
        gone = (
            "SELECT model, id, place FROM named n WHERE NOT seen AND NOT EXISTS"
            " (SELECT 1 FROM withheld w WHERE w.model = n.model AND w.id = n.id) ORDER BY place"
        )
        for label, pk, place in self.db.execute(gone):
            found.add(f"{label} {pk}, which the event at index {place} recorded, is gone")
        if not exact:
            return
        whole = "SELECT uid, place, said FROM summed WHERE uid NOT IN (SELECT uid FROM withheld)"
        for uid, place, said in self.db.execute(whole).fetchall():
            told, count, hashing = json.loads(said), 0, hashlib.sha256()
            parts = self.db.execute(
                "SELECT model, id, digest, shape FROM part WHERE uid = ? ORDER BY 1, 2, 3, 4",
                (uid,),
            )
            for count, part in enumerate(parts, start=1):
                text = json.dumps(part, separators=(",", ":"), ensure_ascii=False)
                hashing.update(f"{'[' if count == 1 else ','}{text}".encode())
            hashing.update(b"]")
            if (count, hashing.hexdigest()) != (told["count"], told["digest"]):
                found.add(f"the {told['count']} rows of the event at index {place} are others")


def check_rows(folder: Path, manifest: Any, rows: Rows, found: Found) -> None:
    """The history rows of the export, as far as its format lets them be read."""
    with (folder / "withheld.csv").open(newline="", encoding="utf-8") as held:
        listed = csv.DictReader(held)
        rows.withhold((row["model"], row["history_id"], row["event"]) for row in listed)
    for name in sorted(n for n in manifest["files"] if n.startswith("history/")):
        label = Path(name).stem
        if name.endswith(".jsonl"):
            with (folder / name).open(encoding="utf-8") as held:
                for line in held:
                    entry = json.loads(line)
                    rows.check(entry["model"], str(entry["history_id"]), entry["row"], found)
        elif name.endswith(".csv"):
            with (folder / name).open(newline="", encoding="utf-8-sig") as held:
                for row in csv.DictReader(held):
                    rows.check(label, row["history_id"], None, found)


def told(said: Any) -> dict[str, Any]:
    """What an event's body says, by the columns of the table of events."""
    return {
        "uid": said["uid"],
        "at": said["at"],
        "verb": said["verb"],
        "actor_kind": said["actor"]["kind"],
        "actor_id": said["actor"]["id"],
        "actor_label": said["actor"]["label"],
        "subject_type": said["subject"]["type"],
        "subject_id": said["subject"]["id"],
        "subject_ref": said["subject"]["ref"],
        "reason": said["reason"],
    }


def cell(value: Any) -> str:
    """A value as a cell of CSV that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(DANGEROUS) else text


def check_events(folder: Path, kind: str, found: Found) -> bool:
    """The table of events against their bodies; whether the format could be read."""
    path, log = folder / f"events.{kind}", folder / "log.jsonl"
    if kind == "jsonl":
        with path.open(encoding="utf-8") as held, log.open(encoding="utf-8") as lines:
            compare_events(map(json.loads, held), lines, lambda value: value, found)
    elif kind == "csv":
        with path.open(newline="", encoding="utf-8-sig") as held:
            rows = csv.DictReader(held)
            with log.open(encoding="utf-8") as lines:
                compare_events(rows, lines, cell, found)
    else:
        return False
    return True


def compare_events(rows: Iterable[Any], log: Iterable[str], form: Any, found: Found) -> None:
    """Row by row, in the order of the log."""
    table = iter(rows)
    for line in log:
        entry, row = json.loads(line), next(table, None)
        if row is None or row["index"] != form(entry["index"]):
            found.add(f"the table of events lacks the event at index {entry['index']}")
            return
        try:
            said = told(json.loads(entry["body"]))
        except (ValueError, KeyError, TypeError):
            continue
        names = [name for name, value in said.items() if row[name] != form(value)]
        if names:
            listed = ", ".join(names)
            found.add(f"the event at index {entry['index']}: {listed} differ from its body")
    if next(table, None) is not None:
        found.add("the table of events has more events than the log")


# --- all of it -----------------------------------------------------------------------------------


def check(folder: Path, trusted: list[str], kept: list[str]) -> tuple[Found, list[str]]:
    """Check the folder: what is wrong, and what to say when nothing is."""
    found = Found()
    keys = read_keys(folder, trusted)
    manifest = check_manifest(folder, keys)
    main, others = read_checkpoints(folder, keys, kept, found)
    with (folder / "redactions.jsonl").open(encoding="utf-8") as held:
        redacted = Redacted(held, main.size, found)
    rows = Rows(json.loads((folder / "shapes.json").read_text(encoding="utf-8")), redacted)
    leaves = check_log(folder, manifest, main.size, rows, found)
    compared = check_roots(folder, leaves, main, others, found)
    kind = manifest["format"]
    read = check_events(folder, kind, found)
    if read:
        check_rows(folder, manifest, rows, found)
        rows.finish(kind == "jsonl", found)
    said = [
        f"{len(manifest['files'])} files are as the signed manifest says.",
        f"{manifest['events']} events lie under the signed root of {main.size} events.",
        f"{compared} checkpoints were signed over the same log.",
    ]
    if read:
        how = "as the events recorded them" if kind == "jsonl" else "those the events name, by key"
        said.append(f"{rows.checked} history rows are {how}.")
    else:
        said.append(f"Rows in {kind.upper()} are covered by the manifest's signature alone.")
    said += [f"{erasure}." for erasure in reversed(redacted.erasures)]
    if rows.unreadable:
        said.append(f"{rows.unreadable} rows have columns dropped since: not comparable.")
    return found, [*said, f"Key: {keys[0].text}"]


def main() -> int:
    """Check the folder; 0 or 1."""
    parser = argparse.ArgumentParser(description="Check an export of the record.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument(
        "--key", action="append", default=[], help="the log's key as you know it: NAME+ID+KEY"
    )
    parser.add_argument(
        "--checkpoint",
        action="append",
        default=[],
        help="a checkpoint you kept, or a folder of them (*.txt)",
    )
    asked = parser.parse_args()
    try:
        found, said = check(asked.folder, asked.key, asked.checkpoint)
    except Wrong as wrong:
        say(f"NOT VERIFIED: {wrong}.")
        return 1
    except (OSError, ValueError, KeyError, IndexError, TypeError, sqlite3.Error) as error:
        say(f"NOT VERIFIED: the export cannot be read ({type(error).__name__}: {error}).")
        return 1
    for what in found.wrong:
        say(f"NOT VERIFIED: {what}.")
    if found.wrong:
        if found.more:
            say(f"and {found.more} more")
        return 1
    for line in said:
        say(line)
    say("VERIFIED." if asked.key else "VERIFIED, if that key is the one you know.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
