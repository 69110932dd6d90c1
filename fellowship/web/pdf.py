"""Self-contained HTML printed as a tagged PDF (PDF/UA-1), without a network and with our own faces.

WeasyPrint does it, and needs Pango, which Debian has as `libpangoft2-1.0-0`. Where that is missing
`available` says so, and pages offer the printable page instead.
"""

from __future__ import annotations

import datetime as dt
import io
import logging
import os
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from django.contrib.staticfiles import finders

STATIC: Final = "static:"
"""How a document addresses one of our static files; everything else is refused."""
_FACES: Final = "\n".join(
    f'@font-face {{ font-family: "{family}"; font-style: {style}; '
    f'src: url("{STATIC}fonts/{file}-wght-{style}.woff2"); }}'
    for family, file, styles in (
        ("Inter", "inter-latin", ("normal", "italic")),
        ("Inter Ext", "inter-latin-ext", ("normal",)),
        ("Paper Serif", "source-serif-4-latin", ("normal", "italic")),
        ("Paper Serif Ext", "source-serif-4-latin-ext", ("normal",)),
    )
    for style in styles
)
"""Each file is a family of its own: two of one family are mixed up when glyphs are chosen.
No name ends in a digit: it would be read as a size."""
_one_at_a_time = threading.Lock()  # the text library keeps state


class Unavailable(Exception):
    """This installation cannot print PDFs: the library that sets text is missing."""


@cache
def available() -> bool:
    """Whether this installation can print PDFs."""
    return _engine() is not None


def write(
    html: str, *, identifier: str, at: dt.datetime, attachments: Mapping[str, bytes] | None = None
) -> bytes:
    """`html` as a PDF; the same input gives the same bytes.

    `identifier` names the document for ever, as a hash of its text does; `attachments` are files
    by name that the PDF carries, dated `at`. Raises Unavailable where the library is missing.
    """
    engine = _engine()
    if engine is None:
        raise Unavailable
    with _one_at_a_time:
        return _written(engine, html, identifier, at, attachments or {})


def _written(
    engine: Any, html: str, identifier: str, at: dt.datetime, attachments: Mapping[str, bytes]
) -> bytes:
    fetcher, faces, style = _fetcher(engine), *_faces(engine)
    page = engine.HTML(string=html, base_url=STATIC, url_fetcher=fetcher)
    found: bytes = page.write_pdf(
        pdf_variant="pdf/ua-1",
        pdf_tags=True,
        pdf_identifier=identifier.encode(),
        stylesheets=[style],
        attachments=[
            engine.Attachment(
                file_obj=io.BytesIO(content),
                name=name,
                created=at,
                modified=at,
                relationship="Data",
            )
            for name, content in attachments.items()
        ],
        font_config=faces,
    )
    return found


def own_file(url: str) -> Path:
    """The static file that `url` addresses. Raises ValueError for any other address."""
    name = url.removeprefix(STATIC)
    path = finders.find(name) if url.startswith(STATIC) else None
    if not isinstance(path, str):
        raise ValueError(f"Not a file of this application: {url[:200]}")
    return Path(path)


@cache
def _engine() -> Any:
    """WeasyPrint with what we use of it, or None where Pango is missing."""
    try:
        import weasyprint
        import weasyprint.text.fonts
    except OSError:
        return None
    logging.getLogger("weasyprint").setLevel(logging.ERROR)  # CSS for browsers it does not know
    os.environ.setdefault("SOURCE_DATE_EPOCH", "1767225600")  # else a face is dated when it is cut
    return weasyprint


@cache
def _faces(engine: Any) -> tuple[Any, Any]:
    """Our faces, unpacked once for every document, and the style that names them."""
    faces = engine.text.fonts.FontConfiguration()
    style = engine.CSS(string=_FACES, url_fetcher=_fetcher(engine), font_config=faces)
    return faces, style


@cache
def _fetcher(engine: Any) -> Any:
    class OwnFiles(engine.urls.URLFetcher):
        """Opens our static files and nothing else, whatever the document asks for."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            """The file as WeasyPrint takes it; refused addresses are logged and left out."""
            path = own_file(url)
            return engine.urls.URLFetcherResponse(url, body=path.read_bytes())

    return OwnFiles()
