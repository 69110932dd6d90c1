"""The sign-in form. Apart from `forms`, which allauth's own forms import."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm as AllauthLoginForm
from django.core.validators import MaxLengthValidator

LOGIN_MAX = 254


class LoginForm(AllauthLoginForm):
    """Allauth's, with an end to how long a name may be: some databases refuse to compare more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["login"]
        field.validators.append(MaxLengthValidator(LOGIN_MAX))
        field.widget.attrs["maxlength"] = str(LOGIN_MAX)
