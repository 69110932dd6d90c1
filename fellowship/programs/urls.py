"""Addresses of calls and programmes, below `/calls/`."""

from __future__ import annotations

from django.urls import path

from fellowship.programs.views import calls, offers, people, programs, running, setup

app_name = "programs"
urlpatterns = [
    path("", calls.calls, name="calls"),
    path("calendar.ics", calls.all_calendars, name="calendar"),
    path("programmes/", programs.programs, name="programs"),
    path("programmes/found/", setup.found, name="found"),
    path("programmes/<slug:slug>/", programs.program, name="program"),
    path("programmes/<slug:slug>/call/", running.draft_call, name="draft_call"),
    path("programmes/<slug:slug>/checklist/<slug:item>/", programs.checklist_item, name="item"),
    path("programmes/<slug:slug>/set-up/", setup.set_up, name="set_up"),
    path("programmes/<slug:slug>/people/", people.bring, name="bring_people"),
    path("programmes/<slug:slug>/people/template.csv", people.template, name="people_template"),
    path("programmes/<slug:slug>/sponsor/", setup.sponsor, name="sponsor"),
    path("programmes/<slug:slug>/cohort/", setup.cohort, name="cohort"),
    path("programmes/<slug:slug>/usual/", offers.take_usual, name="usual"),
    path("programmes/<slug:slug>/add/<slug:part>/", offers.furnish, name="furnish"),
    path("programmes/<slug:slug>/talent-path/", offers.talent_path, name="talent_path"),
    path("programmes/<slug:slug>/stages/", offers.standards, name="standards"),
    path("programmes/<slug:slug>/residency/", offers.stages, name="residency"),
    path("programmes/<slug:slug>/<slug:part>/<slug:offer>/", offers.offer, name="offer"),
    path("programmes/<slug:slug>/<slug:part>/<slug:offer>/change/", offers.revise, name="revise"),
    path("programmes/<slug:slug>/<slug:part>/<slug:offer>/retire/", offers.retire, name="retire"),
    path(
        "programmes/<slug:slug>/<slug:part>/<slug:offer>/<int:number>/",
        offers.offer_version,
        name="offer_version",
    ),
    path("<slug:ref>/", calls.call, name="call"),
    path("<slug:ref>/calendar.ics", calls.calendar, name="call_calendar"),
    path("<slug:ref>/edit/", running.edit_call, name="edit_call"),
    path("<slug:ref>/publish/", running.publish, name="publish"),
    path("<slug:ref>/extend/", running.extend, name="extend"),
    path("<slug:ref>/reopen/", running.reopen, name="reopen"),
    path("<slug:ref>/close/", running.close, name="close"),
]
