"""The endpoints that phones speak to. docs/sync.md is the contract."""

from __future__ import annotations

import gzip
import hashlib
import time
import zlib
from datetime import datetime
from typing import Any

import orjson
from flask import Blueprint, Response, current_app, g, request

from app.accounts import credentials, enrolment, sessions
from app.accounts import operations as accounts
from app.accounts.models import Device, Person
from app.accounts.sessions import require_own_origin, signed_in_json
from app.core import packing
from app.core.clock import utcnow
from app.core.db import begin_writing, db, iso
from app.core.ids import is_id
from app.core.problems import BAD_REQUEST, NOT_FOUND, Problem
from app.keys import operations as keys
from app.keys.sealing import SEALED
from app.submissions import attachments, intake, quarantine
from app.submissions import problems as filing
from app.submissions.envelope import is_sha256, read
from app.submissions.intake import Sender, Sent
from app.sync import changes, delivery, opening, problems, reopening, wire

bp = Blueprint("sync", __name__)

PROTO = 1
MAX_ITEMS = 20
MAX_WIRE_BYTES = 256 * 1024
MAX_INFLATED_BYTES = 2 * 1024 * 1024
MAX_HAVE = 1000
MAX_PACKAGES = 50
COMPRESS_FROM = 1024


def answer(value: dict[str, Any], status: int = 200) -> Response:
    content = orjson.dumps(value)
    response = Response(content, status, content_type="application/json")
    if len(content) < COMPRESS_FROM:
        return response
    return packing.answered(response, lambda encoding: packing.packed(content, encoding, packing.EACH_TIME))


@bp.after_request
def say_protocol(response: Response) -> Response:
    response.headers["X-Sync-Proto"] = str(PROTO)
    return response


def now_ms() -> int:
    return time.time_ns() // 1_000_000


# Delivering


def the_phone() -> Sender:
    """Whose credential the request carries. Raises UNKNOWN_DEVICE."""
    scheme, _, credential = request.headers.get("Authorization", "").partition(" ")
    deliveries = delivery.of(current_app)
    sender = deliveries.sender(credential) if scheme == "Device" and credential else None
    if sender is None and credentials.read(credential):
        # True, and unknown: renewed since, or the database was put back from before.
        begin_writing()
        known = credentials.take_back(credential, now=utcnow())
        db.session.commit()
        sender = deliveries.sender(credential) if known else None
    if sender is None:
        raise problems.UNKNOWN_DEVICE()
    return sender


