"""House forms: bounded, plain text; errors in their place; nothing preselected."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template import Context, Template
from django.utils.safestring import mark_safe

from fellowship.kernel.refusals import Refusal, Refused
from fellowship.web import forms
from fellowship.web.actions import attempt
from fellowship.web.components import fields


class Sample(forms.Form):
    title = forms.CharField(label="Title", help_text="One line.")
    story = forms.Text(label="Story", max_length=5, required=False)
    vote = forms.ChoiceField(
        label="Vote",
        choices=[("", "Choose"), ("yes", forms.Described("Yes", "for it")), ("no", "No")],
        widget=forms.RadioCards,
        required=True,
    )
    parts = forms.MultipleChoiceField(
        label="Parts", choices=[("a", "A"), ("b", "B")], widget=forms.Checks, required=False
    )
    file = forms.UploadField(label="File", extensions=["pdf"], max_megabytes=1, required=False)


def filled(**data: str) -> Sample:
    return Sample({"title": "T", "vote": "yes", **data})


@pytest.mark.parametrize("sign", ["\x00", "\x07", "\x1b", "\x7f", "\ud800"])
def test_control_characters_are_refused_at_their_field(sign: str) -> None:
    form = filled(title=f"a{sign}b")
    assert list(form.errors) == ["title"]


def test_a_line_break_is_refused_on_one_line_and_kept_in_text() -> None:
    assert list(filled(title="a\nBcc: b").errors) == ["title"]
    assert filled(story="a\nb").is_valid()


def test_line_ends_count_as_one_sign_as_the_browser_counts_them() -> None:
    form = filled(story="a\r\nb\rc")
    assert form.is_valid(), form.errors
    assert form.cleaned_data["story"] == "a\nb\nc"


def test_every_text_has_a_maximum() -> None:
    assert "title" in filled(title="x" * 301).errors
    assert "story" in filled(story="x" * 6).errors


def test_a_hint_that_is_html_stays_html_and_text_is_escaped() -> None:
    form = Sample()
    form.fields["title"].help_text = mark_safe("  <ul><li>Long.</li></ul> ")
    form.fields["story"].help_text = " <b>Short.</b> "
    assert '_hint"><ul><li>Long.</li></ul></div>' in render("{% field form.title %}", form)
    assert '_hint">&lt;b&gt;Short.&lt;/b&gt;</div>' in render("{% field form.story %}", form)


def test_nothing_is_preselected_and_no_blank_choice_is_offered() -> None:
    html = render("{% field form.vote %}", Sample())
    assert "checked" not in html
    assert "Choose" not in html
    assert "for it" in html


def test_a_file_of_another_kind_or_too_large_is_refused() -> None:
    def errors(name: str, size: int) -> list[str]:
        file = SimpleUploadedFile(name, b"x" * size)
        form = Sample({"title": "T", "vote": "yes"}, {"file": file})
        return [str(e) for e in form.errors.get("file", [])]

    assert errors("a.pdf", 10) == []
    assert errors("a.exe", 10) == ["Choose a file that ends in .pdf."]
    assert errors("a.pdf", 1_000_001) == ["Choose a file of at most 1 MB."]


def render(source: str, form: forms.Form) -> str:
    return Template("{% load ui %}" + source).render(Context({"form": form}))


def test_hint_and_error_are_tied_to_their_control() -> None:
    html = render("{% field form.title %}", Sample({}))
    assert 'aria-describedby="id_title_hint id_title_error"' in html
    assert 'id="id_title_hint"' in html
    assert 'id="id_title_error"' in html
    assert 'aria-invalid="true"' in html


def test_an_optional_field_says_so() -> None:
    assert "(optional)" in render("{% field form.story %}", Sample())
    assert "(optional)" not in render("{% field form.title %}", Sample())


def test_boxes_are_boxes_and_radios_are_radios() -> None:
    assert 'type="checkbox"' in render("{% field form.parts %}", Sample())
    assert 'type="radio"' in render("{% field form.vote %}", Sample())


def test_the_error_summary_links_to_the_first_control_of_each_field() -> None:
    found = fields.problems(Sample({}))
    assert [(p.label, p.url) for p in found] == [
        ("Title: Fill this in.", "#id_title"),
        ("Vote: Choose one.", "#id_vote_0"),
    ]
    html = render("{% error_summary form %}", Sample({}))
    assert "There is a problem" in html
    assert render("{% error_summary form %}", filled()).strip() == ""


def test_a_label_that_asks_is_not_followed_by_a_colon() -> None:
    class Asks(forms.Form):
        kind = forms.CharField(label="What is it?")

    assert [problem.label for problem in fields.problems(Asks({}))] == ["What is it? Fill this in."]


def test_a_form_renders_itself_in_the_house_style() -> None:
    assert 'class="field' in str(Sample())


def refuse(field: str) -> None:
    raise Refused(Refusal("closed", "The call closed yesterday.", field=field))


@pytest.mark.parametrize(
    ("field", "place"), [("title", "title"), ("", "__all__"), ("x", "__all__")]
)
def test_a_refusal_lands_on_its_field_or_on_the_form(field: str, place: str) -> None:
    form = filled()
    assert form.is_valid()
    assert attempt(form, lambda: refuse(field)) is None
    assert dict(form.errors) == {place: ["The call closed yesterday."]}


def test_the_reason_form_takes_its_own_words() -> None:
    form = forms.ReasonForm(label="Why now?")
    assert form.fields["reason"].label == "Why now?"
    assert not forms.ReasonForm({"reason": "  "}).is_valid()


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("2026-11-27T15:43", "2026-11-27T15:43"),
        ("2026-11-27T15:43:21.255187", "2026-11-27T15:43:21.256"),
        ("2026-11-27T15:43:59.999999", "2026-11-27T15:44:00.000"),
        ("yesterday", "yesterday"),
        (None, None),
    ],
)
def test_an_instant_is_shown_in_no_finer_parts_than_browsers_take(
    given: str | None, shown: str | None
) -> None:
    assert forms.DateTimeInput().format_value(given) == shown
