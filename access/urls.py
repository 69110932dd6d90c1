"""Pages of data access, below `/access/`."""

from __future__ import annotations

from django.urls import path

from access.views import (
    cases,
    catalogue,
    desk,
    endings,
    grants,
    release_reviews,
    releases,
    requests,
    suspensions,
    trail,
    why,
)

app_name = "access"

urlpatterns = [
    path("", catalogue.catalogue, name="catalogue"),
    path("datasets/new/", catalogue.new, name="new_dataset"),
    path("datasets/<str:ref>/", catalogue.dataset, name="dataset"),
    path("datasets/<str:ref>/request/", requests.new, name="new_request"),
    path("desk/", desk.desk, name="desk"),
    path("requests/<str:ref>/", requests.detail, name="request"),
    path("requests/<str:ref>/check/", requests.check, name="check"),
    path("requests/<str:ref>/refer/", requests.refer, name="refer"),
    path("requests/<str:ref>/approve/", requests.approve, name="approve"),
    path("requests/<str:ref>/refuse/", requests.refuse, name="refuse"),
    path("requests/<str:ref>/withdraw/", requests.withdraw, name="withdraw"),
    path("agreements/<str:ref>/", grants.agreement, name="agreement"),
    path("agreements/<str:ref>/accept/", grants.accept, name="accept"),
    path("grants/", grants.grants, name="grants"),
    path("grants/<str:ref>/", grants.grant, name="grant"),
    path("grants/<str:ref>/revoke/", grants.revoke, name="revoke"),
    path("cases/<str:ref>/", cases.case, name="case"),
    path("cases/<str:ref>/suspend/", suspensions.case, name="suspend"),
    path("datasets/<str:ref>/suspend/", suspensions.dataset, name="suspend_dataset"),
    path("people/<slug:program>/<int:pk>/suspend/", suspensions.person, name="suspend_person"),
    path("suspensions/", suspensions.suspensions, name="suspensions"),
    path("suspensions/<str:ref>/", suspensions.suspension, name="suspension"),
    path("suspensions/<str:ref>/lift/", suspensions.lift, name="lift_suspension"),
    path(
        "cases/<str:ref>/deleted/<str:dataset>/",
        endings.confirm,
        name="confirm_deletion",
    ),
    path("deletions/<str:ref>/", endings.deletion, name="deletion"),
    path("deletions/<str:ref>/verify/", endings.verify, name="verify_deletion"),
    path("cases/<str:ref>/release/", releases.ask, name="ask_release"),
    path("releases/", releases.releases, name="releases"),
    path("releases/<str:ref>/", releases.release, name="release"),
    path("releases/<str:ref>/files/", releases.add, name="add_output"),
    path("releases/<str:ref>/files/<int:pk>/", releases.take, name="take_output"),
    path("releases/<str:ref>/files/<int:pk>/remove/", releases.remove, name="remove_output"),
    path("releases/<str:ref>/files/<int:pk>/explain/", releases.explain, name="explain_output"),
    path("releases/<str:ref>/send/", releases.send, name="send_release"),
    path("releases/<str:ref>/withdraw/", releases.withdraw, name="withdraw_release"),
    path("releases/<str:ref>/review/", release_reviews.review, name="review_release"),
    path("releases/<str:ref>/revise/", release_reviews.revise, name="revise_release"),
    path("releases/<str:ref>/settle/", release_reviews.settle, name="settle_release"),
    path("trail/", trail.trail, name="trail"),
    path("trail/<int:pk>/", trail.event, name="event"),
    path("why", why.why, name="why"),
]
