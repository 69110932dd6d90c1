"""What the people of a load do, by role: one function for each act, and how often each is done."""

from __future__ import annotations

import hashlib
import random
import re
import uuid
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

from benchmarks.load_people import Browser

WORDS: Final = ("refusal", "turns", "access", "drift", "PRO-2026", "leak", "control", "session")
PAGES: Final = {
    "applicant": ("/", "/proposals/", "/inbox/", "/calls/", "/your-data/"),
    "reviewer": ("/", "/proposals/reviews/", "/proposals/reviewing/", "/inbox/"),
    "manager": ("/", "/board/", "/office/meridian/", "/triage/", "/proposals/all/", "/inbox/"),
    "product_owner": ("/", "/triage/", "/triage/controls/", "/inbox/"),
    "steward": ("/", "/access/", "/access/desk/", "/access/trail/", "/webhooks/", "/inbox/"),
    "board": ("/", "/board/", "/board/decisions/", "/inbox/"),
    "oncall": ("/", "/oncall/meridian/", "/escalations/", "/inbox/"),
    "auditor": ("/", "/audit/meridian/", "/access/trail/", "/risks/"),
    "sponsor": ("/", "/office/meridian/", "/publications/register/", "/risks/"),
}
SEARCHES: Final = ("/search/", "/triage/", "/proposals/")
BATCH: Final = 20
FORM: Final = "application/x-www-form-urlencoded"
_TOKEN: Final = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_ONCE: Final = re.compile(r'name="_once" value="([^"]+)"')
_VERSION: Final = re.compile(r'name="version" value="(\d+)"')
_RECORD: Final = re.compile(
    r'<a[^>]* href="(/(?:proposals|triage|board|fellowships|publications)/[A-Z]+-\d{4}-\d+/)"'
)


def read(browser: Browser) -> None:
    """Open a page of one's role, and a record it leads to."""
    page = browser.get("read a list", random.choice(PAGES[browser.person.role]))
    links = _RECORD.findall(page.content.decode()) if page.status == 200 else []
    if links:
        browser.get("read a record", random.choice(links))


def search(browser: Browser) -> None:
    """Look for a word."""
    browser.get("search", f"{random.choice(SEARCHES)}?{urlencode({'q': random.choice(WORDS)})}")


def vote(browser: Browser) -> None:
    """Declare no conflict, open the dossier, vote; the next time, change the vote."""
    theirs = browser.person.theirs
    matter = random.choice(theirs["matters"])
    declared = theirs.setdefault("declared", set())
    if matter not in declared:
        said = browser.api("declare", f"/api/v1/matters/{matter}/declare/", {"kind": "none"})
        if said.status != 200:
            return
        declared.add(matter)
    browser.api("read a dossier", f"/api/v1/matters/{matter}/")
    cast = {"position": random.choice(("approve", "deny")), "rationale": f"For {uuid.uuid4().hex}."}
    if browser.api("vote", f"/api/v1/matters/{matter}/vote/", cast).status == 200:
        browser.seen.took("vote", [matter, theirs["seat"], cast["rationale"]])


def review(browser: Browser) -> None:
    """Save a review while it is written, then send it."""
    pk = next(browser.person.theirs["reviews"], None)
    if pk is None:
        return read(browser)
    page = browser.get("read a form", f"/proposals/reviews/{pk}/")
    comment = f"A bounded question. {uuid.uuid4().hex}"
    _autosave(browser, page.content, f"/proposals/reviews/{pk}/save/", comment_applicant=comment)
    keys = ("safety_relevance", "feasibility", "originality", "operational_fit")
    sent = {
        "scores": {key: str(random.randint(2, 5)) for key in keys},
        "confidence": 2,
        "comment_applicant": comment,
        "comment_board": "Worth a place.",
    }
    if browser.api("review", f"/api/v1/review-assignments/{pk}/send/", sent).status in (200, 201):
        browser.seen.took("review", [pk, comment])
    return None


def report(browser: Browser) -> None:
    """Send a batch of access events; one in four is sent twice, as systems do."""
    event = browser.person.theirs["event"]
    made = [{**event, "id": uuid.uuid4().hex} for _ in range(BATCH)]
    for again in range(2 if random.random() < 0.25 else 1):
        answer = browser.api("report access", "/api/v1/access/events/?source=load", made)
        if answer.status != 200:
            return
        said = answer.value
        if said["duplicate" if again else "accepted"] != BATCH or said["refused"]:
            browser.seen.failed(f"report access: not all taken {said}")
        refused = {row["index"] for row in said["refused"]}
        for index, one in enumerate(made):
            if index not in refused and not again:
                browser.seen.took("event", one["id"])


