"""What scripts say, in the language of the page.

A script says `say("… {name} …", {name: …})` of `words.js`; the text is written out at the call. A
page in another language than English brings the catalogue of them all.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils.html import json_script
from django.utils.safestring import SafeString

from fellowship.kernel.saying import kept, language, say

_SAID: Final = re.compile(r'\bsay\(("(?:[^"\\]|\\.)*")')


@functools.cache
def texts() -> tuple[tuple[str, str], ...]:
    """Each text with the name of the script that says it."""
    return tuple(_found(Path(settings.BASE_DIR) / "static" / "js"))


def _found(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.glob("*.js")):
        for said in _SAID.findall(path.read_text(encoding="utf-8")):
            yield json.loads(said), f"static/js/{path.name}"


@kept(16)
def words() -> SafeString:
    """The catalogue for the scripts of a page; nothing in English."""
    if language().startswith("en"):
        return SafeString("")
    return json_script({text: str(say(text)) for text, _ in texts()}, "words")
