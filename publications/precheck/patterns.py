"""Patterns of secrets and of personal data in a text, by libraries that know them.

Secrets: the detectors of bc-detect-secrets, without the verification that would ask a network.
Telephone numbers: phonenumbers says which of the candidates are numbers that exist. Accounts,
cards, ORCID iDs left out and the like: python-stdnum's check digits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import version
from typing import Any, Final

from stdnum import iban, luhn
from stdnum.us import ssn

from fellowship.kernel.saying import say
from publications.precheck.found import Found
from publications.text_states import HitKind

OURS: Final = 1
"""Raised when a pattern of our own changes: a version says by which it was checked."""
_LIBRARIES: Final = ("bc-detect-secrets", "phonenumberslite", "python-stdnum")
_KEY: Final = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:[\s\S]{0,8000}?-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?"
)
_KEYWORD: Final = re.compile(
    r"api_?key|auth_?key|service_?key|account_?key|db_?key|database_?key|priv_?key|private_?key"
    r"|client_?key|pass|pwd|secret|contrase|token",
    re.IGNORECASE,
)
"""What a line holds that the detector of assignments is asked about."""
LINE_MAX: Final = 10_000
"""Characters of a line looked at in one piece; a longer one is looked at in pieces."""
_OVERLAP: Final = 200
_TOKENS: Final = {
    "Anthropic API key": r"sk-ant-[\w-]{20,200}",
    "OpenAI API key": r"sk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{32,200}",
    "Hugging Face token": r"hf_[A-Za-z0-9]{30,100}",
    "GitLab token": r"glpat-[\w-]{20,50}",
    "PyPI token": r"pypi-AgEIcHlwaS5vcmc[\w-]{50,200}",
    "Google API key": say(r"AIza[\w-]{35}"),
}
_MAIL: Final = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w-])"
)
_PHONE: Final = re.compile(
    r"(?<![\w.+/-])(?:\+\d{1,3}[ ().-]{0,2}(?:\d[ ().-]{0,2}){6,13}\d"
    r"|\(?\d{3}\)?[ .-]\d{3}[.-]\d{4})(?![\w-])"
)
_CARD: Final = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w.-])")
_IBAN: Final = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}\b")
_SSN: Final = re.compile(r"(?<![\w.-])\d{3}-\d{2}-\d{4}(?![\w-])")
_RESERVED: Final = ("example.com", "example.org", "example.net", ".example", ".invalid", ".test")
"""Domains that belong to nobody, by RFC 2606: an address there is nobody's."""


def checks() -> dict[str, str]:
    """By which version of which library, and of our own patterns, a text is checked now."""
    return {"patterns": str(OURS), **{name: version(name) for name in _LIBRARIES}}


def patterns(text: str) -> list[Found]:
    """Every secret and every piece of personal data, in the order of the text, none twice."""
    found = sorted(
        {*_secrets(text), *_personal(text)},
        key=lambda one: (one.start or 0, -(one.end or 0), one.kind, one.rule),
    )
    kept: list[Found] = []
    reached = 0
    for one in found:
        if one.start is not None and one.end is not None and one.end > reached:
            kept.append(one)
            reached = one.end
    return kept


def _personal(text: str) -> Iterator[Found]:
    yield from _matches(text, say("E-mail address"), _MAIL, _is_mail)
    yield from _matches(text, say("Telephone number"), _PHONE, _is_phone)
    yield from _matches(text, say("Card number"), _CARD, _is_card)
    for match in _IBAN.finditer(text):
        if said := _account(match.group()):
            start = match.start()
            yield Found(HitKind.PERSONAL, "IBAN", start=start, end=start + len(said))
    yield from _matches(
        text, say("US social security number"), _SSN, lambda said: bool(ssn.is_valid(said))
    )


def _matches(
    text: str, rule: str, pattern: re.Pattern[str], check: Callable[[str], bool]
) -> Iterator[Found]:
    for match in pattern.finditer(text):
        if check(match.group()):
            yield Found(HitKind.PERSONAL, rule, start=match.start(), end=match.end())


def _is_mail(said: str) -> bool:
    return not said.lower().endswith(_RESERVED)


def _is_phone(said: str) -> bool:
    import phonenumbers

    try:
        number = phonenumbers.parse(said, None if said.startswith("+") else "US")
    except phonenumbers.NumberParseException:
        return False
    return bool(phonenumbers.is_valid_number(number))


def _account(said: str) -> str:
    """The account number with which this begins; what follows it may look like more of it."""
    while said and not iban.is_valid(said):
        said = said.rpartition(" ")[0]
    return said


def _is_card(said: str) -> bool:
    digits = re.sub(r"\D", "", said)
    return len(set(digits)) > 1 and digits[0] in "23456" and bool(luhn.is_valid(digits))


def _secrets(text: str) -> Iterator[Found]:
    for match in _KEY.finditer(text):
        yield Found(HitKind.SECRET, say("Private key"), start=match.start(), end=match.end())
    patterns, keyword = _detectors()
    start = 0
    for line in text.splitlines(keepends=True):
        for offset in range(0, max(1, len(line)), LINE_MAX):
            piece = line[offset : offset + LINE_MAX + _OVERLAP]
            place = start + offset
            for rule, pattern in patterns:
                for match in pattern.finditer(piece):
                    yield Found(
                        HitKind.SECRET, rule, start=place + match.start(), end=place + match.end()
                    )
            if _KEYWORD.search(piece):
                for secret in set(keyword.analyze_string(piece)):
                    yield from _places(piece, secret, say("Secret keyword"), place)
        start += len(line)


def _places(piece: str, secret: str, rule: str, start: int) -> Iterator[Found]:
    at = piece.find(secret) if secret else -1
    while at >= 0:
        begin = start + at
        yield Found(HitKind.SECRET, rule, start=begin, end=begin + len(secret))
        at = piece.find(secret, at + len(secret))


@cache
def _detectors() -> tuple[tuple[tuple[str, re.Pattern[str]], ...], Any]:
    """The patterns by name, and the detector of assignments to words such as “password”.

    None of entropy alone: papers are full of hashes that are no secret.
    """
    from detect_secrets.plugins import (
        artifactory,
        aws,
        azure_storage_key,
        basic_auth,
        discord,
        github_token,
        jwt,
        keyword,
        mailchimp,
        npm,
        sendgrid,
        slack,
        square_oauth,
        stripe,
        twilio,
    )

    made: list[Any] = [
        artifactory.ArtifactoryDetector,
        aws.AWSKeyDetector,
        azure_storage_key.AzureStorageKeyDetector,
        basic_auth.BasicAuthDetector,
        discord.DiscordBotTokenDetector,
        github_token.GitHubTokenDetector,
        jwt.JwtTokenDetector,
        mailchimp.MailchimpDetector,
        npm.NpmDetector,
        sendgrid.SendGridDetector,
        slack.SlackDetector,
        square_oauth.SquareOAuthDetector,
        stripe.StripeDetector,
        twilio.TwilioKeyDetector,
    ]
    found = [(str(one.secret_type), pattern) for one in made for pattern in one.denylist]
    found += [(name, re.compile(rf"(?<![\w-])(?:{said})")) for name, said in _TOKENS.items()]
    return tuple(found), keyword.KeywordDetector()
