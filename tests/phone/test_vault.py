"""What the phone seals, in a real Chromium (docs/encryption.md).

V1  with the phone locked, no answer, name, photo or key is found in clear in the browser's profile (I-22, AS-09)
V2  sealing is over before the transaction opens (PS-16)
V3  locked: drafts and items are counted and delivered, not read
V4  a wrong PIN counts, also when the browser is killed; the delay grows; after 15 only signing in helps; nothing is wiped (AS-07)
V5  what Chromium seals and wraps, the server's code opens, and the other way round
V6  what a phone of before kept in clear goes on being read and delivered; drafts and their photos are sealed
V7  two people on one phone: each reads her own (I-23)
V8  enrolled anew, after a revocation say, she reads what she began before; where no server gives the key back, a PIN that opens it
    stays good, and drafts that cannot be read are counted
V9  a key that came in a rescue file is given into escrow for nobody, also where she has no other here (AS-13)
V10 who was revoked, or removed from the phone, leaves no wrap that a PIN opens, and nobody else's key is touched (I-23); the other
    windows learn of it, whoever was told
"""

# ruff: noqa: E501  (rows and scripts of the page read better unbroken)
from __future__ import annotations

import base64
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from app.core.ids import new_id
from app.keys.sealing import open_envelope, open_file, open_sealed, pair_id, point_from, raw_point, unwrap, wrap
from tests.phone.conftest import run

pytestmark = [pytest.mark.browser, pytest.mark.sqlite_only]

PIN = "271828"
AMINA, FATIMA = "0190a000-0000-7000-8000-00000000000a", "0190a000-0000-7000-8000-00000000000f"
DEVICE = "0190a000-0000-7000-8000-0000000000d1"


class KeyServer:
    """The two key endpoints, for a page: what it posts comes here, through Playwright."""

    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.keys: dict[str, tuple[str, bytes]] = {}
        self.in_clear: dict[str, list[str]] = {}
        self.wraps: dict[str, tuple[str, str]] = {}  # key id: device, escrow wrap
        self.asked_back: list[str] = []
        self.device = DEVICE
        self.gives_back = True  # its key pairs are there

    @property
    def public(self) -> dict[str, str]:
        point = self.private.public_key()
        return {"id": pair_id(point), "key": base64.b64encode(raw_point(point)).decode()}

    def post(self, address: str, sent: dict[str, Any], person: str) -> dict[str, Any]:
        if address == "/api/field/key":
            if self.wraps.get(sent["id"], (self.device,))[0] != self.device:
                return {"code": "keys.bad_key"}
            self.wraps[sent["id"]] = self.device, sent["wrapped"]
            key = unwrap(base64.b64decode(sent["wrapped"]), self.private, "escrow", person, sent["id"])
            self.keys[sent["id"]] = (person, key)
            self.in_clear[sent["id"]] = sent["in_clear"]
            return {}
        self.asked_back.append(sent["id"])
        if sent["id"] not in self.keys:
            return {"code": "keys.none"}
        owner, key = self.keys[sent["id"]]
        assert owner == person
        made_on, wrapped = self.wraps[sent["id"]]
        if not self.gives_back:
            return {"code": "keys.bad_key"}
        if made_on != self.device and sent["wrapped"] != wrapped:
            return {"code": "keys.none"}
        to = point_from(base64.b64decode(sent["to"]))
        return {"wrapped": base64.b64encode(wrap(key, to, "return", self.device, person, sent["id"])).decode()}


@pytest.fixture
def server() -> KeyServer:
    return KeyServer()


def enrol(page, server: KeyServer, person: str = AMINA, pin: str | None = PIN) -> str:
    """As after the password: the key made or given back, a PIN chosen. The key's id."""
    if not getattr(page, "_posts", False):
        page.expose_function("post_key", lambda address, sent, who: server.post(address, sent, who))
        page._posts = True
    said = {
        "sealing": {
            "for": server.public,
            "pin": pin is not None,
            "keys": [one for one in server.keys if server.wraps[one][0] == server.device],
        },
        "person": {"id": person, "name": {"ar": "أمينة"}, "language": "ar"},
        "device": {"id": server.device, "credential": "c"},
        "programmes": [],
    }
    return run(
        page,
        """
        const [said, pin] = arg;
        globalThis.phone ??= await tools.openPhone();
        const post = async (address, json) => {
          const answer = await post_key(address, json, said.person.id);
          if (answer.code) throw new tools.Problem(answer.code);
          return answer;
        };
        await tools.takeKey(phone, said, "amina", post);
        await phone.meta.set("person", { ...said.person, username: "amina", programmes: [] });
        await phone.catalogue.belongsTo(said.person.id);
        if (pin && tools.pinIsToChoose(said.person.id)) await tools.setPin(phone, pin);
        return phone.vault.keyId;
        """,
        [said, pin],
    )


