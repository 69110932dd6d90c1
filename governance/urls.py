"""Addresses of the board room, the rules, escalations and exceptions."""

from __future__ import annotations

from django.urls import include, path

from governance.admin import board
from governance.views import (
    access_reviews,
    amending,
    amendments,
    escalation,
    escalations,
    exceptions,
    first_rules,
    oncall,
    rulemaking,
    rules,
)

app_name = "governance"
urlpatterns = [
    path("board/", include(board.get_urls())),
    path("access-reviews/", access_reviews.access_reviews, name="access_reviews"),
    path("access-reviews/open/<slug:slug>/", access_reviews.open_review, name="access_review_open"),
    path("access-reviews/items/<int:pk>/", access_reviews.attest, name="attest"),
    path("access-reviews/<str:ref>/", access_reviews.access_review, name="access_review"),
    path("rules/", rules.rules, name="rules"),
    path("rules/new/", rules.new, name="rule_new"),
    path("rules/first/<slug:slug>/", first_rules.first, name="rules_first"),
    path("rules/first/<slug:slug>/<slug:kind>/", first_rules.shape, name="rule_shape"),
    path("rules/<int:pk>/", rules.detail, name="rule"),
    path("rules/<int:pk>/compare/<int:other>/", rules.compare, name="rule_compare"),
    path("rules/<int:pk>/edit/", rules.edit, name="rule_edit"),
    path("rules/<int:pk>/publish/", rulemaking.publish, name="rule_publish"),
    path("rules/<int:pk>/rework/", rulemaking.rework, name="rule_rework"),
    path("rules/<int:pk>/comments/", rulemaking.comments, name="rule_comments"),
    path("rules/comments/<int:pk>/answer/", rulemaking.answer, name="rule_comment_answer"),
    path("rules/<int:pk>/acknowledge/", rulemaking.acknowledge, name="rule_acknowledge"),
    path(
        "rules/<int:pk>/acknowledgements/",
        rulemaking.acknowledgements,
        name="rule_acknowledgements",
    ),
    path("rules/<int:pk>/earlier/", amendments.earlier, name="rule_earlier"),
    path("rules/<int:pk>/earlier/<int:pin>/", amendments.offer, name="rule_offer"),
    path("rules/amendments/<int:pk>/", amendments.amendment, name="rule_amendment"),
    path("rules/amendments/<int:pk>/agree/", amendments.agree, name="rule_amendment_agree"),
    path("rules/amendments/<int:pk>/decline/", amendments.decline, name="rule_amendment_decline"),
    path(
        "rules/amendments/<int:pk>/withdraw/", amendments.withdraw, name="rule_amendment_withdraw"
    ),
    path("rules/<int:pk>/propose/", rules.propose, name="rule_propose"),
    path("escalations/", escalations.escalations, name="escalations"),
    path("escalations/new/", escalations.new, name="escalation_new"),
    path("escalations/<str:ref>/", escalation.detail, name="escalation"),
    path("escalations/<str:ref>/<str:step>/", escalation.step, name="escalation_step"),
    path(
        "escalations/<str:ref>/duties/<int:pk>/<slug:done>/",
        escalation.duty,
        name="escalation_duty",
    ),
    path("oncall/", oncall.first, name="oncall_first"),
    path("oncall/away/<int:pk>/cancel/", oncall.cancel_away, name="oncall_cancel_away"),
    path("oncall/stand-in/<int:pk>/cancel/", oncall.cancel_stand_in, name="oncall_cancel_stand_in"),
    path("oncall/lines/<int:pk>/end/", oncall.end_line, name="oncall_end_line"),
    path("oncall/watches/<int:pk>/take/", oncall.take, name="oncall_take"),
    path("oncall/<slug:slug>/", oncall.rota, name="oncall"),
    path("oncall/<slug:slug>/<slug:act>/", oncall.change, name="oncall_change"),
    path("exceptions/", exceptions.exceptions, name="exceptions"),
    path("exceptions/new/", exceptions.new, name="exception_new"),
    path("exceptions/repeats/", exceptions.repeats, name="exception_repeats"),
    path("exceptions/<str:ref>/", exceptions.detail, name="exception"),
    path("exceptions/<str:ref>/amend/", amending.amend, name="exception_amend"),
    path("exceptions/<str:ref>/test/", amending.test, name="exception_test"),
    path("exceptions/<str:ref>/withdraw/", exceptions.withdraw, name="exception_withdraw"),
    path("exceptions/<str:ref>/end/", exceptions.end, name="exception_end"),
]
