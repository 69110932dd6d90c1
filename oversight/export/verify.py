"""Checks an export of the record without anything of those who made it.

    python verify.py [--key NAME+ID+KEY] [FOLDER]

FOLDER is the unpacked export, by default the one this file lies in. Needs Python 3.9 or later and
the package `cryptography`. Prints what was checked and exits with 0, or says what is wrong and
exits with 1.

What is checked: that the manifest is signed by the log's key; that every file is as the manifest
says and none is missing or added; that the checkpoint is signed by the same key; that each event
hashes to its leaf, and that its inclusion proof leads to the root of the checkpoint; in one as
JSON Lines also that each history row is the one its event recorded.

What is not: whose key it is. Compare it with the one you were given on another day, by `--key`.
"""

from __future__ import annotations

import argparse
import base64
import csv
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

OWN = {"manifest.json", "manifest.sig"}
Key = tuple[str, str, Ed25519PublicKey]
Digests = dict[tuple[str, str], str]


class Wrong(Exception):
    """Something does not fit; its text says what."""


def say(text: str) -> None:
    """One line of the answer."""
    sys.stdout.write(f"{text}\n")


def sha256(content: bytes) -> bytes:
    """SHA-256."""
    return hashlib.sha256(content).digest()


def file_hash(path: Path) -> str:
    """SHA-256 of a file in hex, read in pieces."""
    found = hashlib.sha256()
    with path.open("rb") as held:
        for block in iter(lambda: held.read(1 << 20), b""):
            found.update(block)
    return found.hexdigest()


def read_key(text: str) -> Key:
    """A C2SP verifier key `name+id+base64(0x01 + key)`: its name, id and key."""
    name, _, rest = text.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    raw = base64.b64decode(encoded, validate=True)
    if len(raw) != 33 or raw[:1] != b"\x01":
        raise Wrong("public-key.txt holds no Ed25519 key")
    if sha256(name.encode() + b"\n" + raw)[:4].hex() != key_id:
        raise Wrong("the id of the key in public-key.txt is not that of its name and key")
    return name, key_id, Ed25519PublicKey.from_public_bytes(raw[1:])


def signed_text(path: Path, key: Key) -> str:
    """The text of a C2SP signed note, after checking its signature by the key."""
    name, key_id, public = key
    note = path.read_text(encoding="utf-8")
    text, blank, lines = note.rpartition("\n\n")
    text += "\n"
    for line in lines.splitlines():
        dash, _, rest = line.partition(" ")
        signer, _, encoded = rest.partition(" ")
        if not blank or dash != "\u2014" or signer != name:
            continue
        blob = base64.b64decode(encoded, validate=True)
        if blob[:4].hex() != key_id:
            continue
        try:
            public.verify(blob[4:], text.encode())
        except InvalidSignature:
            raise Wrong(f"{path.name}: the signature is wrong") from None
        return text
    raise Wrong(f"{path.name} is not signed by {name} {key_id}")


def check_manifest(folder: Path, key: Key) -> Any:
    """The manifest, its signature, and every file it names."""
    said = signed_text(folder / "manifest.sig", key).split("\n")
    if said[:1] != ["fellowship export"] or said[1] != file_hash(folder / "manifest.json"):
        raise Wrong("manifest.json is not the one that was signed")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    files = manifest["files"]
    for name, about in sorted(files.items()):
        path = folder / name
        if not path.is_file():
            raise Wrong(f"{name} is missing")
        if file_hash(path) != about["sha256"]:
            raise Wrong(f"{name} was changed: it is not the file the manifest names")
    found = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    for name in sorted(found - set(files) - OWN):
        if "__pycache__" not in name:
            raise Wrong(f"{name} is not in the manifest: it was added")
    return manifest


def check_checkpoint(folder: Path, key: Key) -> tuple[int, bytes]:
    """The signed size and root of the log."""
    lines = signed_text(folder / "checkpoint", key).split("\n")
    if lines[0] != key[0]:
        raise Wrong(f"the checkpoint is of another log, {lines[0]}")
    return int(lines[1]), base64.b64decode(lines[2], validate=True)


