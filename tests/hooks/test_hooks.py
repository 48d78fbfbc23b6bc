"""Other systems are told what happens to submissions (docs/hooks.md).

H1 what is to be told is written with its cause: both are there, or neither; a form that comes twice is told once
H2 every attempt has the same id and body, signed anew, as the published libraries check it
H3 per submission in order, also while an earlier notice waits
H4 a body has the ids of the page and nothing personal
H5 two processes that look at the same moment tell each notice once
H6 what fails is tried again, more and more rarely, and given up after so many days; the page says so and can send it again
H7 an answer has a time and a size, a redirect is not followed, a certificate must fit
H8 only administrators, by page and by command; each change is in the chain without the secret
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import ipaddress
import json
import re
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask import Flask
from standardwebhooks import Webhook

from app.core import audit
from app.core.clock import utcnow
from app.core.db import begin_writing, db
from app.core.models import Audit
from app.core.problems import Problem
from app.hooks import asking, operations, sending
from app.hooks.addresses import Rules, may_be_reached, parse
from app.hooks.models import EVENTS, Hook, HookDelivery
from app.instruments.models import Instrument
from app.submissions import decisions, quarantine
from app.submissions.queries import last_event
from tests.conftest import ROOT, Someone, World, count, later, settle
from tests.hooks.receiver import Heard, Receiver
from tests.sync.test_docs import shape

PAGE = (ROOT / "docs" / "hooks.md").read_text("utf-8")
EXAMPLES = {name: json.loads(text) for name, text in re.findall(r"^#### ([^\n]+)\n\n```json\n(.*?)\n```$", PAGE, re.M | re.S)}
HERE = Rules((ipaddress.ip_network("127.0.0.1/32"),), allows_http=True)


@pytest.fixture
def told(app: Flask, world: World) -> Iterator[Receiver]:
    """A receiver on this machine, which whoever runs the server allows."""
    app.config.update(HOOKS_NETWORKS=HERE.networks, HOOKS_HTTP=True, HOOKS_TIMEOUT_S=1.0)
    with Receiver() as receiver:
        yield receiver


def a_hook(world: World, receiver: Receiver, *events: str) -> Hook:
    checked = operations.check(receiver.url, events or EVENTS, "", rules=HERE)
    begin_writing()
    hook = operations.create(None, world.programme, checked, now=utcnow())
    db.session.commit()
    return hook


def send(at: datetime | None = None) -> None:
    """What the threads of a server do, once."""
    settle()
    for hook_id in sending.due(now=at or utcnow()):
        while sending.tell_some(hook_id, now=lambda: at or utcnow()):
            pass


def decide(world: World, submission_id: str, action: str, comment: str = "") -> None:
    begin_writing()
    last = last_event(submission_id)
    decisions.decide(
        world.people["khadija"].actor, submission_id, action, based_on=last.id if last else "", comment=comment, now=utcnow()
    )
    db.session.commit()


def by_hand(secret: str, heard: Heard) -> str:
    """The signature as docs/hooks.md says to compute it."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    said = f"{heard.headers['webhook-id']}.{heard.headers['webhook-timestamp']}.{heard.body}"
    return "v1," + base64.b64encode(hmac.digest(key, said.encode(), hashlib.sha256)).decode()


