"""Messages to other systems: signed, tried again under one id, and never into our own network."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from fellowship.accounts import roles
from fellowship.accounts.models import Realm, User
from fellowship.accounts.services import grant_role
from fellowship.history.models import Event
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from fellowship.notices import services
from fellowship.notices.models import Delivery, Endpoint, EndpointSecret
from fellowship.notices.services.webhooks import OVERLAP
from fellowship.notices.tasks import send as task
from fellowship.notices.webhooks import addresses, kinds, posting, sending
from fellowship.notices.webhooks.sending import (
    ATTEMPTS,
    LEASE,
    RETRY_CAP,
    RETRY_FIRST,
    send_waiting,
)
from tests.fellowship.notices.conftest import SETUP, make_person
from tests.support.receiver import Receiver, receiving

pytestmark = pytest.mark.django_db


@pytest.fixture
def inside(settings: Any) -> None:
    """Loopback may be sent to."""
    settings.WEBHOOKS_ALLOW_PRIVATE = True


@pytest.fixture
def receiver(inside: None) -> Iterator[Receiver]:
    """Another system that takes everything."""
    with receiving() as told:
        yield told


@pytest.fixture
def keeper(realm: Realm) -> User:
    """An administrator of the realm."""
    return holder(realm, "keeper", roles.ADMINISTRATOR)


def holder(realm: Realm, name: str, role: str) -> User:
    person = make_person(name)
    grant_role(user=person, realm=realm, role=role, by=SETUP)
    return User.objects.get(pk=person.pk)


def endpoint_at(realm: Realm, url: str, by: User) -> tuple[Endpoint, str]:
    return services.add_endpoint(realm=realm, name=f"At {url}"[:100], url=url, kinds=[], by=by)


def queued(endpoint: Endpoint, **values: Any) -> Delivery:
    return services.queue(endpoint=endpoint, kind="tests.told", data={"n": 1}, **values)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_message_is_signed_so_that_the_standards_library_takes_it(
    realm: Realm, keeper: User, receiver: Receiver
) -> None:
    endpoint, secret = endpoint_at(realm, receiver.url, keeper)
    delivery = queued(endpoint)
    assert str(send_waiting()) == "1 delivered"
    [(headers, body)] = receiver.seen
    read = Webhook(secret).verify(body, headers)
    assert (read["type"], read["data"]) == ("tests.told", {"n": 1})
    assert headers["webhook-id"] == delivery.message_id
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body.replace("1", "2", 1), headers)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.status, delivery.attempts) == ("delivered", 200, 1)
    assert task() == "0 delivered"


def test_the_secret_is_kept_encrypted_and_shown_once(
    realm: Realm, keeper: User, receiver: Receiver
) -> None:
    client = client_of(keeper)
    sent = {"realm": realm.pk, "name": "Warehouse", "url": receiver.url}
    page = client.post("/webhooks/new/", sent, follow=True).content.decode()
    assert page.count("whsec_") >= 1
    assert "no-store" in client.get("/webhooks/new/")["Cache-Control"]
    endpoint = Endpoint.objects.get()
    assert "whsec_" not in client.get(endpoint.get_absolute_url()).content.decode()
    assert "whsec_" not in EndpointSecret.objects.get().sealed
    assert "whsec_" not in "".join(Event.objects.values_list("body", flat=True))


def test_for_a_day_after_a_rotation_both_secrets_verify(
    realm: Realm, keeper: User, receiver: Receiver
) -> None:
    endpoint, old = endpoint_at(realm, receiver.url, keeper)
    new = services.rotate_secret(endpoint=endpoint, by=keeper)
    queued(endpoint)
    send_waiting()
    headers, body = receiver.seen[-1]
    for secret in (old, new):
        Webhook(secret).verify(body, headers)
    with frozen(now() + OVERLAP):
        queued(endpoint)
        send_waiting()
    assert len(receiver.seen[-1][0]["webhook-signature"].split(" ")) == 1
    services.rotate_secret(endpoint=endpoint, by=keeper)
    services.rotate_secret(endpoint=endpoint, by=keeper)
    assert EndpointSecret.objects.filter(endpoint=endpoint).count() == 2


def test_what_fails_is_tried_again_under_its_id_later_each_time_then_given_up(
    realm: Realm, keeper: User, receiver: Receiver
) -> None:
    receiver.status, receiver.text = 503, b"busy " * 900
    endpoint, _ = endpoint_at(realm, receiver.url, keeper)
    at = now()
    with frozen(at):
        delivery = queued(endpoint)
    waits = []
    while Delivery.objects.get().state == "waiting":
        due = Delivery.objects.get().next_attempt_at
        assert send_waiting(due - dt.timedelta(microseconds=1)).put_off == 0, "not before its time"
        send_waiting(due)
        waits.append(Delivery.objects.get().next_attempt_at - due)
    assert waits[:3] == [RETRY_FIRST, 2 * RETRY_FIRST, 4 * RETRY_FIRST]
    assert (max(waits), len(waits)) == (RETRY_CAP, ATTEMPTS)
    assert {headers["webhook-id"] for headers, _ in receiver.seen} == {delivery.message_id}
    failed = Delivery.objects.get()
    assert (failed.state, failed.status, len(failed.answer)) == ("failed", 503, 500)
    receiver.status = 204
    services.send_again(delivery=failed, by=keeper)
    services.send_again(delivery=failed, by=keeper)
    assert send_waiting().delivered == 1
    assert receiver.seen[-1][0]["webhook-id"] == delivery.message_id
    assert Event.objects.filter(verb="notices.send_again").count() == 1


def test_a_persistent_message_is_never_given_up(
    realm: Realm, keeper: User, receiver: Receiver
) -> None:
    receiver.status = 500
    endpoint, _ = endpoint_at(realm, receiver.url, keeper)
    queued(endpoint, persistent=True)
    for _ in range(ATTEMPTS + 10):
        send_waiting(Delivery.objects.get().next_attempt_at)
    assert Delivery.objects.get().state == "waiting"
    receiver.status = 200
    assert send_waiting(Delivery.objects.get().next_attempt_at).delivered == 1


def test_a_worker_killed_between_sending_and_noting_sends_again_under_the_same_id(
    realm: Realm, keeper: User, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint, _ = endpoint_at(realm, receiver.url, keeper)
    delivery, at = queued(endpoint), now()

    def killed(*args: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sending, "_note", killed)
        with pytest.raises(KeyboardInterrupt):
            send_waiting(at)
    assert send_waiting(at + LEASE - dt.timedelta(seconds=1)).delivered == 0, "still under lease"
    assert send_waiting(at + LEASE).delivered == 1
    assert [h["webhook-id"] for h, _ in receiver.seen] == [delivery.message_id] * 2
    assert receiver.seen[0][1] == receiver.seen[1][1]


def test_a_late_worker_does_not_overwrite_what_another_noted(
    realm: Realm, keeper: User, receiver: Receiver
) -> None:
    endpoint, _ = endpoint_at(realm, receiver.url, keeper)
    queued(endpoint)
    [late] = next(sending._claimed(now()))
    assert send_waiting(now() + LEASE).delivered == 1
    sending._note(late, posting.Answer(None, "timed out"), sending.SendingReport(now()))
    assert Delivery.objects.get().state == "delivered"


def test_what_must_know_of_an_arrival_and_fails_leaves_the_message_waiting(
    realm: Realm, keeper: User, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint, _ = endpoint_at(realm, receiver.url, keeper)
    queued(endpoint)

    def fails(*args: Any) -> None:
        raise RuntimeError("the ledger is full")

    told = kinds.Kind("tests.told", "Told", arrived=fails)
    monkeypatch.setitem(kinds._known, "tests.told", told)
    assert send_waiting().put_off == 1
    assert Delivery.objects.get().state == "waiting"


def test_redirects_are_not_followed_and_little_is_read(
    realm: Realm, keeper: User, receiver: Receiver
) -> None:
    receiver.status, receiver.text = 302, b"x" * 3_000_000
    receiver.headers = {"Location": receiver.url}
    endpoint, _ = endpoint_at(realm, receiver.url, keeper)
    queued(endpoint)
    assert send_waiting().put_off == 1
    assert len(receiver.seen) == 1
    assert Delivery.objects.get().answer == "It points to another address, which is not followed."
    receiver.status = 200
    assert send_waiting(Delivery.objects.get().next_attempt_at).delivered == 1
    assert len(Delivery.objects.get().answer) == posting.KEPT


def test_a_system_that_never_answers_is_left_after_the_deadline(
    inside: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "TOTAL_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        answer = posting.post(f"http://127.0.0.1:{silent.getsockname()[1]}/", b"{}", {})
    assert answer == posting.Answer(None, "No answer came in time.")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A key and a certificate for loopback, by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now(), now() + LEASE)
    signed = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path = tmp_path / "localhost.pem"
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, *form) + signed)
    return path


def test_a_system_that_answers_drop_by_drop_is_left_after_the_deadline_by_tls_too(
    inside: None, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each read alone is in time."""
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    monkeypatch.setattr(ssl, "create_default_context", lambda: trusting)
    monkeypatch.setattr(posting, "TOTAL_SECONDS", 0.5)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def drip(server: socket.socket) -> None:
        plain, _ = server.accept()
        with (
            contextlib.suppress(OSError),
            context.wrap_socket(plain, server_side=True) as sock,
        ):
            for sign in itertools.chain(b"HTTP/1.1 200 OK\r\nX-Long: ", itertools.repeat(120)):
                sock.sendall(bytes([sign]))  # until it is left
                time.sleep(0.05)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, args=[server])
        thread.start()
        answer = posting.post(f"https://127.0.0.1:{server.getsockname()[1]}/", b"{}", {})
        thread.join()
    assert answer == posting.Answer(None, "No answer came in time.")


