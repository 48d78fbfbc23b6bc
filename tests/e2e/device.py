"""A phone for tests: a real Chromium with a profile on disk, which loses the network, is killed, and comes back."""

from __future__ import annotations

import os
import shutil
import signal
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, Playwright

WIDTH, HEIGHT = 360, 800
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Chromium's two stores of IndexedDB; which one is the default changes with its version.
BACKENDS = {
    "leveldb": ["--disable-features=IdbSqliteBackingStore"],
    "sqlite": ["--enable-features=IdbSqliteBackingStore"],
}

PIN = "204060"
# The hand that types the PIN wherever one is asked or chosen. Tests of the PIN itself do without: Device(…, pin=None).
TYPES_PIN = """
(() => {
  const look = () => {
    const fields = [...document.querySelectorAll("#pin-old, #pin, #pin-pin, #pin-again")];
    const form = fields[0]?.form;
    if (!form || form.dataset.typed || fields[0].readOnly || fields[0].id === "pin-old" || form.querySelector("button[type=submit]").disabled) return;
    form.dataset.typed = "yes";
    for (const field of fields) field.value = "%s";
    form.requestSubmit();
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true });
})();
"""  # noqa: E501


# A phone that tries how fast it derives finds itself slow and takes few rounds: the suite unlocks hundreds of times. What a real
# one takes is measured by benchmarks/.
SLOW_TO_DERIVE = """
(() => {
  const derive = SubtleCrypto.prototype.deriveKey;
  SubtleCrypto.prototype.deriveKey = async function (how, ...rest) {
    if (how.iterations === 100_000) await new Promise((resolve) => setTimeout(resolve, 400));
    return derive.call(this, how, ...rest);
  };
})();
"""


def unlocks_quickly(context: BrowserContext) -> None:
    context.add_init_script(SLOW_TO_DERIVE)


def types_pin(context: BrowserContext, pin: str = PIN) -> None:
    context.add_init_script(TYPES_PIN % pin)


def chromium_path() -> str | None:
    """The machine's Chromium; none: the one Playwright installed."""
    return next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)