def attach(browser: Browser) -> None:
    """Attach a file to the draft in place of the one before."""
    theirs = browser.person.theirs
    here = f"/proposals/{theirs['draft']}/attachments/"
    page = browser.get("read a form", here).content
    token = _found(_TOKEN, page)
    if not token:
        return None
    name = f"{uuid.uuid4().hex[:12]}.txt"
    content = f"{name}\n{'a line of a small file. ' * 2000}".encode()
    if browser.post("attach a file", here, *multipart(page, name, content)).status != 302:
        return browser.seen.failed("attach a file: the form came back")
    browser.seen.took("file", [theirs["draft"], name])
    before, theirs["file"] = theirs.get("file"), hashlib.sha256(content).hexdigest()
    if before:
        sent = urlencode({"csrfmiddlewaretoken": token}).encode()
        if browser.post("remove a file", f"{here}{before}/remove/", sent, FORM).status != 302:
            browser.seen.failed("remove a file: not removed")
    return None


def write(browser: Browser) -> None:
    """Open a section of the draft and let it be saved twice while typing."""
    draft = browser.person.theirs["draft"]
    content = browser.get("read a form", f"/proposals/{draft}/edit/system/").content
    text = f"The assistant of {uuid.uuid4().hex}"
    version = _autosave(browser, content, f"/proposals/{draft}/edit/system/save/", system=text[:20])
    if version is not None:
        content = _VERSION.sub(f'name="version" value="{version}"', content.decode()).encode()
        version = _autosave(browser, content, f"/proposals/{draft}/edit/system/save/", system=text)
    if version is not None:
        browser.seen.took("draft", [draft, version, text])


def dispose(browser: Browser) -> None:
    """Take a finding that waits, once, and accept it."""
    ref = next(browser.person.theirs["findings"], None)
    if ref is None:
        return read(browser)
    browser.api("disposition", f"/api/v1/findings/{ref}/take/", {})
    said = {"reason": "Read; nothing to be done by us.", "actionable": False}
    if browser.api("disposition", f"/api/v1/findings/{ref}/accept/", said).status == 200:
        browser.seen.took("disposition", ref)
    return None


ACTS: Final[dict[str, tuple[tuple[Callable[[Browser], None], int], ...]]] = {
    "applicant": ((read, 4), (search, 1), (write, 3), (attach, 2)),
    "reviewer": ((read, 4), (search, 1), (review, 5)),
    "manager": ((read, 7), (search, 3)),
    "product_owner": ((read, 5), (search, 2), (dispose, 3)),
    "steward": ((read, 4), (search, 1), (report, 5)),
    "board": ((read, 5), (search, 1), (vote, 4)),
    "oncall": ((read, 7), (search, 3)),
    "auditor": ((read, 7), (search, 3)),
    "sponsor": ((read, 8), (search, 2)),
}


def _autosave(browser: Browser, page: bytes, path: str, **answers: Any) -> int | None:
    """The version it was saved as, from the page with the form."""
    token, version = _found(_TOKEN, page), _found(_VERSION, page)
    if not token:
        return None
    sent = {"csrfmiddlewaretoken": token, "version": version, **answers}
    answer = browser.post("autosave", path, urlencode(sent).encode(), FORM)
    return int(answer.value["version"]) if answer.status == 200 else None


def multipart(page: bytes, name: str, content: bytes) -> tuple[bytes, str]:
    """The form of the page with a file, as a browser sends it."""
    edge = uuid.uuid4().hex
    hidden = {"csrfmiddlewaretoken": _found(_TOKEN, page), "_once": _found(_ONCE, page)}
    head = "".join(
        f'--{edge}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
        for key, value in hidden.items()
    ) + (
        f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        f"Content-Type: text/plain\r\n\r\n"
    )
    return (
        head.encode() + content + f"\r\n--{edge}--\r\n".encode(),
        f"multipart/form-data; boundary={edge}",
    )


def _found(pattern: re.Pattern[str], page: bytes) -> str:
    found = pattern.search(page.decode(errors="replace"))
    return found.group(1) if found else ""
