"""A database put back from before a phone's last sign-in still takes what the phone holds (docs/sync.md, I-14).

R1 a credential younger than the restored row delivers, and so does one whose phone the database never saw
R2 one that was renewed since, one that the server did not seal, and one of an unknown person are refused
R3 a phone that the restored database knows as revoked delivers into quarantine, as before
"""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from flask import Flask

from app.accounts import credentials
from app.accounts.models import Device
from app.core.clock import utcnow
from app.core.db import db
from app.core.ids import new_id
from tests.conftest import Someone, settle
from tests.sync.test_sign_in import sign_in


def enrolled(app: Flask, **more: object) -> tuple[str, str]:
    """Amina's phone after signing in on it: its id and credential."""
    answer = sign_in(app.test_client(), **more).json["device"]
    return answer["id"], answer["credential"]


def pushed(app: Flask, credential: str, amina: Someone, device_id: str) -> tuple[int, str]:
    """Status of a delivery under the credential, and what became of its one item."""
    settle()
    amina._device = (device_id, credential)
    answer = amina.push(amina.envelope())
    return answer.status_code, answer.json["results"][0]["result"] if answer.status_code == 200 else ""


def put_back(device_id: str, **older: object) -> None:
    """The phone's row as a backup of yesterday has it."""
    before = utcnow() - timedelta(days=1)
    values = {"secret_hash": "f" * 64, "created_at": before, "last_seen_at": before} | older
    db.session.execute(sa.update(Device).where(Device.id == device_id).values(values))
    db.session.commit()


def test_a_credential_younger_than_the_database_delivers(app: Flask, amina: Someone):  # R1
    device_id, credential = enrolled(app)
    put_back(device_id)
    assert pushed(app, credential, amina, device_id) == (200, "accepted")

    enrolled_later = new_id()
    credential = credentials.made(enrolled_later, amina.id, now=utcnow())
    assert pushed(app, credential, amina, enrolled_later) == (200, "accepted")
    assert db.session.get_one(Device, enrolled_later).person_id == amina.id


def test_a_renewed_or_forged_credential_is_refused(app: Flask, amina: Someone):  # R2
    device_id, old = enrolled(app)
    _same, new = enrolled(app, device_id=device_id)
    assert pushed(app, old, amina, device_id)[0] == 401
    assert pushed(app, new, amina, device_id) == (200, "accepted")
    middle = len(new) // 2
    forged = new[:middle] + ("A" if new[middle] != "A" else "B") + new[middle + 1 :]
    for one in (forged, new[:-4], "x" * 200, ""):
        assert pushed(app, one, amina, device_id)[0] == 401
    nobody = credentials.made(new_id(), new_id(), now=utcnow())
    assert pushed(app, nobody, amina, device_id)[0] == 401


def test_a_phone_revoked_before_the_backup_delivers_into_quarantine(app: Flask, amina: Someone):  # R3
    device_id, credential = enrolled(app)
    put_back(device_id, revoked_at=utcnow())
    assert pushed(app, credential, amina, device_id) == (200, "quarantined")