class Device:
    """One profile. `open()` starts the browser on it, `kill()` ends it without a word."""

    def __init__(
        self,
        playwright: Playwright,
        profile: Path,
        language: str,
        width: int = WIDTH,
        height: int = HEIGHT,
        arguments: Sequence[str] = (),
        pin: str | None = PIN,
        quick_pin: bool = True,
    ) -> None:
        self.pin, self.quick_pin = pin, quick_pin
        self._playwright, self.profile, self.language, self._arguments = playwright, profile, language, list(arguments)
        self._viewport = {"width": width, "height": height}
        self.is_phone = width < 600
        self.context: BrowserContext | None = None
        self.complaints: list[str] = []

    def open(self, url: str | None = None, offline: bool = False) -> Page:
        self.context = self._playwright.chromium.launch_persistent_context(
            str(self.profile),
            executable_path=chromium_path(),
            args=ARGUMENTS + self._arguments,
            viewport=self._viewport,
            locale={"ar": "ar-MA", "fr": "fr-MA"}[self.language],
            timezone_id="Africa/Casablanca",
            has_touch=self.is_phone,
            is_mobile=self.is_phone,
            geolocation={"latitude": 33.05, "longitude": -3.99, "accuracy": 12},
            permissions=["geolocation"],
            reduced_motion="reduce",
            accept_downloads=True,
        )
        self.context.set_default_timeout(30_000)
        if self.quick_pin:
            unlocks_quickly(self.context)
        if self.pin:
            types_pin(self.context, self.pin)
        self.context.set_offline(offline)
        page = self.page
        # What a browser grants by itself once the application stands on the home screen.
        self.context.new_cdp_session(page).send("Browser.grantPermissions", {"permissions": ["durableStorage", "geolocation"]})
        page.on("pageerror", lambda error: self.complaints.append(f"{error.name}: {error.message}"))
        if url:
            page.goto(url, wait_until="domcontentloaded")
        return page

    @property
    def page(self) -> Page:
        assert self.context
        return self.context.pages[0] if self.context.pages else self.context.new_page()

    def offline(self, cut: bool) -> None:
        assert self.context
        self.context.set_offline(cut)

    def kill(self) -> None:
        """SIGKILL to the browser process of this profile, as a phone that runs out of memory does."""
        killed = 0
        for process in Path("/proc").iterdir():
            if not process.name.isdigit():
                continue
            try:
                command = (process / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            ours = f"--user-data-dir={self.profile}".encode()
            if ours in command and not any(part.startswith(b"--type=") for part in command):
                os.kill(int(process.name), signal.SIGKILL)
                killed += 1
        assert killed, "the browser of this profile was not running"
        try:
            assert self.context
            self.context.close()
        except Exception:  # there is nothing left to close
            pass
        self.context = None
        for lock in self.profile.glob("Singleton*"):
            lock.unlink()

    def close(self) -> None:
        if self.context:
            self.context.close()
            self.context = None


@contextmanager
def devices(playwright: Playwright) -> Iterator[Callable[..., Device]]:
    """`make(profile, language)` gives a Device; all are closed at the end."""
    made: list[Device] = []

    def make(profile: Path, language: str, **how: Any) -> Device:
        made.append(Device(playwright, profile, language, **how))
        return made[-1]

    try:
        yield make
    finally:
        for device in made:
            device.close()


def until(check: Callable[[], Any], what: str, timeout_s: float = 20) -> Any:
    """The first truthy result; used where the page shows nothing to wait for."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        found = check()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"did not happen in {timeout_s} s: {what}")


def stored(page: Page, store: str) -> list[dict[str, Any]]:
    """Every value of one store of the phone's outbox database."""
    return page.evaluate(
        """(store) => new Promise((resolve, reject) => {
            const opening = indexedDB.open("daftar-outbox");
            opening.onerror = () => reject(opening.error);
            opening.onsuccess = () => {
                const all = opening.result.transaction(store).objectStore(store).getAll();
                all.onsuccess = () => { opening.result.close(); resolve(all.result); };
                all.onerror = () => reject(all.error);
            };
        })""",
        store,
    )


def photo_with_gps(page: Page, path: Path) -> Path:
    """A JPEG larger than what is kept, with a GPS position in its EXIF, as phones write them."""
    drawing = page.context.new_page()
    drawing.set_viewport_size({"width": 2000, "height": 1500})
    drawing.set_content("<body style='margin:0;background:repeating-conic-gradient(#8c2f2a 0 25%,#f2e6c9 0 50%) 0/90px 90px'>")
    plain = drawing.screenshot(type="jpeg", quality=80)
    drawing.close()
    path.write_bytes(plain[:2] + _exif_with_gps() + plain[2:])
    return path


def _exif_with_gps() -> bytes:
    """An APP1 segment: TIFF header, one directory pointing to a GPS directory with a latitude and a longitude."""
    gps_at = 8 + 2 + 12 + 4
    values_at = gps_at + 2 + 4 * 12 + 4

    def entry(tag: int, kind: int, count: int, value: bytes) -> bytes:
        return struct.pack(">HHI", tag, kind, count) + value.ljust(4, b"\0")

    def degrees(whole: int, minutes: int, seconds: int) -> bytes:
        return struct.pack(">6I", whole, 1, minutes, 1, seconds, 1)

    first = struct.pack(">H", 1) + entry(0x8825, 4, 1, struct.pack(">I", gps_at)) + struct.pack(">I", 0)
    gps = struct.pack(">H", 4)
    gps += entry(1, 2, 2, b"N\0") + entry(2, 5, 3, struct.pack(">I", values_at))
    gps += entry(3, 2, 2, b"W\0") + entry(4, 5, 3, struct.pack(">I", values_at + 24))
    gps += struct.pack(">I", 0)
    tiff = b"MM\0*" + struct.pack(">I", 8) + first + gps + degrees(33, 3, 0) + degrees(3, 59, 24)
    body = b"Exif\0\0" + tiff
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
