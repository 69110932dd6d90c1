"""The forms of the entrance. Apart from `forms`, which allauth's own forms import."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm as AllauthLoginForm
from allauth.account.forms import ResetPasswordForm as AllauthResetPasswordForm
from allauth.account.forms import SignupForm as AllauthSignupForm
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator

from fellowship.kernel.saying import say

LOGIN_MAX = 254


class LoginForm(AllauthLoginForm):
    """Allauth's, with an end to how long a name may be: some databases refuse to compare more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["login"]
        field.label = say("E-mail or username")
        field.validators.append(MaxLengthValidator(LOGIN_MAX))
        field.widget.attrs["maxlength"] = str(LOGIN_MAX)

    @property
    def company_name(self) -> str:
        """What the company's sign-in is called."""
        return str(settings.OIDC_NAME)

    @property
    def company_url(self) -> str:
        """Where one goes to sign in with the company; empty where there is no such way."""
        from fellowship.accounts import company

        if not company.configured():
            return ""
        query = self.request.GET if self.request else {}
        return company.sign_in_url(to=str(query.get("next", "")))

    def user_credentials(self) -> dict[str, Any]:
        """What is tried: an address or a short name, never both.

        Trying both hashes the password twice for who has an account, which can be timed.
        """
        given = dict(super().user_credentials())
        if given.get("email"):
            given.pop("username", None)
        return given

    def clean(self) -> dict[str, Any]:
        """Refuse the password of somebody whose sign-in is the company's, before it is tried."""
        from fellowship.accounts import company

        if company.theirs(str(self.cleaned_data.get("login") or "")):
            raise _company()
        given = dict(super().clean())
        # By a short name that is told to who knows the password alone: it names an address.
        if self.user is not None and company.theirs(self.user.email):
            raise _company()
        return given


def _company() -> ValidationError:
    said = say(
        "This address signs in with {OIDC_NAME}: use the button above.",
        OIDC_NAME=settings.OIDC_NAME,
    )
    return ValidationError(said, code="company")


class SignupForm(AllauthSignupForm):
    """Allauth's, with our `forms.SignupForm` beneath it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = say("E-mail address")


class ResetPasswordForm(AllauthResetPasswordForm):
    """Allauth's, with the address called as it is elsewhere."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = say("E-mail address")
