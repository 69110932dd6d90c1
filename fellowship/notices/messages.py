"""The words of a mail: plain text, with nothing of a notice in any header but its title."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.mail import EmailMessage

from fellowship.notices import attachments, links
from fellowship.notices.models import Mail, Notice

FOOTER = "You get this mail because you take part in a fellowship programme. Your inbox: {inbox}"


def compose(mail: Mail, notices: Sequence[Notice]) -> EmailMessage:
    """The message of `mail`, with those of its notices its person may still know."""
    notices = sorted(notices, key=lambda notice: notice.pk)
    parts = [_part(notice) for notice in notices]
    parts.append("-- \n" + FOOTER.format(inbox=links.absolute("/inbox/")))
    message = EmailMessage(
        subject=_subject(notices),
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
    first = " ".join(notices[0].title.split()) if notices else "Notice"
    return first if len(notices) < 2 else f"{first}, and {len(notices) - 1} more"


def _part(notice: Notice) -> str:
    lines = [notice.title]
    lines += [notice.body.replace("\r\n", "\n").replace("\r", "\n")] if notice.body else []
    lines += [links.absolute(notice.url)] if notice.url else []
    return "\n".join(lines)


def _date(mail: Mail) -> str:
    return mail.created_at.strftime("%a, %d %b %Y %H:%M:%S +0000")