def test_why_nothing_came_back_is_said_in_words_of_the_reader(
    realm: Realm, keeper: User, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    said = {
        f"https://127.0.0.1:{port}/": "The connection was refused.",
        receiver.url.replace("http:", "https:"): "No encrypted connection could be set up.",
    }
    for url, words in said.items():
        assert posting.post(url, b"{}", {}) == posting.Answer(None, words)

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    endpoint, _ = endpoint_at(realm, receiver.url, keeper)
    delivery = queued(endpoint)
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert send_waiting().put_off == 1
    client = client_of(keeper)
    client.post("/language/", {"language": "de", "next": "/"})
    for url in (endpoint.get_absolute_url(), f"/webhooks/deliveries/{delivery.pk}/"):
        page = client.get(url).content.decode()
        assert "Die Adresse wurde nicht gefunden." in page, url
        assert "gaierror" not in page, url


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (10, "Its certificate has expired."),
        (62, "Its certificate is for another address."),
        (18, "Its certificate is not one that can be trusted."),
    ],
)
def test_why_a_certificate_is_not_taken_is_said(verdict: int, words: str) -> None:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code = verdict
    assert posting.in_words(error) == words


def test_whatever_is_wrong_with_an_endpoint_is_said_at_once(keeper: User) -> None:
    bad = {"realm": "", "name": "Warehouse", "url": "https://10.0.0.8/hook"}
    answer = client_of(keeper).post("/webhooks/new/", bad)
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"realm", "url"}


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/hook",
        "https://127.0.0.1/hook",
        "https://10.0.0.8/hook",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/hook",
        "https://[::ffff:10.0.0.1]/hook",
        "https://[64:ff9b::a00:1]/hook",
        "https://[fd00::1]/hook",
        "https://0.0.0.0/",
        "https://name:secret@example.org/",
        "https://example.org/#part",
        "https://example.org:0/",
        "https://exa mple.org/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "//example.org/",
        "https://",
        "https://[::1",
        "https://example.org/" + "a" * 500,
    ],
)
def test_addresses_nothing_is_sent_to(realm: Realm, keeper: User, url: str) -> None:
    with pytest.raises(Refused) as refused:
        services.add_endpoint(realm=realm, name="Bad", url=url, kinds=[], by=keeper)
    assert refused.value.refusal.field == "url"
    assert posting.post(url, b"{}", {}).status is None


