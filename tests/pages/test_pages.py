"""What the phone's pages promise around the form.

P1 the first opening says what to do, in both languages   P2 no network is said calmly, and nothing waits without words
P3 counts equal the stored truth                          P4 search finds a name across spellings and scripts
P5 each state of a finished form has words                P6 signing out deletes nothing
P7 what is deleted can be brought back                    P8 "back" goes where the person was, to the same place of the list
P9 every page is usable with a screen reader (axe)        P10 a correction begins where the remark is read
P11 a record opens with what was agreed, what is late first; Today names it
P12 a store that does not open is said before anything else, with what it held, and nobody is told that all is well (I-5)
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import PACKAGE, PASSWORD
from tests.e2e.device import BACKENDS, Device, stored
from tests.pages.conftest import SEED, Opener

pytestmark = [pytest.mark.browser, pytest.mark.sqlite_only]
AXE = Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js"

ASKS_COOPERATIVE: dict[str, Any] = {
    **PACKAGE,
    "form_id": "visit",
    "title": {"ar": "زيارة", "fr": "Visite"},
    "nodes": [
        PACKAGE["nodes"][0],
        {
            "i": 1,
            "parent": 0,
            "kind": "question",
            "name": "coop",
            "type": "select_one",
            "label": {"ar": "التعاونية", "fr": "Coopérative"},
            "choices": {"nodeset": 0, "list": "cooperatives", "value": "name", "label": "label"},
        },
    ],
    "expressions": [
        {
            "text": "instance('cooperatives')/root/item",
            "ast": ["path", ["fn", "instance", ["str", "cooperatives"]], [["child", "root", []], ["child", "item", []]]],
            "deps": [],
            "lists": ["cooperatives"],
        }
    ],
    "datasets": {"cooperatives": {"kind": "entities"}},
}

NAMES = [
    ("c1", "تعاونية تيفاوين", "Coopérative Tifaouine"),
    ("c2", "تعاونية الأمل", ""),
    ("c3", "تعاونية زهرة الرّحمة", ""),
    ("c4", "تعاونية إڭلي", ""),
]
COOPERATIVES = [{"id": id, "label": label, "coop_name_fr": french} for id, label, french in NAMES]

FULL: dict[str, Any] = {
    "last_success_at": int(time.time() * 1000) - 3 * 86_400_000,
    "instruments": [{"package": PACKAGE}, {"package": ASKS_COOPERATIVE}],
    "cooperatives": COOPERATIVES,
    "drafts": [
        {"id": "d1", "title": "تعاونية تيفاوين", "progress": {"at": 3, "of": 9, "label": {"ar": "المالية", "fr": "Finances"}}},
        {"id": "d2"},
    ],
    "items": [
        {"revision_id": "r1", "title": "تعاونية منتظرة", "photos": ["waiting", "waiting"]},
        {"revision_id": "r2", "title": "تعاونية أخرى"},
        {"revision_id": "r3", "title": "تعاونية وصلت", "state": "accepted", "receipt": 118, "photos": ["complete", "waiting"]},
        {"revision_id": "r4", "title": "تعاونية للتحقق", "state": "quarantined", "receipt": 119},
        {
            "revision_id": "r5",
            "title": "تعاونية مرفوضة",
            "state": "refused",
            "problem": {"code": "sync.too_large", "message": {"ar": "أكبر من الحد", "fr": "Trop grande"}},
        },
        {"revision_id": "r6", "title": "تعاونية محذوفة", "state": "gone"},
        {"revision_id": "r7", "submission_id": "s7", "title": "تعاونية مصادق عليها", "state": "accepted", "receipt": 90},
    ],
    "submissions": [
        {"id": "s7", "form_id": "diag", "title": "تعاونية مصادق عليها", "state": "approved", "revision_id": "r7", "remarks": []},
        {
            "id": "s8",
            "form_id": "diag",
            "title": "تعاونية قديمة",
            "state": "approved",
            "revision_id": "r8",
            "remarks": [],
            "received_at": "2025-11-21T18:42:00.000Z",
        },
    ],
}

OWNERS = [
    {"name": "coop", "label": {"ar": "التعاونية", "fr": "Coopérative"}},
    {"name": "facilitator", "label": {"ar": "المواكبة", "fr": "Facilitatrice"}, "side": "ours"},
]
AGREED: dict[str, Any] = {
    "instruments": [{"package": PACKAGE}, {"package": {**ASKS_COOPERATIVE, "lists": {"responsible": OWNERS}}}],
    "entities": [
        {"id": id, "list": "actions", "coop": "c1", "label": label, "status": status, "due": due, "responsible": owner}
        | {"agreed_on": "2025-10-12"}
        for id, label, status, due, owner in (
            ("a1", "مسك دفتر المبيعات", "todo", "2999-01-01", "coop"),
            ("a2", "فتح حساب بنكي", "ongoing", "2026-01-01", "facilitator"),
            ("a3", "تحيين اللائحة", "done", "2026-01-01", "coop"),
        )
    ]
    + [{"id": "c1", "list": "cooperatives", "label": "تعاونية تيفاوين", "last_visit": "2025-12-20"}],
}


def open_page(page: Page, site: str, hash: str = "") -> None:
    """Opens the app there, without network for what it would send."""
    page.route("**/api/**", lambda route: route.abort("internetdisconnected"))
    page.goto(f"{site}/field/{hash}")
    expect(page.locator("main h1, header h1").first).to_be_visible()


@pytest.mark.parametrize(
    ("language", "welcome", "step"), [("ar", "مرحبا", "مع وجود الشبكة"), ("fr", "Bienvenue", "avec du réseau")]
)
def test_the_first_opening_says_what_to_do(phone: Opener, site: str, language: str, welcome: str, step: str) -> None:  # P1
    page = phone(language)

    open_page(page, site)

    expect(page.locator("h1")).to_have_text(welcome)
    expect(page.locator(".checks li")).to_have_count(3)
    expect(page.locator(".checks li").first).to_contain_text(step)
    expect(page.locator("#username")).to_be_editable()
    expect(page.locator("nav.tabs")).to_be_hidden()
    page.get_by_role("button", name="Français" if language == "ar" else "العربية").click()
    expect(page.locator("h1")).to_have_text("Bienvenue" if language == "ar" else "مرحبا")
    assert page.evaluate("document.documentElement.dir") == ("ltr" if language == "ar" else "rtl")

    # A kill within the minute: what the browser writes late is lost.
    page.wait_for_function(
        "() => new Promise((told) => { indexedDB.open('daftar-outbox').onsuccess = ({ target: { result } }) => {"
        "  const asked = result.transaction('meta').objectStore('meta').get('language');"
        "  asked.onsuccess = () => { result.close(); told(asked.result?.value); }; }; })"
    )
    page.evaluate("localStorage.removeItem('daftar.language')")
    page.reload()
    expect(page.locator("h1")).to_have_text("Bienvenue" if language == "ar" else "مرحبا")


def test_signing_in_without_network_is_calm_and_keeps_what_was_typed(phone: Opener, site: str) -> None:  # P2
    page = phone("fr")
    open_page(page, site)

    page.fill("#username", "malika")
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")

    failure = page.locator("#failure")
    expect(failure).to_contain_text("Pas de réseau")
    expect(failure).not_to_have_class("note wrong")
    expect(page.locator("#username")).to_have_value("malika")
    expect(page.locator("button[type=submit]")).to_be_enabled()


def test_a_portal_and_a_wrong_password_are_told_apart(phone: Opener, site: str) -> None:  # P2
    page = phone("ar")
    page.goto(f"{site}/field/")
    page.fill("#username", "malika")
    page.fill("#password", "not this one")
    page.route("**/api/**", lambda route: route.fulfill(status=200, content_type="text/html", body="<h1>Wi-Fi</h1>"))
    page.click("button[type=submit]")
    expect(page.locator("#failure")).to_contain_text("ليس من خادمنا")
    page.unroute("**/api/**")

    page.click("button[type=submit]")

    expect(page.locator("#failure")).to_contain_text("كلمة السر غير صحيح")
    expect(page.locator("#password")).to_have_attribute("aria-invalid", "true")


def test_signing_in_gets_the_phone_ready_step_by_step(phone: Opener, site: str) -> None:  # P1
    page = phone("ar")
    page.goto(f"{site}/field/")
    page.fill("#username", "malika")
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")

    expect(page.locator("h1")).to_have_text("الهاتف جاهز", timeout=15_000)
    for step in ("النماذج", "الأماكن واللوائح", "ملفات منطقة التدخل", "ساعة الهاتف مضبوطة", "التطبيق يُفتح دون شبكة"):
        expect(page.locator(".checks li", has_text=step).first).to_have_class("done")
    page.get_by_role("button", name="Français").click()
    expect(page.locator("h1")).to_have_text("Le téléphone est prêt")
    page.get_by_role("button", name="العربية").click()

    page.locator("main a[href='#/today']").click()
    expect(page.locator(".start")).to_have_text("تشخيص التعاونية")
    page.context.set_offline(True)
    page.reload()
    expect(page.locator(".start")).to_have_text("تشخيص التعاونية")
    expect(page.locator(".status")).to_contain_text("لا توجد شبكة")


@pytest.mark.parametrize("language", ["ar", "fr"])
def test_the_counts_of_today_equal_what_is_stored(phone: Opener, site: str, language: str) -> None:  # P3
    page = phone(language, FULL)

    open_page(page, site)

    waiting = [item for item in stored(page, "items") if item["state"] == "waiting"]
    assert len(waiting) == 2
    said = {"ar": "استمارتان في انتظار الإرسال", "fr": "2 fiches à envoyer"}[language]
    expect(page.locator(".status")).to_contain_text(said)
    expect(page.locator(".badge")).to_have_text("2")
    drafts = page.locator("section", has=page.locator(".split"))
    expect(drafts.locator("h2 bdi")).to_have_text(str(len(stored(page, "drafts"))))
    expect(drafts.locator(".split")).to_have_count(2)
    expect(drafts).to_contain_text({"ar": "توقفت عند: ⁨المالية⁩", "fr": "Arrêt à\u00a0: ⁨Finances⁩"}[language])


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("الامل", ["c2"]),
        ("tifawin", ["c1"]),
        ("TIFAOUINE", ["c1"]),
        ("amal", ["c2"]),
        ("زهره الرحمه", ["c3"]),
        ("zahrat rahma", ["c3"]),
        ("اكلي", ["c4"]),
        ("igli", ["c4"]),
        ("xyz", []),
    ],
)
def test_search_finds_a_name_across_spellings(registry: Page, typed: str, found: list[str]) -> None:  # P4
    registry.fill("input[type=search]", typed)

    rows = registry.locator("a.card")
    expect(rows).to_have_count(len(found))
    assert [row.get_attribute("href") for row in rows.all()] == [f"#/record/cooperatives/{id}" for id in found]
    if not found:
        expect(registry.locator(".empty")).to_contain_text("لا توجد تعاونية باسم")


@pytest.fixture(scope="module")
def registry(browser: Browser, site: str) -> Iterator[Page]:
    """One phone for all the searches: they change nothing."""
    context = browser.new_context(viewport={"width": 360, "height": 800}, locale="ar-MA")
    page = context.new_page()
    page.goto(f"{site}/static/js/core/clock.js")
    page.evaluate(SEED, FULL)
    open_page(page, site, "#/registry")
    expect(page.locator("a.card")).to_have_count(4)
    yield page
    context.close()


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("تعاونية منتظرة", ["في انتظار الإرسال", "تُرسل صورتان بعد النص"]),
        ("تعاونية وصلت", ["وصل النص", "رقم ⁨118⁩", "تم التوصل بـ1 من 2"]),
        ("تعاونية للتحقق", ["قيد التحقق", "وصلت وهي محفوظة"]),
        ("تعاونية مرفوضة", ["تعذر قبولها", "أكبر من الحد", "حفظ نسخة"]),
        ("تعاونية محذوفة", ["محذوفة من الخادم", "إخفاؤها"]),
        ("تعاونية مصادق عليها", ["مصادق عليها", "رقم 90", "اكتملت:"]),
        ("تعاونية قديمة", ["مصادق عليها", "21 نونبر 2025"]),  # its answers left the phone
    ],
)
def test_each_state_of_a_finished_form_has_words(outbox: Page, title: str, words: list[str]) -> None:  # P5
    row = outbox.locator("main li", has=outbox.locator("strong", has_text=title))

    expect(row).to_have_count(1)
    for text in words:
        assert text.replace("\u2068", "").replace("\u2069", "") in row.inner_text().replace("\u2068", "").replace("\u2069", "")


@pytest.fixture(scope="module")
def outbox(browser: Browser, site: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 360, "height": 800}, locale="ar-MA")
    page = context.new_page()
    page.goto(f"{site}/static/js/core/clock.js")
    page.evaluate(SEED, FULL)
    open_page(page, site, "#/outbox")
    expect(page.locator(".status")).to_contain_text("لا توجد شبكة")
    yield page
    context.close()


def test_sending_without_network_ends_with_words_and_keeps_everything(phone: Opener, site: str) -> None:  # P2, P3
    page = phone("fr", FULL)
    open_page(page, site, "#/outbox")

    page.get_by_role("button", name="Envoyer et mettre à jour").click()

    expect(page.locator(".status")).to_contain_text("Pas de réseau")
    expect(page.get_by_role("button", name="Envoyer et mettre à jour")).to_be_enabled()
    assert len(stored(page, "items")) == len(FULL["items"])


def test_signing_out_deletes_nothing_and_says_what_waits(phone: Opener, site: str) -> None:  # P6, AS-05
    page = phone("ar", FULL)
    open_page(page, site, "#/phone")
    before = {store: stored(page, store) for store in ("drafts", "items", "receipts")}

    page.get_by_role("button", name="تسجيل الخروج").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("لن يُحذف أي شيء")
    expect(dialog).to_contain_text("استمارتان في انتظار الإرسال")
    dialog.get_by_role("button", name="تسجيل الخروج").click()

    expect(page.locator("#username")).to_be_visible()
    expect(page.locator("main")).to_contain_text("ما اكتمل في هذا الهاتف يُرسل دون تسجيل الدخول")
    assert {store: stored(page, store) for store in before} == before
    page.goto(f"{site}/field/#/today")
    expect(page.locator("#username")).to_be_visible()


def test_a_deleted_draft_can_be_brought_back(phone: Opener, site: str) -> None:  # P7
    page = phone("fr", FULL)
    open_page(page, site)
    remove = page.get_by_role("button", name="Supprimer le brouillon").first

    remove.click()
    page.get_by_role("dialog").get_by_role("button", name="Garder").click()
    assert len(stored(page, "drafts")) == 2
    remove.click()
    page.get_by_role("dialog").get_by_role("button", name="Supprimer").click()
    expect(page.locator(".split")).to_have_count(1)
    assert len(stored(page, "drafts")) == 1
    page.get_by_role("button", name="Annuler").click()

    expect(page.locator(".split")).to_have_count(2)
    assert {draft["id"] for draft in stored(page, "drafts")} == {"d1", "d2"}


def test_back_returns_to_the_same_place_of_the_list(phone: Opener, site: str) -> None:  # P8
    many = [{"id": f"m{i:03}", "label": f"تعاونية {i:03}"} for i in range(300)]
    page = phone("ar", FULL | {"cooperatives": many})
    open_page(page, site)
    page.locator("nav a[href='#/registry']").click()
    expect(page.locator("h1")).to_have_text("التعاونيات")
    row = page.locator("a.card", has_text="تعاونية 070")
    for _ in range(12):
        page.mouse.wheel(0, 1500)
        page.wait_for_timeout(50)
    row.scroll_into_view_if_needed()
    before = page.evaluate("scrollY")

    row.click()
    expect(page.locator("h1")).to_have_text("تعاونية 070")
    assert page.evaluate("scrollY") == 0
    page.go_back()

    expect(page.locator("h1")).to_have_text("التعاونيات")
    expect(row).to_be_in_viewport()
    assert abs(page.evaluate("scrollY") - before) < 5
    page.locator("nav a[href='#/outbox']").click()
    expect(page.locator("h1")).to_have_text("الإرسال")
    page.go_back()
    expect(page.locator("h1")).to_have_text("اليوم")


def test_a_form_begins_from_the_record_with_the_record_chosen(phone: Opener, site: str) -> None:  # P8
    page = phone("ar", FULL | {"drafts": []})
    open_page(page, site, "#/record/cooperatives/c2")
    expect(page.locator(".start")).to_have_text("زيارة")

    page.locator(".start").dblclick()

    expect(page.locator(".fill h1")).to_contain_text("الأمل")
    (draft,) = stored(page, "drafts")
    assert draft["subject"] == {"list": "cooperatives", "id": "c2"}
    assert page.evaluate("location.hash") == f"#/form/{draft['id']}"
    page.go_back()
    expect(page.locator("h1")).to_have_text("تعاونية الأمل")
    expect(page.locator(f"a[href='#/form/{draft['id']}']")).to_be_visible()


def test_a_record_opens_with_what_was_agreed_and_what_is_late_first(phone: Opener, site: str) -> None:  # P11
    page = phone("fr", FULL | AGREED)
    open_page(page, site, "#/record/cooperatives/c1")

    rows = page.locator(".brief > .agreed > li")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("فتح حساب بنكي")
    expect(rows.first.locator(".chip")).to_have_text(re.compile(r"\d+ jours de retard"))
    expect(rows.first).to_contain_text("Facilitatrice")
    expect(rows.last.locator(".chip")).to_have_count(0)
    expect(page.locator(".brief h2 + .soft")).to_have_text("12 octobre 2025")  # nothing was agreed at the last visit
    expect(page.locator(".brief")).to_contain_text(re.compile("dernière visite : .20 décembre 2025"))
    expect(page.locator(".bring")).to_have_count(0)  # a promise is no thing to bring
    expect(page.locator(".brief summary")).to_contain_text("1 action close")

    page.goto(f"{site}/field/#/today")
    expect(page.locator("a.card[href='#/record/cooperatives/c1']")).to_contain_text("1 action en retard")


def test_what_the_office_returned_opens_as_a_correction(phone: Opener, site: str) -> None:  # P10
    page = phone("ar", FULL | {"drafts": []})
    sha256 = page.evaluate(
        """async ({ envelope, remark }) => {
            const { openPhone } = await import("/static/js/store/phone.js");
            const phone = await openPhone();
            const [row] = (await phone.catalogue.instruments("programme")).filter((one) => one.form_id === "diag");
            const sent = JSON.stringify({ ...envelope, form_version: row.version, form_sha256: row.sha256 });
            const { form_id, title, revision_id } = envelope;
            const data = { form_id, title, revision_id, state: "has_issues", envelope: sent, remarks: [remark] };
            const changes = [{ seq: 99, kind: "submission", op: "put", id: "s9", data }];
            await phone.catalogue.apply("programme", { changes, next_cursor: "e", more: false, high_water: 1000 });
            await phone.close();
            return row.sha256;
        }""",
        {
            "envelope": {
                "form_id": "diag",
                "programme_id": "programme",
                "submission_id": "s9",
                "revision_id": "r9",
                "subject": None,
                "title": "تعاونية الأمل",
                "answers": {"grp_fig": {"k_ca": "4200000"}},
                "attachments": [],
            },
            "remark": {
                "id": "m",
                "question": "grp_fig/k_ca",
                "text": "هل هو بالسنتيم؟",
                "author": "x",
                "at": "2026-11-20T10:00:00Z",
            },
        },
    )
    open_page(page, site)
    card = page.locator(".card.fix")
    expect(card).to_contain_text("هل هو بالسنتيم؟")

    card.click()

    expect(page.locator("h1")).to_contain_text("تعاونية الأمل")
    (draft,) = stored(page, "drafts")
    assert (draft["parent_revision_id"], draft["submission_id"], draft["form_sha256"]) == ("r9", "s9", sha256)
    page.go_back()
    expect(card).to_contain_text("بدأ التصحيح")
    card.click()
    expect(page.locator("h1")).to_contain_text("تعاونية الأمل")
    assert len(stored(page, "drafts")) == 1


def test_a_finished_form_is_received_and_back_is_today(phone: Opener, site: str) -> None:  # P5, P8
    page = phone("ar")
    page.goto(f"{site}/field/")
    page.fill("#username", "malika")
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")
    page.locator("main a[href='#/today']").click()
    page.wait_for_load_state("networkidle")  # the list is drawn again when the pull that follows signing in ends
    page.locator(".start").click()
    page.get_by_label("اسم التعاونية").fill("تعاونية الأمل")

    for section in ("الهوية", "الأرقام", "مراجعة"):
        expect(page.locator("main h2").first).to_contain_text(section)
        page.locator("footer .go").click()
    expect(page).to_have_url(re.compile("#/summary/"))
    page.go_back()

    expect(page.locator("h1")).to_have_text("اليوم")
    expect(page.locator(".split")).to_have_count(0)
    expect(page.locator(".status")).to_contain_text("كل ما سجلته تم التوصل به")
    page.locator(".status").click()
    (receipt,) = stored(page, "receipts")
    row = page.locator("main li", has_text="تشخيص التعاونية")
    expect(row).to_contain_text("تم التوصل بها")
    expect(row).to_contain_text(str(receipt["server_seq"]))


def test_too_many_tries_say_when_to_try_again(phone: Opener, site: str) -> None:  # P2
    page = phone("fr")
    page.goto(f"{site}/field/")
    for _ in range(12):
        page.fill("#username", "malika-2")
        page.fill("#password", "wrong one")
        page.click("button[type=submit]")
        expect(page.locator("#failure")).to_be_visible()
        if page.locator("#failure", has_text="Trop d’essais").count():
            break

    expect(page.locator("#failure")).to_contain_text(re.compile(r"réessayez dans .*\d+ (seconde|minute)"))
    expect(page.locator("button[type=submit]")).to_be_disabled()


@pytest.mark.parametrize("language", ["ar", "fr"])
def test_every_page_is_usable_with_a_screen_reader(phone: Opener, site: str, language: str) -> None:  # P9
    page = phone(language, FULL | AGREED)
    open_page(page, site)
    titles = set()
    for hash in ("#/today", "#/registry", "#/record/cooperatives/c1", "#/outbox", "#/phone", "#/sign-in"):
        page.goto(f"{site}/field/{hash}")
        expect(page.locator("main")).to_be_visible()
        page.wait_for_timeout(300)
        page.evaluate(AXE.read_text("utf-8"))
        found = page.evaluate("axe.run({ resultTypes: ['violations'] })")["violations"]
        bad = [
            (one["id"], [node["html"] for node in one["nodes"]][:2]) for one in found if one["impact"] in ("serious", "critical")
        ]
        assert bad == [], f"{language} {hash}"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{language} {hash} is wider than the phone"
        titles.add(page.title())
    assert len(titles) == 6


def test_a_draft_of_an_older_version_says_that_a_newer_one_is_here(phone: Opener, site: str) -> None:
    drafts = [
        {"id": "d1", "title": "تعاونية تيفاوين", "form_sha256": "0" * 64},
        {"id": "d2", "title": "تعاونية أركان", "form_sha256": "0" * 64, "parent_revision_id": "r0"},
    ]
    page = phone("ar", {"instruments": [{"package": PACKAGE}], "drafts": drafts})
    open_page(page, site, "#/today")
    expect(page.locator("li", has_text="تيفاوين")).to_contain_text("صيغة أحدث")
    expect(page.locator("li", has_text="أركان")).to_be_visible()
    expect(page.locator("li", has_text="أركان")).not_to_contain_text("صيغة أحدث")


def test_a_store_that_does_not_open_is_said_with_what_it_held(playwright, tmp_path: Path, site: str) -> None:  # P12
    """Chromium's newer store of IndexedDB refuses a damaged file instead of beginning an empty one."""
    device = Device(playwright, tmp_path / "profile", "fr", arguments=BACKENDS["sqlite"])
    page = device.open(f"{site}/static/js/core/clock.js")
    page.evaluate(SEED, {"items": FULL["items"], "drafts": [{"id": "d1"}]})
    page.goto(f"{site}/field/#/today")
    expect(page.locator(".app nav")).to_be_visible()
    page.wait_for_timeout(500)
    device.close()
    for file in (tmp_path / "profile/Default/IndexedDB").rglob("*"):
        if file.is_file():
            file.write_bytes(b"Z" * file.stat().st_size)
    page = device.open(f"{site}/field/#/today")
    words = page.get_by_role("alert")
    expect(words).to_contain_text("La mémoire du téléphone ne s’ouvre pas")
    expect(words).to_contain_text(re.compile(r"3\sfiches.*1\sbrouillon"))
    expect(page.locator(".boot")).to_be_hidden()
    device.close()
