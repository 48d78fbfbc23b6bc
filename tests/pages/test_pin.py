"""The PIN on the phone's pages, against the application (docs/encryption.md).

P1  choosing: at the first signing in, twice the same, not a weak one, in sight if she likes; then the phone gets ready
P2  locked at each start; the PIN leads back to where one was
P3  after five minutes away the phone locks; before that it does not
P4  signing out says what remains, deletes nothing, and locks; what is finished is counted and sent (AS-05)
P5  forgotten: the password brings the drafts back and a new PIN is chosen (AS-10)
P6  two people: each by her own PIN, without network; neither sees the other's (I-23)
P7  a person is removed only when nothing of hers is only on this phone
P9  the office took reading away: at the next contact nothing is read; nothing is deleted, and signing in again brings it back
P10 what waits goes by another phone in a file that nobody reads; its receipts come back the same way
P11 what the office decided about a form that was set aside is said, with its reason sealed; nothing is deleted
P12 a locked phone reads nothing at the office, neither pages nor answers; unlocked, it goes on without a password
P13 a forgotten PIN without network: a new one at once; what was sealed is still sent, and opens again with the password
P8  where the programme asks for no PIN, the Phone page says what that means
"""

# ruff: noqa: E501  (scripts of the page read better unbroken)
from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, Page, expect

from app.accounts import operations as accounts
from app.accounts.models import Device, Person
from app.core.clock import utcnow
from app.core.db import begin_writing, db
from app.core.permissions import Actor
from app.instruments.models import Instrument
from app.submissions import quarantine
from app.submissions.models import Submission
from tests.conftest import PASSWORD
from tests.e2e.device import HEIGHT, WIDTH, stored, unlocks_quickly, until

