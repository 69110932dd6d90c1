"""Access reviews: the list, one review with its items, and answering one's own."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from fellowship.accounts.stepup import recently_authenticated
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import say
from fellowship.web import cells, filters
from fellowship.web.actions import attempt, form_page, verb
from fellowship.web.columns import Column, Table
from fellowship.web.items import Link
from fellowship.web.markup import markup
from fellowship.web.shortcuts import visible_or_404
from fellowship.web.tables import paginate
from governance import attestable
from governance.forms.access_reviews import AttestForm
from governance.models import AccessReview, AccessReviewItem
from governance.policy import access_reviews as policy
from governance.services import access_reviews as services
from governance.subjects import shown_to
from governance.views.common import events_of, person, programs_of

Decision = AccessReviewItem.Decision


@login_required
def access_reviews(request: HttpRequest) -> HttpResponse:
    """Every review one may read, the latest first."""
    user = person(request)
    rows = AccessReview.objects.visible_to(user)
    page = paginate(
        request, rows, sort={"opened": "opened_at"}, default="-opened", then=_with_counts
    )
    table = Table(
        say("Access reviews"),
        REVIEWS,
        page,
        page,
        empty=say("There has been none yet."),
        hint=say("In each quarter every role and grant is attested; one can be opened ahead."),
    )
    may = [p for p in programs_of(user) if policy.may_open(user, p.pk) is None]
    open_in = set(AccessReview.objects.open().values_list("program_id", flat=True))
    context = {"page": page, "table": table, "may": [p for p in may if p.pk not in open_in]}
    return render(request, "governance/access_reviews.html", context)


def _with_counts(rows: QuerySet[AccessReview]) -> QuerySet[AccessReview]:
    return rows.select_related("program").annotate(
        total=Count("items"),
        answered=Count("items", filter=Q(items__decided_at__isnull=False)),
        removed=Count("items", filter=Q(items__decision=Decision.REMOVE)),
    )


def _stands(review: AccessReview) -> object:
    calendar = review.program.calendar()
    if review.closed_at:
        return cells.beside(say("Closed"), cells.when(review.closed_at, "date", calendar))
    return cells.beside(say("Open, due"), cells.until(review.due_at, calendar, "date"))


def _opened(review: AccessReview) -> object:
    return cells.when(review.opened_at, "date", review.program.calendar())


REVIEWS: tuple[Column[Any], ...] = (
    Column(say("Review"), lambda r: markup('<a href="{}">{}</a>', _to(r), r.ref)),
    Column(say("Programme"), lambda r: r.program),
    Column(say("Opened"), _opened, sort="opened"),
    Column(say("Stands"), _stands),
    Column(
        say("Answered"),
        lambda r: say("{answered} of {total}", answered=r.answered, total=r.total),
        num=True,
    ),
    Column(say("Taken away"), lambda r: r.removed, num=True),
)


def _to(review: AccessReview) -> str:
    return route_to("governance:access_review", review.ref)


class ItemFilter(filters.FilterSet):
    """Narrow the items by words, kind and answer, and to one's own."""

    q = filters.Search(fields=["title", "person__name", "owner__name"])
    kind = filters.ChoiceFilter(choices=attestable.choices, label=say("Kind"))
    decision = filters.ChoiceFilter(
        choices=[("none", say("Not answered")), *Decision.choices],
        label=say("Answer"),
        method="answered",
    )
    mine = filters.BooleanFilter(method="for_me", label=say("Mine to answer"))

    class Meta:
        model = AccessReviewItem
        fields: list[str] = []

    def answered(
        self, rows: QuerySet[AccessReviewItem], name: str, value: str
    ) -> QuerySet[AccessReviewItem]:
        """Those with this answer, or with none."""
        return rows.filter(decision="" if value == "none" else value)

    def for_me(
        self, rows: QuerySet[AccessReviewItem], name: str, value: bool
    ) -> QuerySet[AccessReviewItem]:
        """Those that wait for the person who asks."""
        return rows.filter(owner=self.request.user, decided_at=None) if value else rows


