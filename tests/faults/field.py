"""A phone in a real Chromium on the real server, driven through the product's own modules and pages.

`fill()` starts, fills and finishes a form the way form/session.js does when a person types; what it gives back was said to be
saved. `tell()` makes the page write each "saved" and "received" that it paints into the ledger.
"""

# ruff: noqa: E501  (rows, scripts and measurements read better unbroken)
from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from playwright.sync_api import Page, Playwright

from app.core.db import db
from app.core.ids import new_id
from app.instruments.models import Instrument
from app.registry.models import Entity
from tests.conftest import NOW, PASSWORD, Someone, World, _node, an_instrument, settle_to_write
from tests.e2e.device import BACKENDS, PIN, Device, stored, until
from tests.faults.ledger import Ledger

FORM = "visit3"
PHOTOS = ("p1", "p2", "p3")
PACKAGE: dict[str, Any] = {
    "format": 1,
    "form_id": FORM,
    "version": "2026112101",
    "title": {"ar": "زيارة", "fr": "Visite"},
    "languages": ["ar", "fr"],
    "nodes": [
        {"i": 0, "kind": "group", "name": "data", "type": "group"},
        _node(1, 0, "group", "g1", "group", label={"ar": "الزيارة", "fr": "Visite"}),
        _node(2, 1, "question", "name", "text", label={"ar": "الاسم", "fr": "Nom"}),
        _node(3, 1, "question", "note", "text", label={"ar": "ملاحظة", "fr": "Note"}),
        _node(4, 0, "group", "g2", "group", label={"ar": "الصور", "fr": "Photos"}),
        *(
            _node(5 + n, 4, "question", name, "image", label={"ar": f"صورة {n}", "fr": f"Photo {n}"})
            for n, name in enumerate(PHOTOS)
        ),
    ],
    "expressions": [],
    "lists": {},
    "datasets": {},
    "entities": [],
    "order": [],
    "uses_names": False,
}

MODULES = """async () => {
  const pin = "PIN";
  if (globalThis.daftar) return;
  const { openPhone } = await import("/static/js/store/phone.js");
  const { createSync } = await import("/static/js/sync/sync.js");
  const { startDraft, openDraft } = await import("/static/js/form/session.js");
  const { setPin, takeKey } = await import("/static/js/keys/enrol.js");
  await import("/static/js/keys/older.js");
  const phone = await openPhone();
  const known = await phone.meta.get("person");
  if (known && (await phone.vault.resume(known.id)) === "locked") await phone.vault.unlock(known.id, pin);
  const sync = createSync({ phone, fetch: fetch.bind(globalThis), app: "faults" });
  const random = (length) => {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
    return bytes.buffer;
  };
  async function draft({ name, photos, size }) {
    const person = await phone.meta.get("person");
    const [programme] = person.programmes;
    const instrument = (await phone.catalogue.instruments(programme.id)).find((one) => one.form_id === "visit3");
    const id = await startDraft(phone, { instrument, programme, person });
    const session = await openDraft(phone, id);
    session.set("g1/name", name);
    for (let n = 1; n <= photos; n++) await session.attach(`g2/p${n}`, { bytes: random(size), type: "image/jpeg", extension: "jpg" });
    return session;
  }
  globalThis.daftar = {
    phone, sync, random,
    async signIn(username, password) {
      await sync.signIn(username, password, takeKey);
      // A second signing in finds the PIN as it was chosen.
      await setPin(phone, pin).catch((error) => { if (error.code !== "vault.locked") throw error; });
    },
    async draft(what) {
      const session = await draft(what);
      await session.flush();
      session.close();
      return session.id;
    },
    fill: async (what) => finished(await draft(what)),
    finish: async (id) => finished(await openDraft(phone, id)),
  };
  async function finished(session) {
    const { revisionId } = await session.finish();
    const item = await phone.outbox.get(revisionId);
    return { revision_id: revisionId, submission_id: item.submission_id, sha256: item.sha256, photos: item.attachments.map((one) => one.sha256) };
  }
}""".replace('"PIN"', f'"{PIN}"')

