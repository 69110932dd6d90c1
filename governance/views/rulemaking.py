"""Between a draft and the board, and after it: comments, answers, acknowledgements."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from fellowship.kernel.saying import say
from fellowship.web import cells
from fellowship.web.actions import act, form_verb, reason_of, verb
from fellowship.web.columns import Column, Table
from fellowship.web.shortcuts import visible_or_404
from fellowship.web.tables import paginate
from governance import rulemaking, services
from governance.forms.rulemaking import AnswerCommentForm, CommentForm
from governance.links import to
from governance.models import RuleAcknowledgement, RuleComment, RuleVersion
from governance.policy import rulemaking as policy
from governance.policy import rules as drafts
from governance.views.common import person, posted
from governance.views.rules import rule_or_404

PER_PAGE = 20


@verb
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Publish a draft for comments."""
    rule = rule_or_404(request, pk)
    return act(
        request,
        lambda: services.publish_rule(rule=rule, by=person(request)),
        success=say("Published. Those whom it would bind are told and may comment."),
        to=rule.get_absolute_url(),
    )


@verb
def rework(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a published draft back for changes."""
    rule = rule_or_404(request, pk)
    return act(
        request,
        lambda: services.rework_rule(rule=rule, by=person(request), reason=reason_of(request)),
        success=say("It is a draft again. The comments stay."),
        to=rule.get_absolute_url(),
    )


@verb
def acknowledge(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that one has read a version."""
    rule = rule_or_404(request, pk)
    return act(
        request,
        lambda: services.acknowledge_rule(rule=rule, by=person(request)),
        success=say("Noted: you have read it."),
        to=rule.get_absolute_url(),
    )


@login_required
def comments(request: HttpRequest, pk: int) -> HttpResponse:
    """What was said to a draft and what became of it, and the form to say something."""
    rule, user = rule_or_404(request, pk), person(request)
    known = RuleVersion.objects.visible_to(user).filter(pk=rule.pk).exists()
    if not known or rule.published_at is None:
        raise Http404
    form = CommentForm(posted(request))
    rows = RuleComment.objects.filter(rule=rule).select_related("author", "answered_by")
    page = Paginator(rows.order_by("id"), PER_PAGE).get_page(request.GET.get("page"))
    answers = drafts.may_draft(rule.program, user) is None

    def context() -> dict[str, object]:
        found = list(page)
        for comment in found:
            comment.rule = rule
        return {
            "rule": rule,
            "page": page,
            "comments": [(c, answers and policy.may_answer(c, user) is None) for c in found],
            "refused": policy.may_comment(rule, user),
            "now_hash": rule.text_hash,
        }

    return form_verb(
        request,
        form,
        lambda: services.comment_on_rule(rule=rule, by=user, text=form.cleaned_data["text"]),
        template="governance/rule_comments.html",
        context=context,
        to=to("rule_comments", rule.pk),
        success=say("Said. It will be answered before the board decides."),
    )


@login_required
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer one comment."""
    rows = RuleComment.objects.select_related("rule__program", "author", "answered_by")
    comment = visible_or_404(rows, request.user, pk=pk)
    form = AnswerCommentForm(posted(request))
    return form_verb(
        request,
        form,
        lambda: services.answer_comment(comment=comment, by=person(request), **form.cleaned_data),
        template="governance/rule_answer.html",
        context=lambda: {
            "comment": comment,
            "rule": comment.rule,
            "refused": policy.may_answer(comment, person(request)),
        },
        to=to("rule_comments", comment.rule_id),
        success=say("Answered. Its author is told."),
    )


@login_required
def acknowledgements(request: HttpRequest, pk: int) -> HttpResponse:
    """Who is to acknowledge a version, and who has."""
    rule = rule_or_404(request, pk)
    if not policy.reads_acknowledgements(rule, request.user):
        raise Http404
    calendar = rule.program.calendar()

    def state(row: RuleAcknowledgement) -> object:
        if row.acknowledged_at:
            return cells.tag(say("Acknowledged"), "good")
        return cells.due(row.due_at, calendar)

    columns: tuple[Column[RuleAcknowledgement], ...] = (
        Column(say("Person"), lambda row: row.user),
        Column(say("State"), state),
        Column(say("Acknowledged"), lambda row: cells.when(row.acknowledged_at, "date", calendar)),
        Column(say("Due"), lambda row: cells.until(row.due_at, calendar, "date"), sort="due"),
    )
    page = paginate(
        request,
        rulemaking.asked(rule),
        sort={"due": "due_at"},
        default="due",
        then=lambda rows: rows.select_related("user"),
    )
    table = Table(
        say("Who is to acknowledge it"),
        columns,
        page,
        page,
        empty=say("Nobody is asked."),
        hint=say("Those bound by a new version are asked when the board has adopted it."),
    )
    context = {"rule": rule, "table": table, "page": page}
    return render(request, "governance/rule_acknowledgements.html", context)
