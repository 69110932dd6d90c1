"""The forms of programmes, of what they offer, and of their calls."""

from fellowship.programs.forms.calls import PUBLIC_REASON, CallForm, EndForm
from fellowship.programs.forms.offers import (
    TERMS,
    ModelForm,
    OutputForm,
    ResidencyForm,
    StandardForm,
    TermsForm,
    TrackForm,
)
from fellowship.programs.forms.programs import (
    CohortForm,
    EvidenceForm,
    FoundForm,
    PeopleForm,
    SponsorForm,
)

__all__ = [
    "PUBLIC_REASON",
    "TERMS",
    "CallForm",
    "CohortForm",
    "EndForm",
    "EvidenceForm",
    "FoundForm",
    "ModelForm",
    "OutputForm",
    "PeopleForm",
    "ResidencyForm",
    "SponsorForm",
    "StandardForm",
    "TermsForm",
    "TrackForm",
]
