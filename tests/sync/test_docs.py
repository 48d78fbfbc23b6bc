"""docs/sync.md shows what the server really answers: each example has the keys and the kinds of values of a real answer."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

import brotli
import pytest

from app.core.db import db, next_seq
from app.core.ids import new_id
from app.registry.models import Entity
from app.submissions.models import Remark, ReviewEvent, Submission
from app.sync.api import MAX_HAVE, MAX_INFLATED_BYTES, MAX_ITEMS, MAX_WIRE_BYTES
from tests.conftest import NOW, PASSWORD, Someone, World, item_of

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "sync.md").read_text("utf-8")
EXAMPLES = {name: json.loads(text) for name, text in re.findall(r"^#### ([^\n]+)\n\n```json\n(.*?)\n```$", PAGE, re.M | re.S)}


def shape(value: Any) -> Any:
    """Keys and kinds; of a list the kinds that occur in it."""
    if isinstance(value, dict):
        return {key: shape(one) for key, one in value.items()}
    if isinstance(value, list):
        kinds: list[Any] = []
        for one in value:
            if shape(one) not in kinds:
                kinds.append(shape(one))
        return kinds
    return "number" if isinstance(value, int) and not isinstance(value, bool) else type(value).__name__


def a_photo() -> tuple[bytes, dict[str, Any]]:
    content = b"\xff\xd8\xff" + os.urandom(1000)
    sha256 = hashlib.sha256(content).hexdigest()
    return content, {"name": "photo_leg-1.jpg", "question": "photo_leg", "sha256": sha256, "size": 1003, "type": "image/jpeg"}


def answers(client: Any, amina: Someone, world: World) -> dict[str, Any]:
    """The exchanges that the page describes."""
    found: dict[str, Any] = {}
    own = {"X-Sync-Proto": "1", "Sec-Fetch-Site": "same-origin"}
    body = {"username": "amina", "password": PASSWORD, "device_label": "Tecno Spark"}
    found["POST /api/field/sign-in"] = client.post("/api/field/sign-in", json=body, headers=own).json
    device = found["POST /api/field/sign-in"]["device"]
    amina._device = (device["id"], device["credential"])
    found["GET /api/field/me"] = client.get("/api/field/me").json

    _, photo = a_photo()
    accepted = amina.envelope(attachments=[photo])
    stranger = amina.envelope(author_id=new_id())
    found["POST /api/sync/push"] = amina.push(accepted, stranger, items=[item_of(accepted), item_of(stranger), {}]).json
    sha256 = item_of(accepted)["sha256"]
    asked = {"items": {accepted["revision_id"]: sha256}}
    have = amina.app.test_client().post("/api/sync/have", json=asked, headers=amina.delivering).json
    have["have"] = {"<revision_id>": have["have"][accepted["revision_id"]]}
    found["POST /api/sync/have"] = have
    found["An error"] = amina.app.test_client().post("/api/sync/push", data=b"{", headers=amina.delivering).json

    entity = Entity(id=new_id(), programme_id=world.programme.id, list="cooperatives", label="تعاونية تيفاوين", data={})
    entity.organisation_id, entity.territory, entity.updated_at, entity.seq = world.al_amal.id, "03.131.01.03", NOW, next_seq()
    db.session.add(entity)
    submission = db.session.get(Submission, accepted["submission_id"])
    submission.state, submission.subject_id, submission.seq = "has_issues", entity.id, next_seq()
    of = {"submission_id": submission.id, "revision_id": submission.current_revision_id, "at": NOW}
    db.session.add(ReviewEvent(id=new_id(), number=2, action="returned", actor_id="k", comment="راجعوا الأرقام", **of))
    db.session.add(Remark(id=new_id(), question="grp_fig/k_ca", text="بالسنتيم؟", author_id=new_id(), **of))
    pulled = client.get("/api/sync/pull", query_string={"programme": world.programme.id}).json
    found["GET /api/sync/pull"] = pulled
    return found


def test_the_examples_are_what_the_server_answers(client: Any, amina: Someone, world: World):
    real = answers(client, amina, world)
    assert set(EXAMPLES) == set(real)
    for name, answer in real.items():
        assert shape(EXAMPLES[name]) == shape(answer), name


def test_the_limits_of_the_page_are_those_of_the_code():
    assert f"at most {MAX_ITEMS} items or {MAX_WIRE_BYTES // 1024} kB" in PAGE
    assert f"at most {MAX_INFLATED_BYTES // 1024 // 1024} MB inflated" in PAGE
    assert f"at most {MAX_HAVE:,}" in PAGE


def test_the_envelope_of_the_page_is_accepted(amina: Someone):
    example = re.search(r"^    \{\"proto\": 1, \"submission_id\".*?\n\n", PAGE, re.M | re.S)[0]
    example = re.sub(r'("[^"]+"|\{[^{}]*\}|-?\d+) \| null', r"\1", example).replace("{…}", "{}")
    envelope = json.loads(example.replace('[{"list", "id", "action", "label", "data"}]', "[]").replace("Ellipsis", ""))
    sent = {key: value for key, value in envelope.items() if value not in ("…", "<uuid7>")}
    kept = {key: value for key, value in sent.items() if key in ("t_started", "t_client", "tz", "monotonic", "language", "title")}
    assert set(envelope) == set(amina.envelope())
    response = amina.push(amina.envelope(**kept))
    assert response.json["results"][0]["result"] == "accepted"


@pytest.mark.parametrize(("asked", "encoding"), [("gzip, deflate, br", "br"), ("gzip", "gzip")])
def test_answers_are_compressed_for_whoever_asks(amina: Someone, asked: str, encoding: str):
    for _ in range(5):
        amina.deliver()
    address = f"/api/sync/pull?programme={amina.programme_id}"
    answer = amina.client.get(address, headers={"Accept-Encoding": asked})
    assert (answer.headers["Content-Encoding"], answer.headers["Vary"]) == (encoding, "Accept-Encoding")
    assert json.loads({"br": brotli.decompress, "gzip": gzip.decompress}[encoding](answer.data))["changes"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Sync-Proto"] == "1"
