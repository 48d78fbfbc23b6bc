"""Pictures of every screen, Arabic and French, phone and desk, into docs/screenshots: `make screenshots`.

    python scripts/screenshots.py [--only NAME] [--out FOLDER]

Made from the demonstration on a fresh database; nothing is retouched. Each is a WebP of at most 60 kB, which Chromium itself
encodes, so that no image library is needed.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import re
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from urllib.parse import quote

import pysqlite3
from playwright.sync_api import Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from app.demo import PASSWORD  # noqa: E402
from tests.e2e.conftest import serving  # noqa: E402
from tests.e2e.demonstration import answers, cooperatives, line_of, organisation_of, undiagnosed  # noqa: E402
from tests.e2e.device import PIN, Device, devices, photo_with_gps, until  # noqa: E402
from tests.e2e.filling import Filling  # noqa: E402

LARGEST = 60_000
PERSON = {"ar": "fatima", "fr": "khadija"}
FAULTY = """
| survey |
| | type | name | label::العربية (ar) | label::Français (fr) | relevant | constraint |
| | integr | age | العمر | Âge | | |
| | text | nom | الاسم | Nom | ${agee} > 18 | lenght(.) > 3 |
| | select_one souk | vente | أين تبيعون؟ | Où vendez-vous ? | | |
| settings |
| | form_title | form_id | version |
| | استبيان | essai | 1 |
"""
SOUND = """
| survey |
| | type | name | label::العربية (ar) | label::Français (fr) | relevant | constraint |
| | integer | age | العمر | Âge | | . < 120 |
| | text | nom | الاسم | Nom | ${age} > 18 | |
| settings |
| | form_title | form_id | version |
| | استبيان | essai | 1 |
"""
# A sound row, and five mistakes.
TABLE = """Nom;الجماعة;Province;pres_phone;coop_gender;members_w;registry_no
تعاونية تيفاوت (تجريبية);Guigou;Boulemane;0612 34 56 78;;12;DEMO-77
تعاونية تيزي (تجريبية);Gigou;Boulemane;;;;
تعاونية أدرار (تجريبية);Guigou;Boulemane;06123;féminin;douze;
;Guigou;Boulemane;;;;
"""
WORDS = {"ar": ("تشخيص", "الدورة"), "fr": ("Diagnostic", "formation")}


class Album:
    """Where pictures go. `only`: how the names begin of those to make."""

    def __init__(self, folder: Path, only: str) -> None:
        self.folder, self.only = folder, only
        self.made: list[str] = []

    def take(self, page: Page, name: str, *, whole: bool = False) -> None:
        if not name.startswith(self.only):
            return
        page.wait_for_timeout(400)
        page.evaluate("document.activeElement?.blur()")
        png = page.screenshot(full_page=whole, animations="disabled")
        for quality in (0.9, 0.8, 0.7, 0.55, 0.4, 0.3, 0.2):
            picture = as_webp(page, png, quality)
            if len(picture) <= LARGEST:
                break
        (self.folder / f"{name}.webp").write_bytes(picture)
        self.made.append(f"{name} {len(picture) // 1000} kB")
        print(self.made[-1], flush=True)


def as_webp(page: Page, png: bytes, quality: float) -> bytes:
    """In a page of its own, because ours allow no picture from elsewhere."""
    paper = page.context.new_page()
    encoded = paper.evaluate(
        """async ([data, quality]) => {
            const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
            const picture = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
            const canvas = new OffscreenCanvas(picture.width, picture.height);
            canvas.getContext("2d").drawImage(picture, 0, 0);
            const blob = await canvas.convertToBlob({ type: "image/webp", quality });
            const out = new Uint8Array(await blob.arrayBuffer());
            let text = "";
            for (const one of out) text += String.fromCharCode(one);
            return btoa(text);
        }""",
        [base64.b64encode(png).decode(), quality],
    )
    paper.close()
    return base64.b64decode(encoded)


def phone_pages(album: Album, device: Device, url: str, language: str) -> None:
    def take(name: str, *, whole: bool = False) -> None:
        album.take(page, f"phone-{name}-{language}", whole=whole)

    device.pin = None  # typed here, so that its pages are seen
    page = device.open(f"{url}/field/")
    expect(page.locator("#username")).to_be_visible()
    take("sign-in")
    page.locator("#username").fill(PERSON[language])
    page.locator("#password").fill(PASSWORD)
    page.locator("form.enter button.go").click()
    expect(page.locator("#pin-pin")).to_be_visible()
    take("pin")
    page.locator("#pin-pin").fill(PIN)
    page.locator("#pin-again").fill(PIN)
    page.locator("form.enter button.go").click()
    expect(page.locator(".checks li.done")).to_have_count(7, timeout=60_000)
    take("ready")
    device.offline(True)
    page.locator("main a.go").click()

    diagnostic, training = WORDS[language]
    organisation = organisation_of(PERSON[language])
    mine, fresh = cooperatives(organisation), undiagnosed(organisation)

    # A draft half-way, then Today with it.
    page.goto(f"{url}/field/#/registry")
    expect(page.locator("a.card").first).to_be_visible()
    take("registry")
    page.locator("input[type=search]").fill(fresh.ar)
    page.locator("a.card").first.click()
    expect(page.locator(".start").first).to_be_visible()
    page.locator(".start", has_text=diagnostic).click()
    expect(page.locator(".fill")).to_be_visible()
    take("consent")
    values = answers(line_of(PERSON[language], "diag"), date.today())
    del values["coop"]
    values |= {"d_sign": "picture", "photo_leg": "picture"}
    filling = Filling(page, values, photo_with_gps(page, device.profile.parent / f"{language}.jpg"))
    filling.to_the_end(stop_after="leg03")
    show(page, "ax_LEG/leg03")
    take("question")
    filling.fill_here(values, "photo_leg")
    show(page, "ax_LEG/photo_leg")
    take("photo")
    page.locator("button[aria-haspopup=dialog].pill").click()
    take("sections")
    page.go_back()
    filling.to_the_end(stop_after="fin02")
    filling.wait_saved()
    page.goto(f"{url}/field/#/today")
    expect(page.locator("a.card[href^='#/form/']").first).to_be_visible()
    take("today")
    page.locator("a.card[href^='#/form/']").first.click()
    expect(page.locator(".fill")).to_be_visible()
    filling.to_the_end(stop_after="d_sign")
    show(page, filling.answered[-1])
    take("signature")
    filling.to_the_end()
    take("finish")
    filling.finish()
    take("summary", whole=False)
    page.locator(".fill-foot .go").click()
    expect(page.locator(".room-page")).to_be_visible()
    take("room")
    page.go_back()
    expect(page.locator(".room")).to_have_count(0)

    page.goto(f"{url}/field/#/today")
    page.locator(".start", has_text=training).click()
    expect(page.locator(".fill")).to_be_visible()
    session = answers("train-hadaf", date(2026, 11, 3))
    session["part"] = session["part"][:10]
    for person in session["part"]:
        for name in [*person]:
            if name not in ("p_consent", "p_name", "p_sex", "p_age", "p_lit", "att"):
                del person[name]
    people = Filling(page, session)
    people.to_the_end(stop_after="part")
    page.evaluate("scrollTo(0, 120)")
    take("attendance")
    page.goto(f"{url}/field/#/outbox")
    take("outbox-waiting")
    device.offline(False)
    page.locator("main button.go").click()
    expect(page.locator(".chip", has_text=re.compile("التوصل|Reçu")).first).to_be_visible(timeout=30_000)
    take("outbox")
    page.goto(f"{url}/field/#/registry")
    page.locator("input[type=search]").fill(mine[0].ar)
    page.locator("a.card").first.click()
    expect(page.locator(".start").first).to_be_visible()
    take("record")
    page.goto(f"{url}/field/#/phone")
    expect(page.locator(".checks li.done")).to_have_count(7)
    take("phone")

    # One that came back, with the office's remark at its question: in the demonstration it is hers who works in Arabic.
    if language == "ar":
        page.goto(f"{url}/field/#/today")
        returned = page.locator(".card.fix").first
        expect(returned).to_be_visible()
        returned.click()
        expect(page.locator(".fill")).to_be_visible()
        while not page.locator(".blocks .remark").count():
            Filling(page, {}).next()
        page.locator(".blocks .remark").first.evaluate("(one) => one.closest('[data-path]').scrollIntoView({ block: 'center' })")
        take("correction")

    device.close()
    page = device.open(f"{url}/field/")
    expect(page.locator("#pin")).to_be_visible()
    take("unlock")


def show(page: Page, path: str) -> None:
    """The question in the middle of what is seen."""
    page.locator(f".blocks [data-path='{path}']").evaluate("(one) => one.scrollIntoView({ block: 'center' })")


def desk_pages(album: Album, device: Device, url: str, language: str) -> None:
    def take(name: str, *, whole: bool = False) -> None:
        album.take(page, f"desk-{name}-{language}", whole=whole)

    def visit(path: str, name: str) -> None:
        page.goto(f"{url}{path}")
        take(name)

    def follow(selector: str, name: str) -> None:
        address = page.locator(selector).first.get_attribute("href") or ""
        visit(with_language(address, in_language), name)

    page = device.open(f"{url}/sign-in?lang={language}")
    page.context.add_cookies([{"name": "lang", "value": language, "url": url}])
    take("sign-in")
    enter(page, "coordinator")
    in_language = f"lang={language}"
    visit(f"/submissions?{in_language}", "submissions")
    page.goto(f"{url}/submissions?form=diag&state=received&{in_language}")
    # The one with a photo.
    address = page.locator("main a[href*='/submissions/']", has_text="نسيج الأطلس").first.get_attribute("href") or ""
    visit(with_language(address, in_language), "submission")
    page.goto(f"{url}/submissions?form=diag&state=has_issues&{in_language}")
    address = page.locator("a[href*='/submissions/']").first.get_attribute("href") or ""
    visit(with_language(address, in_language), "returned")
    visit(f"/records/cooperatives/map?{in_language}", "map")
    page.goto(f"{url}/records/cooperatives/import?{in_language}")
    page.locator("input[type=file]").set_input_files({"name": "coops.csv", "mimeType": "text/csv", "buffer": TABLE.encode()})
    take("import")
    page.locator("main form:has(input[type=file]) button").click()
    take("import-checked")
    visit(f"/records/cooperatives?{in_language}", "records")
    address = page.locator("main a[href*='/records/cooperatives/0']").first.get_attribute("href") or ""
    visit(with_language(address, in_language), "record")
    visit(f"{address.partition('?')[0]}/correct?{in_language}", "record-correct")
    visit(f"/overview?{in_language}", "home")
    visit(f"/indicators?{in_language}", "indicators")
    follow("main a[href^='/indicators/']", "indicator")
    visit(f"/exports?{in_language}", "exports")
    visit(f"/quarantine?{in_language}", "quarantine")
    follow("main a[href^='/quarantine/']", "quarantine-case")
    page.set_viewport_size({"width": 360, "height": 800})
    visit(f"/submissions?{in_language}", "submissions-narrow")
    device.close()
    page = device.open(f"{url}/sign-in?lang={language}")
    page.context.clear_cookies()
    page.context.add_cookies([{"name": "lang", "value": language, "url": url}])
    page.goto(f"{url}/sign-in?lang={language}")
    enter(page, "admin")
    for path, name in (
        ("/instruments", "instruments"),
        ("/people", "people"),
        ("/phones", "phones"),
        ("/programmes", "programmes"),
        (f"/personal-data?q={quote('فاطمة')}", "personal-data"),
    ):
        visit(with_language(path, in_language), name)
        if name == "people":
            follow("main a[href^='/people/']:not([href*='/new'])", "person")
            visit(f"/people/new?{in_language}", "person-new")
        if name == "phones":
            follow("main a[href^='/phones/0']", "one-phone")
            visit(f"/phones/rescue?{in_language}", "rescue")
            visit(f"/phones/incidents?{in_language}", "incidents")
    page.goto(f"{url}/people?{in_language}")
    page.locator("main tr", has_text="fatima").locator("a[href^='/people/']").first.click()
    page.locator("form[action*='/phone-link'] button").click()
    take("phone-link")
    for name, survey in (("check-errors", FAULTY), ("trial", SOUND)):
        page.goto(f"{url}/instruments?{in_language}")
        page.locator("input[type=file]").first.set_input_files(
            {"name": "essai.md", "mimeType": "text/markdown", "buffer": survey.encode()}
        )
        page.locator("form[action*='/instruments/check'] button").first.click()
        if name == "trial":
            page.locator("form[action$='/instruments/drafts'] button").click()
            phone = page.frame_locator("iframe")
            phone.locator("main button.go").click()
            expect(phone.locator(".fill").first).to_be_visible(timeout=30_000)
        take(name)


def wait_checked(database: Path) -> None:
    """Until the server has computed every submission again."""

    def done() -> bool:
        with contextlib.closing(pysqlite3.connect(str(database))) as connection:
            return connection.execute("SELECT 1 FROM revisions WHERE check_state = 'waiting'").fetchone() is None

    until(done, "every submission is computed again", 240)


def with_language(address: str, in_language: str) -> str:
    return address + ("&" if "?" in address else "?") + in_language


def enter(page: Page, username: str) -> None:
    page.locator("[name=username]").fill(username)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main form button.go").click()
    expect(page).not_to_have_url(re.compile("sign-in"))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--only", default="", help="the beginning of the names of the pictures to make: phone, desk-sub")
    arguments.add_argument("--out", type=Path, default=ROOT / "docs" / "screenshots")
    given = arguments.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    album = Album(given.out, given.only)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright, devices(playwright) as new_device:
        folder = Path(name)
        with serving(folder, f"sqlite:///{folder / 'daftar.db'}") as url:
            wait_checked(folder / "daftar.db")
            sets: list[tuple[str, Callable[..., None], dict[str, int]]] = [
                ("phone", phone_pages, {}),
                ("desk", desk_pages, {"width": 1280, "height": 820}),
            ]
            for kind, draw, size in sets:
                for language in ("ar", "fr"):
                    if given.only.partition("-")[0] not in ("", kind):
                        continue
                    device = new_device(folder / f"{kind}-{language}", language, **size)
                    draw(album, device, url, language)
                    device.close()
    print(f"{len(album.made)} pictures in {given.out}")


if __name__ == "__main__":
    main()