def test_only_listed_hosts_are_sent_to(realm: Realm, keeper: User, settings: Any) -> None:
    settings.WEBHOOKS_HOSTS = ["hooks.example.org", ".example.com"]
    for host in ("hooks.example.org", "HOOKS.example.org", "a.example.com"):
        assert addresses.problem(f"https://{host}/hook") is None
    for host in ("example.org", "hooks.example.org.evil.net", "notexample.com", "8.8.8.8"):
        with pytest.raises(Refused, match="not among those") as refused:
            services.add_endpoint(
                realm=realm, name="Bad", url=f"https://{host}/", kinds=[], by=keeper
            )
        assert refused.value.refusal.field == "url"
        assert posting.post(f"https://{host}/", b"{}", {}).status is None


@pytest.mark.parametrize("inner", ["127.0.0.1", "10.1.2.3", "::1", "fe80::1%eth0"])
def test_a_public_name_that_leads_inside_is_refused_at_every_attempt(
    monkeypatch: pytest.MonkeyPatch, inner: str
) -> None:
    """The name may have changed since it was entered; one bad address of several is enough."""
    found = [(0, 0, 0, "", ("93.184.215.14", 443)), (0, 0, 0, "", (inner, 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: found)
    answer = posting.post("https://hooks.example.org/", b"{}", {})
    assert answer == posting.Answer(None, "The address leads into a private network.")
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: found[:1])
    assert addresses.resolve(addresses.parse("https://hooks.example.org/")) == "93.184.215.14"


def test_who_may_keep_endpoints(realm: Realm, keeper: User, receiver: Receiver) -> None:
    endpoint, _ = endpoint_at(realm, receiver.url, keeper)
    delivery = queued(endpoint)
    reader, other = holder(realm, "reader", roles.ONCALL), make_person("other")
    for person, page in ((keeper, 200), (reader, 200), (other, 404)):
        client = client_of(person)
        for url in (
            "/webhooks/",
            endpoint.get_absolute_url(),
            f"/webhooks/deliveries/{delivery.pk}/",
        ):
            assert client.get(url).status_code == page, (person, url)
    for person in (reader, other):
        client = client_of(person)
        assert client.get("/webhooks/new/").status_code == 404
        assert client.get(f"/webhooks/{endpoint.ref}/edit/").status_code == 404
        for name in ("test", "rotate", "switch"):
            assert client.post(f"/webhooks/{endpoint.ref}/{name}/").status_code in (403, 404)
        assert client.post(f"/webhooks/deliveries/{delivery.pk}/again/").status_code in (403, 404)
    assert Event.objects.filter(subject_type="notices.endpoint").count() == 1


def test_the_page_does_all_of_it(realm: Realm, keeper: User, receiver: Receiver) -> None:
    endpoint, _ = endpoint_at(realm, receiver.url, keeper)
    client, page = client_of(keeper), endpoint.get_absolute_url()
    client.post(f"{page}test/")
    send_waiting()
    assert "Delivered" in client.get(page).content.decode()
    client.post(f"{page}switch/", {"enabled": "no"})
    client.post(f"{page}test/")
    assert send_waiting().delivered == 0, "switched off: kept"
    client.post(f"{page}switch/", {"enabled": "yes"})
    assert send_waiting().delivered == 1
    bad = client.post(f"{page}edit/", {"name": "Lake", "url": "gopher://x"})
    assert (bad.status_code, "gopher://x" in bad.content.decode()) == (422, True)
    assert client.post(f"{page}edit/", {"name": "Lake", "url": receiver.url}).status_code == 302
    assert Endpoint.objects.get().name == "Lake"
    assert client.post(f"{page}rotate/", follow=True).content.decode().count("whsec_") >= 1


def test_a_failing_ledger_leaves_no_endpoint(
    realm: Realm, keeper: User, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("full")

    monkeypatch.setattr(journal, "record", fails)
    with pytest.raises(RuntimeError, match="full"):
        endpoint_at(realm, receiver.url, keeper)
    assert not Endpoint.objects.exists()
    assert not EndpointSecret.objects.exists()


@pytest.mark.parametrize("count", [1, 3, 12])
def test_queries_do_not_grow(realm: Realm, keeper: User, receiver: Receiver, count: int) -> None:
    made = [endpoint_at(realm, f"{receiver.url}/{n}", keeper)[0] for n in range(count)]
    for endpoint in made:
        queued(endpoint)
        queued(made[0])
    client = client_of(keeper)
    for url, queries in (("/webhooks/", 6), (made[0].get_absolute_url(), 7)):
        client.get(url)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert client.get(url).status_code == 200
        assert len(asked) == queries, [q["sql"][:120] for q in asked]


def test_an_https_site_sends_by_https_alone_even_inside(inside: None, settings: Any) -> None:
    settings.PRODUCTION = True
    refusal = addresses.problem("http://10.0.0.8/hook")
    assert refusal is not None
    assert refusal.reason.startswith("Only https")
    assert addresses.problem("https://10.0.0.8/hook") is None
