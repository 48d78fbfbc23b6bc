"""A database that was put back is noticed, and phones are told by a new epoch (I-14)."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from app.core import epoch
from app.core.db import db
from app.core.models import Setting


def test_the_epoch_stays_from_start_to_start_and_a_database_without_one_gets_one(app: Flask):
    first = epoch.ensure(app)
    assert epoch.ensure(app) == first
    db.session.execute(sa.delete(Setting).where(Setting.name == "epoch"))
    db.session.commit()
    assert epoch.ensure(app) not in (first, "")


@pytest.mark.sqlite_only
def test_a_database_file_put_back_by_hand_gets_a_new_epoch(app: Flask):
    old = epoch.ensure(app)
    db.session.execute(sa.update(Setting).where(Setting.name == "epoch").values(value="restored"))
    db.session.commit()
    assert epoch.ensure(app) not in (old, "restored")
