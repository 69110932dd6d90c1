"""The board room: one site at `/board/` with its own door and none but our own pages."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from fellowship.accounts.queries import holds_anywhere
from fellowship.kernel.refusals import Missing, Refusal, Refused
from fellowship.kernel.saying import say
from governance.models import Delegation
from governance.models.visibility import ROOM
from governance.views import (
    condition,
    decision_log,
    deputies,
    docket,
    matter,
    meeting_room,
    meetings,
    recusals,
    replies,
    reviews,
)

View = Callable[..., HttpResponseBase]
NOT_THE_ROOM = Refusal(
    "wrong_role_room",
    say(
        "The board room is open to members of a board, its chair, programme managers and auditors."
    ),
)


class BoardSite(AdminSite):
    """Dockets, matters, decisions and meetings. Nothing is administered here but by service verbs.

    A matter's and a condition's own page stand outside the door: parties have their public face.
    So does a recusal's: the sponsor, who may decide on an override, does not enter the room.
    """

    site_header = say("Board room")
    site_title = say("Board room")
    index_title = say("Docket")

    def has_permission(self, request: HttpRequest) -> bool:
        """An active person with a seat, a chair, a manager's or an auditor's role, or a deputy."""
        user: Any = request.user
        if not user.is_active:
            return False
        if holds_anywhere(user, *ROOM):
            return True
        return Delegation.objects.live().filter(deputy_id=user.pk).exists()

    def admin_view(self, view: View, cacheable: bool = False) -> Any:
        """The view behind the door: visitors sign in first, others learn why it stays shut.

        Of what an address names there, they learn nothing: it is not there for them.
        """

        @functools.wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return self.login(request)
            if not self.has_permission(request):
                raise Missing if kwargs else Refused(NOT_THE_ROOM)
            return view(request, *args, **kwargs)

        return inner if cacheable else never_cache(inner)

    @method_decorator(never_cache)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The sign-in of the whole site, and back here."""
        return redirect_to_login(request.get_full_path(), reverse("account_login"))

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """The pages of the room, below `/board/`, in the namespace `governance`."""
        door = self.admin_view
        return [
            path("", door(docket.docket), name="docket"),
            path("decisions/", door(docket.decisions), name="decisions"),
            path("log/", door(decision_log.log), name="decision_log"),
            path("log/decision-log.csv", door(decision_log.download), name="decision_log_csv"),
            path(
                "decisions/<str:ref>/",
                door(decision_log.reconstructed),
                name="reconstruction",
            ),
            path("conditions/", door(docket.conditions), name="conditions"),
            path("conditions/<int:pk>/", condition.detail, name="condition"),
            path("conditions/<int:pk>/verify/", condition.verify, name="condition_verify"),
            path("conditions/<int:pk>/fail/", condition.fail, name="condition_fail"),
            path("conditions/<int:pk>/waive/", condition.waive, name="condition_waive"),
            path("deputies/", deputies.deputies, name="deputies"),
            path("meetings/", door(meetings.meetings), name="meetings"),
            path("meetings/new/", door(meetings.call), name="meeting_new"),
            path("meetings/<int:pk>/", door(meetings.detail), name="meeting"),
            path("meetings/<int:pk>/minutes/", door(meetings.minutes), name="meeting_minutes"),
            path("meetings/<int:pk>/approve/", door(meetings.approve), name="meeting_approve"),
            *self._meeting_routes(),
            path("meetings/<int:pk>/cancel/", door(meetings.cancel), name="meeting_cancel"),
            path("recusals/<int:pk>/", recusals.detail, name="recusal"),
            path("recusals/<int:pk>/approve/", recusals.approve, name="recusal_approve"),
            path("recusals/<int:pk>/decline/", recusals.decline, name="recusal_decline"),
            path("recusals/<int:pk>/revoke/", recusals.revoke, name="recusal_revoke"),
            path("<str:ref>/", matter.detail, name="matter"),
            path("<str:ref>/declare/", matter.declare, name="matter_declare"),
            path("<str:ref>/vote/", matter.vote, name="matter_vote"),
            path("<str:ref>/record/", matter.record, name="matter_record"),
            path("<str:ref>/reaffirm/", matter.reaffirm, name="matter_reaffirm"),
            path("<str:ref>/reseal/", matter.reseal, name="matter_reseal"),
            path("<str:ref>/dossiers/<int:number>/", matter.dossier, name="dossier"),
            path("<str:ref>/return/", matter.return_, name="matter_return"),
            path("<str:ref>/withdraw/", matter.withdraw, name="matter_withdraw"),
            path("<str:ref>/letter/", replies.letter, name="matter_letter"),
            path("<str:ref>/reply/", replies.reply, name="reply"),
            path("<str:ref>/replies/<int:pk>/", replies.answer, name="reply_answer"),
            path("<str:ref>/review/", reviews.review, name="review"),
            path("<str:ref>/review/name/", reviews.name, name="review_name"),
            path("<str:ref>/review/declare/", reviews.declare, name="review_declare"),
            path("<str:ref>/review/finding/", reviews.find, name="review_finding"),
        ]

    def _meeting_routes(self) -> list[URLPattern]:
        """What is done in and around a meeting."""
        door, one = self.admin_view, "meetings/<int:pk>/"
        return [
            path("meetings/cadence/", door(meeting_room.cadence), name="cadence"),
            path("meetings/cadence/end/", door(meeting_room.end_cadence), name="cadence_end"),
            path(f"{one}move/", door(meeting_room.move), name="meeting_move"),
            path(f"{one}present/", door(meeting_room.present), name="meeting_present"),
            path(f"{one}consent/", door(meeting_room.consent), name="meeting_consent"),
            path(f"{one}pull/", door(meeting_room.pull), name="meeting_pull"),
            path(f"{one}record/", door(meeting_room.record), name="meeting_record"),
            path(f"{one}draft/", door(meeting_room.draft), name="meeting_draft"),
            path(f"{one}invitation.ics", door(meeting_room.invitation), name="meeting_ics"),
        ]


board = BoardSite(name="board")
