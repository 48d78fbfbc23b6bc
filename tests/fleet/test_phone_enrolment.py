"""The link of the office on a real phone browser: said for whom, used once, then the steps of getting ready.

L1  the page says for whom the phone becomes ready before it does, in Arabic and in French
L2  afterwards the phone shows its steps, each a tick or what to do, and confirms the screen's lock by hand
L3  a link that no longer works says why and what to do; without network the link is kept for later
L4  a second person on the same phone opens her own link; what the first one finished stays
L5  the page of the office copies the link
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from app.accounts import enrolment
from app.accounts.models import Device, Person
from app.core.clock import utcnow
from app.core.db import db
from tests.conftest import Someone, count
from tests.e2e.device import HEIGHT, WIDTH, stored, types_pin, unlocks_quickly

Opener = Callable[..., Page]
pytestmark = [pytest.mark.browser, pytest.mark.sqlite_only]


@pytest.fixture
def phone(browser: Browser) -> Iterator[Opener]:
    contexts = []

    def make(language: str = "ar") -> Page:
        context = browser.new_context(
            viewport={"width": WIDTH, "height": HEIGHT}, locale=f"{language}-MA", has_touch=True, is_mobile=True
        )
        context.set_default_timeout(30_000)
        contexts.append(context)
        types_pin(context)
        unlocks_quickly(context)
        return context.new_page()

    yield make
    for context in contexts:
        context.close()


def a_link(for_whom: Someone, by: Someone) -> str:
    person = db.session.get(Person, for_whom.id)
    assert person is not None
    _made, token = enrolment.make_link(person, by=by.actor, now=utcnow())
    db.session.commit()
    return token


@pytest.mark.parametrize(
    ("language", "name", "yes", "ready"),
    [("ar", "أمينة", "نعم، تجهيز هذا الهاتف", "جاهز"), ("fr", "Amina", "Oui, préparer ce téléphone", "prêt")],
)
def test_a_link_makes_the_phone_ready_step_by_step(  # L1, L2
    phone: Opener, address: str, amina: Someone, khadija: Someone, language: str, name: str, yes: str, ready: str
):
    db.session.execute(sa.update(Person).values(language=language))
    page = phone(language)
    page.goto(f"{address}/field/#/enrol/{a_link(amina, khadija)}")
    expect(page.locator(".card strong")).to_have_text(name)
    assert count(Device, Device.person_id == amina.id) == 0
    page.get_by_role("button", name=yes).click()
    page.wait_for_url("**/#/sign-in")
    expect(page.locator("h1")).to_contain_text(ready, timeout=20_000)
    for id in ("shell", "forms", "places", "records", "clock"):
        expect(page.locator(f"[data-check={id}]")).to_have_class("done")
    lock = page.locator("[data-check=lock]")
    expect(lock).to_have_class("todo")
    lock.get_by_role("button").click()
    expect(lock).to_have_class("done")
    expect(page.locator("[data-check=install]")).to_have_class("todo")
    assert count(Device, Device.person_id == amina.id) == 1
    page.locator("main a[href='#/today']").click()
    expect(page.locator(".start")).to_be_visible()


def test_a_used_link_says_so_and_offers_the_password(phone: Opener, address: str, amina: Someone, khadija: Someone):  # L3
    link = f"{address}/field/#/enrol/{a_link(amina, khadija)}"
    first = phone("fr")
    first.goto(link)
    first.get_by_role("button", name="Oui, préparer ce téléphone").click()
    first.wait_for_url("**/#/sign-in")
    second = phone("fr")
    second.goto(link)
    expect(second.locator("[role=alert]")).to_contain_text("a déjà préparé un téléphone")
    second.get_by_role("link", name="Se connecter avec un mot de passe").click()
    expect(second.locator("#username")).to_be_visible()


def test_an_answer_lost_on_the_way_costs_no_link(phone: Opener, address: str, amina: Someone, khadija: Someone):  # L3
    page = phone("fr")
    page.goto(f"{address}/field/#/enrol/{a_link(amina, khadija)}")

    def lose(route):
        route.fetch()
        route.abort("connectionreset")

    page.route("**/api/field/enrol", lose, times=1)
    page.get_by_role("button", name="Oui, préparer ce téléphone").click()
    expect(page.locator("[role=alert]")).to_contain_text("réseau")
    page.get_by_role("button", name="Réessayer").click()
    page.wait_for_url("**/#/sign-in")
    assert count(Device, Device.person_id == amina.id) == 1


def test_a_second_person_of_the_phone_opens_her_own_link(  # L4
    phone: Opener, address: str, amina: Someone, fatima: Someone, khadija: Someone, admin: Someone
):
    db.session.execute(sa.update(Person).values(language="fr"))
    page = phone("fr")
    for who, by in ((amina, khadija), (fatima, admin)):
        page.goto(f"{address}/field/#/enrol/{a_link(who, by)}")
        page.reload()
        page.get_by_role("button", name="Oui, préparer ce téléphone").click()
        page.wait_for_url("**/#/sign-in")
        expect(page.locator("h1")).to_contain_text(re.compile("prêt"), timeout=20_000)
    kept = {one["name"]: one["value"] for one in stored(page, "meta")}
    assert set(kept["devices"]) == {amina.id, fatima.id}
    assert kept["person"]["id"] == fatima.id
    assert kept["claim"] is None


def test_the_office_copies_the_link(browser: Browser, address: str, amina: Someone, khadija: Someone):  # L5
    made = khadija.client.post(f"/people/{amina.id}/phone-link?lang=fr").text
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.route(f"{address}/made", lambda route: route.fulfill(body=made, content_type="text/html; charset=utf-8"))
    page.goto(f"{address}/made")
    page.get_by_role("button", name="Copier le lien").click()
    expect(page.locator("#address-copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#address").input_value()
    context.close()
