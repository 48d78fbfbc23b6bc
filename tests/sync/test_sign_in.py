"""Signing in on the phone: a session to read, a credential to deliver."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app.accounts.models import Device, SignInSession
from app.core.db import db
from tests.conftest import PASSWORD, Someone, World, assert_problem, count

OWN = {"X-Sync-Proto": "1", "Sec-Fetch-Site": "same-origin"}


def sign_in(client: FlaskClient, username: str = "amina", password: str = PASSWORD, headers: Any = OWN, **more: Any) -> Any:
    return client.post("/api/field/sign-in", json={"username": username, "password": password, **more}, headers=headers)


def test_signing_in_on_a_phone_gives_a_session_and_a_credential(client: FlaskClient, amina: Someone, world: World):
    answer = sign_in(client, device_label="Tecno Spark")
    assert answer.status_code == 200
    body = answer.json
    reached = {"email": "", "phone": ""}
    assert body["person"] == {"id": amina.id, "name": {"ar": "أمينة", "fr": "Amina"}, "language": "ar"} | reached
    (programme,) = body["programmes"]
    assert (programme["id"], programme["role"]) == (world.programme.id, "facilitator")
    assert programme["organisation"]["id"] == amina.organisation_id
    assert client.get("/api/field/me").json["person"] == body["person"]
    amina._device = (body["device"]["id"], body["device"]["credential"])
    amina.deliver()
    assert db.session.get(Device, body["device"]["id"]).label == "Tecno Spark"


def test_signing_in_again_renews_the_same_phone(client: FlaskClient, amina: Someone, fatima: Someone):
    first = sign_in(client).json["device"]
    again = sign_in(client, device_id=first["id"]).json["device"]
    assert again["id"] == first["id"]
    assert again["credential"] != first["credential"]
    assert sign_in(client, "fatima", device_id=first["id"]).json["device"]["id"] != first["id"], "a phone of somebody else"
    assert count(SignInSession, SignInSession.ended_at.is_(None)) == 1, "one browser, one session"


def test_a_phone_of_several_people_knows_each_however_she_writes_her_name(client: FlaskClient, amina: Someone, fatima: Someone):
    first = sign_in(client).json["device"]["id"]
    other = sign_in(client, "fatima").json["device"]["id"]
    devices = {amina.id: first, fatima.id: other}
    assert sign_in(client, "Amina", devices=devices).json["device"]["id"] == first
    assert sign_in(client, "fatima", devices=devices).json["device"]["id"] == other
    assert sign_in(client, "fatima", devices={amina.id: first}).json["device"]["id"] not in (first, other)
    assert sign_in(client, devices={amina.id: ["x"]}).status_code == 200


def test_signing_out_ends_the_session_and_the_phone_still_delivers(client: FlaskClient, amina: Someone):
    device = sign_in(client).json["device"]
    assert client.post("/api/field/sign-out", headers=OWN).status_code == 200
    assert_problem(client.get("/api/field/me"), "core.not_signed_in", 401)
    amina._device = (device["id"], device["credential"])
    amina.deliver()


def test_a_phone_that_keeps_its_session_reads_by_a_header_and_no_page_opens(client: FlaskClient, amina: Someone):  # AS-09, AS-25
    before = sign_in(client).json["device"]
    body = sign_in(client, session="kept", device_id=before["id"]).json
    assert client.get_cookie("session") is None
    assert_problem(client.get("/api/field/me"), "core.not_signed_in", 401)
    assert client.get("/submissions").status_code == 302
    reading = {"Authorization": f"Session {body['session']}", "X-Sync-Proto": "1"}
    assert client.get("/api/field/me", headers=reading).json["person"]["id"] == amina.id
    assert count(SignInSession, SignInSession.ended_at.is_(None)) == 1, "one phone, one session"
    for wrong in ("Session no", "Session", f"Device {body['session']}", f"Session {body['device']['credential']}"):
        assert_problem(client.get("/api/field/me", headers={"Authorization": wrong}), "core.not_signed_in", 401)
    assert client.post("/api/field/sign-out", headers=OWN | reading).status_code == 200
    assert_problem(client.get("/api/field/me", headers=reading), "core.not_signed_in", 401)


def test_a_wrong_password_is_told_in_both_languages(client: FlaskClient, amina: Someone):
    assert_problem(sign_in(client, password="no"), "accounts.wrong_password", 401)
    assert_problem(sign_in(client, "nobody"), "accounts.wrong_password", 401)
    for _ in range(5):
        sign_in(client, password="no")
    answer = sign_in(client)
    assert_problem(answer, "accounts.too_many_tries", 429)
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Sync-Proto": "1", "Sec-Fetch-Site": "cross-site"},
        {"X-Sync-Proto": "1", "Sec-Fetch-Site": "same-site"},
        {"X-Sync-Proto": "1", "Origin": "https://evil.example"},
        {"X-Sync-Proto": "1", "Origin": "null"},
        {"Sec-Fetch-Site": "same-origin"},
    ],
)
def test_a_page_of_another_site_cannot_sign_anybody_in_or_out(
    client: FlaskClient, amina: Someone, headers: dict[str, str]
):  # AS-01
    assert_problem(sign_in(client, headers=headers), "core.not_allowed", 403)
    sign_in(client)
    assert_problem(client.post("/api/field/sign-out", headers=headers), "core.not_allowed", 403)
    assert client.get("/api/field/me").status_code == 200


@pytest.mark.parametrize("body", [[], {}, {"username": 1, "password": "x"}, {"username": "x" * 65, "password": "x"}])
def test_a_sign_in_that_is_no_sign_in_is_a_bad_request(client: FlaskClient, app: Flask, body: Any):
    answer = client.post("/api/field/sign-in", json=body, headers=OWN)
    assert answer.status_code == 400
    assert db.session.scalar(sa.select(sa.func.count()).select_from(SignInSession)) == 0