def body() -> dict[str, Any]:
    """The request's JSON object, within the limits whatever the sender claims. Raises TOO_LARGE, NOT_JSON."""
    request.max_content_length = MAX_WIRE_BYTES
    if (request.content_length or 0) > MAX_WIRE_BYTES:
        raise problems.TOO_LARGE(limit_kb=MAX_WIRE_BYTES // 1024)
    content = request.get_data(cache=False)
    if request.headers.get("Content-Encoding") == "gzip":
        unpack = zlib.decompressobj(31)
        try:
            content = unpack.decompress(content, MAX_INFLATED_BYTES + 1)
        except zlib.error:
            raise problems.NOT_JSON() from None
        if len(content) > MAX_INFLATED_BYTES or unpack.unconsumed_tail:
            raise problems.TOO_LARGE(limit_kb=MAX_INFLATED_BYTES // 1024)
        if not unpack.eof:
            raise problems.NOT_JSON()
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise problems.NOT_JSON() from None
    if not isinstance(value, dict):
        raise problems.NOT_JSON()
    return value


@bp.post("/api/sync/push")
def push() -> Response:
    phone = the_phone()
    value = body()
    items = value.get("items")
    if value.get("proto") != PROTO:
        raise problems.UPDATE_NEEDED()
    if not isinstance(items, list):
        raise problems.NOT_JSON()
    if len(items) > MAX_ITEMS:
        raise problems.TOO_MANY(limit=MAX_ITEMS)
    report = value.get("report")
    sent: list[Sent] = []
    results: list[Sent | dict[str, Any]] = []
    offered = value.get("keys")
    for item in items:
        try:
            one = read_item(item, phone, offered if isinstance(offered, dict) else {})
        except Problem as problem:
            results.append(wire.refused(item, problem))
        else:
            sent.append(one)
            results.append(one)
    try:
        answered = delivery.of(current_app).deliver(sent, phone.device_id, wire.report(report), wire.seen(value))
    except delivery.NotStored:
        raise problems.BUSY(after_s=10) from None
    return answer(
        {
            "proto": PROTO,
            "epoch": answered.epoch,
            "server_time": now_ms(),
            "high_water": answered.high_water,
            "backup_seq": answered.backup_seq,
            "results": [one if isinstance(one, dict) else wire.result(one) for one in results],
            **({"standing": phone.trouble} if phone.trouble else {}),
        }
    )


def read_item(item: Any, phone: Sender, offered: dict[str, Any]) -> Sent:
    """One item of a push, checked. Raises MALFORMED, TOO_LARGE: about this item only."""
    if not isinstance(item, dict) or not is_id(item.get("submission_id")) or not is_id(item.get("revision_id")):
        raise filing.MALFORMED(reason="ids")
    text, encryption = item.get("envelope"), item.get("encryption", "none")
    if not isinstance(text, str) or not isinstance(encryption, str) or not 0 < len(encryption) <= 16:
        raise filing.MALFORMED(reason="envelope")
    content = text.encode()
    sha256 = hashlib.sha256(content).hexdigest()
    if item.get("sha256") != sha256:
        raise filing.MALFORMED(reason="sha256")
    ids = (item["submission_id"], item["revision_id"])
    if encryption == SEALED:
        return opening.sealed_item(delivery.of(current_app), ids, sha256, text, phone, offered)
    envelope = None
    if encryption == "none":
        envelope = read(content)
        if (envelope.submission_id, envelope.revision_id) != ids:
            raise filing.MALFORMED(reason="ids differ")
    return Sent(*ids, sha256, encryption, gzip.compress(content, 1, mtime=0), envelope, phone)


def _revisions_asked_for() -> dict[str, str]:
    """{revision: SHA-256} of the body's `items`; what is neither is left out. Raises NOT_JSON, TOO_MANY."""
    wanted = body().get("items")
    if not isinstance(wanted, dict):
        raise problems.NOT_JSON()
    if len(wanted) > MAX_HAVE:
        raise problems.TOO_MANY(limit=MAX_HAVE)
    return {name: sha256 for name, sha256 in wanted.items() if is_id(name) and is_sha256(sha256)}


@bp.post("/api/sync/have")
def have() -> Response:
    """Which of these revisions are here with these bytes, and which of those wait for a person."""
    the_phone()
    asked = _revisions_asked_for()
    with wire.reading() as do:
        found = intake.receipts(do, asked)
        aside = {id: wire.why_aside(reason) for id, reason in intake.reasons(do, asked).items()}
        answered = delivery.state(do)
    return answer({"have": found, "aside": aside, **wire.store_state(answered), "server_time": now_ms()})


# Attachments


@bp.route("/api/sync/att/<submission_id>/<sha256>", methods=["HEAD"])
def attachment_state(submission_id: str, sha256: str) -> Response:
    return wire.upload(attachments.progress(the_phone().person_id, submission_id, sha256, now=utcnow()), 200)


@bp.patch("/api/sync/att/<submission_id>/<sha256>")
def attachment_chunk(submission_id: str, sha256: str) -> Response:
    phone = the_phone()
    request.max_content_length = attachments.MAX_CHUNK_BYTES + 1
    offset = request.headers.get("Upload-Offset", "")
    if not offset.isascii() or not offset.isdigit() or len(offset) > 15:
        raise BAD_REQUEST()
    progress = attachments.append(
        phone.person_id,
        submission_id,
        sha256,
        offset=int(offset),
        chunk=request.get_data(cache=False),
        chunk_sha256=request.headers.get("X-Chunk-Sha256", ""),
        now=utcnow(),
    )
    return wire.upload(progress, 204)


@bp.post("/api/sync/att/<submission_id>/<sha256>/lost")
def attachment_lost(submission_id: str, sha256: str) -> Response:
    """The phone no longer has the bytes: a named, permanent state instead of an endless wait (I-12)."""
    phone = the_phone()
    reason = body().get("reason")
    if not isinstance(reason, str):
        raise BAD_REQUEST()
    begin_writing()
    progress = attachments.mark_lost(phone.person_id, submission_id, sha256, reason=reason, now=utcnow())
    db.session.commit()
    return wire.upload(progress, 200)


# Signing in


@bp.post("/api/field/sign-in")
def sign_in() -> Response:
    require_own_origin()
    value = body()
    username, password, device_id = value.get("username"), value.get("password"), value.get("device_id")
    if not isinstance(username, str) or not isinstance(password, str) or len(password) > 200 or len(username) > 64:
        raise BAD_REQUEST()
    now = utcnow()
    begin_writing()
    person = accounts.authenticate(
        username, password, known_device=sessions.known_device(username), now=now, demo_allowed=current_app.config["DEMO"]
    )
    label, devices = value.get("device_label"), value.get("devices")
    if isinstance(devices, dict):  # of all who use the phone: it knows her by the name she typed only
        device_id = devices.get(person.id)
    device, credential = accounts.enrol_device(
        person, label=label if isinstance(label, str) else "", device_id=device_id if is_id(device_id) else None, now=now
    )
    return _entered(person, device, credential, value, now=now)


def _entered(person: Person, device: Device, credential: str, value: dict[str, Any], *, now: datetime) -> Response:
    """A session for this person on this phone, and what the phone keeps of her. Commits.

    A phone that says "session": "kept" keeps the token itself, sealed, so that nobody reads with it while it is locked
    (docs/encryption.md, "The session"). One of before gets a cookie.
    """
    old = request.cookies.get(sessions.COOKIE)
    if old:
        accounts.end_session(old, now=now)
    accounts.end_sessions_of(device, now=now)
    token = accounts.start_session(
        person,
        now=now,
        days=current_app.config["SESSION_DAYS"],
        user_agent=request.headers.get("User-Agent", ""),
        device_id=device.id,
    )
    said = wire.person(person) | {
        "username": person.username,
        "device": {"id": device.id, "credential": credential},
        "sealing": {"for": keys.public_key(), "pin": wire.pin_is_asked(person), "keys": keys.keys_of(device.id)},
        "forms": changes.forms_of(person),
        "server_time": now_ms(),
    }
    name, keeps = person.username, value.get("session") == "kept"
    db.session.commit()
    response = answer(said | {"session": token} if keeps else said)
    if keeps:
        sessions.clear_cookie(response)
        sessions.note_known(response, name)
    else:
        sessions.set_cookies(response, token, name)
    return response


@bp.post("/api/field/enrol/look")
def enrol_look() -> Response:
    """Whom a link is for, before the phone uses it."""
    require_own_origin()
    token, claim, _value = _link()
    found, person = enrolment.look(token, claim=claim, now=utcnow(), demo_allowed=current_app.config["DEMO"])
    said = {"person": {"id": person.id, "name": person.name, "language": person.language}, "expires_at": iso(found.expires_at)}
    return answer(said | {"server_time": now_ms()})


@bp.post("/api/field/enrol")
def enrol() -> Response:
    """Sign in by a link of the office, once."""
    require_own_origin()
    token, claim, value = _link()
    label, device_id, now = value.get("device_label"), value.get("device_id"), utcnow()
    begin_writing()
    person, device, credential = enrolment.use(
        token,
        claim=claim,
        label=label if isinstance(label, str) else "",
        device_id=device_id if is_id(device_id) else None,
        now=now,
        demo_allowed=current_app.config["DEMO"],
    )
    return _entered(person, device, credential, value, now=now)


def _link() -> tuple[str, str, dict[str, Any]]:
    value = body()
    token, claim = value.get("token"), value.get("claim")
    if not isinstance(token, str) or not isinstance(claim, str) or not 16 <= len(claim) <= 64 or len(token) > 64:
        raise BAD_REQUEST()
    return token, claim, value


@bp.post("/api/field/key")
@signed_in_json
def escrow_key() -> Response:
    """The data key that the phone just made, wrapped for this server (docs/encryption.md)."""
    require_own_origin()
    value = body()
    begin_writing()
    session = db.session.merge(g.sign_in, load=False)
    keys.register(session, value.get("id"), value.get("wrapped"), value.get("in_clear"), now=utcnow())
    db.session.commit()
    # What came before its key, or before a restored server had it again.
    reopening.try_forms(current_app._get_current_object(), now=utcnow())  # type: ignore[attr-defined]
    return answer({"server_time": now_ms()})


@bp.post("/api/field/key/return")
@signed_in_json
def return_key() -> Response:
    """A forgotten PIN: the key again, for this phone only."""
    require_own_origin()
    value = body()
    begin_writing()
    session = db.session.merge(g.sign_in, load=False)
    wrapped = keys.give_back(session, value.get("id"), value.get("to"), value.get("wrapped"), now=utcnow())
    db.session.commit()
    return answer({"wrapped": wrapped, "server_time": now_ms()})


@bp.post("/api/field/sign-out")
def sign_out() -> Response:
    """Ends the session only: the phone keeps its credential and goes on delivering."""
    require_own_origin()
    token = sessions.session_token()
    if token:
        begin_writing()
        accounts.end_session(token, now=utcnow())
        db.session.commit()
    response = answer({"server_time": now_ms()})
    sessions.clear_cookie(response)
    return response


@bp.get("/api/field/me")
@signed_in_json
def me() -> Response:
    return answer(wire.person(g.sign_in.person) | {"server_time": now_ms()})


@bp.post("/api/sync/decided")
@signed_in_json
def decided() -> Response:
    """What was decided about forms of this person that had been set aside; her phone names those that it still shows so."""
    asked = _revisions_asked_for()
    found = quarantine.decided(g.actor.person_id, asked)
    said = {name: {"decision": one.decision, "note": one.note, "at": iso(one.at)} for name, one in found.items()}
    return answer({"decided": said, "server_time": now_ms()})


# Reading


def require_recent_client() -> None:
    """Whether the phone's application may still read. One that may not can deliver all the same (I-16). Raises UPDATE_NEEDED."""
    said = request.headers.get("X-Sync-Proto", "")
    if (int(said) if said.isdecimal() and len(said) < 6 else 0) < current_app.config["LEAST_READING_PROTO"]:
        raise problems.UPDATE_NEEDED()


@bp.get("/api/sync/pull")
@signed_in_json
def pull() -> Response:
    require_recent_client()
    programme_id = request.args.get("programme", "")
    limit = request.args.get("limit", "500")
    if g.actor.grants.get(programme_id) is None and not g.actor.is_administrator:
        raise NOT_FOUND()
    page = changes.pull(
        g.actor,
        g.sign_in.person,
        programme_id,
        request.args.get("cursor", ""),
        limit=min(max(int(limit), 1), 1000) if limit.isdecimal() and len(limit) < 6 else 500,
    )
    return answer(page | {"server_time": now_ms()})


@bp.get("/api/sync/instrument/<sha256>")
@signed_in_json
def instrument(sha256: str) -> Response:
    return wire.kept(changes.package(g.actor, sha256))


@bp.get("/api/sync/instruments")
@signed_in_json
def instruments() -> Response:
    return wire.kept(changes.packages(g.actor, request.args.get("of", "").split(",")[:MAX_PACKAGES]))


@bp.get("/api/sync/dataset/<sha256>")
@signed_in_json
def dataset(sha256: str) -> Response:
    return wire.kept(changes.dataset(g.actor, sha256))
