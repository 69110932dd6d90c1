"""The answer about one role or grant."""

from __future__ import annotations

from fellowship.kernel.saying import say
from fellowship.web import forms
from governance.models import AccessReviewItem


class AttestForm(forms.Form):
    """Keep or take away; nothing is chosen beforehand."""

    decision = forms.ChoiceField(
        label=say("Is it still needed?"),
        choices=[
            (
                AccessReviewItem.Decision.KEEP,
                forms.Described(say("Keep"), say("They need it for what they do now.")),
            ),
            (
                AccessReviewItem.Decision.REMOVE,
                forms.Described(say("Take away"), say("It ends as soon as you send this.")),
            ),
        ],
        widget=forms.RadioCards,
    )
    reason = forms.Text(
        label=say("Why"),
        required=False,
        max_length=2_000,
        help_text=say("Needed where it is taken away; the person reads it."),
    )