def test_a_submission_is_told_from_its_arrival_to_its_decision(app, world: World, told: Receiver, amina: Someone):  # H1-H4
    hook = a_hook(world, told)
    answers = iter([503, *[204] * 6])
    told.answer = lambda heard: next(answers)
    first, other = amina.envelope(title="تعاونية تيفاوين"), amina.envelope()
    amina.push(first)
    amina.push(first, other)  # the answer was lost
    decide(world, first["submission_id"], "return", comment="راجعوا الأرقام")
    corrected = amina.deliver(submission_id=first["submission_id"], parent_revision_id=first["revision_id"])
    decide(world, first["submission_id"], "approve")
    decide(world, other["submission_id"], "reject", comment="مكررة")
    assert count(HookDelivery) == 6

    send()  # 503: nothing else is tried on a receiver that fails
    assert [json.loads(one.body)["type"] for one in told.heard] == ["submission.received"]
    for minutes in (1, 2, 3):
        send(later(minutes=minutes))
    again = told.heard.pop(0)
    assert again.headers["webhook-id"] in told.ids()
    assert again.body in [one.body for one in told.heard]
    bodies = [json.loads(one.body) for one in told.heard]

    def of(envelope: dict[str, Any]) -> list[str]:
        here = [one for one in bodies if one["data"]["submission_id"] == envelope["submission_id"]]
        assert [one["data"]["number"] for one in here] == list(range(1, len(here) + 1))
        return [one["type"].removeprefix("submission.") for one in here]

    assert of(first) == ["received", "returned", "revised", "approved"]
    assert of(other) == ["received", "rejected"]
    assert len(set(told.ids())) == 6
    assert count(HookDelivery, HookDelivery.state == "delivered") == 6

    for one in told.heard:
        assert one.headers["webhook-signature"] == by_hand(hook.secret, one)
    latest = told.heard[-1]
    at = int(latest.headers["webhook-timestamp"])
    assert abs(at - time.time()) < 600
    signed = Webhook(hook.secret).sign(latest.headers["webhook-id"], datetime.fromtimestamp(at, UTC), latest.body)
    assert latest.headers["webhook-signature"] == signed

    approved = next(one for one in bodies if one["type"] == "submission.approved")
    assert approved["data"]["revision_id"] == corrected["revision_id"]
    assert shape(EXAMPLES["A notice"]) == shape(approved)
    everything = "".join(one.body for one in told.heard)
    for personal in ("تيفاوين", "أمينة", "118000", amina.id, world.people["khadija"].id, "راجعوا", "05.271"):
        assert personal not in everything


def test_what_leaves_the_quarantine_is_told_once_as_an_arrival_that_counts(  # H1, H3
    app, world: World, told: Receiver, amina: Someone, khadija: Someone
):
    a_hook(world, told)
    closed, other = amina.envelope(), amina.envelope()
    db.session.execute(sa.update(Instrument).values(is_open=False))
    db.session.commit()
    amina.push(closed, other)
    taken = closed | {"title": "تعاونية أخرى"}
    amina.push(taken)  # other bytes under a number that is taken
    for case in quarantine.waiting(khadija.actor):
        db.session.rollback()
        begin_writing()
        if case.id == other["submission_id"]:
            quarantine.reject(khadija.actor, case.id, note="مكررة", now=utcnow())
        else:
            quarantine.accept(khadija.actor, case.id, now=utcnow())
        db.session.commit()
    send()
    said: dict[str, list[Any]] = {}
    for body in (json.loads(one.body) for one in told.heard):
        data = body["data"]
        said.setdefault(data["submission_id"], []).append((body["type"][11:], data["number"], data["quarantine"]))
    assert said.pop(closed["submission_id"]) == [("received", 1, "form_closed"), ("received", 2, None)]
    assert said.pop(other["submission_id"]) == [("received", 1, "form_closed"), ("rejected", 2, "form_closed")]
    assert list(said.values()) == [[("received", 1, None)]], "one that no submission could hold counts from its arrival"


def test_nothing_is_told_of_what_was_not_stored(app, world: World, told: Receiver, amina: Someone, khadija: Someone):  # H1
    a_hook(world, told, "approved")
    envelope = amina.deliver()
    assert count(HookDelivery) == 0  # not asked for
    begin_writing()
    last = last_event(envelope["submission_id"])
    decisions.decide(khadija.actor, envelope["submission_id"], "approve", based_on=last.id, now=utcnow())
    assert db.session.scalar(sa.select(sa.func.count()).select_from(HookDelivery)) == 1
    db.session.rollback()
    assert count(HookDelivery) == 0


