"""What an author says of a work before its text: its kind, its class, and what it uses."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms
from django.conf import settings

from access.models import Dataset, Release
from fellowship.accounts.models import User
from fellowship.kernel.time import now
from fellowship.web import forms
from findings.models import Artifact, Finding
from publications.states import Kind, WorkClass
from publications.text_states import ARTEFACTS
from publications.texts import TEXT_MAX
from scoping.models import Fellowship

ABOUT_KINDS = {
    Kind.MANUSCRIPT: "A paper for a journal or a conference.",
    Kind.PREPRINT: "A paper put on a server before it is reviewed elsewhere.",
    Kind.TALK: "Slides or notes. You name the event and its day.",
    Kind.BLOG: "A post, here or elsewhere.",
    Kind.CODE: "A programme or harness. An archive, or its address and hash, and a licence.",
    Kind.DATASET: "Data you made. An archive, or its address and hash, and a licence.",
    Kind.BENCHMARK: "Tasks with their scoring. An archive, or its address and hash, and a licence.",
    Kind.MODEL: "Weights you trained. An archive, or its address and hash, and a licence.",
}


class FindingsField(forms.ModelMultipleChoiceField):
    """Findings to choose from; one under embargo says until when and what that means."""

    def label_from_instance(self, finding: Any) -> str:
        """Its reference and title."""
        if not finding.embargoed_at(now()):
            return str(finding)
        until = f"under embargo until {finding.embargo_day}"
        return f"{finding} ({until}: what tells of it is not published before)"


class KindForm(forms.Form):
    """What kind of work it is: the next page asks what fits it."""

    kind = forms.ChoiceField(
        label="What do you publish?",
        choices=[(key, forms.Described(key.label, said)) for key, said in ABOUT_KINDS.items()],
        widget=forms.RadioCards,
    )


class SourcesForm(forms.Form):
    """What a work uses: data, findings, artifacts and outputs that were released."""

    datasets = forms.ModelMultipleChoiceField(
        label="Datasets it uses",
        help_text="Public data, and what was granted to this fellowship.",
        queryset=Dataset.objects.none(),
        required=False,
        widget=django_forms.CheckboxSelectMultiple,
    )
    findings = FindingsField(
        label="Findings it reports",
        queryset=Finding.objects.none(),
        required=False,
        widget=django_forms.CheckboxSelectMultiple,
    )
    artifacts = forms.ModelMultipleChoiceField(
        label="Artifacts it builds on",
        help_text="Results of the case, known by their hashes.",
        queryset=Artifact.objects.none(),
        required=False,
        widget=django_forms.CheckboxSelectMultiple,
    )
    releases = forms.ModelMultipleChoiceField(
        label="Released outputs it contains",
        help_text="What the release desk has let out of the environment.",
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
    title = forms.Text(label="Title", max_length=300, widget=django_forms.TextInput)
    work_class = forms.ChoiceField(
        label="Which of these describes it?",
        choices=[
            (
                WorkClass.METHODS,
                forms.Described("Methods, nothing sensitive", "Silence releases it."),
            ),
            (
                WorkClass.RESTRICTED,
                forms.Described("It used restricted-tier data", "Silence takes it to the board."),
            ),
            (
                WorkClass.VULNERABILITY,
                forms.Described("It describes a vulnerability", "Silence takes it to the board."),
            ),
        ],
        widget=forms.RadioCards,
    )
    event = forms.Text(label="Event", max_length=200, widget=django_forms.TextInput)
    event_on = forms.DateField(label="Day of the talk")
    link = forms.URLField(
        label="Address of the files",
        required=False,
        max_length=500,
        assume_scheme="https",
        help_text="A repository or archive. Leave it empty if you attach an archive to the text.",
    )
    link_sha256 = forms.Text(
        label="SHA-256 of what is there",
        max_length=64,
        required=False,
        widget=django_forms.TextInput,
        help_text="Of the archive or the commit’s export: 64 hexadecimal digits.",
    )
    licence = forms.Text(
        label="Licence",
        max_length=100,
        widget=django_forms.TextInput,
        help_text="By its SPDX name, such as Apache-2.0 or CC-BY-4.0.",
    )
    abstract = forms.Text(
        label="Abstract", max_length=20_000, widget=django_forms.Textarea, required=False
    )
    acknowledgement = forms.Text(
        label="Acknowledgements", max_length=5000, widget=django_forms.Textarea, required=False
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
        label="File",
        required=False,
        max_length=None,
        max_megabytes=settings.MAX_FILE_BYTES // 1_000_000,
        error_messages={"empty": "This file is empty. Choose a file with something in it."},
    )
    text = forms.Text(
        label="Text",
        max_length=TEXT_MAX,
        widget=django_forms.Textarea,
        required=False,
    )

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ends = "Markdown, plain text, PDF or Word (.docx)"
        if kind in ARTEFACTS:
            ends += ", or an archive (.zip, .gz), which is kept as it is"
        megabytes = settings.MAX_FILE_BYTES // 1_000_000
        self.fields[
            "file"
        ].help_text = f"{ends}, up to {megabytes} MB. Its text is read; pictures are not."
        self.fields["text"].help_text = (
            "Markdown or plain text, instead of a file; beside an archive, say what is in it. "
            "Reviewers mark passages in exactly this text."
        )
