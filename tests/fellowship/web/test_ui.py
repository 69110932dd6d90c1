"""The template tags: what each component must say."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.template import Context, Template
from django.test import RequestFactory

from fellowship.kernel import saying, time
from fellowship.kernel.refusals import Refusal
from fellowship.web import charts
from fellowship.web.components import marks
from fellowship.web.items import ClockFace, Entry, Link, Row, SeatMark, Task

NOW = dt.datetime(2026, 11, 23, 14, 0, tzinfo=dt.UTC)
REFUSAL = Refusal("quorum", "Two seats have not voted.", rule="Ballot rules v2", clause="4.1")


def render(source: str, **context: Any) -> str:
    context.setdefault("request", RequestFactory().get("/case/"))
    with time.frozen(NOW):
        html = Template("{% load ui %}" + source).render(Context(context))
    assert "style=" not in html
    assert "onclick" not in html
    return html


def test_a_banner_says_who_by_when_and_what_silence_means() -> None:
    html = render(
        '{% banner "With the board" by=by silence="Silence abstains." %}',
        by=NOW + dt.timedelta(days=8),
    )
    assert "With the board by" in html
    assert "Tuesday 1 December, 14:00 UTC" in html
    assert "in 6 working days" in html
    assert "Silence abstains." in html


def test_a_reference_in_a_heading_stays_on_one_line() -> None:
    frame = Template("{% load ui %}{% block title %}{% endblock %}<h1>{% page_title %}</h1>")
    page = Template(
        "{% extends frame %}{% block title %}Access: FEL-2026-001 of 2-3 M{% endblock %}"
    )
    title, _, heading = page.render(Context({"frame": frame})).partition("<h1>")
    assert title == "Access: FEL-2026-001 of 2-3 M"
    assert heading == 'Access: <span class="nowrap">FEL-2026-001</span> of 2-3 M</h1>'


def test_the_strip_marks_the_stage_and_what_is_done() -> None:
    html = render('{% stages "access" %}')
    assert html.count('class="done"') == 2
    assert html.count('aria-current="step"') == 1
    assert "stage 3 of 8" in html


@pytest.mark.parametrize(
    ("stage", "done"), [("recruit", 0), ("close_out", 7), ("closed", 8), ("?", 0)]
)
def test_stages_before_the_current_one_are_done(stage: str, done: int) -> None:
    assert sum(s.state == "done" for s in marks.stages(stage)) == done


def test_a_verb_is_a_post_form_with_its_tokens() -> None:
    html = render('{% verb_button "/x/" "Accept" version=3 %}')
    assert '<form method="post" action="/x/"' in html
    assert 'name="csrfmiddlewaretoken"' in html
    assert 'name="_once"' in html
    assert '<input type="hidden" name="version" value="3">' in html
    assert '<button class="btn ">Accept</button>' in html


def test_a_refused_verb_shows_its_reason_and_no_button() -> None:
    html = render('{% verb_button "/x/" "Close" refusal=refusal %}', refusal=REFUSAL)
    assert "<button" not in html
    assert "Two seats have not voted." in html
    assert "Ballot rules v2, clause 4.1" in html


def test_a_verb_can_ask_for_the_reason_first() -> None:
    html = render('{% verb_button "/x/" "Suspend" reason="Why now?" %}')
    assert "<details>" in html
    assert 'name="reason"' in html
    assert "Why now?" in html


def test_no_refusal_shows_nothing() -> None:
    assert render("{% refusal nothing %}", nothing=None).strip() == ""


def test_text_is_escaped_everywhere() -> None:
    bad = "<script>x</script>"
    source = (
        "{% tag bad %}{% banner bad %}{% empty bad %}{% hash bad %}{% plain bad %}"
        "{% diff bad bad %}{% stat bad bad %}{% card bad %}{% endcard %}"
        "{% table bad %}{% endtable %}{% copy bad %}"
        "{% disclosure bad %}{% enddisclosure %}{% task_list tasks %}{% timeline events %}"
        "{% summary_list rows %}{% subnav links %}{% clock face %}{% state_tag bad %}"
    )
    html = render(
        source,
        bad=bad,
        tasks=[Task(bad, bad, bad, hint=bad)],
        events=[Entry(NOW, bad, bad, bad)],
        rows=[Row(bad, bad, bad)],
        links=[Link(bad, bad)],
        face=ClockFace(1, 2, bad, bad, bad),
    )
    assert "<script>" not in html


def test_a_task_that_cannot_start_is_not_linked_and_says_why() -> None:
    html = render("{% task_list tasks %}", tasks=[Task("Submit", "/x/", refusal=REFUSAL)])
    assert "href" not in html
    assert "Cannot start yet" in html
    assert "Two seats have not voted." in html


def test_the_quorum_counts_votes_not_seats() -> None:
    seats = [SeatMark("A", "voted"), SeatMark("B", "recused"), SeatMark("C", "waiting")]
    html = render("{% quorum seats needed=2 %}", seats=seats)
    assert "1 has voted, 2 needed" in html
    assert "Quorum not met" in html
    assert "Quorum met" in render("{% quorum seats needed=1 %}", seats=seats)


def test_answers_without_links_have_no_third_column() -> None:
    assert render("{% summary_list rows %}", rows=[Row("A", 1)]).count("<dd>") == 1
    shown = render("{% tally pairs %}", pairs=[("<A>", 1_049)])
    assert shown == '<dl class="clock"><dt>&lt;A&gt;</dt><dd>1049</dd></dl>'
    html = render("{% summary_list rows %}", rows=[Row("A", 1, "/x/"), Row("B", 2)])
    assert html.count("<dd>") == 4
    assert 'Change<span class="visually-hidden"> A</span>' in html


def test_the_page_of_the_case_being_read_is_current() -> None:
    html = render("{% subnav links %}", links=[Link("Here", "/case/"), Link("There", "/x/", 3)])
    assert html.count("aria-current") == 1
    assert '<a href="/case/" aria-current="page">Here</a>' in html


def test_a_page_below_those_of_the_case_marks_the_one_it_lies_under() -> None:
    request = RequestFactory().get("/room/samples/4/")
    links = [Link("Room", "/room/"), Link("Samples", "/room/samples/"), Link("Other", "/other/")]
    html = render("{% subnav links %}", links=links, request=request)
    assert html.count("aria-current") == 1
    assert '<a href="/room/samples/" aria-current="true">Samples</a>' in html


def test_a_page_that_lies_under_another_by_its_subject_marks_that_one() -> None:
    request = RequestFactory().get("/case/path/")
    links = [Link("Case", "/case/"), Link("People", "/case/people/", covers=("/case/path/",))]
    html = render("{% subnav links %}", links=links, request=request)
    assert html.count("aria-current") == 1
    assert '<a href="/case/people/" aria-current="true">People</a>' in html


def test_a_chart_has_a_name_a_sentence_and_a_table() -> None:
    chart = charts.bars([charts.Bar("With us", 3)], title="Wait", unit="days")
    html = render("{% chart chart %}", chart=chart)
    assert 'role="img" aria-label="Wait: With us 3 days."' in html
    assert "<figcaption" in html
    assert '<th scope="row">With us</th>' in html


def test_ids_of_repeated_components_differ() -> None:
    html = render('{% verb_button "/x/" "A" reason="?" %}{% verb_button "/x/" "B" reason="?" %}')
    assert 'id="verb-1"' in html
    assert 'id="verb-2"' in html


def test_a_block_form_carries_tokens_version_and_button() -> None:
    html = render(
        '{% form "/x/" label="Save" autosave="/d/" version=4 files=True %}<p>in</p>{% endform %}'
    )
    assert 'data-autosave="/d/"' in html
    assert 'enctype="multipart/form-data"' in html
    assert 'name="version" value="4"' in html
    assert html.endswith(
        '<p>in</p><div class="actions"><button class="btn">Save</button></div>'
        '<p class="saved" role="status"></p></form>'
    )


@pytest.mark.parametrize(
    ("state", "tone"),
    [("approved", "good"), ("denied", "bad"), ("in_review", "accent"), ("x", "plain")],
)
def test_states_are_toned_by_convention(state: str, tone: str) -> None:
    assert f'class="tag {tone}"' in render("{% state_tag state %}", state=state)


def test_every_icon_draws() -> None:
    for name in marks._PATHS:
        assert "<path" in marks.icon(name)


def test_a_banner_of_what_is_late_says_when_it_was_due() -> None:
    source = '{% banner "With Tom: “Outline”" by=by %}'
    html = render(source, by=(NOW - dt.timedelta(days=7)).date())
    assert "With Tom: “Outline”, due <time" in html
    assert "5 working days over" in html


def test_a_banner_without_a_time_names_none() -> None:
    assert "<time" not in render('{% banner "Ended" by=nothing.there %}')


def test_a_long_reason_is_folded_and_a_short_one_is_not() -> None:
    assert "<details" not in render("{% fold text %}", text="Brief.")
    html = render("{% fold text %}", text="word " * 400)
    assert '<details class="fold">' in html
    assert html.count("word ") >= 400


@pytest.mark.parametrize(
    ("what", "told"),
    [("done", "erledigt"), ("accepted", "angenommen"), ("acknowledged", "bestätigt")],
)
def test_a_word_of_progress_is_said_in_the_language_of_the_page(what: str, told: str) -> None:
    source = f'{{% load ui %}}{{% progress 6 19 "{what}" %}}'
    with saying.override("de"):
        assert f"6 von 19 {told}<" in Template(source).render(Context())