@login_required
def access_review(request: HttpRequest, ref: str) -> HttpResponse:
    """One review: how far it is, and its items, the unanswered first."""
    user = person(request)
    review = _review(request, ref)
    items = AccessReviewItem.objects.visible_to(user).filter(review=review)
    found = ItemFilter(request.GET, queryset=items, request=request)
    page = paginate(
        request, found.qs, sort={"answered": "decision"}, default="answered", then=_with_people
    )
    columns = _items(user, review)
    table = Table(
        say("Roles and grants"),
        columns,
        page,
        page,
        empty=say("There was nothing to attest."),
        hint=say("The roles and grants that were live when the review opened stand here."),
        narrowed=found.applied,
    )
    counts = review.items.aggregate(
        total=Count("pk"),
        kept=Count("pk", filter=Q(decision=Decision.KEEP)),
        removed=Count("pk", filter=Q(decision=Decision.REMOVE)),
        unowned=Count("pk", filter=Q(owner=None, decided_at=None)),
    )
    counts["waiting"] = counts["total"] - counts["kept"] - counts["removed"]
    context = {
        "review": review,
        "page": page,
        "table": table,
        "filter": found,
        "counts": counts,
        "events": events_of(review),
        "silence": services.SILENCE,
    }
    return render(request, "governance/access_review.html", context)


def _with_people(rows: QuerySet[AccessReviewItem]) -> QuerySet[AccessReviewItem]:
    return rows.select_related("person", "owner", "decided_by")


def _items(user: Any, review: AccessReview) -> tuple[Column[AccessReviewItem], ...]:
    calendar = review.program.calendar()

    def answer(item: AccessReviewItem) -> object:
        if item.decided_at:
            ended = cells.beside(say("ended"), cells.when(item.ended_at)) if item.ended_at else ""
            proof = markup(", {}", ended) if ended else ""
            said = markup('<br><span class="meta">{}</span>', item.reason) if item.reason else ""
            return markup("{}{}{}", item.get_decision_display(), proof, said)
        item.review = review
        if policy.may_attest(item, user) is None:
            url = route_to("governance:attest", item.pk)
            return markup(
                '<a href="{}">{}<span class="visually-hidden"> {}</span></a>',
                *(url, say("Answer"), item),
            )
        return say("Not answered")

    return (
        Column(say("Who"), lambda i: i.person),
        Column(
            say("What they hold"),
            lambda i: markup('{}<br><span class="meta">{}</span>', i.title, _label(i.kind)),
        ),
        Column(
            say("Answered by"), lambda i: i.decided_by or i.owner or say("Nobody, so the chair")
        ),
        Column(say("When"), lambda i: cells.when(i.decided_at, "date", calendar)),
        Column(say("Answer"), answer, sort="answered"),
    )


def _label(kind: str) -> str:
    return attestable.get(kind).label


@login_required
@recently_authenticated
def attest(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep one role or grant, or take it away; then on to the next that waits."""
    user = person(request)
    rows = AccessReviewItem.objects.select_related("review__program", "person", "owner")
    item = visible_or_404(rows, request.user, pk=pk)
    form = AttestForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        done = attempt(
            form, lambda: services.attest_access(item=item, by=user, **form.cleaned_data)
        )
        if done:
            said = say("is kept") if done.decision == Decision.KEEP else say("has ended")
            messages.success(request, say("{item}: it {said}.", item=item, said=said))
            following = item.review.items.unanswered().filter(owner=user).first()
            if following:
                return redirect("governance:attest", following.pk)
            return redirect(item.review.get_absolute_url())
    context = {
        "item": item,
        "subject": shown_to(user, item.subject_type, item.subject_id),
        "label": _label(item.kind),
        "refusal": policy.may_attest(item, user),
        "left": item.review.items.unanswered().filter(owner=user).count(),
        "links": [Link(item.review.ref, item.review.get_absolute_url())],
    }
    return form_page(request, "governance/attest.html", form, context)


@verb
def open_review(request: HttpRequest, slug: str) -> HttpResponse:
    """Open a review ahead of its time."""
    user = person(request)
    program = visible_program(user, slug)
    review = services.open_access_review(program=program, by=user)
    messages.success(request, say("{ref} is open. Every owner has been told.", ref=review.ref))
    return redirect(review.get_absolute_url())


def visible_program(user: Any, slug: str) -> Any:
    """The programme of that name, for those who take part in it; 404 for others."""
    return get_object_or_404(programs_of(user), realm__slug=slug)


def _review(request: HttpRequest, ref: str) -> AccessReview:
    rows = AccessReview.objects.select_related("program")
    return visible_or_404(rows, request.user, ref=ref)
