"""Addresses of fellowships, below `/fellowships/`."""

from __future__ import annotations

from django.urls import path

from scoping.views import (
    cases,
    check_ins,
    collaborators,
    contributions,
    lists,
    mentoring,
    milestones,
    people,
    scopes,
    talent,
)

app_name = "scoping"
urlpatterns = [
    path("", lists.fellowships, name="list"),
    path("contributions/", contributions.everywhere, name="all_contributions"),
    path("mentoring/", mentoring.mentoring, name="mentoring"),
    path("collaborations/", collaborators.collaborations, name="collaborations"),
    path("<str:ref>/", cases.case, name="case"),
    path("<str:ref>/what-may-i-do/", cases.may, name="may"),
    path("<str:ref>/scope/", scopes.scopes, name="scopes"),
    path("<str:ref>/scope/draft/", scopes.draft, name="draft"),
    path("<str:ref>/scope/amend/", scopes.amend, name="amend"),
    path("<str:ref>/scope/<int:number>/", scopes.scope, name="scope"),
    path("<str:ref>/scope/<int:number>/print/", scopes.printed, name="print"),
    path("<str:ref>/scope/<int:number>/document.html", scopes.saved, name="saved"),
    path("<str:ref>/scope/<int:number>/document.pdf", scopes.as_pdf, name="pdf"),
    path("<str:ref>/scope/<int:number>/edit/", scopes.edit, name="edit"),
    path("<str:ref>/scope/<int:number>/offer/", scopes.offer, name="offer"),
    path("<str:ref>/scope/<int:number>/sign/", scopes.sign, name="sign"),
    path("<str:ref>/scope/<int:number>/withdraw/", scopes.withdraw, name="withdraw"),
    path("<str:ref>/scope/<int:number>/compare/<int:other>/", scopes.compare, name="compare"),
    path("<str:ref>/milestones/", milestones.milestones, name="milestones"),
    path("<str:ref>/milestones/<int:pk>/deliver/", milestones.deliver, name="deliver"),
    path("<str:ref>/milestones/<int:pk>/files/", milestones.attach, name="attach"),
    path("<str:ref>/milestones/<int:pk>/files/<str:digest>/", milestones.evidence, name="evidence"),
    path(
        "<str:ref>/milestones/<int:pk>/files/<str:digest>/remove/",
        milestones.remove,
        name="remove_evidence",
    ),
    path("<str:ref>/milestones/<int:pk>/verdict/", milestones.verdict, name="verdict"),
    path("<str:ref>/milestones/<int:pk>/reviewer/", milestones.reviewer, name="reviewer"),
    path("<str:ref>/milestones/<int:pk>/except/", milestones.let_go, name="except"),
    path("<str:ref>/check-ins/", check_ins.check_ins, name="check_ins"),
    path("<str:ref>/check-ins/<int:pk>/clear/", check_ins.clear, name="clear"),
    path("<str:ref>/people/", people.people, name="people"),
    path("<str:ref>/people/mentor/", people.mentor, name="mentor"),
    path("<str:ref>/people/training/", people.train, name="train"),
    path("<str:ref>/people/suspend/", people.suspend, name="suspend"),
    path("<str:ref>/people/lift/", people.lift, name="lift"),
    path("<str:ref>/people/advance/", people.advance, name="advance"),
    path("<str:ref>/people/end/", people.end, name="end"),
    path("<str:ref>/collaborators/", collaborators.collaborators, name="collaborators"),
    path("<str:ref>/collaborators/<int:pk>/", collaborators.collaboration, name="collaboration"),
    path(
        "<str:ref>/collaborators/<int:pk>/scope/", collaborators.scope, name="collaboration_scope"
    ),
    path(
        "<str:ref>/collaborators/<int:pk>/confirm/",
        collaborators.confirm,
        name="confirm_collaborator",
    ),
    path(
        "<str:ref>/collaborators/<int:pk>/remove/",
        collaborators.remove,
        name="remove_collaborator",
    ),
    path(
        "<str:ref>/collaborators/<int:pk>/training/",
        collaborators.train,
        name="train_collaborator",
    ),
    path("<str:ref>/talent/", talent.path, name="talent"),
    path("<str:ref>/talent/<int:pk>/decide/", talent.decide, name="decide"),
    path("<str:ref>/talent/<int:pk>/answer/", talent.answer, name="answer"),
    path("<str:ref>/contributions/", contributions.of_case, name="contributions"),
    path("<str:ref>/contributions/<int:pk>/edit/", contributions.edit, name="contribution"),
    path("<str:ref>/contributions/<int:pk>/confirm/", contributions.confirm, name="confirm"),
    path("<str:ref>/contributions/<int:pk>/withdraw/", contributions.take_back, name="take_back"),
]
