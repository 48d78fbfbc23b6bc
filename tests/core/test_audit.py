"""The chain of what was done is tamper-evident, its newest entries too, because heads are witnessed elsewhere (I-21)."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from app.core.db import db
from app.core.models import Audit
from tests.conftest import Someone


def verify(app: Flask, *arguments: str) -> tuple[int, str]:
    db.session.commit()
    done = app.test_cli_runner().invoke(args=["audit", "verify", *arguments])
    return done.exit_code, done.output


def test_a_chain_that_holds_says_so(app: Flask, amina: Someone):
    amina.deliver()
    head = app.test_cli_runner().invoke(args=["audit", "head"]).output.split()[1]
    assert verify(app) == (0, f"The chain holds: {db.session.query(Audit).count()} entries, head {head}.\n")


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE audit SET action = 'submission.read' WHERE number = 2",
        "DELETE FROM audit WHERE number = 2",
        "UPDATE audit SET actor_id = 'somebody-else' WHERE number = 1",
        "UPDATE audit SET at = '2020-01-01T00:00:00.000Z' WHERE number = 3",
    ],
)
def test_a_changed_or_removed_entry_is_found(app: Flask, amina: Someone, tampering: str):
    for _ in range(4):
        amina.deliver()
    db.session.execute(sa.text(tampering))
    status, said = verify(app)
    assert status == 1
    assert "broken at entry" in said


def test_removing_the_newest_entries_is_found_by_the_heads_that_phones_hold(app: Flask, amina: Someone, tmp_path: Path):
    heads = [amina.push(amina.envelope()).json["results"][0]["receipt"]["audit_head"] for _ in range(3)]
    witness = tmp_path / "heads.txt"
    witness.write_text("\n".join(heads))
    assert verify(app, "--witness", str(witness))[0] == 0
    db.session.execute(sa.text("DELETE FROM audit WHERE number = (SELECT max(number) FROM audit)"))
    assert verify(app)[0] == 0  # the chain alone cannot know
    status, said = verify(app, "--witness", str(witness))
    assert (status, heads[-1] in said, heads[0] in said) == (1, True, False)
