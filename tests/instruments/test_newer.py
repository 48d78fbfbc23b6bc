"""Forms that come with Daftar, when Daftar brings newer versions of them.

N1  the page of the forms and the page of the programme say which are newer, and publish them in one press; what is there stays
N2  a form that the programme replaced by a file of its own is not replaced unless somebody ticks or names it
N3  a version of the programme's own that counts higher is left alone, and so is one that says nothing of its age
N4  the command line does the same
"""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from flask import Flask

from app.core.db import db
from app.instruments import operations, queries
from app.instruments.models import InstrumentVersion
from app.instruments.queries import is_newer, library
from tests.conftest import NOW, Someone, World

pytestmark = pytest.mark.sqlite_only


def publish_older(world: World, form_id: str, file: str) -> None:
    """The form as an earlier Daftar brought it."""
    form = library()[form_id]
    content = form.content.replace(f"| {form.version} |".encode(), b"| 2020010101 |")
    assert content != form.content
    operations.publish_checked(None, world.programme.id, operations.check(world.programme.id, file, content), NOW)
    db.session.commit()


def versions(form_id: str, world: World) -> tuple[str, int]:
    """The current one, and how many there are."""
    db.session.rollback()
    one = next(one for one in queries.published(world.programme.id) if one.instrument.form_id == form_id)
    return one.version.version, one.versions


@pytest.fixture
def aged(world: World) -> World:
    """A programme with two old forms of Daftar's, one of them from a file of its own."""
    db.session.execute(sa.update(InstrumentVersion).values(version="2099010101"))  # the diag of these tests
    publish_older(world, "coop", "coop.md")
    publish_older(world, "meet", "nos-reunions.xlsx.md")
    return world


def test_newer_versions_are_offered_and_published_in_one_press(aged: World, admin: Someone, khadija: Someone):  # N1 N2 N3
    admin.client.set_cookie("lang", "fr")
    page = admin.client.get("/instruments").text
    section = page[page.index('id="newer"') : page.index("</section>", page.index('id="newer"'))]
    assert re.findall(r'value="(\w+)"( checked)?', section) == [("coop", " checked"), ("meet", "")]
    assert "nos-reunions.xlsx.md" in section
    assert 'id="newer"' not in khadija.client.get("/instruments").text
    assert khadija.client.post("/instruments/newer", data={"form_id": "coop"}).status_code == 403

    page = admin.client.get(f"/programmes/{aged.programme.id}?lang=fr").text
    section = page[page.index('id="newer"') : page.index("</section>", page.index('id="newer"'))]
    assert re.findall(r'name="form_id" value="(\w+)"', section) == ["coop"]
    said = admin.client.post("/instruments/newer?lang=fr", data={"form_id": "coop"}, follow_redirects=True).text
    assert "1 version plus récente est publiée" in said
    assert versions("coop", aged) == (library()["coop"].version, 2)
    assert versions("meet", aged) == ("2020010101", 1)
    assert "Rien n’a été publié" in admin.client.post("/instruments/newer?lang=fr", data={}, follow_redirects=True).text


def test_the_command_line_publishes_newer_versions(app: Flask, aged: World):  # N2 N4
    run = app.test_cli_runner().invoke
    done = run(args=["instrument", "library", "--programme", "boulemane", "--newer"])
    assert done.exit_code == 0, done.output
    assert f"coop {library()['coop'].version} is published in boulemane" in done.output
    assert "nos-reunions.xlsx.md" in done.output
    assert versions("meet", aged)[1] == 1
    assert "meet" in run(args=["instrument", "library", "meet", "--programme", "boulemane", "--newer"]).output
    assert versions("meet", aged) == (library()["meet"].version, 2)
    again = run(args=["instrument", "library", "--programme", "boulemane", "--newer"])
    assert "boulemane has the newest: nothing changed" in again.output
    assert run(args=["instrument", "library", "--newer"]).exit_code != 0


def test_a_version_that_says_nothing_of_its_age_is_left_alone():  # N3
    assert is_newer("2026112603", "2026112602")
    for other in ("2026112603", "2026112604", "1", "v2", "20261126011", ""):
        assert not is_newer("2026112603", other), other
