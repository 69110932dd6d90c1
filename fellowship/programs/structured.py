"""A call in the words of schema.org, for search engines and directories of opportunities."""

from __future__ import annotations

import json
from typing import Any, Final

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from fellowship.kernel.saying import say
from fellowship.notices import links
from fellowship.programs.models import Call

_ESCAPES: Final = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


def described(call: Call) -> dict[str, Any]:
    """The call as an EducationalOccupationalProgram; `call.program` and `call.cohort` are read.

    Dates are those of the call and its cohort; a call closed early or over has no open offer.
    """
    found: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "EducationalOccupationalProgram",
        "name": call.title,
        "identifier": call.ref,
        "description": call.summary,
        "url": links.absolute(call.get_absolute_url()),
        "programType": say("Fellowship"),
        "applicationStartDate": call.opens_at.isoformat(),
        "applicationDeadline": call.closes_at.isoformat(),
        "programPrerequisites": call.eligibility,
        "maximumEnrollment": call.places,
        "provider": {"@type": say("Organization"), "name": call.program.name},
        "offers": {
            "@type": say("Offer"),
            "category": say("Fellowship"),
            "availability": f"https://schema.org/{'InStock' if call.is_open() else 'SoldOut'}",
            "validThrough": call.closes_at.isoformat(),
        },
    }
    if call.cohort is not None:
        found["startDate"] = call.cohort.starts_on.isoformat()
        found["endDate"] = call.cohort.ends_on.isoformat()
    return found


def script(call: Call) -> SafeString:
    """The data block for the page's head. No browser runs it, so the policy for scripts lets it be.

    Nothing in it can end the block: `<`, `>` and `&` are written as JSON escapes.
    """
    body = json.dumps(described(call), ensure_ascii=False).translate(_ESCAPES)
    return format_html('<script type="application/ld+json">{}</script>', mark_safe(body))  # noqa: S308
