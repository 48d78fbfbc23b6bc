"""Any earlier database becomes today's with nothing lost: rows that past versions left, in both stores.

The databases are the demonstration as three past versions kept it (scripts/freeze-database); tests/faults kills the same
upgrade on its way (UM-07).
"""

from __future__ import annotations

from pathlib import Path

import flask_migrate
import pytest
from flask import Flask

from app import create_app
from app.demo import PASSWORD
from tests import past
from tests.conftest import ROOT, Browser, settings


@pytest.fixture(params=["sqlite", "postgresql"])
def earlier(request: pytest.FixtureRequest, name: str, tmp_path: Path) -> Flask:
    """The application over a database as that version left it."""
    if request.param == "postgresql":
        server = request.getfixturevalue("postgresql")
        url = server.url(server.fresh())
    else:
        url = f"sqlite:///{tmp_path / 'daftar.db'}"
    app = create_app(settings(tmp_path, url) | {"DEMO": True})
    past.lay_down(app, name)
    return app


@pytest.mark.parametrize("name", past.NAMES)
def test_a_database_of_an_earlier_version_loses_no_row_and_works(earlier: Flask, name: str) -> None:
    assert not past.missing(earlier, name)
    with earlier.app_context():
        flask_migrate.upgrade(str(ROOT / "migrations"))
    gone = past.missing(earlier, name)
    assert not gone, {table: list(rows)[:2] for table, rows in gone.items()}

    earlier.test_client_class = Browser
    browser = earlier.test_client()
    assert browser.post("/sign-in", data={"username": "coordinator", "password": PASSWORD}).status_code == 302
    for page in ("/submissions", "/records", "/quarantine"):
        assert browser.get(page, follow_redirects=True).status_code == 200, page
