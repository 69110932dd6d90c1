"""Reading the text of a file somebody handed in, in a process of its own that may not take long."""

from __future__ import annotations

from publications.reading.bounded import Read, read
from publications.reading.kinds import DOCX, GZIP, PDF, READABLE, ZIP, judge

__all__ = ["DOCX", "GZIP", "PDF", "READABLE", "ZIP", "Read", "judge", "read"]
