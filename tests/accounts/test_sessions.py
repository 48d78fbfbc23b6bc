"""S1 a session is a row that the server can end; S2 sign-in; S3 tries are limited by account and browser; S4 pages answer."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app.accounts import operations
from app.accounts.models import Person, SignInFailures, SignInSession
from app.core.clock import utcnow
from app.core.db import db
from tests.conftest import PASSWORD, Someone, World, count


def sign_in(client: FlaskClient, username: str, password: str = PASSWORD):
    return client.post("/sign-in", data={"username": username, "password": password})


def test_signing_in_makes_a_session_with_a_guarded_cookie(client: FlaskClient, amina: Someone):  # S2
    answer = sign_in(client, " Amina ")
    assert answer.status_code == 302
    cookie = next(line for line in answer.headers.getlist("Set-Cookie") if line.startswith("session="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    token = cookie.split("=", 1)[1].split(";")[0]
    stored = db.session.scalars(sa.select(SignInSession)).one()
    assert stored.token_hash != token
    assert stored.person_id == amina.id


def test_a_new_sign_in_ends_the_session_that_the_browser_had(client: FlaskClient, amina: Someone, said: Someone):  # S1, AS-25
    sign_in(client, "amina")
    before = client.get_cookie("session").value
    client.post("/sign-out")
    sign_in(client, "said")
    assert client.get_cookie("session").value != before
    assert count(SignInSession, SignInSession.ended_at.is_(None)) == 1


def test_a_session_ended_at_the_office_is_over_at_the_next_request(said: Someone):  # S1, AS-25
    client = said.client
    assert client.get("/sign-in").status_code == 302
    operations.end_all_sessions(db.session.get(Person, said.id), now=utcnow())
    assert client.get("/sign-in").status_code == 200


def test_an_expired_session_and_a_deactivated_account_are_nobody(said: Someone):  # S1
    client = said.client
    person = db.session.get(Person, said.id)
    person.is_active = False
    assert client.get("/sign-in").status_code == 200
    person.is_active = True
    assert client.get("/sign-in").status_code == 302
    db.session.execute(sa.update(SignInSession).values(expires_at=utcnow() - timedelta(seconds=1)))
    assert client.get("/sign-in").status_code == 200


def test_a_session_that_is_used_lasts_longer_and_so_does_its_cookie(said: Someone):  # S1
    client = said.client
    soon = utcnow() + timedelta(days=2)
    db.session.execute(sa.update(SignInSession).values(last_seen_at=utcnow() - timedelta(hours=1), expires_at=soon))
    token = client.get_cookie("session").value
    answer = client.get("/sign-in")
    assert any(f"session={token}" in cookie and "Max-Age" in cookie for cookie in answer.headers.getlist("Set-Cookie"))
    assert db.session.scalars(sa.select(SignInSession.expires_at)).one() > utcnow() + timedelta(days=29)
    assert "Set-Cookie" not in client.get("/sign-in").headers, "not at every request"


def test_a_demonstration_account_cannot_sign_in_where_the_demonstration_is_off(
    client: FlaskClient, app: Flask, said: Someone
):  # S2
    db.session.get(Person, said.id).is_demo = True
    assert sign_in(client, "said").status_code == 401
    app.config["DEMO"] = True
    assert sign_in(client, "said").status_code == 302


def test_an_unknown_account_is_answered_like_a_wrong_password(client: FlaskClient, amina: Someone):  # S2, AS-15
    def without_what_was_typed(text: str) -> str:
        return re.sub(r'value="[^"]*"', "", text)

    wrong, unknown = sign_in(client, "amina", "no"), sign_in(client, "nobody", "no")
    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert without_what_was_typed(wrong.text) == without_what_was_typed(unknown.text)
    assert {row.count for row in db.session.scalars(sa.select(SignInFailures))} == {1}


@pytest.mark.parametrize("username", ["amina", "nobody"])
def test_too_many_wrong_passwords_make_the_account_wait_and_nobody_else(app: Flask, world: World, username: str):  # S3, AS-14
    attacker = app.test_client()
    for _ in range(operations.FREE_TRIES):
        assert sign_in(attacker, username, "no").status_code == 401
    assert sign_in(attacker, username).status_code == 429
    assert sign_in(attacker, "fatima").status_code == 302, "another account of the same address"


def test_the_browser_an_account_works_in_is_not_locked_by_others(app: Flask, amina: Someone):  # S3
    own = app.test_client()
    sign_in(own, "amina")
    own.post("/sign-out")
    attacker = app.test_client()
    for _ in range(operations.FREE_TRIES + 1):
        sign_in(attacker, "amina", "no")
    assert sign_in(app.test_client(), "amina").status_code == 429
    assert sign_in(own, "amina").status_code == 302


def test_the_wait_grows_and_ends_with_success(client: FlaskClient, amina: Someone):  # S3
    db.session.add(SignInFailures(account="amina", device="", count=9, last_at=utcnow() - timedelta(seconds=20)))
    answer = sign_in(client, "amina")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 13
    db.session.execute(sa.update(SignInFailures).values(last_at=utcnow() - timedelta(seconds=33)))
    assert sign_in(client, "amina").status_code == 302
    assert count(SignInFailures) == 0


@pytest.mark.parametrize("where", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"])
def test_signing_in_never_sends_to_another_server(client: FlaskClient, amina: Someone, where: str):  # S2
    answer = client.post("/sign-in", query_string={"next": where}, data={"username": "amina", "password": PASSWORD})
    assert answer.headers["Location"] == "/"


def test_a_form_without_its_token_is_refused(app: Flask, amina: Someone):  # S4
    app.config["WTF_CSRF_ENABLED"] = True
    client = app.test_client()
    assert sign_in(client, "amina").status_code == 400
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/sign-in").text)[1]
    answer = client.post("/sign-in", data={"username": "amina", "password": PASSWORD, "csrf_token": token})
    assert answer.status_code == 302


def test_every_page_carries_the_security_headers(client: FlaskClient):  # S4
    answer = client.get("/sign-in")
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert " style=" not in answer.text
    # A worker runs under the policy of its script; what runs nothing allows nothing at all.
    assert {client.get(address).headers["Content-Security-Policy"] for address in ("/sw.js", "/field/drain.js")} == {policy}
    for address in ("/static/img/icon-192.png", "/static/css/office.css"):
        assert client.get(address).headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert "<script>" not in answer.text


def test_a_page_that_does_not_exist_says_so_in_the_readers_language(client: FlaskClient):  # S4
    for language, direction in (("ar", "rtl"), ("fr", "ltr")):
        answer = client.get(f"/nowhere?lang={language}")
        assert answer.status_code == 404
        assert f'lang="{language}" dir="{direction}"' in answer.text
    assert client.get("/api/nowhere").json["code"] == "core.not_found"


def test_the_language_of_the_sign_in_page_goes_on_behind_it(client: FlaskClient, said: Someone):  # S4
    french = {"Accept-Language": "fr-FR,fr"}
    assert 'lang="fr"' in client.get("/sign-in", headers=french).text
    sent = {"username": said.username, "password": said.password}
    answer = client.post("/sign-in", data=sent, headers=french, follow_redirects=True)
    assert '<html lang="fr"' in answer.text


def test_a_chosen_language_is_remembered_by_browser_and_account(client: FlaskClient, said: Someone):  # S4
    client.get("/sign-in?lang=fr")
    assert 'lang="fr"' in client.get("/sign-in").text
    said.client.get("/sign-in?lang=fr")
    assert db.session.get(Person, said.id).language == "fr"
