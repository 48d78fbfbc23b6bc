"""What every answer has in common, behind a proxy and when something fails."""

from __future__ import annotations

import logging

import pytest
from flask import Flask, request

from app import create_app
from app.core.db import db
from tests.conftest import PASSWORD, Someone


def again(app: Flask, **settings: object) -> Flask:
    """The same installation under other settings."""
    keep = ("TESTING", "INSTANCE", "ATTACHMENTS", "SECRET_KEY", "SQLALCHEMY_DATABASE_URI", "WTF_CSRF_ENABLED", "DEMO")
    return create_app({name: app.config[name] for name in keep} | settings)


def test_over_https_cookies_are_secure_and_browsers_are_told_to_stay_there(app: Flask, amina: Someone):
    db.session.commit()
    answer = again(app, HTTPS=True).test_client().post("/sign-in", data={"username": "amina", "password": PASSWORD})
    assert answer.headers["Strict-Transport-Security"]
    assert all("Secure" in cookie for cookie in answer.headers.getlist("Set-Cookie"))
    assert "Strict-Transport-Security" not in app.test_client().get("/sign-in").headers


def test_a_forwarded_address_counts_only_behind_as_many_proxies_as_are_trusted(app: Flask):  # AS-14
    for count, address in ((0, "127.0.0.1"), (1, "198.51.100.7")):
        other = again(app, TRUSTED_PROXIES=count)
        other.add_url_rule("/who", view_func=lambda: str(request.remote_addr))
        answer = other.test_client().get("/who", headers={"X-Forwarded-For": "203.0.113.1, 198.51.100.7"})
        assert answer.text == address


def test_a_bug_is_a_page_in_the_readers_language_and_leaves_no_personal_data_in_the_log(app: Flask, caplog):  # AS-23
    other = again(app, TESTING=False)

    personal = "06" + "12345678"

    def broken() -> str:
        raise ValueError(personal)

    other.add_url_rule("/broken", view_func=broken)
    other.add_url_rule("/api/broken", endpoint="api", view_func=broken)
    with caplog.at_level(logging.INFO):
        page = other.test_client().get("/broken?lang=fr")
        problem = other.test_client().get("/api/broken")
    assert page.status_code == 500
    assert 'lang="fr"' in page.text
    assert problem.json["code"] == "core.bug"
    assert "ValueError" in caplog.text
    assert personal not in caplog.text
    assert personal not in page.text


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_wrong_method_is_a_problem_with_a_name(client, method: str):
    assert client.open("/api/sync/push", method=method).json["code"] == "core.wrong_method"