MARKER = "مرقوم-سري-7731"
FILL = """
  const photo = await phone.files.put(tools.marked(120_000, "PHOTO-MARKER-5519"), { type: "image/jpeg", thumbnail: tools.marked(900, "THUMB-MARKER-5519").buffer });
  const [person, marker] = arg;
  const values = { owner: person, title: marker, subject: { list: "cooperatives", id: tools.newId() }, snapshot: { answers: { name: marker } }, files: [{ name: "photo-1.jpg", question: "photo", ...photo }] };
  const draft = tools.draft(values);
  await phone.drafts.save(draft);
  const item = await tools.finished(phone, values, { title: marker, entities: [{ list: "cooperatives", id: tools.newId(), action: "create", label: marker, data: { name: marker } }] });
  const change = (seq, kind, data) => ({ seq, kind, op: "put", id: tools.newId(), data });
  await phone.catalogue.apply("p1", { changes: [change(1, "entity", { list: "cooperatives", label: marker, version: 1, properties: { name: marker } }), change(2, "submission", { form_id: "diag", title: marker, state: "received", envelope: JSON.stringify({ answers: { name: marker } }) })], next_cursor: "e.1.2", more: false, high_water: 2 }, person);
  return { draft: draft.id, item: item.revision_id, photo: photo.sha256 };
"""


def found_in(profile: Path, *markers: str) -> dict[str, list[str]]:
    """Files of the profile that hold a marker, in UTF-8 or as the browser writes strings."""
    wanted = {m: [m.encode(), m.encode("utf-16-le"), json.dumps(m)[1:-1].encode()] for m in markers}
    found: dict[str, list[str]] = {}
    for file in profile.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            for marker, forms in wanted.items():
                if any(form in content for form in forms):
                    found.setdefault(marker, []).append(str(file.relative_to(profile)))
    return found


def opened(phone, office):
    page = phone.open(office.url + "/field/")
    page.wait_for_function("() => globalThis.ready")
    return page


def test_the_profile_of_a_locked_phone_holds_nothing_in_clear(phone, office, server):  # V1, AS-09
    page = opened(phone, office)
    enrol(page, server)
    run(page, FILL, [AMINA, MARKER])
    [raw] = [key for _, key in server.keys.values()]
    phone.close()
    secrets = [MARKER, "PHOTO-MARKER-5519", "THUMB-MARKER-5519"]
    assert found_in(phone.profile, *secrets, PIN) == {}
    for file in phone.profile.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert raw not in content, file
            assert base64.b64encode(raw) not in content, file
    # The test would see it: without a key the same things lie there in clear.
    page = opened(phone, office)
    run(page, "globalThis.phone = await tools.openPhone();" + FILL, [FATIMA, MARKER])
    phone.close()
    assert set(found_in(phone.profile, *secrets)) == set(secrets)


def test_sealing_is_over_before_a_transaction_begins(page, server):  # V2, PS-16
    enrol(page, server)
    found = run(
        page,
        """
        let open = 0;
        const during = [];
        const encrypt = crypto.subtle.encrypt.bind(crypto.subtle);
        crypto.subtle.encrypt = async (...given) => {
          during.push(open);
          await new Promise((resolve) => setTimeout(resolve, 2000));
          const sealed = await encrypt(...given);
          during.push(open);
          return sealed;
        };
        const begin = IDBDatabase.prototype.transaction;
        IDBDatabase.prototype.transaction = function (stores, mode, options) {
          const tx = begin.call(this, stores, mode, options);
          if (mode === "readwrite") {
            open++;
            for (const end of ["complete", "abort"]) tx.addEventListener(end, () => open--);
          }
          return tx;
        };
        const draft = tools.draft({ owner: arg });
        await phone.drafts.save(draft);
        await phone.files.put(tools.bytes(90_000), { type: "image/jpeg", thumbnail: tools.bytes(10).buffer });
        const { item } = await phone.drafts.finish(draft, await tools.item(draft));
        return [during.length, Math.max(...during), (await phone.outbox.all()).length, (await phone.drafts.all()).length, item.encryption];
        """,
        AMINA,
    )
    # The draft; two pieces and the thumbnail; envelope, head and the draft to put back.
    assert found == [2 * 7, 0, 1, 0, "sealed-1"]