class Proofs:
    """The nodes of the inclusion proofs, and what has been proved already."""

    def __init__(self, folder: Path, size: int, root: bytes) -> None:
        self.size, self.root = size, root
        self.sizes = [size]
        while self.sizes[-1] > 1:
            self.sizes.append((self.sizes[-1] + 1) // 2)
        self.given: dict[tuple[int, int], bytes] = {}
        with (folder / "proofs.csv").open(newline="", encoding="ascii") as held:
            for row in csv.DictReader(held):
                place = int(row["level"]), int(row["index"])
                self.given[place] = bytes.fromhex(row["hash"])
        self.proved: dict[tuple[int, int], bytes] = {}

    def check(self, index: int, leaf: bytes) -> None:
        """Follow the path of a leaf to the root, or to a node that was proved before."""
        if not 0 <= index < self.size:
            raise Wrong(f"event at index {index} lies outside the log of the checkpoint")
        walked, found, level, at = [], leaf, 0, index
        while True:
            known = self.proved.get((level, at))
            if known is not None:
                break
            walked.append((level, at, found))
            if level == len(self.sizes) - 1:
                known = self.root
                break
            sibling = at ^ 1
            if sibling < self.sizes[level]:
                other = self.given.get((level, sibling))
                if other is None:
                    raise Wrong(f"event at index {index} has no inclusion proof")
                pair = found + other if at < sibling else other + found
                found = sha256(b"\x01" + pair)
            level, at = level + 1, at // 2
        if known != found:
            raise Wrong(
                f"event at index {index}: its inclusion proof does not lead to the signed root"
            )
        for place in walked:
            self.proved[place[0], place[1]] = place[2]


def check_log(folder: Path, manifest: Any, size: int, root: bytes) -> Digests:
    """Every event against the signed root; returns the digests of history rows they name."""
    proofs = Proofs(folder, size, root)
    rows: Digests = {}
    last, count = -1, 0
    with (folder / "log.jsonl").open(encoding="utf-8") as held:
        for line in held:
            entry = json.loads(line)
            if entry["index"] <= last:
                raise Wrong(f"event at index {entry['index']} is out of order or there twice")
            last = entry["index"]
            proofs.check(last, sha256(b"\x00" + entry["body"].encode()))
            count += 1
            named = json.loads(entry["body"])["rows"]
            if isinstance(named, list):
                for label, pk, digest, _ in named:
                    rows[label, pk] = digest
    if count != manifest["events"]:
        raise Wrong(f"log.jsonl holds {count} events, the manifest says {manifest['events']}")
    return rows


def check_rows(folder: Path, rows: Digests) -> int:
    """History rows as JSON Lines against the digests in the events; how many were checked."""
    checked = 0
    for path in sorted((folder / "history").glob("*.jsonl")):
        with path.open(encoding="utf-8") as held:
            for line in held:
                entry = json.loads(line)
                digest = rows.get((entry["model"], str(entry.pop("history_id"))))
                text = json.dumps(entry, separators=(",", ":"), ensure_ascii=False)
                if digest is not None:
                    if hashlib.sha256(text.encode()).hexdigest() != digest:
                        raise Wrong(f"{path.name}: a row is not the one its event recorded")
                    checked += 1
    return checked


def main() -> int:
    """Check the folder; 0 or 1."""
    parser = argparse.ArgumentParser(description="Check an export of the record.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--key", help="the log's key as you know it: NAME+ID+KEY")
    asked = parser.parse_args()
    folder = asked.folder
    try:
        text = (folder / "public-key.txt").read_text(encoding="ascii").strip()
        if asked.key and asked.key.strip() != text:
            raise Wrong(f"the export is signed by another key than yours: {text}")
        key = read_key(text)
        manifest = check_manifest(folder, key)
        size, root = check_checkpoint(folder, key)
        rows = check_log(folder, manifest, size, root)
        checked = check_rows(folder, rows)
    except Wrong as wrong:
        say(f"NOT VERIFIED: {wrong}.")
        return 1
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        say(f"NOT VERIFIED: the export cannot be read ({type(error).__name__}: {error}).")
        return 1
    say(f"{len(manifest['files'])} files are as the signed manifest says.")
    say(f"{manifest['events']} events lie under the signed root of {size} events.")
    if checked:
        say(f"{checked} history rows are those the events recorded.")
    say(f"Key: {text}")
    say("VERIFIED." if asked.key else "VERIFIED, if that key is the one you know.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