pytestmark = [pytest.mark.browser, pytest.mark.sqlite_only]
PIN, OTHER = "271828", "314159"
AWAY = "() => { const now = Date.now; Date.now = () => now() + %d; Object.defineProperty(document, 'visibilityState', { get: () => 'visible', configurable: true }); document.dispatchEvent(new Event('visibilitychange')); }"
LEAVE = "() => { Object.defineProperty(document, 'visibilityState', { get: () => 'hidden', configurable: true }); document.dispatchEvent(new Event('visibilitychange')); }"


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A phone whose owner types herself."""
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, locale="fr-MA", has_touch=True, is_mobile=True)
    context.set_default_timeout(30_000)
    unlocks_quickly(context)
    context.add_init_script("localStorage.setItem('daftar.language', 'fr')")
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def sign_in(page: Page, site: str, username: str = "malika") -> None:
    page.goto(f"{site}/field/#/sign-in")
    page.locator("#username").fill(username)
    page.locator("#password").fill(PASSWORD)
    page.locator("form.enter button.go").click()
    expect(page.locator("#pin-pin")).to_be_visible()


def choose(page: Page, pin: str = PIN, again: str | None = None) -> None:
    page.locator("#pin-pin").fill(pin)
    page.locator("#pin-again").fill(pin if again is None else again)
    page.locator("form.enter button.go").click()


def enter(page: Page, site: str, username: str = "malika", pin: str = PIN) -> None:
    sign_in(page, site, username)
    choose(page, pin)
    expect(page.locator(".checks")).to_be_visible()


def unlock(page: Page, pin: str = PIN) -> None:
    page.locator("#pin").fill(pin)
    page.locator("form.enter button.go").click()


def begin_a_form(page: Page, site: str, name: str) -> None:
    page.goto(f"{site}/field/#/today")
    page.locator(".start").first.click()
    page.locator(".fill input.input").first.fill(name)
    expect(page.locator(".fill-status .saved")).to_have_class("saved saved")


def finish_a_form(page: Page, site: str, name: str) -> None:
    page.goto(f"{site}/field/#/today")
    page.locator(".start").first.click()
    page.locator(".fill input.input").first.fill(name)
    while page.locator(".finish-state").count() == 0:
        page.locator(".fill-foot .go").click()
        page.wait_for_timeout(200)
    page.locator(".fill-foot .go").click()
    page.wait_for_url(re.compile("#/summary/"))


def drafts(page: Page):
    return page.locator("a.card[href^='#/form/']")


def expect_draft(page: Page, name: str) -> None:
    """One draft on Today, and the name that was written in it."""
    expect(drafts(page)).to_have_count(1)
    drafts(page).click()
    expect(page.locator(".fill input.input").first).to_have_value(name)
    page.go_back()
    expect(drafts(page)).to_have_count(1)


def test_a_pin_is_chosen_twice_the_same_and_not_a_weak_one(page, site):  # P1
    sign_in(page, site)
    page.get_by_role("button", name="Afficher").click()
    expect(page.locator("#pin-pin")).to_have_attribute("type", "text")
    page.get_by_role("button", name="Afficher").click()
    expect(page.locator("#pin-pin")).to_have_attribute("type", "password")
    for pin, again, words in (
        ("12345", None, "Six chiffres"),
        ("111111", None, "facile"),
        ("654321", None, "facile"),
        (PIN, "271829", "pas pareils"),
    ):
        choose(page, pin, again)
        expect(page.locator("#pin-failure")).to_contain_text(words)
    choose(page)
    expect(page.locator(".checks")).to_be_visible()
    [keys] = [one["value"] for one in stored(page, "meta") if one["name"] == "keys"]
    [key] = keys.values()
    assert key["pin"]["rounds"] >= 100_000
    assert key["plain"] is None


def test_each_start_asks_for_the_pin_and_leads_back_to_where_one_was(page, site):  # P2
    enter(page, site)
    page.reload()
    unlock(page)
    begin_a_form(page, site, "تعاونية الأمل")
    page.reload()
    expect(page.locator("#pin")).to_be_visible()
    assert "تعاونية" not in page.content()
    unlock(page, "271829")
    expect(page.locator("#failure")).to_contain_text("Ce n’est pas le code")
    unlock(page)
    expect(page.locator(".fill input.input").first).to_have_value("تعاونية الأمل")


def test_five_minutes_away_lock_and_four_do_not(page, site):  # P3
    enter(page, site)
    page.goto(f"{site}/field/#/today")
    expect(page.locator(".start").first).to_be_visible()
    page.evaluate(LEAVE)
    page.evaluate(AWAY % (4 * 60_000))
    expect(page.locator(".start").first).to_be_visible()
    page.evaluate(LEAVE)
    page.evaluate(AWAY % (5 * 60_000 + 1000))
    expect(page.locator("#pin")).to_be_visible()
    unlock(page)
    expect(page.locator(".start").first).to_be_visible()


def test_a_window_that_nobody_looked_at_for_long_opens_no_other(page, site, context):  # P3
    """A phone that sleeps stops the timers of its windows: the first that wakes may be asked by a new one before it has locked."""

    def today(shows: str, window: Page) -> Page:
        window.goto(f"{site}/field/#/today")
        expect(window.locator(shows).first).to_be_visible()
        return window

    def sleep(window: Page, ms: int) -> None:
        window.evaluate("(ms) => { const now = Date.now; Date.now = () => now() + ms; }", ms)

    enter(page, site)
    today(".start", page).evaluate(LEAVE)
    sleep(page, 4 * 60_000)
    today(".start", context.new_page()).close()
    sleep(page, 61_000)
    other = today("#pin", context.new_page())
    unlock(other)
    expect(other.locator(".start").first).to_be_visible()

    # One that was opened behind another has been left since then.
    unseen = context.new_page()
    unseen.add_init_script("Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' })")
    today(".start", unseen)
    for one in (page, other):
        one.close()
    sleep(unseen, 301_000)
    today("#pin", context.new_page())


def test_signing_out_says_what_remains_deletes_nothing_and_locks(page, site):  # P4, AS-05
    enter(page, site)
    begin_a_form(page, site, "تعاونية الأمل")
    page.goto(f"{site}/field/#/phone")
    page.get_by_role("button", name="Se déconnecter").click()
    expect(page.locator("dialog.ask p")).to_contain_text(re.compile(r"brouillons\s:\s1"))
    page.locator("dialog.ask button", has_text="Se déconnecter").click()
    expect(page.locator("#pin")).to_be_visible()
    assert len(stored(page, "drafts")) == 1
    unlock(page)
    page.goto(f"{site}/field/#/today")
    expect_draft(page, "تعاونية الأمل")


def test_a_forgotten_pin_costs_a_password_and_no_draft(page, site):  # P5, AS-10
    enter(page, site)
    begin_a_form(page, site, "تعاونية الأمل")
    page.reload()
    page.get_by_role("link", name=re.compile("Code oublié")).click()
    sign_in(page, site)
    choose(page, OTHER)
    expect(page.locator(".checks")).to_be_visible()
    page.goto(f"{site}/field/#/today")
    expect_draft(page, "تعاونية الأمل")
    page.reload()
    unlock(page, PIN)
    expect(page.locator("#failure")).to_be_visible()
    unlock(page, OTHER)
    expect_draft(page, "تعاونية الأمل")


def test_two_people_of_one_phone_open_it_each_by_her_own_pin_without_network(page, site, context):  # P6, I-23
    enter(page, site)
    begin_a_form(page, site, "تعاونية مليكة")
    page.reload()
    page.get_by_role("link", name=re.compile("autre personne")).click()
    enter(page, site, "zahra", OTHER)
    begin_a_form(page, site, "تعاونية زهرة")
    page.goto(f"{site}/field/#/phone")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    context.set_offline(True)
    page.get_by_role("button", name="Verrouiller").click()
    expect(page.locator("#pin")).to_be_visible()
    page.get_by_role("button", name="Malika").click()
    expect(page.locator("h1")).to_have_text("Malika")
    unlock(page, OTHER)
    expect(page.locator("#failure")).to_be_visible()
    unlock(page, PIN)
    page.goto(f"{site}/field/#/today")
    expect(drafts(page)).to_have_count(1)
    expect_draft(page, "تعاونية مليكة")
    expect(page.locator(".start").first).to_be_visible()


def test_a_person_is_removed_only_when_nothing_of_hers_is_only_here(page, site):  # P7
    enter(page, site)
    begin_a_form(page, site, "تعاونية الأمل")
    page.goto(f"{site}/field/#/phone")
    page.get_by_role("button", name="Retirer cette personne").click()
    expect(page.locator(".note.asks[role=alert]")).to_contain_text(re.compile(r"brouillons\s:\s1"))
    page.goto(f"{site}/field/#/today")
    page.locator("button.remove").click()
    page.locator("dialog.ask button", has_text="Supprimer").click()
    expect(drafts(page)).to_have_count(0)
    page.goto(f"{site}/field/#/phone")
    page.get_by_role("button", name="Retirer cette personne").click()
    page.locator("dialog.ask button.danger").click()
    expect(page.locator("#username")).to_be_visible()
    [keys] = [one["value"] for one in stored(page, "meta") if one["name"] == "keys"]
    assert all(not key["pin"] and not key["plain"] and not key["person"] for key in keys.values())


def test_without_a_pin_the_phone_page_says_what_that_means(page, site):  # P8
    page.goto(f"{site}/field/#/sign-in")
    page.locator("#username").fill("free")
    page.locator("#password").fill(PASSWORD)
    page.locator("form.enter button.go").click()
    expect(page.locator(".checks")).to_be_visible()
    page.goto(f"{site}/field/#/phone")
    expect(page.locator("main")).to_contain_text("qui ouvre ce téléphone peut lire")
    page.reload()
    expect(page.locator("main")).to_contain_text("qui ouvre ce téléphone peut lire")


def test_a_deactivated_person_reads_nothing_after_the_next_contact_and_still_delivers(page, site, application):  # P9, I-24, AS-04
    enter(page, site, "zahra")
    begin_a_form(page, site, "تعاونية الأمل")
    with application.app_context():
        db.session.execute(sa.update(Person).where(Person.username == "zahra").values(is_active=False))
        db.session.commit()
    page.goto(f"{site}/field/#/outbox")
    page.locator("main button.go").click()
    expect(page.locator("#username")).to_be_visible()
    [keys] = [one["value"] for one in stored(page, "meta") if one["name"] == "keys"]
    assert all(not key["pin"] and not key["plain"] for key in keys.values())
    assert len(stored(page, "drafts")) == 1
    page.reload()
    expect(page.locator("#username")).to_be_visible()
    with application.app_context():
        db.session.execute(sa.update(Person).where(Person.username == "zahra").values(is_active=True))
        db.session.commit()
    enter(page, site, "zahra", OTHER)
    page.goto(f"{site}/field/#/today")
    expect_draft(page, "تعاونية الأمل")


def test_a_locked_phone_sends_shows_what_became_of_it_and_drops_its_wraps_when_it_is_lost(
    page, site, application
):  # P9, I-4, AS-04
    enter(page, site)
    for is_lost in (False, True):
        page.context.set_offline(True)
        finish_a_form(page, site, "تعاونية الأمل")
        page.goto(f"{site}/field/#/today")
        page.reload()
        expect(page.locator(".status")).to_contain_text(re.compile(r"1\sfiche à envoyer"))
        with application.app_context():
            begin_writing()
            phone = db.session.get(Device, next(one["value"]["id"] for one in stored(page, "meta") if one["name"] == "device"))
            accounts.set_lost(phone, is_lost, now=utcnow(), by=Actor("office", {}, "fr", True, {}))
            db.session.commit()
        page.context.set_offline(False)
        if not is_lost:
            expect(page.locator(".status")).to_have_count(0)
            unlock(page)
            expect(page.locator(".start").first).to_be_visible()
    # An attempt that met a network still half away is made again, later than a page usually takes. It may be the background worker's.
    expect(page.locator("#username")).to_be_visible(timeout=60_000)
    assert _wraps(page) == []
    assert [one["state"] for one in stored(page, "items")] == ["accepted", "quarantined"]


def _wraps(page: Page) -> list[str]:
    """Persons whose key a PIN opens here."""
    [keys] = [one["value"] for one in stored(page, "meta") if one["name"] == "keys"]
    return [person for person, key in keys.items() if key["pin"] or key["plain"]]


def test_a_rescue_file_goes_by_another_phone_and_its_receipts_travel_back(page, site, browser, tmp_path):  # P10
    enter(page, site)
    page.context.set_offline(True)
    finish_a_form(page, site, "تعاونية الأمل")
    [item] = stored(page, "items")
    assert item["encryption"] == "sealed-1"
    page.goto(f"{site}/field/#/phone")
    with page.expect_download() as given:
        page.get_by_role("button", name="Faire un fichier de secours").click()
    given.value.save_as(tmp_path / "phone.daftar")
    assert "تعاونية".encode() not in (tmp_path / "phone.daftar").read_bytes()
    page.reload()
    expect(page.locator("#pin")).to_be_visible()
    page.get_by_role("link", name="Fichier de secours").click()
    with page.expect_download() as given:
        page.get_by_role("button", name="Faire un fichier de secours").click()
    given.value.save_as(tmp_path / "locked.daftar")
    records = [(tmp_path / name).read_bytes().split(b"\n")[2:] for name in ("phone.daftar", "locked.daftar")]
    assert records[0] == records[1], "the same file, without the PIN"
    expect(page.locator("main [role=status]")).to_contain_text("reste aussi")
    page.go_back()
    unlock(page)
    page.goto(f"{site}/field/#/phone")

    other = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, locale="fr-MA", has_touch=True, is_mobile=True)
    other.set_default_timeout(30_000)
    unlocks_quickly(other)
    other.add_init_script("localStorage.setItem('daftar.language', 'fr')")
    second = other.new_page()
    enter(second, site, "zahra")
    second.goto(f"{site}/field/#/phone")
    for words in ("Repris", "Déjà ici"):
        second.locator("label.file input").set_input_files(tmp_path / "phone.daftar")
        expect(second.locator("main")).to_contain_text(words)
    second.goto(f"{site}/field/#/outbox")
    second.locator("main button.go").click()
    until(lambda: [one for one in stored(second, "receipts") if one["revision_id"] == item["revision_id"]], "a receipt", 30)
    second.goto(f"{site}/field/#/phone")
    with second.expect_download() as given:
        second.get_by_role("button", name="Faire un fichier de secours").click()
    given.value.save_as(tmp_path / "back.daftar")
    other.close()
    page.locator("label.file input").set_input_files(tmp_path / "back.daftar")
    expect(page.locator("main")).to_contain_text(re.compile(r"Arrivé au bureau\s: 1"))
    assert [one["state"] for one in stored(page, "items")] == ["accepted"]


def test_what_the_office_decided_about_a_form_set_aside_is_said_and_nothing_is_deleted(page, site, application):  # P11
    enter(page, site)
    with application.app_context():
        db.session.execute(sa.update(Instrument).values(is_open=False))
        db.session.commit()
    application.extensions["daftar-delivery"]._forms_at = 0.0  # it may remember for ten seconds that the form was open
    for name in ("تعاونية الأمل", "تعاونية النور"):
        finish_a_form(page, site, name)
    until(lambda: [one["state"] for one in stored(page, "items")] == ["quarantined"] * 2, "both are set aside", 30)
    with application.app_context():
        office = Actor("office", {}, "fr", True, {})
        one, other = db.session.scalars(
            sa.select(Submission.id).where(Submission.quarantine == "form_closed").order_by(Submission.title)
        )
        begin_writing()
        quarantine.accept(office, one, now=utcnow())
        quarantine.reject(office, other, note="Déjà saisie par Zahra.", now=utcnow())
        db.session.execute(sa.update(Instrument).values(is_open=True))
        db.session.commit()
    page.goto(f"{site}/field/#/outbox")
    rejected = page.locator("a.card.wrong")
    expect(rejected).to_contain_text("Rejetée")
    expect(rejected).to_contain_text("Motif : Déjà saisie par Zahra.")
    until(lambda: sorted(one["state"] for one in stored(page, "items")) == ["accepted", "quarantined"], "both are told")
    [kept] = [one for one in stored(page, "items") if one["state"] == "quarantined"]
    assert kept["rejected"]["at"]
    assert "Zahra" not in str(kept)
    page.context.set_offline(True)
    page.get_by_role("button", name="La retirer").click()
    page.locator("dialog.ask button.go").click()
    expect(rejected).to_be_visible()
    assert len(stored(page, "items")) == 2
    page.context.set_offline(False)


def test_a_locked_phone_reads_nothing_at_the_office(page, site):  # P12
    enter(page, site)
    ask = "fetch('/api/field/me', { headers: { 'X-Sync-Proto': '1' } }).then((one) => one.status)"
    begin_a_form(page, site, "تعاونية الأمل")
    page.goto(f"{site}/field/#/phone")
    page.get_by_role("button", name="Verrouiller").click()
    expect(page.locator("#pin")).to_be_visible()
    assert page.evaluate(ask) == 401
    assert [one["name"] for one in page.context.cookies() if one["name"] == "session"] == []
    office = page.context.new_page()
    office.goto(f"{site}/submissions")
    assert "/sign-in" in office.url
    office.close()
    unlock(page)
    page.goto(f"{site}/field/#/outbox")
    page.locator("main button.go").click()
    expect(page.locator("main .status")).to_contain_text("Tout est à jour")
    page.reload()
    unlock(page)
    page.locator("main button.go").click()
    expect(page.locator("main .status")).to_contain_text("Tout est à jour")


def test_a_forgotten_pin_without_network_lets_one_go_on_and_nothing_is_lost(page, site, application):  # P13, AS-10
    enter(page, site)
    begin_a_form(page, site, "تعاونية القديمة")
    page.goto(f"{site}/field/#/phone")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    until(
        lambda: page.evaluate(
            "caches.match(document.documentElement.dataset.more.split(' ').find((one) => one.includes('/later.'))).then(Boolean)"
        ),
        "all is kept",
    )
    until(lambda: [one for one in stored(page, "meta") if one["name"] == "server_key"], "the office's key is kept")
    page.context.set_offline(True)
    finish_a_form(page, site, "تعاونية الأولى")
    page.reload()
    page.get_by_role("link", name=re.compile("Code oublié, ou")).click()
    page.get_by_role("link", name="Code oublié et pas de réseau").click()
    expect(page.locator("main")).to_contain_text("reste scellé sur ce téléphone")
    page.get_by_role("button", name="Continuer avec un nouveau code").click()
    choose(page, OTHER)
    expect(page.locator(".start").first).to_be_visible()
    expect(drafts(page)).to_have_count(0)
    finish_a_form(page, site, "تعاونية الثانية")
    page.goto(f"{site}/field/#/phone")
    expect(page.locator(".note.asks")).to_contain_text("d’avant le nouveau code sont scellés")
    page.reload()
    unlock(page, PIN)
    expect(page.locator("#failure")).to_be_visible()
    unlock(page, OTHER)
    expect(page.locator(".note.asks")).to_be_visible()

    # Both are sent; of the second nobody has proven yet whose it is.
    page.context.set_offline(False)
    page.goto(f"{site}/field/#/outbox")
    page.locator("main button.go").click()
    until(lambda: [one["state"] for one in stored(page, "items")] == ["accepted", "quarantined"], "both are sent", 30)
    sign_in_again(page, site)
    page.goto(f"{site}/field/#/today")
    expect_draft(page, "تعاونية القديمة")
    page.goto(f"{site}/field/#/outbox")
    page.locator("main button.go").click()
    until(lambda: [one["state"] for one in stored(page, "items")] == ["accepted"] * 2, "the second counts", 30)
    with application.app_context():
        found = db.session.scalars(
            sa.select(Submission).where(Submission.id.in_([one["submission_id"] for one in stored(page, "items")]))
        )
        assert [(one.quarantine, one.author_id) for one in found] == [(None, stored(page, "items")[0]["owner"])] * 2
    page.reload()
    unlock(page, OTHER)
    page.goto(f"{site}/field/#/today")
    expect_draft(page, "تعاونية القديمة")


def sign_in_again(page: Page, site: str) -> None:
    """While the phone is open: no PIN is to be chosen."""
    page.goto(f"{site}/field/#/sign-in")
    page.locator("#username").fill("malika")
    page.locator("#password").fill(PASSWORD)
    page.locator("form.enter button.go").click()
    expect(page.locator(".checks")).to_be_visible()