def test_two_who_look_at_the_same_moment_tell_each_notice_once(app: Flask, world: World, told: Receiver, amina: Someone):  # H5
    a_hook(world, told, "received")
    envelopes = [amina.envelope() for _ in range(30)]
    amina.push(*envelopes[:15])
    amina.push(*envelopes[15:])
    settle()
    gate = threading.Barrier(3)

    def work() -> None:
        with app.app_context():
            gate.wait()
            send()
            db.session.remove()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(told.heard) == len(set(told.ids())) == 30


@pytest.mark.sqlite_only
def test_what_fails_is_tried_more_rarely_then_given_up_and_can_be_sent_again(
    app: Flask, world: World, told: Receiver, amina: Someone, admin: Someone
):  # H6
    hook = a_hook(world, told)
    told.answer = lambda heard: 500
    first = amina.deliver()
    amina.deliver()
    page = f"/programmes/{world.programme.id}/hooks/{hook.id}"
    at, gaps = utcnow(), []
    while count(HookDelivery, HookDelivery.state == "given_up") < 2:
        before = len(told.heard)
        send(at)
        if len(told.heard) > before:
            gaps.append(at)
        at += timedelta(seconds=30) if len(gaps) < 20 else timedelta(minutes=90)
    assert at - gaps[0] > timedelta(days=app.config["HOOKS_DAYS"])
    assert gaps[1] - gaps[0] < timedelta(minutes=2)
    assert [round(sending.wait_s(n)) <= sending.LONGEST_WAIT_S * 4 / 3 for n in (0, 5, 500)] == [True] * 3
    assert sending.wait_s(0) < 14 < 1000 < sending.wait_s(500)
    said = admin.client.get(page, headers={"Accept-Language": "fr"})
    assert "HTTP 500" in said.text
    told.answer = lambda heard: 204
    assert admin.client.post(page + "/again").status_code == 302
    ids = set(told.ids())
    told.heard.clear()
    send()
    assert set(told.ids()) == ids
    assert count(HookDelivery, HookDelivery.state == "delivered") == 2
    delivery = db.session.scalars(sa.select(HookDelivery).where(HookDelivery.submission_id == first["submission_id"])).one()
    admin.client.post(page + "/again", data={"delivery": delivery.id})
    send()
    assert told.ids()[-1] == delivery.id
    long_ago = utcnow() + timedelta(days=31)
    assert sending.tidy(now=long_ago) == 2


def test_a_claim_that_nobody_ends_passes_to_the_next(app, world: World, told: Receiver, amina: Someone):  # SV-13
    hook = a_hook(world, told, "received")
    amina.deliver()
    assert sending._claim(hook.id, utcnow(), 4) is not None  # and dies here
    send()
    assert told.heard == []
    send(later(seconds=5))
    assert len(told.heard) == 1


@pytest.mark.sqlite_only
def test_an_answer_has_a_time_and_a_size_and_leads_nowhere(app: Flask, told: Receiver, monkeypatch, tmp_path: Path):  # H7
    def ask(url: str = told.url) -> asking.Answer:
        return asking.post(url, b"{}", {}, HERE, timeout_s=0.5)

    told.answer = lambda heard: (307, {"Location": told.url}, b"")
    assert ask().status == 307
    assert len(told.heard) == 1
    told.answer = lambda heard: (200, {"Content-Length": str(10**9)}, b"x" * 100_000)
    began = time.monotonic()
    assert ask().is_taken
    with socket_that(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"y", 0.1) as port:
        assert ask(f"http://127.0.0.1:{port}/").trouble == "timeout"
    with socket_that(b"SSH-2.0-OpenSSH\r\n", b"", 0) as port:
        assert ask(f"http://127.0.0.1:{port}/").trouble == "no_http"
    assert time.monotonic() - began < 3
    assert ask(f"http://127.0.0.1:{told.port}/").is_taken
    with Receiver() as gone:
        port = gone.port
    assert ask(f"http://127.0.0.1:{port}/").trouble == "connection"

    context = a_certificate(tmp_path, "127.0.0.1")
    with Receiver(tls=context) as safe:
        assert ask(safe.url).trouble == "tls"  # nobody vouches for it
        trusted = ssl.create_default_context(cafile=str(tmp_path / "certificate.pem"))
        monkeypatch.setattr(asking, "_trust", lambda: trusted)
        assert ask(safe.url).is_taken
        monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("127.0.0.1", safe.port))])
        assert ask(f"https://other.example:{safe.port}/").trouble == "tls"  # another's certificate


