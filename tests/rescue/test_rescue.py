"""Rescue files at the office (docs/encryption.md, "Rescue file").

R1  forms and photos arrive as if the phone had sent them, under their author, and twice changes nothing
R2  receipts go back in a file of the same kind
R3  what is not sealed proves no author; what is damaged or cut off is said; another file is refused
R4  only who manages phones may bring one
R5  a phone full of photos fits, with the token that pages carry, and is never held in memory
R6  what proves no author waits for whoever answers for whom it names; once accepted, the file brings its photos
R7  receipts say what waits for a person, and why
R8  a copy keeps what has no place here yet and nothing else; it goes by itself when all of it has
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from app.core.db import begin_writing, db
from app.rescue import copies
from app.rescue.operations import MAGIC, records, settle
from app.rescue.operations import bring as bring_file
from app.submissions import quarantine
from app.submissions.models import Submission
from tests.conftest import NOW, Someone, item_of
from tests.keys.phone import SealingPhone

PHOTO = b"\xff\xd8\xff" + os.urandom(120_000)


def a_file(items: list[dict[str, Any]], files: list[tuple[str, bytes]] = [], cut: int = 0) -> bytes:  # noqa: B006
    lines = [{"kind": "head"}, *({"kind": "item", **one} for one in items)]
    content = MAGIC + b"".join(json.dumps(one).encode() + b"\n" for one in lines)
    for submission_id, body in files:
        head = {"kind": "file", "sha256": hashlib.sha256(body).hexdigest(), "submission_id": submission_id, "bytes": len(body)}
        content += json.dumps(head).encode() + b"\n" + body
    content += json.dumps({"kind": "end", "records": len(lines) + len(files)}).encode() + b"\n"
    return content[: len(content) - cut] if cut else content


@pytest.fixture
def phone(amina: Someone) -> SealingPhone:
    return SealingPhone.sign_in(amina)


def bring(app, tmp_path: Path, content: bytes, *more: str) -> str:
    file = tmp_path / "phone.daftar"
    file.write_bytes(content)
    db.session.commit()
    done = app.test_cli_runner().invoke(args=["rescue", "import", str(file), *more])
    assert done.exit_code == 0, done.output
    return done.output


def test_a_file_brings_forms_and_photos_and_twice_changes_nothing(app, amina: Someone, phone, khadija, tmp_path):  # R1, R2
    described, sent = phone.file(PHOTO)
    envelope = amina.envelope(attachments=[described])
    content = a_file([phone.item(envelope)], [(envelope["submission_id"], sent)])
    out = tmp_path / "back.daftar"
    assert bring(app, tmp_path, content, "--receipts", str(out)).startswith("1 accepted; 1 files complete")
    submission = db.session.get(Submission, envelope["submission_id"])
    assert (submission.author_id, submission.device_id, submission.quarantine) == (amina.id, phone.device["id"], None)
    shown = khadija.client.get(f"/submissions/{envelope['submission_id']}/files/{described['sha256']}")
    assert shown.data == PHOTO
    [receipt] = [one["receipt"] for one in receipts_in(out)]
    assert (receipt["revision_id"], receipt["missing"]) == (envelope["revision_id"], [])
    assert receipt["epoch"]
    assert copies.all_kept() == [], "all of it is here"  # R8
    assert bring(app, tmp_path, content).startswith("1 duplicate; 1 files complete")


def test_what_is_not_sealed_is_unproven_and_what_is_damaged_is_said(app, amina: Someone, phone, tmp_path):  # R3
    changed = phone.item(amina.envelope()) | {"sha256": "0" * 64}
    said = bring(app, tmp_path, a_file([item_of(amina.envelope()), changed], [(amina.id, b"x")], cut=3))
    assert said.startswith("1 accepted, 1 quarantined; 0 files complete, 1 wait for their form, 1 damaged"), "what opens is whole"
    assert "cut off" in said
    (left,) = copies.all_left()  # R8
    assert (left.forms, left.files, left.cut, left.unread) == (0, 1, 1, 2), "a photo of no form, and a torn end"
    (tmp_path / "other").write_bytes(b"PK")
    done = app.test_cli_runner().invoke(args=["rescue", "import", str(tmp_path / "other")])
    assert done.exit_code == 1


def test_the_office_brings_a_file_on_its_page_and_takes_receipts_home(amina: Someone, phone, khadija: Someone):  # R1, R2, R4
    envelope = amina.envelope()
    content = a_file([phone.item(envelope)])
    assert amina.client.get("/phones/rescue").status_code == 403
    answer = khadija.client.post("/phones/rescue", data={"file": (io.BytesIO(content), "phone.daftar")})
    assert answer.status_code == 200, answer.text
    address = f"/phones/rescue/{hashlib.sha256(content).hexdigest()}"
    assert address in answer.text
    back = khadija.client.get(address)
    assert [r["receipt"]["revision_id"] for r, _ in records(io.BytesIO(back.data)) if r["kind"] == "receipt"] == [
        envelope["revision_id"]
    ]
    assert khadija.client.get("/phones/rescue/" + "0" * 64).status_code == 404
    assert khadija.client.post("/phones/rescue", data={"file": (io.BytesIO(b"PK"), "x.zip")}).status_code == 422


def test_what_proves_no_author_is_sorted_by_her_coordinator_and_its_photos_follow(  # R3, R6, R7
    app, amina: Someone, phone, fatima: Someone, khadija: Someone, tmp_path
):
    """Finished before the phone had a key, say: it lies there in clear."""
    sha256 = hashlib.sha256(PHOTO).hexdigest()
    described = {"name": "p.jpg", "question": "p", "sha256": sha256, "size": len(PHOTO), "type": "image/jpeg"}
    envelope = amina.envelope(attachments=[described])
    of_another = fatima.envelope(device_id=amina.device_id)
    manifest, sent = phone.file(PHOTO)
    sealed = amina.envelope(attachments=[manifest])
    files = [(envelope["submission_id"], PHOTO), (sealed["submission_id"], sent)]
    content = a_file([item_of(envelope), item_of(of_another), phone.item(sealed)], files)
    out = tmp_path / "back.daftar"
    said = bring(app, tmp_path, content, "--receipts", str(out))
    assert said.startswith("1 accepted, 2 quarantined; 1 files complete, 1 wait"), said
    told = {one["receipt"]["revision_id"]: one.get("problem", {}).get("code") for one in receipts_in(out)}
    unproven = "quarantine.author_unproven"
    assert told == {envelope["revision_id"]: unproven, of_another["revision_id"]: unproven, sealed["revision_id"]: None}

    (case,) = quarantine.waiting(khadija.actor)
    assert case.kept.revision_id == envelope["revision_id"], "a phone is not believed to bring another's"
    db.session.rollback()
    begin_writing()
    (file,) = (tmp_path / "rescue").glob("*.daftar")  # R8
    kept = [record["kind"] for record, _ in records(io.BytesIO(file.read_bytes()))]
    assert kept == ["head", "file", "end"], "forms are here, in the quarantine too"
    quarantine.accept(khadija.actor, case.id, now=NOW)
    db.session.commit()
    settle(app, now=NOW)
    assert copies.all_kept() == []
    assert "; 2 files complete" in bring(app, tmp_path, content)
    assert khadija.client.get(f"/submissions/{envelope['submission_id']}/files/{sha256}").data == PHOTO


def receipts_in(file: Path) -> list[dict[str, Any]]:
    return [record for record, _ in records(io.BytesIO(file.read_bytes())) if record["kind"] == "receipt"]


@pytest.mark.sqlite_only
def test_a_phone_full_of_photos_fits_through_the_page(app, amina: Someone, phone, khadija: Someone):  # R4, R5
    app.config["WTF_CSRF_ENABLED"] = True  # the token's check reads the request before the view does
    envelope = amina.envelope()
    content = a_file([phone.item(envelope)], [(amina.id, os.urandom(12 * 2**20))])
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', khadija.client.get("/phones/rescue").text).group(1)

    def bring_as(client: Any) -> int:
        sent = {"csrf_token": token, "file": (io.BytesIO(content), "phone.daftar")}
        return int(client.post("/phones/rescue", data=sent).status_code)

    assert bring_as(khadija.client) == 200
    assert db.session.get(Submission, envelope["submission_id"]).author_id == amina.id
    assert [bring_as(who) for who in (app.test_client(), amina.client)] == [413, 413], "no room for who may not bring one"


@pytest.mark.sqlite_only
def test_a_phone_full_of_photos_is_never_held_in_memory(app, amina: Someone, phone, tmp_path: Path):  # R5
    file = tmp_path / "phone.daftar"
    file.write_bytes(a_file([phone.item(amina.envelope())], [(amina.id, os.urandom(4 * 2**20)) for _ in range(3)]))
    db.session.commit()
    tracemalloc.start()
    try:
        with file.open("rb") as opened:
            brought = bring_file(app, opened, actor_id=None, now=NOW)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (brought.results, brought.files_waiting, brought.is_cut) == ({"accepted": 1}, 3, False)
    assert most < 6 * 2**20
