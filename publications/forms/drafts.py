"""What an author says of a work before its text: its kind, its class, and what it uses."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms
from django.conf import settings

from access.models import Dataset, Release
from fellowship.accounts.models import User
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.web import forms
from findings.models import Artifact, Finding
from publications.states import Kind, WorkClass
from publications.text_states import ARTEFACTS
from publications.texts import TEXT_MAX
from scoping.models import Fellowship

ABOUT_KINDS = {
    Kind.MANUSCRIPT: say("A paper for a journal or a conference."),
    Kind.PREPRINT: say("A paper put on a server before it is reviewed elsewhere."),
    Kind.TALK: say("Slides or notes. You name the event and its day."),
    Kind.BLOG: say("A post, here or elsewhere."),
    Kind.CODE: say("A programme or harness. An archive, or its address and hash, and a licence."),
    Kind.DATASET: say("Data you made. An archive, or its address and hash, and a licence."),
    Kind.BENCHMARK: say(
        "Tasks with their scoring. An archive, or its address and hash, and a licence."
    ),
    Kind.MODEL: say("Weights you trained. An archive, or its address and hash, and a licence."),
}


class FindingsField(forms.ModelMultipleChoiceField):
    """Findings to choose from; one under embargo says until when and what that means."""

    def label_from_instance(self, finding: Any) -> str:
        """Its reference and title."""
        if not finding.embargoed_at(now()):
            return str(finding)
        until = say("under embargo until {embargo_day}", embargo_day=finding.embargo_day)
        return say(
            "{finding} ({until}: what tells of it is not published before)",
            finding=finding,
            until=until,
        )


class KindForm(forms.Form):
    """What kind of work it is: the next page asks what fits it."""

    kind = forms.ChoiceField(
        label=say("What do you publish?"),
        choices=[(key, forms.Described(key.label, said)) for key, said in ABOUT_KINDS.items()],
        widget=forms.RadioCards,
    )


class SourcesForm(forms.Form):
    """What a work uses: data, findings, artifacts and outputs that were released."""

    datasets = forms.ModelMultipleChoiceField(
        label=say("Datasets it uses"),
        help_text=say("Public data, and what was granted to this fellowship."),
        queryset=Dataset.objects.none(),
        required=False,
        widget=django_forms.CheckboxSelectMultiple,
    )
    findings = FindingsField(
        label=say("Findings it reports"),
        queryset=Finding.objects.none(),
        required=False,
        widget=django_forms.CheckboxSelectMultiple,
    )
    artifacts = forms.ModelMultipleChoiceField(
        label=say("Artifacts it builds on"),
        help_text=say("Results of the case, known by their hashes."),
        queryset=Artifact.objects.none(),
        required=False,
        widget=django_forms.CheckboxSelectMultiple,
    )
    releases = forms.ModelMultipleChoiceField(
        label=say("Released outputs it contains"),
        help_text=say("What the release desk has let out of the environment."),
        queryset=Release.objects.none(),
        required=False,
        widget=django_forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, fellowship: Fellowship, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        released = Release.objects.filter(request__fellowship=fellowship)
        rows: dict[str, Any] = {
            "datasets": Dataset.objects.visible_to(user).open_to(fellowship),
            "findings": fellowship.findings.select_related("program"),
            "artifacts": fellowship.artifacts.all(),
            "releases": released.select_related("request", "output"),
        }
        for name, found in rows.items():
            self.fields[name].queryset = found  # type: ignore[attr-defined]
            if name in ("artifacts", "releases") and not found.exists():
                del self.fields[name]


class DraftForm(SourcesForm):
    """What the work is, as its kind asks, and what it uses."""

    kind = forms.ChoiceField(choices=Kind.choices, widget=django_forms.HiddenInput)
    title = forms.Text(label=say("Title"), max_length=300, widget=django_forms.TextInput)
    work_class = forms.ChoiceField(
        label=say("Which of these describes it?"),
        choices=[
            (
                WorkClass.METHODS,
                forms.Described(say("Methods, nothing sensitive"), say("Silence releases it.")),
            ),
            (
                WorkClass.RESTRICTED,
                forms.Described(
                    say("It used restricted-tier data"), say("Silence takes it to the board.")
                ),
            ),
            (
                WorkClass.VULNERABILITY,
                forms.Described(
                    say("It describes a vulnerability"), say("Silence takes it to the board.")
                ),
            ),
        ],
        widget=forms.RadioCards,
    )
    event = forms.Text(label=say("Event"), max_length=200, widget=django_forms.TextInput)
    event_on = forms.DateField(label=say("Day of the talk"))
    link = forms.URLField(
        label=say("Address of the files"),
        required=False,
        max_length=500,
        assume_scheme="https",
        help_text=say(
            "A repository or archive. Leave it empty if you attach an archive to the text."
        ),
    )
    link_sha256 = forms.Text(
        label=say("SHA-256 of what is there"),
        max_length=64,
        required=False,
        widget=django_forms.TextInput,
        help_text=say("Of the archive or the commit’s export: 64 hexadecimal digits."),
    )
    licence = forms.Text(
        label=say("Licence"),
        max_length=100,
        widget=django_forms.TextInput,
        help_text=say("By its SPDX name, such as Apache-2.0 or CC-BY-4.0."),
    )
    abstract = forms.Text(
        label=say("Abstract"), max_length=20_000, widget=django_forms.Textarea, required=False
    )
    acknowledgement = forms.Text(
        label=say("Acknowledgements"), max_length=5000, widget=django_forms.Textarea, required=False
    )
    field_order = (
        *("kind", "title", "work_class", "event", "event_on", "link", "link_sha256", "licence"),
        *("abstract", "datasets", "findings", "artifacts", "releases", "acknowledgement"),
    )

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["kind"] = kind
        if kind != Kind.TALK:
            del self.fields["event"], self.fields["event_on"]
        if kind not in ARTEFACTS:
            del self.fields["link"], self.fields["link_sha256"], self.fields["licence"]


class TextForm(forms.Form):
    """A version: a text, or a file whose text is read."""

    file = forms.UploadField(
        label=say("File"),
        required=False,
        max_length=None,
        max_megabytes=settings.MAX_FILE_BYTES // 1_000_000,
        error_messages={"empty": say("This file is empty. Choose a file with something in it.")},
    )
    text = forms.Text(
        label=say("Text"),
        max_length=TEXT_MAX,
        widget=django_forms.Textarea,
        required=False,
    )

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ends = say("Markdown, plain text, PDF or Word (.docx)")
        if kind in ARTEFACTS:
            ends += say(", or an archive (.zip, .gz), which is kept as it is")
        megabytes = settings.MAX_FILE_BYTES // 1_000_000
        self.fields["file"].help_text = say(
            "{ends}, up to {megabytes} MB. Its text is read; pictures are not.",
            ends=ends,
            megabytes=megabytes,
        )
        self.fields["text"].help_text = say(
            "Markdown or plain text, instead of a file; beside an archive, say what is in it. "
            "Reviewers mark passages in exactly this text."
        )
