"""Addresses of proposals, below `/proposals/`."""

from __future__ import annotations

from django.urls import path

from proposals.views import (
    applicant,
    attachments,
    blind,
    case,
    lists,
    office,
    panel,
    reuse,
    reviewer,
    sending,
    suggesting,
)

app_name = "proposals"
urlpatterns = [
    path("", applicant.mine, name="mine"),
    path("all/", lists.proposals, name="list"),
    path("reviews/", lists.reviews, name="reviews"),
    path("reviews/<int:pk>/", panel.review, name="review"),
    path("reviews/<int:pk>/declare/", panel.declare, name="declare"),
    path("reviews/<int:pk>/save/", panel.save_review, name="save_review"),
    path("reviewing/", reviewer.reviewing, name="reviewing"),
    path("reviewing/away/", reviewer.away, name="away"),
    path("reviewing/away/<int:pk>/back/", reviewer.back, name="back"),
    path("reviewing/drift/", reviewer.own_drift, name="drift"),
    path("reviewers/", office.reviewers, name="reviewers"),
    path("reviewers/<int:pk>/", office.reviewer, name="reviewer"),
    path("discussions/", office.discussions, name="discussions"),
    path("panels/", suggesting.panels, name="panels"),
    path("panels/<slug:ref>/suggest/", suggesting.suggest, name="suggest"),
    path("suggestions/<int:pk>/", suggesting.suggestion, name="suggestion"),
    path("suggestions/<int:pk>/assign/", suggesting.assign, name="assign_suggested"),
    path("suggestions/<int:pk>/aside/", suggesting.set_aside, name="set_aside"),
    path("suggestions/<int:pk>/<slug:ref>/", suggesting.suggested, name="suggested"),
    path(
        "suggestions/<int:pk>/<slug:ref>/<int:line>/drop/", suggesting.drop, name="drop_suggested"
    ),
    path("start/<slug:ref>/", applicant.start, name="start"),
    path("<slug:ref>/", case.detail, name="detail"),
    path("<slug:ref>/versions/<int:number>/", case.version, name="version"),
    path("<slug:ref>/letter/", case.letter, name="letter"),
    path("<slug:ref>/edit/", applicant.edit, name="edit"),
    path("<slug:ref>/edit/<slug:key>/", applicant.section, name="section"),
    path("<slug:ref>/edit/<slug:key>/save/", applicant.save, name="save"),
    path("<slug:ref>/attachments/", attachments.attach, name="attachments"),
    path("<slug:ref>/attachments/<slug:digest>/remove/", attachments.remove, name="remove_file"),
    path("<slug:ref>/files/<slug:digest>/", attachments.download, name="file"),
    path("<slug:ref>/reuse/", reuse.choose, name="reuse"),
    path("<slug:ref>/reuse/<slug:source>/", reuse.take, name="take_over"),
    path("<slug:ref>/check/", sending.check, name="check"),
    path("<slug:ref>/submit/", sending.submit, name="submit"),
    path("<slug:ref>/receipt/", sending.receipt, name="receipt"),
    path("<slug:ref>/revise/", applicant.revise, name="revise"),
    path("<slug:ref>/discard/", applicant.discard, name="discard"),
    path("<slug:ref>/withdraw/", sending.withdraw, name="withdraw"),
    path("<slug:ref>/panel/", panel.panel, name="panel"),
    path("<slug:ref>/copy/", blind.copy, name="copy"),
    path("<slug:ref>/copy/check/", blind.check, name="check_copy"),
    path("<slug:ref>/panel/discussion/", office.discussion, name="discussion"),
    path("<slug:ref>/panel/calibrate/", office.calibrate, name="calibrate"),
    path("<slug:ref>/panel/refer/", panel.refer, name="refer"),
    path("<slug:ref>/panel/<int:pk>/unassign/", panel.unassign, name="unassign"),
]
