"""Addresses of findings and controls, below /triage/."""

from __future__ import annotations

from django.urls import path

from findings import urls_translation
from findings.views import control, disposition, finding, importing, portfolio, queue, reporting

app_name = "findings"
urlpatterns = [
    path("", queue.queue, name="queue"),
    path("controls/", queue.controls, name="controls"),
    path("controls/<str:ref>/", control.detail, name="control"),
    path("controls/<str:ref>/measure/", control.measure, name="measure"),
    path("controls/<str:ref>/deploy/", control.deploy, name="deploy"),
    path("controls/<str:ref>/waive/", control.waive, name="waive"),
    path("controls/<str:ref>/verify/", control.verify, name="verify"),
    path("portfolio/", portfolio.portfolios, name="portfolios"),
    path("portfolio/<slug:slug>/", portfolio.portfolio, name="portfolio"),
    path("portfolio/<slug:slug>/export/", portfolio.export, name="export"),
    path("portfolio/<slug:slug>/lesson/", portfolio.propose, name="propose_lesson"),
    path("lessons/<int:pk>/take/<str:ref>/", portfolio.take_lesson, name="take_lesson"),
    path("lessons/<int:pk>/set-aside/", portfolio.set_aside, name="set_lesson_aside"),
    *urls_translation.urlpatterns,
    path("report/<str:ref>/", reporting.report, name="report"),
    path("artifact/<str:ref>/", reporting.artifact, name="artifact"),
    path("imports/case/<str:ref>/", importing.imports, name="imports"),
    path("imports/<str:ref>/", importing.detail, name="import"),
    path("imports/<str:ref>/confirm/", importing.confirm, name="import_confirm"),
    path("imports/<str:ref>/file/", importing.original, name="import_file"),
    path("imports/<str:ref>/<int:place>/", importing.mark, name="import_row"),
    path("<str:ref>/", finding.detail, name="detail"),
    path("<str:ref>/take/", disposition.take, name="take"),
    path("<str:ref>/accept/", disposition.accept, name="accept"),
    path("<str:ref>/defer/", disposition.defer, name="defer"),
    path("<str:ref>/reject/", disposition.reject, name="reject"),
    path("<str:ref>/refer/", disposition.refer, name="refer"),
    path("<str:ref>/reconsider/", disposition.reconsider, name="reconsider"),
    path("<str:ref>/rerate/", disposition.rerate, name="rerate"),
    path("<str:ref>/pause/", disposition.pause, name="pause"),
    path("<str:ref>/resume/", disposition.resume, name="resume"),
    path("<str:ref>/withdraw/", disposition.withdraw, name="withdraw"),
    path("<str:ref>/reopen/", disposition.reopen, name="reopen"),
    path("<str:ref>/close/", disposition.close, name="close"),
    path("<str:ref>/duplicate/", disposition.duplicate, name="duplicate"),
    path("<str:ref>/reply/", disposition.reply, name="reply"),
    path("<str:ref>/embargo/", reporting.embargo, name="embargo"),
    path("<str:ref>/plan/", finding.plan, name="plan"),
]
