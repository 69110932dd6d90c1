"""Addresses of publications, below /publications/."""

from __future__ import annotations

from django.urls import path

from publications.views import (
    author,
    checks,
    desk,
    detail,
    disclosure,
    drafts,
    ladder,
    lists,
    reviewer,
    texts,
)

app_name = "publications"
urlpatterns = [
    path("", lists.index, name="index"),
    path("register/", lists.register, name="register"),
    path("register/<str:ref>/", texts.public, name="public"),
    path("draft/<str:ref>/", drafts.draft, name="draft"),
    path("objections/<str:ref>/accept/", author.accept, name="accept"),
    path("objections/<str:ref>/reword/", author.reword, name="reword"),
    path("objections/<str:ref>/contest/", author.contest, name="contest"),
    path("desk/", desk.desk, name="desk"),
    path("desk/wording/", desk.wordings, name="wordings"),
    path("desk/wording/<int:pk>/retire/", desk.retire, name="wording_retire"),
    path("questions/<str:ref>/", ladder.reply, name="reply"),
    path("objections/<str:ref>/decline/", reviewer.decline, name="decline"),
    path("objections/<str:ref>/mediator/", ladder.mediator, name="mediator"),
    path("objections/<str:ref>/propose/", ladder.propose, name="propose"),
    path("objections/<str:ref>/take/", ladder.take, name="take"),
    path("objections/<str:ref>/leave/", ladder.leave, name="leave"),
    path("objections/<str:ref>/agree/", reviewer.agree, name="agree"),
    path("objections/<str:ref>/withdraw/", reviewer.withdraw_objection, name="withdraw_objection"),
    path("<str:ref>/", detail.detail, name="detail"),
    path("<str:ref>/text/", texts.text, name="text"),
    path("<str:ref>/sources/", drafts.sources, name="sources"),
    path("<str:ref>/read/", texts.read, name="read"),
    path("<str:ref>/compare/", texts.compare, name="compare"),
    path("<str:ref>/versions/<int:number>/file/", texts.file, name="file"),
    path("<str:ref>/check/", checks.check, name="check"),
    path("<str:ref>/disclosure/", disclosure.disclosure, name="disclosure"),
    path("<str:ref>/disclosure/<int:pk>/extend/", disclosure.extend, name="extend_step"),
    path("<str:ref>/disclosure/<int:pk>/early/", disclosure.early, name="early"),
    path("<str:ref>/authors/", author.authors, name="authors"),
    path("<str:ref>/submit/", author.submit, name="submit"),
    path("<str:ref>/withdraw/", author.withdraw, name="withdraw"),
    path("<str:ref>/outcome/", author.outcome, name="outcome"),
    path("<str:ref>/certificate/", author.certificate, name="certificate"),
    path("<str:ref>/assign/", reviewer.assign, name="assign"),
    path("<str:ref>/advise/", reviewer.advise, name="advise"),
    path("<str:ref>/object/", reviewer.object_, name="object"),
    path("<str:ref>/extend/", ladder.extend, name="extend"),
    path("<str:ref>/ask/", ladder.ask, name="ask"),
    path("<str:ref>/letter/", ladder.letter, name="letter"),
    path("<str:ref>/clear/", reviewer.clear, name="clear"),
]