def test_locked_things_are_counted_and_not_read_and_come_back_with_the_pin(phone, office, server):  # V3
    page = opened(phone, office)
    enrol(page, server)
    ids = run(page, FILL, [AMINA, MARKER])
    phone.kill()
    page = opened(phone, office)
    locked = run(
        page,
        """
        globalThis.phone = await tools.openPhone();
        const [person, ids] = arg;
        const state = await phone.vault.resume(person);
        const item = (await phone.outbox.opened())[0];
        const draft = await phone.drafts.get(ids.draft).catch((error) => error.code);
        const refused = await phone.drafts.save(tools.draft({ owner: person })).catch((error) => error.code);
        const counts = await phone.outbox.counts();
        return [state, item.title, draft, refused, counts.waiting, (await phone.drafts.all()).length, await phone.drafts.count(), (await phone.files.stored(ids.photo)).size > 120_000];
        """,
        [AMINA, ids],
    )
    assert locked == ["locked", "", "vault.locked", "vault.locked", 1, 0, 1, True]
    read = run(
        page,
        """
        const [person, ids, pin] = arg;
        await phone.vault.unlock(person, pin);
        const item = (await phone.outbox.opened())[0];
        const content = await phone.outbox.content(item);
        const [record] = await phone.catalogue.entities("cooperatives");
        const [mine] = await phone.catalogue.submissions();
        const photo = await phone.files.read(ids.photo);
        return [item.title, content.answers.name, (await phone.drafts.get(ids.draft)).title, record.label, mine.title, photo.size, (await phone.files.thumbnail(ids.photo)).size];
        """,
        [AMINA, ids, PIN],
    )
    assert read == [MARKER, MARKER, MARKER, MARKER, MARKER, 120_000, 900]


def test_wrong_pins_wait_longer_and_a_kill_forgives_none(phone, office, server):  # V4, AS-07
    page = opened(phone, office)
    enrol(page, server)
    run(page, FILL, [AMINA, MARKER])
    # The clock stands still: a machine that is busy does not wait in her place.
    attempt = """
        const [person, pin, now] = arg;
        Date.now = () => now;
        globalThis.phone ??= await tools.openPhone();
        await phone.vault.resume(person);
        const said = await phone.vault.unlock(person, pin).then(() => "open", (error) => error.code);
        return [said, await phone.vault.wait(person)];
    """
    run(page, "phone.vault.lock()")
    now = run(page, "return Date.now()")
    waits = []
    for n in range(5):
        said, wait = run(page, attempt, [AMINA, f"99999{n}", now])
        waits.append((said, wait > 0))
        if n == 2:
            phone.kill()
            page = opened(phone, office)
    assert waits == [
        ("vault.wrong", False),
        ("vault.wrong", False),
        ("vault.wrong", True),
        ("vault.wait", True),
        ("vault.wait", True),
    ]
    # Nobody in a test waits an hour: the times lie in the store, moved back as if she had; so does the page's own clock.
    run(page, "const real = performance.now.bind(performance); globalThis.slept = 0; performance.now = () => real() + slept;")
    longest = []
    for _ in range(12):
        run(
            page,
            "slept += 1e6; const keys = await phone.meta.get('keys'); keys[arg].tries.at = 0; await phone.meta.set('keys', keys)",
            AMINA,
        )
        said, wait = run(page, attempt, [AMINA, "999999", now])
        assert said == "vault.wrong"
        longest.append(min(1000, round(min(wait, 1e9) / 5000)))
    assert longest == [2, 4, 8, 16, 32, 64, 120, 120, 120, 120, 120, 1000]
    assert run(page, attempt, [AMINA, PIN, now])[0] == "vault.wait"
    assert run(page, "return await phone.vault.wait(arg) === Infinity", AMINA)
    # Nothing is wiped: with the password it is all there again.
    enrol(page, server, pin="314159")
    assert run(page, "return [(await phone.drafts.all()).length, (await phone.outbox.opened())[0].title]") == [1, MARKER]


