"""What the phone tells of itself: to the office in its reports, and to the person about date, data and Wi-Fi.

T1  a report names what is unsent, counts the photos, and says how far the clock is off
T2  once photos have gone, the office hears that they have
T3  photos wait for Wi-Fi where the person asked it and the browser can tell; texts never do; by hand they go all the same
T4  a date that is far off is said: measured, or, where nobody answers, against the last contact and the day the page was made
T5  what went over the network this month is counted, and next month begins at nothing
"""

from __future__ import annotations

import time
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.phone.conftest import run
from tests.phone.office import Office

pytestmark = pytest.mark.browser

SIGN_IN = "await tools.signedIn();"
BY_MOBILE = "Object.defineProperty(navigator, 'connection', {value: {type: 'cellular'}, configurable: true});"
BY_WIFI = "Object.defineProperty(navigator, 'connection', {value: {type: 'wifi'}, configurable: true});"
UNTOLD = "Object.defineProperty(navigator, 'connection', {value: undefined, configurable: true});"


def now(page: Page, reason: str = "button") -> dict[str, Any]:
    return run(page, "await sync.now({reason: arg}); return sync.state;", reason)


def with_photo(page: Page) -> dict[str, Any]:
    return run(
        page,
        """const photo = await phone.files.put(tools.bytes(30000, Math.random() * 1e6 | 0), {type: "image/jpeg"});
           return tools.finished(phone, {files: [{name: "a.jpg", question: "q", ...photo}]});""",
    )


def reports(office: Office) -> list[dict[str, Any]]:
    return [sent["report"] for sent in office.sent("/api/sync/push")]


def test_a_report_names_what_the_phone_still_holds(page, office):  # T1
    run(page, SIGN_IN)
    refused = run(page, "return (await tools.finished(phone)).revision_id")
    office.verdict = lambda item: {"result": "malformed"} if item["revision_id"] == refused else None
    now(page)
    run(page, "await phone.meta.set('reported_at', 0)")
    now(page)
    last = reports(office)[-1]
    assert (last["unsent"], last["unsent_ids"]) == (1, [refused])
    assert abs(last["skew"]) < 60_000
    assert last["persisted"] in (True, False)


def test_the_office_hears_when_the_photos_have_gone(page, office):  # T2
    run(page, SIGN_IN)
    with_photo(page)
    now(page)
    photos = [one["photos"] for one in reports(office)]
    assert photos[0] == 1
    assert photos[-1] == 0
    before = len(photos)
    now(page)
    assert len(reports(office)) == before


def test_photos_wait_for_wifi_and_texts_do_not(page, office):  # T3
    run(page, SIGN_IN + BY_MOBILE + "await phone.meta.set('photos_by_wifi', true);")
    with_photo(page)
    state = now(page)
    assert len(office.items) == 1
    assert (state["photos_pending"], state["photos_held"], state["phase"]) == (1, True, "idle")
    assert not [one for one in office.log if one[0] == "PATCH"]
    run(page, BY_WIFI)
    state = now(page, "online")
    assert (state["photos_pending"], state["photos_held"]) == (0, False)


def test_photos_that_wait_can_be_sent_by_hand(page, office):  # T3
    run(page, SIGN_IN + BY_MOBILE + "await phone.meta.set('photos_by_wifi', true);")
    with_photo(page)
    assert now(page)["photos_held"] is True
    state = now(page, "photos")
    assert (state["photos_pending"], state["photos_held"]) == (0, False)


def test_where_the_browser_cannot_tell_photos_go(page, office):  # T3
    run(page, SIGN_IN + UNTOLD + "await phone.meta.set('photos_by_wifi', true);")
    with_photo(page)
    assert now(page)["photos_pending"] == 0


def test_a_measured_date_that_is_far_off_is_said(page, office):  # T4
    run(page, SIGN_IN)
    assert now(page)["clock_wrong"] is False
    office.now = lambda: int(time.time() * 1000) + 40 * 86_400_000
    assert now(page)["clock_wrong"] is True
    office.now = lambda: int(time.time() * 1000)
    assert now(page)["clock_wrong"] is False


@pytest.mark.parametrize(("days", "wrong"), [(-56 * 365, True), (12 * 365, True), (400, True), (90, False), (0, False)])
def test_where_nobody_answers_the_date_is_held_against_the_last_contact(page, office, days, wrong):  # T4
    run(page, SIGN_IN)
    now(page)
    run(page, f"const real = Date.now; Date.now = () => real() + {days} * 86400000;")
    office.fault = lambda: (_ for _ in ()).throw(OSError)  # the connection is cut before an answer
    page.route("**/api/**", lambda route: route.abort("connectionfailed"))
    state = now(page)
    assert (state["phase"], state["clock_wrong"]) == ("offline", wrong)


def test_before_the_first_contact_the_date_is_held_against_the_day_the_page_was_made(page):  # T4
    page.route("**/api/**", lambda route: route.abort("connectionfailed"))
    found = run(
        page,
        """
        document.documentElement.dataset.made = new Date().toISOString().slice(0, 10);
        const phone = await tools.openPhone();
        const sync = tools.createSync({ phone, fetch: fetch.bind(globalThis), app: "test" });
        await phone.meta.setAll({ person: { id: "amina", programmes: [] }, device: { id: "d", credential: "c" } });
        const real = Date.now, found = [];
        for (const days of [0, -2000, 400]) {
          Date.now = () => real() + days * 86400000;
          await sync.now({ reason: "button" });
          found.push([sync.state.phase, sync.state.clock_wrong]);
        }
        return found;
        """,
    )
    assert found == [["offline", False], ["offline", True], ["offline", True]]


def test_what_went_over_the_network_is_counted_by_month(page, office):  # T5
    run(page, SIGN_IN)
    now(page)
    before = run(page, "return phone.meta.get('data_used')")
    assert before["bytes"] > 1000
    with_photo(page)
    now(page)
    after = run(page, "return phone.meta.get('data_used')")
    assert 30_000 < after["bytes"] - before["bytes"] < 60_000
    run(page, "await phone.meta.set('data_used', {month: '2020-01', bytes: 1e9})")
    now(page)
    assert run(page, "return phone.meta.get('data_used')")["bytes"] < 100_000
