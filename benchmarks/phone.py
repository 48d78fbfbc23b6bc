"""The phone's budgets, measured in Chromium at 360×800 against a server with the demonstration: `make bench`.

    python benchmarks/phone.py [--runs 7]

Bytes: the files that the page and its worker fetched until "ready for offline", asked again with gzip (and with brotli, which
browsers take over HTTPS); bodies and headers apart; instruments, lists and records apart. What the phone fetches once it is
ready (AFTERWARDS) is a line of its own. Starts are measured on a phone of a programme without PIN, and on one with it: to the
field for the PIN, and from the PIN to Today, the hand between them apart. Times: the processor slowed four times (CDP
Emulation.setCPUThrottlingRate), taken inside the page, from the event to the frame after the change. A budget that is missed
is printed, never an error: time depends on the machine.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import pysqlite3
from playwright.sync_api import Page, expect, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from app.demo import PASSWORD, PROGRAMME
from tests.conftest import ROOT
from tests.e2e.conftest import serving
from tests.e2e.device import PIN, Device, devices, until

SLOWDOWN = 4
ATTENDANCE_SLOWDOWN = 6
PEOPLE, DAYS = 60, 5
# Records, the list of what was sent, the other language; the worker that delivers while no page is open.
AFTERWARDS = re.compile(r"/field/(later|fr|drain)\b")

# Kept in the page: when a change became visible. A frame after the mutation has been painted when the next one begins.
WATCH = """
window.measure = {
  async painted() {
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    return performance.now();
  },
  /**
   * From the pointer's event to the end of the first frame that paints what `changed` sees. A browser hands a tap over at the
   * beginning of a frame, as here; a timer set within a frame fires once it is painted.
   */
  tap(target, changed) {
    return new Promise((done) => {
      let start = 0;
      addEventListener("click", (event) => { start = event.timeStamp; }, { capture: true, once: true });
      const look = () => (changed() ? setTimeout(() => done(performance.now() - start)) : requestAnimationFrame(look));
      requestAnimationFrame(() => { target.click(); look(); });
    });
  },
};
for (const [name, selector] of [["todayUsable", "main.content .start"], ["pinUsable", "#pin"]])
  new MutationObserver((_, observer) => {
    if (!document.querySelector(selector)) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => { window[name] = performance.now(); }));
  }).observe(document, { childList: true, subtree: true });