def test_guesses_of_two_windows_count_as_two_and_no_clock_set_forward_shortens_the_wait(page, server):  # V4, AS-07
    enrol(page, server)
    run(page, "phone.vault.lock()")
    found = run(
        page,
        """
        const other = await tools.openPhone();
        const guess = (one) => one.vault.unlock(arg, "999999").catch((error) => error.code);
        const said = await Promise.all([guess(phone), guess(other), guess(phone), guess(other)]);
        const { count } = (await phone.vault.kept(arg)).tries;
        const real = Date.now;
        Date.now = () => real() + 86400000;
        const waits = [await phone.vault.wait(arg), await other.vault.wait(arg)];
        Date.now = real;
        return [said.sort(), count, waits.every((ms) => ms > 1000)];
        """,
        AMINA,
    )
    assert found == [["vault.wait", "vault.wrong", "vault.wrong", "vault.wrong"], 3, True]


def test_both_sides_read_the_formats_alike(page, server):  # V5
    key_id = enrol(page, server)
    ids = run(page, FILL, [AMINA, MARKER])
    key = server.keys[key_id][1]
    item, chunks, draft = run(
        page,
        """
        const b64 = (buffer) => tools.toBase64(new Uint8Array(buffer));
        const item = await phone.outbox.get(arg.item);
        const draft = (await phone.drafts.get(arg.draft));
        const db = await tools.database();
        const all = (store) => new Promise((resolve) => (db.transaction(store).objectStore(store).getAll().onsuccess = (event) => resolve(event.target.result)));
        const chunks = (await all("chunks")).filter((one) => one.n >= 0).map((one) => b64(one.bytes));
        const row = (await all("drafts"))[0];
        return [{ ...item, head: b64(item.head) }, chunks, [row.id, b64(row.sealed), draft.files[0].sealed]];
        """,
        ids,
    )
    content = open_envelope(key, base64.b64decode(item["envelope"]), item["submission_id"], item["revision_id"], most=10**6)
    envelope = json.loads(content)
    assert envelope["answers"] == {"name": MARKER}
    assert json.loads(open_sealed(key, base64.b64decode(item["head"]), "head", item["revision_id"]))["title"] == MARKER
    assert json.loads(open_sealed(key, base64.b64decode(draft[1]), "draft", draft[0]))["title"] == MARKER
    sealed = b"".join(base64.b64decode(one) for one in chunks)
    assert [len(base64.b64decode(one)) for one in chunks[:-1]] == [48 * 1024] * (len(chunks) - 1)
    [manifest] = envelope["attachments"]
    assert hashlib.sha256(sealed).hexdigest() == manifest["sha256"]
    inside = open_file(key, sealed, draft[2]["file"])
    assert hashlib.sha256(inside).hexdigest() == draft[2]["sha256"]
    # And the key given back opens on the phone what it sealed: enrol() again, from locked.
    run(page, "phone.vault.lock()")
    assert enrol(page, server, pin="161803") == key_id
    assert run(page, "return (await phone.drafts.all())[0].title") == MARKER


def test_what_was_kept_in_clear_before_is_read_named_to_the_server_and_drafts_are_sealed(page, server):  # V6
    run(
        page,
        "globalThis.phone = await tools.openPhone();" + FILL.replace("return {", "globalThis.ids = {") + "return 1",
        [AMINA, MARKER],
    )
    key_id = enrol(page, server)
    found = run(
        page,
        """
        const db = await tools.database();
        const rows = await new Promise((resolve) => (db.transaction("drafts").objectStore("drafts").getAll().onsuccess = (event) => resolve(event.target.result)));
        const item = await phone.outbox.get(ids.item);
        await tools.sealPhotos(phone, arg);
        const draft = await phone.drafts.get(ids.draft);
        const [file] = draft.files;
        globalThis.sealedFile = [file.name, Boolean(file.sealed), (await phone.files.read(file.sha256)).size, (await phone.files.thumbnail(file.sha256)).size, file.sha256 !== ids.photo, await phone.files.isWhole(ids.photo)];
        return [item.encryption, item.title, rows[0].encryption, rows[0].title ?? null, (await phone.drafts.get(ids.draft)).title, ids.item];
        """,
        AMINA,
    )
    assert found[:5] == ["none", MARKER, "sealed-1", None, MARKER]
    assert server.in_clear[key_id] == [found[5]]
    # The draft's photo is sealed too; the finished form, whose manifest names it, keeps the bytes it announced.
    assert run(page, "return sealedFile") == ["photo-1.jpg", True, 120_000, 900, True, True]


