"""P1 administrators manage everyone; P2 a coordinator the facilitators of her organisation; P3 changes take effect."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from app.accounts import operations
from app.accounts.models import Device, Membership, Person, SignInSession
from app.core.clock import utcnow
from app.core.db import db
from tests.conftest import Someone, World, count

NEW = {
    "name_ar": "نعيمة",
    "name_fr": "Naïma",
    "language": "ar",
    "username": "naima",
    "password": "zitoun-argan-9",
    "role": "facilitator",
    "territories": "",
    "everywhere": "yes",
}


def create(someone: Someone, world: World, **changes: Any) -> Any:
    data = NEW | {"programme": world.programme.id, "organisation": world.al_amal.id} | changes
    return someone.client.post("/people/new", data=data)


def stored(username: str = "naima") -> Person | None:
    db.session.rollback()
    return db.session.scalar(sa.select(Person).where(Person.username == username))


def test_a_coordinator_creates_a_facilitator_who_can_sign_in(khadija: Someone, world: World, client):  # P2
    assert create(khadija, world, territories="05.271. 05.272", everywhere="no").status_code == 302
    person = stored()
    (membership,) = person.memberships
    assert (membership.role, membership.organisation_id) == ("facilitator", world.al_amal.id)
    assert membership.territories == ["05.271", "05.272"]
    assert client.post("/sign-in", data={"username": "naima", "password": NEW["password"]}).status_code == 302


def test_how_she_is_reached_goes_to_her_phone_for_forms_that_ask(admin: Someone, amina: Someone):
    page, reached = f"/people/{amina.id}", {"email": "amina@example.ma", "phone": "0612 34 56 78"}
    account = {"name_ar": "أمينة", "name_fr": "Amina", "language": "ar"}
    assert admin.client.post(page, data=account | {"email": "amina", "phone": "douze"}).status_code == 422
    assert admin.client.post(page, data=account | reached).status_code == 302
    said = amina.client.get("/api/field/me").json["person"]
    assert {name: said[name] for name in reached} == reached


def test_places_are_chosen_by_name_and_everywhere_is_said_outright(khadija: Someone, world: World):
    nothing = create(khadija, world, everywhere="", username="x", password="123")
    assert nothing.status_code == 422  # every trouble at once: the username, the password, the places
    assert nothing.text.count('class="error"') == 3
    assert create(khadija, world, everywhere="no", territories="Atlantide").status_code == 422
    assert stored() is None
    assert create(khadija, world, everywhere="no", territories=["Boulemane", "Guigou, Boulemane"]).status_code == 302
    assert stored().memberships[0].territories[0] == "03.131"
    assert "بولمان" in khadija.client.get("/people?lang=ar").text


@pytest.mark.parametrize("change", [{"role": "coordinator"}, {"role": "supervisor"}, {"organisation": ""}, {"programme": ""}])
def test_a_coordinator_gives_no_more_than_she_has(khadija: Someone, world: World, change: dict[str, str]):  # P2
    assert create(khadija, world, **change).status_code in (403, 422)
    assert stored() is None


def test_a_coordinator_cannot_create_in_another_organisation_nor_an_administrator(khadija: Someone, world: World):  # P2
    assert create(khadija, world, organisation=world.al_hadaf.id).status_code == 422
    create(khadija, world, is_administrator="y")
    assert stored().is_administrator is False


def test_whom_she_does_not_manage_looks_like_nobody(khadija: Someone, world: World):  # P2
    listed = khadija.client.get("/people").text
    assert "أمينة" in listed
    assert "فاطمة" not in listed
    for name in ("fatima", "said", "admin", "khadija"):
        person_id = world.people[name].id
        assert khadija.client.get(f"/people/{person_id}").status_code == 404
        for action in ("password", "active", "sessions/end", f"role/{world.programme.id}"):
            assert khadija.client.post(f"/people/{person_id}/{action}", data={"active": "0"}).status_code == 404


@pytest.mark.parametrize("name", ["amina", "said"])
def test_facilitators_and_supervisors_manage_nobody(world: World, name: str):  # P2
    client = world.people[name].client
    for address in ("/people", "/people/new", "/phones"):
        assert client.get(address).status_code == 403


def test_a_weak_password_and_a_taken_username_are_said_and_nothing_is_made(admin: Someone, world: World):  # P1
    answer = create(admin, world, password="12345678")
    assert answer.status_code == 422
    assert 'class="error" id="password-error"' in answer.text
    assert create(admin, world, username="Amina").status_code == 422
    assert create(admin, world, username="ا").status_code == 422
    assert stored() is None


def test_a_password_left_empty_is_made_and_shown_once(admin: Someone, world: World, client):  # P1
    page = admin.client.get(create(admin, world, password="").headers["Location"])
    password = re.search(r"[a-z]{4}-[a-z]{4}-[a-z]{4}-\d{3}", page.text)[0]
    assert client.post("/sign-in", data={"username": "naima", "password": password}).status_code == 302
    assert password not in admin.client.get(f"/people/{stored().id}").text


def test_a_reset_password_ends_the_sessions_and_replaces_the_old_one(admin: Someone, amina: Someone, client):  # P3
    browser = amina.client
    admin.client.post(f"/people/{amina.id}/password", data={"password": "tamazirt-2026-x"})
    assert browser.get("/sign-in").status_code == 200
    assert client.post("/sign-in", data={"username": "amina", "password": amina.password}).status_code == 401
    assert client.post("/sign-in", data={"username": "amina", "password": "tamazirt-2026-x"}).status_code == 302


def test_a_deactivated_person_is_out_and_comes_back_when_activated(khadija: Someone, amina: Someone):  # P3
    browser = amina.client
    khadija.client.post(f"/people/{amina.id}/active", data={"active": "0"})
    assert browser.get("/sign-in").status_code == 200
    assert count(SignInSession, SignInSession.person_id == amina.id, SignInSession.ended_at.is_(None)) == 0
    khadija.client.post(f"/people/{amina.id}/active", data={"active": "1"})
    assert db.session.get(Person, amina.id).is_active


def test_a_changed_role_makes_phones_begin_again_and_no_role_takes_everything(admin: Someone, amina: Someone, world: World):  # P3
    address = f"/people/{amina.id}/role/{world.programme.id}"
    data = {"boulemane-role": "facilitator", "boulemane-organisation": world.al_hadaf.id, "boulemane-territories": "05.271"}
    admin.client.post(address, data=data)
    membership = db.session.scalars(sa.select(Membership).where(Membership.person_id == amina.id)).one()
    assert (membership.organisation_id, membership.territories, membership.scope_version) == (world.al_hadaf.id, ["05.271"], 2)
    admin.client.post(address, data=data | {"boulemane-role": ""})
    assert count(Membership, Membership.person_id == amina.id) == 0


def test_a_revoked_phone_reads_nothing_more(khadija: Someone, amina: Someone):  # P3
    device_id = amina.device_id
    browser = amina.client
    db.session.execute(sa.update(SignInSession).where(SignInSession.person_id == amina.id).values(device_id=device_id))
    assert browser.get("/api/field/me").status_code == 200
    assert "Tecno" in khadija.client.get("/phones").text
    khadija.client.post(f"/phones/{device_id}/revoke")
    assert browser.get("/api/field/me").status_code == 401
    assert db.session.get(Device, device_id).revoked_at is not None


def test_what_cannot_be_taken_back_is_asked_first(khadija: Someone, amina: Someone):
    device_id = amina.device_id
    person = khadija.client.get(f"/people/{amina.id}?lang=fr").text
    for what in ("password", "deactivate", "sessions"):
        address = f"/people/{amina.id}/confirm/{what}"
        assert address in person or what == "sessions"
        assert "<ul>" in khadija.client.get(address).text
    assert khadija.client.get(f"/people/{amina.id}/confirm/other").status_code == 404
    assert khadija.client.get(f"/people/{khadija.id}/confirm/deactivate").status_code == 404

    before = db.session.get(Person, amina.id).password_hash
    assert khadija.client.post(f"/people/{amina.id}/password", data={"password": ""}).status_code == 422
    db.session.expire_all()
    assert db.session.get(Person, amina.id).password_hash == before
    khadija.client.post(f"/people/{amina.id}/password", data={"make": "1"})
    db.session.expire_all()
    assert db.session.get(Person, amina.id).password_hash != before

    assert f"/phones/{device_id}/revoke" in khadija.client.get(f"/phones/{device_id}").text
    assert "<ul>" in khadija.client.get(f"/phones/{device_id}/revoke").text
    assert db.session.get(Device, device_id).revoked_at is None
    assert khadija.client.post(f"/phones/{device_id}/revoke").location == f"/phones/{device_id}"


@pytest.mark.parametrize("language", ["ar", "fr"])
def test_the_pages_stand_in_both_languages(admin: Someone, amina: Someone, language: str):  # P1
    assert amina.device_id
    for address in ("/people", "/people/new", f"/people/{amina.id}", "/phones", "/people?q=amina"):
        page = admin.client.get(f"{address}{'&' if '?' in address else '?'}lang={language}")
        assert page.status_code == 200, page.text
        assert f'lang="{language}"' in page.text
        assert " style=" not in page.text


def test_every_form_needs_its_token(app: Flask, admin: Someone, amina: Someone):  # AS-01
    app.config["WTF_CSRF_ENABLED"] = True
    for action in ("password", "active", "sessions/end"):
        assert admin.client.post(f"/people/{amina.id}/{action}").status_code == 400
    assert operations.hasher.verify(db.session.get(Person, amina.id).password_hash, amina.password)


def test_the_command_line_makes_the_first_administrator_and_resets_a_password(app: Flask, client):  # P1
    run = app.test_cli_runner().invoke
    made = run(args=["people", "create-administrator", "mudira", "--password", "zitoun-argan-7"])
    assert made.exit_code == 0, made.output
    assert run(args=["people", "create-administrator", "mudira", "--password", "zitoun-argan-7"]).exit_code == 1
    assert client.post("/sign-in", data={"username": "mudira", "password": "zitoun-argan-7"}).status_code == 302
    assert run(args=["people", "reset-password", "mudira", "--password", "tamazirt-26"]).exit_code == 0
    assert client.get("/people").status_code == 302, "its sessions are ended"
    assert run(args=["people", "reset-password", "nobody", "--password", "tamazirt-26"]).exit_code == 1
    assert "mudira\tadministrator" in run(args=["people", "list"]).output
    assert utcnow() > stored("mudira").created_at


@pytest.mark.sqlite_only
def test_the_password_of_a_demonstration_account_is_not_replaced(app: Flask, amina: Someone):
    """It cannot sign in where the demonstration is off, whatever its password."""
    db.session.get(Person, amina.id).is_demo = True
    db.session.commit()
    refused = app.test_cli_runner().invoke(args=["people", "reset-password", "amina", "--password", "tamazirt-26"])
    assert refused.exit_code == 1
    assert "create-administrator" in refused.output
    assert operations.hasher.verify(stored("amina").password_hash, amina.password)


@pytest.mark.sqlite_only
def test_the_server_says_at_its_start_who_cannot_sign_in(app: Flask, world: World, capsys):
    from app.serve import announce

    for person in db.session.scalars(sa.select(Person)):
        person.is_demo = True
    db.session.commit()
    announce(app)
    said = capsys.readouterr().out
    assert "5 demonstration accounts cannot sign in" in said
    assert "demo unload" in said
    assert "create-administrator" in said, "nobody else has an account"
    db.session.get(Person, world.people["admin"].id).is_demo = False
    db.session.commit()
    announce(app)
    said = capsys.readouterr().out
    assert "4 demonstration accounts" in said
    assert "create-administrator" not in said
