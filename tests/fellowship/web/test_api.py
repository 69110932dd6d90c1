"""The base of the API: visible rows in pages, verbs, and every error as problem details."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model
from django.http import Http404
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate

from fellowship.accounts.models import User
from fellowship.accounts.services import register
from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Missing, Refusal, Refused
from fellowship.notices.models import Notice
from fellowship.web.api import Input, ReasonInput, VisibleViewSet, problem_details, service_action
from fellowship.web.schema import document_problems


def problem(error: Exception) -> Response:
    response = problem_details(error, {})
    assert response is not None
    assert response["Content-Type"] == "application/problem+json"
    return response


def test_a_refusal_names_code_reason_rule_and_clause() -> None:
    refusal = Refusal("wrong_state", "Already signed.", rule="Policy v2", field="a/b", clause="4")
    body = problem(Refused(refusal)).data
    assert body == {
        "type": "urn:fellowship:refusal:wrong_state",
        "title": "Refused",
        "status": 409,
        "detail": "Already signed.",
        "code": "wrong_state",
        "rule": "Policy v2",
        "clause": "4",
        "instance": "",
        "errors": [{"pointer": "/a/b", "detail": "Already signed.", "code": "wrong_state"}],
    }


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Missing(), 404),
        (Http404(), 404),
        (PermissionDenied(), 403),
        (Refused(Refusal("not_allowed", "No.")), 403),
        (exceptions.NotAuthenticated(), 401),
        (exceptions.ParseError(), 400),
        (exceptions.Throttled(wait=7), 429),
        (exceptions.MethodNotAllowed("PUT"), 405),
        (ValidationError("Bad."), 400),
    ],
)
def test_errors_have_their_status(error: Exception, status: int) -> None:
    response = problem(error)
    assert (response.status_code, response.data["status"]) == (status, status)


def test_missing_and_hidden_look_alike() -> None:
    assert problem(Missing()).data == problem(Http404("secret")).data


def test_a_throttled_client_hears_when_to_come_back() -> None:
    assert problem(exceptions.Throttled(wait=7))["Retry-After"] == "7"


def test_wrong_input_is_pointed_at() -> None:
    detail: Any = {
        "title": ["Too long."],
        "rows": [{}, {"a/b": ["No."]}],
        "non_field_errors": ["All."],
    }
    errors = problem(exceptions.ValidationError(detail)).data["errors"]
    assert [(e["pointer"], e["detail"]) for e in errors] == [
        ("/title", "Too long."),
        ("/rows/1/a~1b", "No."),
        ("", "All."),
    ]


def test_what_we_do_not_know_stays_a_fault() -> None:
    assert problem_details(ZeroDivisionError(), {}) is None


class NoticeSerializer(serializers.ModelSerializer[Notice]):
    class Meta:
        model = Notice
        fields = ("id", "title")


calls: list[dict[str, Any]] = []


def answer(*, notice: Model, by: User, reason: str) -> None:
    """Answer the notice."""
    if reason == "refuse":
        raise Refused(Refusal("closed", "It is closed."))
    calls.append({"notice": notice.pk, "by": by.username, "reason": reason})


class NoticeViewSet(VisibleViewSet):
    queryset = Notice.objects.all()
    serializer_class = NoticeSerializer
    answer = service_action("answer", answer, subject="notice", input=ReasonInput)


@pytest.fixture
def people() -> dict[str, User]:
    return {
        name: register(email=f"{name}@example.org", username=name, name=name, by=System("test"))
        for name in ("ada", "bo")
    }


@pytest.fixture
def notices(people: dict[str, User]) -> list[Notice]:
    owners = [people[name] for name in ["ada"] * 55 + ["bo"]]
    return [
        Notice.objects.create(recipient=owner, kind="test", title=f"n{i}", dedupe=f"d{i}")
        for i, owner in enumerate(owners)
    ]


def ask(
    person: User, actions: dict[str, str], method: str = "get", path: str = "/", **call: Any
) -> Response:
    pk = call.pop("pk", None)
    request = getattr(APIRequestFactory(), method)(path, call.get("data"), format="json")
    force_authenticate(request, person)
    kwargs = {"pk": pk} if pk is not None else {}
    response: Response = NoticeViewSet.as_view({**actions})(request, **kwargs)
    return response


@pytest.mark.django_db
class TestViewSet:
    def test_lists_are_in_pages_of_what_is_visible(
        self, people: dict[str, User], notices: list[Notice]
    ) -> None:
        first = ask(people["ada"], {"get": "list"})
        assert len(first.data["results"]) == 50
        second = ask(people["ada"], {"get": "list"}, path=first.data["next"])
        assert len(second.data["results"]) == 5
        assert second.data["next"] is None
        assert len(ask(people["bo"], {"get": "list"}).data["results"]) == 1

    def test_a_page_holds_at_most_200(self, people: dict[str, User], notices: list[Notice]) -> None:
        for limit, count in (("3", 3), ("100000", 55), ("x", 50), ("-1", 50)):
            found = ask(people["ada"], {"get": "list"}, path=f"/?limit={limit}")
            assert len(found.data["results"]) == count

    def test_anothers_row_and_nonsense_are_not_found(
        self, people: dict[str, User], notices: list[Notice]
    ) -> None:
        for pk in (notices[0].pk, "x", 2**70, "1\x00"):
            assert ask(people["bo"], {"get": "retrieve"}, pk=pk).status_code == 404
            data = {"reason": "r"}
            found = ask(people["bo"], {"post": "answer"}, "post", pk=pk, data=data)
            assert found.status_code == 404

    def test_a_verb_calls_its_service(self, people: dict[str, User], notices: list[Notice]) -> None:
        calls.clear()
        pk = notices[0].pk
        done = ask(people["ada"], {"post": "answer"}, "post", pk=pk, data={"reason": "done"})
        assert (done.status_code, done.data["id"]) == (200, pk)
        assert calls == [{"notice": pk, "by": "ada", "reason": "done"}]

    @pytest.mark.parametrize(
        ("data", "status"),
        [
            ({}, 400),
            ({"reason": ""}, 400),
            ({"reason": "a\x00b"}, 400),
            ({"reason": "a\x07b"}, 400),
            ({"reason": "x" * 2_001}, 400),
            ({"reason": ["x"]}, 400),
            ({"reason": "x", "state": "done"}, 400),
            ([], 400),
            ({"reason": "refuse"}, 409),
        ],
    )
    def test_wrong_input_and_refusals(
        self, people: dict[str, User], notices: list[Notice], data: Any, status: int
    ) -> None:
        pk = notices[0].pk
        done = ask(people["ada"], {"post": "answer"}, "post", pk=pk, data=data)
        assert done.status_code == status


def test_text_without_a_stated_maximum_has_one() -> None:
    class Free(Input):
        text = serializers.CharField()

    assert Free(data={"text": "x" * 20_000}).is_valid()
    assert not Free(data={"text": "x" * 20_001}).is_valid()


def test_the_schema_documents_the_problems() -> None:
    schema = {"paths": {"/x": {"post": {"requestBody": {}, "responses": {}}, "parameters": []}}}
    found = document_problems(schema)
    told = sorted(found["paths"]["/x"]["post"]["responses"])
    assert told == ["400", "401", "403", "404", "406", "409", "412", "413", "415", "422", "429"]
    assert "Problem" in found["components"]["schemas"]
