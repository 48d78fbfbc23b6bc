"""Pictures of every kind of question with every appearance, in Arabic and French, blank and answered, to look at.

    python scripts/every_question.py FOLDER [--width 360] [--only KIND]

Nothing of the documentation shows them; they are for the eyes of whoever changes a question.
"""

from __future__ import annotations

import argparse
import sys
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.e2e.device import ARGUMENTS, chromium_path  # noqa: E402
from tests.form import every  # noqa: E402
from tests.form.conftest import Handler, Phone  # noqa: E402

SECTIONS = [*every.asked_kinds(), "table", "grid", "media", "lists"]
# One answer each, as a thumb would give it.
ANSWER = """async () => {
  const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  for (const question of document.querySelectorAll(".q")) {
    const chosen = question.querySelectorAll("input[type=radio], input[type=checkbox]");
    if (chosen.length) chosen[Math.min(1, chosen.length - 1)].click();
    for (const typed of question.querySelectorAll("input.input, textarea")) {
      const moment = { date: "2019-06-15", time: "14:05", "datetime-local": "2026-11-30T10:00" }[typed.type];
      typed.value = moment ?? (typed.inputMode === "text" || typed.localName === "textarea" ? "https://example.ma/zerbiya" : "3");
      typed.dispatchEvent(new Event("input", { bubbles: true }));
      typed.dispatchEvent(new Event("change", { bubbles: true }));
      typed.dispatchEvent(new Event("blur"));
    }
    question.querySelector(".rank-move:not([disabled])")?.click();
    await wait(30);
  }
}"""


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--width", type=int, default=360)
    arguments.add_argument("--only", default="", help="kinds whose name begins so")
    given = arguments.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        for language in ("ar", "fr"):
            context = browser.new_context(
                viewport={"width": given.width, "height": 800},
                locale=f"{language}-MA",
                timezone_id="Africa/Casablanca",
                has_touch=True,
                geolocation={"latitude": 33.05, "longitude": -3.99, "accuracy": 8},
                permissions=["geolocation"],
            )
            phone = Phone(context, f"http://127.0.0.1:{server.server_port}/")
            phone.page.evaluate("(what) => harness.install(what)", every.instrument())
            phone.start("every")
            for place, section in enumerate(SECTIONS, 1):
                if not section.lower().startswith(given.only.lower()):
                    continue
                phone.open_section(place)
                phone.page.wait_for_timeout(400)
                phone.page.screenshot(path=given.folder / f"{section}-{language}.png", full_page=True)
                phone.page.evaluate(ANSWER)
                phone.page.wait_for_timeout(300)
                phone.page.evaluate("document.activeElement?.blur()")
                phone.page.screenshot(path=given.folder / f"{section}-{language}-answered.png", full_page=True)
                print(section, language, flush=True)
            context.close()
        browser.close()
    server.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