@contextlib.contextmanager
def socket_that(says: bytes, then: bytes, every_s: float) -> Iterator[int]:
    import socket

    server = socket.create_server(("127.0.0.1", 0))

    def work() -> None:
        with contextlib.suppress(OSError):
            connection, _ = server.accept()
            connection.recv(1000)
            connection.sendall(says)
            for _ in range(30 if then else 0):
                connection.sendall(then)
                time.sleep(every_s)
            connection.close()

    threading.Thread(target=work, daemon=True).start()
    yield server.getsockname()[1]
    server.close()


def a_certificate(folder: Path, address: str) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "receiver")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), False)
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "certificate.pem").write_bytes(made.public_bytes(pem))
    (folder / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context


INTERNAL = """
0.0.0.0 10.0.0.1 100.64.0.1 127.0.0.1 127.8.8.8 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.2.1 192.88.99.1
192.168.0.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 240.0.0.1 255.255.255.255 :: ::1 ::7f00:1 ::ffff:127.0.0.1
::ffff:8.8.8.8 64:ff9b::7f00:1 64:ff9b:1::1 100::1 2001::1 2001:db8::1 2001:20::1 2002:7f00:1::1 3fff::1 fc00::1 fd12::1
fe80::1 fe80::1%eth0 fec0::1 ff02::1 5f00::1
"""
ODD = """
//example.ma ftp://example.ma https://user:word@example.ma/ https://example.ma@127.0.0.1/ https://example.ma/#here
https://2130706433/ https://0x7f000001/ https://017700000001/ https://127.1/ https://0x7f.1/ https://127.0.0.0x1/ https://
https://[fe80::1%25eth0]/ https://example.ma:0/ https://example.ma:99999/ https://exa\\mple.ma/ https://example..ma/
"""


def test_only_the_public_network_is_reached_or_what_was_named():  # AS-19
    assert [one for one in INTERNAL.split() if may_be_reached(one, Rules())] == []
    assert all(may_be_reached(one, Rules()) for one in ("1.1.1.1", "196.200.131.1", "2606:4700:4700::1111"))
    named = Rules((ipaddress.ip_network("10.20.0.0/16"),))
    assert [may_be_reached(one, named) for one in ("10.20.1.1", "10.21.1.1", "::ffff:10.20.1.1")] == [True, False, False]


def test_an_address_in_an_odd_form_is_refused():  # AS-19
    odd = [*ODD.split(), "", "https://exa mple.ma/", "https://example.ma/a b", "https://example.ma/\r\nHost: x"]
    for url in [*odd, "https://example.ma/" + "a" * 2000]:
        with pytest.raises(Problem) as refused:
            parse(url, Rules(allows_http=True))
        assert refused.value.kind.code == "hooks.bad_address", url


def test_an_arabic_name_is_an_address():
    target = parse("https://دفتر.المغرب/a?b=c", Rules())
    assert (target.host.encode().decode("idna"), target.path) == ("دفتر.المغرب", "/a?b=c")
    assert target.host.isascii()
    assert parse("https://example.ma:8443/x?y=1", Rules()).host_header == "example.ma:8443"
    assert parse("https://[2606:4700::1]/", Rules()).host_header == "[2606:4700::1]"


@pytest.mark.sqlite_only
def test_an_administrator_sets_a_receiver_up_tries_it_and_removes_it(
    app: Flask, world: World, told: Receiver, admin: Someone, khadija: Someone
):  # H8
    path = f"/programmes/{world.programme.id}/hooks"
    for who, status in ((khadija, 403), (admin, 200)):
        assert who.client.get(path).status_code == status
    assert khadija.client.post(path, data={"url": told.url, "events": "received"}).status_code == 403
    app.config["HOOKS_HTTP"] = False
    wrong = admin.client.post(path, data={"url": told.url, "events": "received", "is_on": "y"})
    assert (wrong.status_code, count(Hook)) == (422, 0)
    app.config["HOOKS_HTTP"] = True
    for fields in ({"events": []}, {"secret": "whsec_short"}, {"url": "http://10.0.0.1/"}, {"url": "http://[::1]:1/"}):
        assert admin.client.post(path, data={"url": told.url, "events": "received"} | fields).status_code == 422
    assert count(Hook) == 0
    made = admin.client.post(path, data={"url": told.url, "events": ["received", "approved"], "is_on": "y"})
    assert made.status_code == 302
    hook = db.session.scalars(sa.select(Hook)).one()
    assert (hook.events, len(base64.b64decode(hook.secret.removeprefix("whsec_")))) == ("received approved", 32)
    page = f"{path}/{hook.id}"
    assert admin.client.post(page + "/test").status_code == 302
    send()
    heard = told.heard[-1]
    assert shape(EXAMPLES["A test"]) == shape(Webhook(hook.secret).verify(heard.body, heard.headers))
    assert "HTTP 204" in admin.client.get(page).text
    assert admin.client.post(page, data={"url": told.url, "events": "deleted", "is_on": ""}).status_code == 302
    admin.client.post(page + "/test")
    send()
    assert len(told.heard) == 1  # switched off
    admin.client.post(page + "/remove")
    assert admin.client.get(page).status_code == 404
    assert told.url.encode() not in admin.client.get(path).data
    sending.tidy(now=utcnow())
    assert count(HookDelivery) == 0
    entries = db.session.scalars(sa.select(Audit).where(Audit.action.startswith("hook."))).all()
    assert [one.action for one in entries] == ["hook.created", "hook.changed", "hook.removed"]
    assert "whsec" not in json.dumps([one.details for one in entries])
    assert audit.first_broken_entry() is None


@pytest.mark.sqlite_only
def test_the_commands_do_the_same(app: Flask, world: World, told: Receiver, amina: Someone):  # H8
    settle()

    def run(*arguments: str) -> str:
        done = app.test_cli_runner().invoke(args=["hooks", *arguments])
        db.session.rollback()
        return done.output if done.exit_code == 0 else f"failed: {done.output}"

    assert run("add", "boulemane", "http://169.254.169.254/latest").startswith("failed")
    assert run("add", "nowhere", told.url).startswith("failed")
    hook_id, secret = run("add", "boulemane", told.url, "--event", "received").split()
    assert f"{hook_id}\tboulemane\t{told.url}\treceived\ton" in run("list")
    delivery = run("test", hook_id).strip()
    amina.deliver()
    assert run("send") == "receivers: 1\n"
    assert told.ids()[0] == delivery
    Webhook(secret).verify(told.heard[0].body, told.heard[0].headers)
    assert run("log", hook_id).count("delivered\tattempts: 1\t204") == 2
    assert run("again", hook_id, delivery).startswith("1 ")
    assert run("set", hook_id, "--new-secret").startswith("whsec_")
    assert run("set", hook_id, "--off") == "saved.\n"
    assert "\toff\t" in run("list")
    assert run("remove", hook_id) == "removed.\n"
    assert run("list") == ""
    assert run("log", hook_id).startswith("failed")