def test_two_people_on_one_phone_each_read_their_own(page, server):  # V7, I-23
    enrol(page, server)
    run(page, FILL, [AMINA, MARKER])
    enrol(page, server, FATIMA, "112358")
    run(page, FILL, [FATIMA, "OTHER-MARKER"])
    both = run(
        page,
        """
        const titles = async () => [(await phone.drafts.all()).map((one) => one.title), (await phone.outbox.opened()).map((one) => one.title), (await phone.catalogue.entities("cooperatives")).map((one) => one.label)];
        const fatimas = await titles();
        phone.vault.lock();
        await phone.vault.resume(arg[0]);
        await phone.vault.unlock(arg[0], arg[1]);
        return [fatimas, await titles(), (await phone.outbox.counts()).waiting];
        """,
        [AMINA, PIN],
    )
    assert [sorted(one) for one in both[0]] == [["OTHER-MARKER"], ["", "OTHER-MARKER"], ["OTHER-MARKER", "OTHER-MARKER"]]
    assert [sorted(one) for one in both[1]] == [[MARKER], ["", MARKER], [MARKER, MARKER]]
    assert both[2] == 2


def test_after_a_change_only_the_changed_row_is_opened_again_and_none_stays_once_it_is_locked(page, server):  # V3
    enrol(page, server)
    found = run(
        page,
        """
        const row = (seq, n) => ({ seq, kind: "entity", op: "put", id: `a${n}`, data: { list: "actions", label: `إجراء ${n}`, version: seq, properties: {} } });
        const pull = (changes) => phone.catalogue.apply("p1", { changes, next_cursor: "c", more: false, high_water: 9 }, arg);
        await pull([row(1, 1), row(2, 2), row(3, 3)]);
        let opened = 0;
        const decrypt = crypto.subtle.decrypt.bind(crypto.subtle);
        crypto.subtle.decrypt = (...given) => (opened++, decrypt(...given));
        const labels = async () => { const before = opened; const rows = await phone.catalogue.entities("actions"); return [opened - before, rows.map((one) => one.__version).join(" ")]; };
        const first = await labels();
        await pull([row(4, 2)]);
        const second = await labels();
        await tools.finished(phone, { owner: arg, title: "سر" });
        // Locked while it is being opened.
        crypto.subtle.decrypt = async (...given) => { const bytes = await decrypt(...given); await phone.vault.lock(); return bytes; };
        const titles = async () => (await phone.outbox.opened()).map(({ title }) => title);
        const hers = [await titles(), await titles()];
        const third = await labels().catch((error) => error.code);
        return [first, second, third, hers];
        """,
        AMINA,
    )
    assert found[3] == [["سر"], [""]]
    assert found[:2] == [[3, "1 2 3"], [1, "1 4 3"]]
    assert found[2] in ("vault.locked", [0, ""])


READ = """
    // Keys of before come after the one of now.
    for (let n = 0; n < 50 && !(await phone.drafts.all(arg)).length; n++) await new Promise((resolve) => setTimeout(resolve, 100));
    const { drafts, unread } = await phone.drafts.readable(arg);
    const photo = drafts.length ? (await phone.files.read(drafts[0].files[0].sha256)).size : 0;
    return [drafts.map((one) => one.title), unread, photo];"""


def test_enrolled_anew_she_reads_what_she_began_before(phone, office, server):  # V8, I-24
    page = opened(phone, office)
    first = enrol(page, server)
    run(page, FILL, [AMINA, MARKER])
    run(page, "await phone.vault.disown(arg)", AMINA)
    server.device = DEVICE[:-1] + "2"
    second = enrol(page, server, pin="314159")
    assert second != first
    assert run(page, READ, AMINA) == [[MARKER], 0, 120_000]
    # Once more: what opened what was before is itself a key of before.
    run(page, "await phone.vault.disown(arg)", AMINA)
    server.device = DEVICE[:-1] + "3"
    assert enrol(page, server, pin="161803") not in (first, second)
    assert run(page, READ, AMINA) == [[MARKER], 0, 120_000]
    phone.kill()
    page = opened(phone, office)
    run(
        page,
        "globalThis.phone = await tools.openPhone(); await phone.vault.resume(arg[0]); await phone.vault.unlock(arg[0], arg[1]);",
        [AMINA, "161803"],
    )
    assert run(page, READ, AMINA) == [[MARKER], 0, 120_000]
    assert run(page, "return (await phone.outbox.opened())[0].title") == MARKER


