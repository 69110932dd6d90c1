"""Telling people: who gets a notice, and what may stand in it."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from fellowship.accounts.models import Realm, User
from fellowship.kernel import journal
from fellowship.kernel.refusals import Missing
from fellowship.notices import links, queries, services
from fellowship.notices.models import Notice
from tests.fellowship.notices.conftest import SETUP, deactivate, make_person

pytestmark = pytest.mark.django_db


def test_each_active_person_is_told_once(realm: Realm, ada: User, ben: User) -> None:
    gone = make_person("gone")
    deactivate(gone)
    told = services.notify(
        kind="tests.told",
        to=[ada, ben, ada, gone, None],
        title="A decision is recorded",
        body="The board approved it.",
        url="/proposals/1/?tab=decision",
        subject_obj=realm,
        realm=realm,
    )
    assert told == 2
    assert {n.recipient for n in Notice.objects.all()} == {ada, ben}
    notice = Notice.objects.filter(recipient=ada).get()
    assert (notice.subject_type, notice.subject_id, notice.realm) == (
        "accounts.realm",
        realm.pk,
        realm,
    )
    assert (notice.mail, notice.read_at, notice.urgent) == (None, None, False)
    assert queries.unread_count(ada) == 1


@pytest.mark.parametrize("many", [1, 3, 40])
def test_telling_many_takes_the_same_queries(
    django_assert_num_queries: object, realm: Realm, many: int
) -> None:
    for i in range(many):
        make_person(f"p{i}")
    everyone = User.objects.all()
    with django_assert_num_queries(4):  # type: ignore[operator]
        services.notify(kind="tests.told", to=everyone, title="News", realm=realm.pk)
    assert Notice.objects.count() == many


@pytest.mark.parametrize("many", [1, 3, 100])
def test_many_different_things_are_told_in_as_many_queries(
    django_assert_num_queries: object, ada: User, ben: User, many: int
) -> None:
    messages = [
        services.Message("tests.told", [ada, ben], f"News {i}", dedupe=f"news:{i}")
        for i in range(many)
    ]
    with django_assert_num_queries(3):  # type: ignore[operator]
        assert services.notify_each(messages) == 2 * many
    services.notify_each(messages)
    assert Notice.objects.count() == 2 * many


def test_a_name_is_told_once_per_person_for_ever(ada: User, ben: User) -> None:
    for people in ([ada], [ada, ben], [ben]):
        services.notify(kind="tests.told", to=people, title="Due soon", dedupe="due:1")
    assert Notice.objects.count() == 2
    services.notify(kind="tests.told", to=[ada], title="Due soon", dedupe="due:2")
    services.notify(kind="tests.told", to=[ada], title="Plain")
    services.notify(kind="tests.told", to=[ada], title="Plain")
    assert Notice.objects.filter(recipient=ada).count() == 4


def test_a_notice_lives_and_dies_with_its_verb(ada: User) -> None:
    @journal.verb("tests.fail")
    def fail(*, by: journal.System) -> None:
        services.notify(kind="tests.told", to=[ada], title="Never")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        fail(by=SETUP)
    assert not Notice.objects.exists()


def test_a_title_is_one_bounded_line_and_a_body_has_no_control_characters(ada: User) -> None:
    services.notify(
        kind="tests.told",
        to=[ada],
        title="Read this\r\nBcc: all@example.org\x00\u2028 now",
        body="first\nsecond\x00\x1b[31m\ttab",
    )
    services.notify(kind="tests.told", to=[ada], title="x" * 300)
    first, second = Notice.objects.order_by("pk")
    assert first.title == "Read this Bcc: all@example.org now"
    assert first.body == "first\nsecond[31m\ttab"
    assert (len(second.title), second.title[-1]) == (200, "…")


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "inbox/",
        "/a\n/b",
        "/\t/evil.example",
        "/" + "x" * 500,
    ],
)
def test_a_notice_leads_nowhere_but_into_the_site(ada: User, url: str) -> None:
    assert not links.is_local(url)
    with pytest.raises(ValueError, match="no path of this site"):
        services.notify(kind="tests.told", to=[ada], title="Look", url=url)


def test_only_its_person_reads_a_notice(ada: User, ben: User) -> None:
    services.notify(kind="tests.told", to=[ada, ben], title="Look")
    notice = Notice.objects.get(recipient=ada)
    with pytest.raises(Missing):
        services.mark_read(notice=notice, by=ben)
    first = services.mark_read(notice=notice, by=ada).read_at
    notice.refresh_from_db()
    services.mark_read(notice=notice, by=ada)
    notice.refresh_from_db()
    assert notice.read_at == first
    assert services.mark_all_read(by=ada) == 0
    assert services.mark_all_read(by=ben) == 1


def test_the_inbox_has_the_unread_first_and_each_newest_first(ada: User) -> None:
    for i in range(4):
        services.notify(kind="tests.told", to=[ada], title=f"n{i}")
    for title in ("n1", "n3"):
        services.mark_read(notice=Notice.objects.get(title=title), by=ada)
    assert [n.title for n in queries.inbox(ada)] == ["n2", "n0", "n3", "n1"]
    deactivate(ada)
    assert list(queries.inbox(ada)) == []


@pytest.mark.parametrize(
    "wrong",
    [{"url": "https://evil.example"}, {"subject_type": "accounts.realm"}, {"subject_id": 1}],
)
def test_the_database_refuses_half_a_subject_and_foreign_links(
    ada: User, wrong: dict[str, object]
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Notice.objects.create(recipient=ada, kind="tests.told", title="Look", **wrong)