WATCH = """() => {
  const seen = new Set();
  const look = () => {
    const at = /^#\\/summary\\/([0-9a-f-]{36})/.exec(location.hash);
    const text = document.querySelector(".status .text")?.textContent ?? "";
    if (at && text && !seen.has(at[1] + text)) { seen.add(at[1] + text); globalThis.painted(at[1], text); }
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
}"""


def with_the_form(world: World) -> None:
    """The programme also has a form with three photos. The caller is in an application context."""
    settle_to_write()
    known = db.session.scalar(sa.select(Instrument.id).where(Instrument.form_id == FORM))
    if known is None:
        text = json.dumps(PACKAGE, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        an_instrument(world.programme.id, FORM, text)
    db.session.commit()


class Phone:
    """One phone of one person. `url` may be a proxy's."""

    def __init__(
        self, playwright: Playwright, folder: Path, url: str, person: Someone, ledger: Ledger, backend: str = "leveldb"
    ) -> None:
        self.url, self.person, self.ledger = url, person, ledger
        self.device = Device(playwright, folder / "profile", "fr", arguments=BACKENDS[backend])

    @property
    def page(self) -> Page:
        return self.device.page

    def open(self) -> Page:
        """The browser, on a page of ours where nothing runs yet, with the modules at hand as `daftar`."""
        page = self.device.open()
        page.goto(f"{self.url}/static/js/core/clock.js")
        page.evaluate(MODULES)
        return page

    def sign_in(self) -> None:
        username, password = self.person.username, PASSWORD
        self.page.evaluate("([username, password]) => daftar.signIn(username, password)", [username, password])
        self.sync()

    def run(self, script: str, arg: Any = None) -> Any:
        return self.page.evaluate(f"async (arg) => {{ const {{ phone, sync }} = daftar; {script} }}", arg)

    def sync(self) -> dict[str, Any]:
        """One attempt; how it ended."""
        said: dict[str, Any] = self.run("await sync.now({ reason: 'button' }); return sync.state")
        self.note_received()
        return said

    def fill(self, name: str = "تعاونية", photos: int = 0, size: int = 20_000) -> dict[str, Any]:
        """A finished form, said to be saved."""
        done: dict[str, Any] = self.page.evaluate("(what) => daftar.fill(what)", {"name": name, "photos": photos, "size": size})
        self.ledger.note_saved(done["revision_id"], done["sha256"], done["submission_id"], done["photos"])
        return done

    def items(self) -> list[dict[str, Any]]:
        return stored(self.page, "items")

    def note_received(self) -> None:
        for one in stored(self.page, "receipts"):
            self.ledger.note_received(one["revision_id"], one["sha256"])

    def undelivered(self) -> list[str]:
        return [one["revision_id"] for one in self.items() if one["state"] == "waiting"]

    def is_done(self) -> bool:
        """Nothing waits here, text or photo."""
        return not any(
            one["state"] == "waiting" or any(file["state"] in ("waiting", "sending") for file in one["attachments"])
            for one in self.items()
        )

    def drain(self, attempts: int = 12) -> None:
        def once() -> bool:
            self.sync()
            return self.is_done()

        for _ in range(attempts):
            if once():
                return
        raise AssertionError([(one["state"], one["problem"]) for one in self.items()])

    def tell(self) -> None:
        """Each "saved" and "received" that the page paints goes to the ledger. Before the page is opened."""

        def painted(revision_id: str, text: str) -> None:
            if "Enregistr" in text:
                self.ledger.note_saved(revision_id)
            if "Reçu" in text:
                self.ledger.note_received(revision_id)

        context = self.device.context
        assert context
        context.expose_function("painted", painted)
        context.add_init_script(f"addEventListener('DOMContentLoaded', {WATCH})")


def a_record(world: World, label: str, territory: str) -> str:
    """A cooperative of Amina's organisation."""
    settle_to_write()
    record = Entity(
        id=new_id(), programme_id=world.programme.id, list="cooperatives", label=label, organisation_id=world.al_amal.id,
        territory=territory, data={}, version=1, updated_at=NOW, seq=0,
    )  # fmt: skip
    db.session.add(record)
    db.session.commit()
    return record.id


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


__all__ = ["FORM", "PACKAGE", "Phone", "a_record", "digest", "until", "with_the_form"]