def test_a_key_that_no_server_gives_back_is_not_replaced_while_her_pin_opens_it(page, server):  # V8, AS-10
    key = enrol(page, server)
    run(page, FILL, [AMINA, MARKER])
    run(page, "phone.vault.lock()")
    server.device, server.gives_back = DEVICE[:-1] + "2", False
    enrol(page, server)
    assert run(page, "await phone.vault.unlock(arg[0], arg[1]); return phone.vault.keyId", [AMINA, PIN]) == key
    assert run(page, READ, AMINA) == [[MARKER], 0, 120_000]
    # Nothing here opens it any more: she begins afresh, and reads them when the server has its keys again.
    run(page, "await phone.vault.disown(arg)", AMINA)
    assert enrol(page, server, pin="314159") != key
    assert run(page, "const { drafts, unread } = await phone.drafts.readable(arg); return [drafts.length, unread]", AMINA) == [
        0,
        1,
    ]
    server.gives_back = True
    enrol(page, server)
    assert run(page, READ, AMINA) == [[MARKER], 0, 120_000]


def planted(server: KeyServer, person: str) -> dict[str, str]:
    """Anybody can make such a record: the office's public key is on every phone."""
    wrapped = wrap(os.urandom(32), server.private.public_key(), "escrow", person, key_id := new_id())
    return {"kind": "key", "id": key_id, "person": person, "wrapped": base64.b64encode(wrapped).decode()}


def test_a_key_from_a_rescue_file_becomes_nobodys(page, server):  # V9, AS-13
    enrol(page, server)
    keys = [planted(server, AMINA), planted(server, FATIMA)]
    lines = "".join(f"{json.dumps(one)}\n" for one in [{"kind": "head"}, *keys, {"kind": "end"}])
    assert run(page, "return tools.bringIn(phone, new Blob([arg]))", "DAFTAR-RESCUE-1\n" + lines)["damaged"] == 0
    hers, others = (one["id"] for one in keys)
    for person, key_id in ((AMINA, hers), (FATIMA, others)):
        run(page, "phone.vault.lock()")
        assert enrol(page, server, person, pin="314159") != key_id
        # Keys of before come after the one of now: each is asked for, and none was given.
        for _ in range(50):
            if server.asked_back.count(key_id) > (person == FATIMA):
                break
            page.wait_for_timeout(100)
        assert key_id in server.asked_back
        assert key_id not in server.keys
    # What it sealed is still delivered with its wrap, to be looked at.
    kept = run(page, "return phone.meta.get('keys')")
    assert {one["id"] for one in (*kept[AMINA]["older"], *kept[FATIMA]["older"])} == {hers, others}


def test_a_revocation_that_the_worker_or_another_window_heard_shuts_every_window_of_hers(page, server):  # V10
    enrol(page, server)
    found = run(
        page,
        """
        const [amina, fatima, pin] = arg;
        const others = [];
        for (const person of [amina, amina, fatima]) {
          const other = await tools.openPhone();
          await other.vault.resume(person);
          others.push(other.vault);
        }
        await others[0].lock({ here: true });
        const before = others.map(({ state }) => state);
        await phone.vault.lock({ here: true });
        await phone.vault.disown(amina);
        await new Promise((resolve) => setTimeout(resolve, 300));
        return [before, others.map(({ state }) => state)];
        """,
        [AMINA, FATIMA, PIN],
    )
    assert found == [["locked", "open", "none"], ["sign_in", "sign_in", "none"]]


def test_who_is_revoked_or_removed_leaves_no_wrap_and_closes_nobody_elses_key(page, server):  # V10, I-23
    enrol(page, server)
    enrol(page, server, FATIMA, "112358")
    found = run(
        page,
        """
        const [amina, fatima] = arg;
        // As after a PIN that was forgotten without network.
        for (const person of arg) {
          const { pin, wrapped } = await phone.vault.kept(person);
          await phone.vault.keep(person, { older: [{ id: tools.newId(), wrapped, pin }] });
        }
        const wraps = async (person) => {
          const { pin, plain, older } = await phone.vault.kept(person);
          return [pin, plain, older[0].pin].filter(Boolean).length;
        };
        await phone.vault.lock();
        await phone.vault.disown(amina);
        const first = [phone.vault.state, await wraps(amina), await wraps(fatima)];
        await phone.vault.unlock(fatima, "112358");
        await phone.vault.lock();
        await phone.vault.disown(fatima);
        const second = [phone.vault.state, await wraps(fatima)];
        await phone.vault.keep(fatima, { older: [{ id: tools.newId(), wrapped: "", pin: {} }] });
        await tools.forget(phone, fatima);
        return [first, second, await wraps(fatima), (await phone.vault.kept(fatima)).person];
        """,
        [AMINA, FATIMA],
    )
    assert found == [["locked", 0, 2], ["sign_in", 0], 0, None]
