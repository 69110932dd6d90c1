"""The form with which a fellow names a collaborator."""

from __future__ import annotations

from django import forms as django_forms

from fellowship.kernel.saying import say
from fellowship.web import forms


class CollaboratorForm(forms.Form):
    """Who it is, and what they do."""

    name = forms.CharField(label=say("Name"), max_length=200)
    email = django_forms.EmailField(
        label=say("E-mail address"),
        help_text=say("The one they sign in with, or will register with."),
    )
    part = forms.Text(
        label=say("What do they do in the fellowship?"),
        max_length=2_000,
        help_text=say("Why the work needs them, and which data they would have to see."),
    )
