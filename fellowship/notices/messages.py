"""The words of a mail: plain text, with nothing of a notice in any header but its title."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.mail import EmailMessage

from fellowship.kernel import saying
from fellowship.kernel.saying import say
from fellowship.notices import attachments, links
from fellowship.notices.models import Mail, Notice

FOOTER = say(
    "You get this mail because you take part in a fellowship programme. Your inbox: {inbox}"
)


def compose(mail: Mail, notices: Sequence[Notice]) -> EmailMessage:
    """The message of `mail`, with those of its notices its person may still know."""
    notices = sorted(notices, key=lambda notice: notice.pk)
    with saying.override(saying.offered(mail.recipient.language) or saying.SOURCE):
        subject, parts = _subject(notices), [_part(notice) for notice in notices]
        parts.append(f"-- \n{say(FOOTER, inbox=links.absolute('/inbox/'))}")
    message = EmailMessage(
        subject=subject,
        body="\n\n".join(parts) + "\n",
        to=[mail.recipient.email],
        headers={
            "Message-ID": mail.message_id,
            "Date": _date(mail),
            "Auto-Submitted": "auto-generated",
        },
    )
    for file in attachments.of(notices):
        message.attach(file.name, file.content, file.type)
    return message


def _subject(notices: Sequence[Notice]) -> str:
    # Titles are kept on one line when notices are written; here it is made sure of once more.
    first = " ".join(notices[0].said_title.split()) if notices else str(say("Notice"))
    if len(notices) < 2:
        return first
    return str(say("{first}, and {n} more", first=first, n=len(notices) - 1))


def _part(notice: Notice) -> str:
    lines, body = [notice.said_title], notice.said_body
    lines += [body.replace("\r\n", "\n").replace("\r", "\n")] if body else []
    lines += [links.absolute(notice.url)] if notice.url else []
    return "\n".join(lines)


def _date(mail: Mail) -> str:
    return mail.created_at.strftime("%a, %d %b %Y %H:%M:%S +0000")