"""


def fetched(url: str, encoding: str = "gzip") -> tuple[int, int]:
    """Bytes of the body, packed so, and of the headers."""
    request = urllib.request.Request(url, headers={"Accept-Encoding": encoding})
    with urllib.request.urlopen(request) as answer:
        body = answer.read()
        headers = sum(len(name) + len(value) + 4 for name, value in answer.headers.items()) + 17
        return len(body), headers


def throttle(page: Page, rate: int) -> None:
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": rate})


def sign_in(device: Device, url: str) -> tuple[Page, list[str]]:
    """The phone made ready; the addresses it asked for."""
    page = device.open()
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(request.url))
    page.goto(f"{url}/field/", wait_until="domcontentloaded")
    page.locator("#username").fill("fatima")
    page.locator("#password").fill(PASSWORD)
    page.locator("form.enter button.go").click()
    expect(page.locator(".checks li.done")).to_have_count(7, timeout=60_000)
    page.locator("main a.go").click()
    expect(page.locator("main.content .start").first).to_be_visible()
    kept = page.evaluate(
        """async () => {
            const found = [];
            for (const name of (await caches.keys()).filter((one) => one.startsWith("shell-")))
                for (const request of await (await caches.open(name)).keys()) found.push(request.url);
            return found;
        }"""
    )
    manifest = page.evaluate("document.querySelector('link[rel=manifest]')?.href ?? ''")
    icons = []
    if manifest:
        with urllib.request.urlopen(manifest) as answer:
            described = json.load(answer)
        # A phone takes the one that fits its screen, plain and maskable.
        icons = [url + one["src"] for one in described["icons"] if one["sizes"] == "192x192"]
    return page, sorted(asked | set(kept) | {f"{url}/sw.js", f"{url}/field/drain.js", manifest, *icons} - {""})


def warm_start(page: Page, url: str) -> float:
    """From the start of the navigation to a Today that can be used, everything from the phone."""
    page.goto("about:blank")
    throttle(page, SLOWDOWN)
    page.goto(f"{url}/field/", wait_until="commit")
    until(lambda: page.evaluate("window.todayUsable ?? 0"), "Today is usable", 30)
    return float(page.evaluate("window.todayUsable"))


def locked_start(page: Page, url: str) -> tuple[float, float]:
    """From the start of the navigation to a field for the PIN; from the tap that unlocks to a Today that can be used."""
    page.goto("about:blank")
    throttle(page, SLOWDOWN)
    page.goto(f"{url}/field/", wait_until="commit")
    until(lambda: page.evaluate("window.pinUsable ?? 0"), "the PIN is asked", 30)
    page.locator("#pin").fill(PIN)
    page.evaluate("""() => {
        addEventListener("click", (event) => { window.unlocked = event.timeStamp; }, { capture: true, once: true });
        document.querySelector("form.enter button.go").click();
    }""")
    until(lambda: page.evaluate("window.todayUsable ?? 0"), "Today is usable", 30)
    asked, opened = page.evaluate("[pinUsable, todayUsable - unlocked]")
    return float(asked), float(opened)


def starts_with_pin(device: Device, url: str, runs: int) -> list[tuple[float, float]]:
    """locked_start, some times, on a phone made ready in a programme that asks for a PIN."""
    sign_in(device, url)
    device.close()
    device.pin = None  # from here on the measuring hand types it
    page = device.open()
    page.context.add_init_script(WATCH)
    found = [locked_start(page, url) for _ in range(runs)]
    device.close()
    return found


def open_diagnostic(page: Page, url: str) -> float:
    """From the tap on "diagnostic" to its first questions on the screen."""
    page.goto(f"{url}/field/#/today")
    expect(page.locator("main.content .start").first).to_be_visible()
    throttle(page, SLOWDOWN)
    return float(
        page.evaluate(
            """() => measure.tap([...document.querySelectorAll(".start")].find((one) => /تشخيص/.test(one.textContent)),
                () => document.querySelectorAll(".fill .blocks .q").length > 0)"""
        )
    )


def answering(page: Page) -> list[float]:
    """Every choice of the first axis, tapped at the slowed speed; the time to the mark on the choice."""
    throttle(page, 1)
    go_to_section(page, "القانونية")
    throttle(page, SLOWDOWN)
    times = []
    for number in range(page.locator(".blocks .q .options").count()):
        for choice in (1, 3):
            times.append(
                page.evaluate(
                    """([number, choice]) => {
                        const label = document.querySelectorAll(".blocks .q .options")[number].children[choice];
                        return measure.tap(label.querySelector("input"), () => label.classList.contains("on"));
                    }""",
                    [number, choice],
                )
            )
            page.wait_for_timeout(120)
    return times


def go_to_section(page: Page, words: str) -> None:
    page.locator("button[aria-haspopup=dialog].pill").click()
    page.locator("dialog.jump .jump-item", has_text=words).first.click()
    expect(page.locator(".fill-status h2")).to_contain_text(words)


def attendance(page: Page, url: str) -> list[float]:
    """A training with 60 people and 5 days: the time from a tap in a cell to its mark."""
    page.goto(f"{url}/field/#/today")
    throttle(page, 1)
    page.locator(".start", has_text="الدورة").click()
    expect(page.locator(".fill")).to_be_visible()
    for name, value in (("date_start", "2026-11-02"), ("date_end", "2026-11-06"), ("n_days", str(DAYS))):
        page.locator(f"[data-path$='/{name}'] input").first.fill(value)
    go_to_section(page, "الموافقة")
    page.locator("[data-path$='/consent_read'] label.option").first.click()
    go_to_section(page, "المشارك")
    for number in range(PEOPLE):
        page.locator("form.quick-add .option").first.click()
        page.locator("form.quick-add input.input").fill(f"مشاركة {number + 1}")
        page.locator("form.quick-add input.input").press("Enter")
    expect(page.locator("button.person")).to_have_count(PEOPLE)
    throttle(page, ATTENDANCE_SLOWDOWN)
    times = []
    for number in range(0, PEOPLE * DAYS, 13):
        times.append(
            page.evaluate(
                """(number) => {
                    const cell = document.querySelectorAll("table.grid button.cell")[number];
                    return measure.tap(cell, () => cell.textContent !== "");
                }""",
                number,
            )
        )
        page.wait_for_timeout(60)
    return times


def envelope_bytes(folder: Path) -> tuple[int, int]:
    """The largest diagnostic of the demonstration, as the phone froze it and compressed as it is sent."""
    with contextlib.closing(pysqlite3.connect(str(folder / "daftar.db"))) as database:
        rows = database.execute(
            "SELECT r.body FROM revisions r JOIN submissions s ON s.id = r.submission_id WHERE s.form_id = 'diag'"
        ).fetchall()
    largest = max((gzip.decompress(body) for (body,) in rows), key=len)
    return len(largest), len(gzip.compress(largest, 6))


def line(what: str, measured: str, budget: str, kept: bool) -> str:
    return f"| {what} | {measured} | {budget} | {'yes' if kept else '**no**'} |"


def spread(times: Sequence[float]) -> str:
    ordered = sorted(times)
    return f"{statistics.median(times):.0f} ms (p90 {ordered[int(len(ordered) * 0.9)]:.0f}, n {len(times)})"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--runs", type=int, default=7, help="how often a start is measured")
    runs = arguments.parse_args().runs
    lines = []
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright, devices(playwright) as new_device:
        folder = Path(name)
        database = f"sqlite:///{folder / 'daftar.db'}"
        with serving(folder, database) as url:
            asked, opened = zip(*starts_with_pin(new_device(folder / "locked", "ar", quick_pin=False), url, runs), strict=True)
            environment = os.environ | {"DAFTAR_INSTANCE": str(folder), "DATABASE_URL": database}
            command = [sys.executable, "-m", "flask", "--app", "app", "keys", "pin", PROGRAMME, "off"]
            subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
            phone = new_device(folder / "profile", "ar", quick_pin=False)
            page, addresses = sign_in(phone, url)
            page.context.add_init_script(WATCH)
            found = {one: fetched(one) for one in addresses if "/api/" not in one}
            sizes = {one: size for one, size in found.items() if not AFTERWARDS.search(one)}
            bodies, headers = (sum(size[part] for size in sizes.values()) for part in (0, 1))
            rest = sum(size[0] for one, size in found.items() if one not in sizes)
            for one, size in sorted(found.items(), key=lambda item: -item[1][0]):
                print(f"{size[0]:8} {one.removeprefix(url)}", file=sys.stderr)
            lines.append(
                line(
                    "downloaded before ready for offline, gzip",
                    f"{bodies / 1000:.1f} kB in {len(sizes)} files (and {headers / 1000:.1f} kB of headers)",
                    "≤ 100 kB",
                    bodies <= 100_000,
                )
            )
            lines.append(line("and once it is ready", f"{rest / 1000:.1f} kB in {len(found) - len(sizes)} files", "–", True))
            smaller = [sum(fetched(one, "br")[0] for one in found if (one in sizes) == first) / 1000 for first in (True, False)]
            lines.append(line("both as brotli", f"{smaller[0]:.1f} and {smaller[1]:.1f} kB", "–", True))
            starts = [warm_start(page, url) for _ in range(runs)]
            lines.append(line("warm start to a usable Today", spread(starts), "≤ 700 ms", statistics.median(starts) <= 700))
            lines.append(line("start to a field for the PIN", spread(asked), "≤ 700 ms", statistics.median(asked) <= 700))
            lines.append(line("from the PIN to a usable Today", spread(opened), "≤ 1,200 ms", statistics.median(opened) <= 1200))
            openings = [open_diagnostic(page, url) for _ in range(runs)]
            lines.append(line("opening DIAG, new", spread(openings), "≤ 350 ms", statistics.median(openings) <= 350))
            taps = answering(page)
            lines.append(line("an answer to its visible effect", spread(taps), "≤ 25 ms", statistics.median(taps) <= 25))
            cells = attendance(page, url)
            lines.append(
                line(
                    f"a tap in {PEOPLE} × {DAYS} cells of attendance, {ATTENDANCE_SLOWDOWN}× slowed",
                    spread(cells),
                    "≤ 50 ms",
                    statistics.median(cells) <= 50,
                )
            )
            plain, packed = envelope_bytes(folder)
            lines.append(
                line(
                    "a diagnostic's envelope, compressed",
                    f"{packed / 1000:.1f} kB (plain {plain / 1000:.1f})",
                    "≤ 6 kB",
                    packed <= 6000,
                )
            )
    print("| what | measured | budget | kept |\n|---|---|---|---|")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
