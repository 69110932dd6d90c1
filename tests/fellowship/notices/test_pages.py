"""The inbox's pages: one's own notices, the unread first, and safe ways out of them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from fellowship.accounts.models import Realm, User
from fellowship.notices import services
from fellowship.notices.models import Notice

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in(client: Client, ada: User) -> Client:
    """A browser in which Ada is signed in."""
    client.force_login(ada)
    return client


def tell(person: User, title: str = "A decision is recorded", **values: object) -> Notice:
    services.notify(kind="tests.told", to=[person], title=title, **values)  # type: ignore[arg-type]
    return Notice.objects.filter(recipient=person).latest("pk")


def test_the_inbox_takes_the_same_queries_at_any_length(
    signed_in: Client, ada: User, realm: Realm
) -> None:
    taken = {}
    for many in (1, 3, 60):
        while Notice.objects.count() < many:
            tell(ada, "Notice", realm=realm)
        with CaptureQueriesContext(connection) as captured:
            page = signed_in.get(reverse("notices:inbox"))
        assert page.status_code == 200
        assert page.content.decode().count("Mark as read") == min(many, 50)
        taken[many] = len(captured)
    assert taken[1] == taken[3] == taken[60] <= 10


def test_what_is_read_is_marked_so_and_asks_for_nothing(signed_in: Client, ada: User) -> None:
    services.mark_read(notice=tell(ada, "An old one"), by=ada)
    tell(ada, "A new one")
    page = signed_in.get(reverse("notices:inbox")).content.decode()
    assert page.count("Mark as read") == 1
    assert page.index("A new one") < page.index("An old one")
    assert '<span class="tag plain">Read</span>' in page


def test_an_empty_inbox_says_so(signed_in: Client) -> None:
    html = signed_in.get(reverse("notices:inbox")).content.decode()
    assert "Nobody has told you anything yet." in html
    assert "Mark all as read" not in html


def test_hostile_titles_are_shown_as_text(signed_in: Client, ada: User) -> None:
    tell(ada, "<script>alert(1)</script>", body="<img src=x onerror=alert(1)>")
    html = signed_in.get(reverse("notices:inbox")).content.decode()
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    shown = signed_in.get(reverse("notices:open", args=[Notice.objects.get().pk]))
    assert "<img src=x" not in shown.content.decode()


def test_opening_reads_and_goes_where_it_leads(signed_in: Client, ada: User) -> None:
    notice = tell(ada, url="/proposals/7/?tab=decision")
    answer = signed_in.get(reverse("notices:open", args=[notice.pk]))
    assert (answer.status_code, answer["Location"]) == (302, "/proposals/7/?tab=decision")
    notice.refresh_from_db()
    assert notice.read_at is not None


def test_a_prefetch_reads_nothing(signed_in: Client, ada: User) -> None:
    notice = tell(ada, url="/proposals/7/")
    signed_in.get(
        reverse("notices:open", args=[notice.pk]), headers={"sec-purpose": "prefetch;prerender"}
    )
    notice.refresh_from_db()
    assert notice.read_at is None


def test_a_link_that_leads_off_the_site_is_not_followed(signed_in: Client, ada: User) -> None:
    notice = tell(ada, "Look", body="Here")
    Notice.objects.filter(pk=notice.pk).update(url="//evil.example/")  # past the service
    answer = signed_in.get(reverse("notices:open", args=[notice.pk]))
    assert answer.status_code == 200
    assert "evil.example" not in answer.content.decode()


def test_marking_read_returns_to_its_page_and_twice_does_it_once(
    signed_in: Client, ada: User
) -> None:
    notice = tell(ada)
    url = reverse("notices:mark_read", args=[notice.pk])
    assert signed_in.post(url, {"page": "2"})["Location"] == "/inbox/?page=2"
    first = Notice.objects.get().read_at
    assert signed_in.post(url, {"page": "//evil"})["Location"] == "/inbox/"
    assert Notice.objects.get().read_at == first
    assert signed_in.get(url).status_code == 405


def test_marking_all_reads_only_ones_own(signed_in: Client, ada: User, ben: User) -> None:
    tell(ada)
    tell(ada)
    tell(ben)
    answer = signed_in.post(reverse("notices:mark_all_read"), follow=True)
    assert "Everything is marked as read." in answer.content.decode()
    assert Notice.objects.filter(read_at=None).get().recipient == ben


def test_anothers_notice_is_not_there(signed_in: Client, ben: User) -> None:
    notice = tell(ben, "Secret of Ben")
    assert signed_in.get(reverse("notices:open", args=[notice.pk])).status_code == 404
    assert signed_in.post(reverse("notices:mark_read", args=[notice.pk])).status_code == 404
    assert "Secret of Ben" not in signed_in.get(reverse("notices:inbox")).content.decode()
    assert signed_in.get(f"/inbox/{2**70}/").status_code == 404
    notice.refresh_from_db()
    assert notice.read_at is None


def test_a_visitor_is_sent_to_sign_in(client: Client, ada: User) -> None:
    notice = tell(ada)
    for url in (reverse("notices:inbox"), reverse("notices:open", args=[notice.pk])):
        assert client.get(url)["Location"].startswith("/accounts/login/")
    assert client.post(reverse("notices:mark_all_read")).status_code == 302
    assert Notice.objects.get().read_at is None


def test_the_navigation_counts_the_unread(signed_in: Client, ada: User) -> None:
    tell(ada)
    tell(ada)
    html = signed_in.get(reverse("notices:inbox")).content.decode()
    assert '<span class="count">2<span class="visually-hidden"> unread</span></span>' in html
    assert "2 unread." in html
