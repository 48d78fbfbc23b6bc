"""What the phone keeps, in a real Chromium. The numbers are the promises of docs/phone-store.md."""

# ruff: noqa: E501  (rows and scripts of the page read better unbroken)
from __future__ import annotations

import pytest

from tests.e2e.device import BACKENDS, Device
from tests.phone.conftest import run


def test_finishing_is_over_only_when_the_transaction_is(page):  # P1
    order = run(
        page,
        """
        const phone = await tools.openPhone();
        const draft = tools.draft();
        await phone.drafts.save(draft);
        const item = await tools.item(draft);
        const order = [];
        const begin = IDBDatabase.prototype.transaction;
        IDBDatabase.prototype.transaction = function (stores, mode, options) {
          const tx = begin.call(this, stores, mode, options);
          if (mode === "readwrite" && [stores].flat().includes("items")) {
            order.push(options.durability);
            tx.addEventListener("complete", () => order.push("complete"));
          }
          return tx;
        };
        await phone.drafts.finish(draft, item);
        order.push("saved");
        return [order, await phone.drafts.get(draft.id), (await phone.outbox.get(item.revision_id)).envelope === item.envelope];
        """,
    )
    assert order == [["strict", "complete", "saved"], None, True]


def test_an_aborted_transaction_never_says_saved_and_leaves_the_draft(page):  # P1
    found = run(
        page,
        """
        const phone = await tools.openPhone();
        const draft = tools.draft();
        await phone.drafts.save(draft);
        const put = IDBObjectStore.prototype.put;
        IDBObjectStore.prototype.put = function (value) {
          const request = put.call(this, value);
          // As over quota: the request succeeds, then the transaction is aborted.
          if (this.name === "items") request.addEventListener("success", () => this.transaction.abort());
          return request;
        };
        const said = await phone.drafts.finish(draft, await tools.item(draft)).then(() => "saved", (error) => "failed: " + error.name);
        IDBObjectStore.prototype.put = put;
        return [said.startsWith("failed"), (await phone.drafts.get(draft.id)).title, (await phone.outbox.all()).length];
        """,
    )
    assert found == [True, "تعاونية الأمل", 0]


def test_a_save_that_is_aborted_after_its_request_succeeded_is_no_save(page):  # P1
    said = run(
        page,
        """
        const phone = await tools.openPhone();
        const put = IDBObjectStore.prototype.put;
        IDBObjectStore.prototype.put = function (value) {
          const request = put.call(this, value);
          if (this.name === "drafts") request.addEventListener("success", () => this.transaction.abort());
          return request;
        };
        const heard = [];
        phone.on(({ store }) => heard.push(store));
        const said = await phone.drafts.save(tools.draft()).then(() => "saved", () => "failed");
        IDBObjectStore.prototype.put = put;
        return [said, heard, (await phone.drafts.all()).length];
        """,
    )
    assert said == ["failed", [], 0]


def test_one_draft_makes_one_item_whatever_is_repeated(page):  # P2
    found = run(
        page,
        """
        const phone = await tools.openPhone();
        const draft = tools.draft();
        await phone.drafts.save(draft);
        const first = await tools.item(draft), second = await tools.item(draft);
        const done = await Promise.all([phone.drafts.finish(draft, first), phone.drafts.finish(draft, second)]);
        const again = await phone.drafts.save(draft).then(() => "saved", (error) => error.code);
        const items = await phone.outbox.all();
        return [items.length, new Set(done.map(({ item }) => item.revision_id)).size, again, (await phone.drafts.all()).length];
        """,
    )
    assert found == [1, 1, "phone.draft_finished", 0]


def test_a_killed_browser_keeps_the_draft_the_item_and_the_photo(phone, office):  # P3
    page = phone.open(office.url + "/field/")
    page.wait_for_function("() => globalThis.ready")
    ids = run(
        page,
        """
        const phone = await tools.openPhone();
        const photo = await phone.files.put(tools.bytes(150_000), { type: "image/jpeg", thumbnail: tools.bytes(900).buffer });
        const draft = tools.draft({ files: [{ ...photo, name: "photo-1.jpg", question: "photo" }] });
        await phone.drafts.save(draft);
        const item = await tools.finished(phone, { files: draft.files });
        return [draft.id, item.revision_id, photo.sha256];
        """,
    )
    phone.kill()
    page = phone.open(office.url + "/field/")
    page.wait_for_function("() => globalThis.ready")
    found = run(
        page,
        """
        const phone = await tools.openPhone();
        const [draft, item, photo] = arg;
        const blob = await phone.files.read(photo);
        return [(await phone.drafts.get(draft)).snapshot.answers.name, (await phone.outbox.get(item)).state, blob.size, blob.type,
          (await phone.files.thumbnail(photo)).size, phone.alarms.length];
        """,
        ids,
    )
    assert found == ["تعاونية الأمل", "waiting", 150_000, "image/jpeg", 900, 0]


def test_photos_are_kept_in_small_pieces_and_a_damaged_one_is_noticed(page):  # P4
    found = run(
        page,
        """
        const phone = await tools.openPhone();
        const { sha256 } = await phone.files.put(tools.bytes(120_000), { type: "image/jpeg" });
        const db = await tools.database();
        const chunks = await new Promise((resolve) => {
          db.transaction("chunks").objectStore("chunks").getAll().onsuccess = (event) => resolve(event.target.result);
        });
        const largest = Math.max(...chunks.map((chunk) => chunk.bytes.byteLength));
        const whole = await phone.files.isWhole(sha256);
        chunks.find((chunk) => chunk.n === 1).bytes = new ArrayBuffer(48 * 1024);
        await new Promise((resolve) => {
          const tx = db.transaction("chunks", "readwrite");
          chunks.forEach((chunk) => tx.objectStore("chunks").put(chunk));
          tx.oncomplete = resolve;
        });
        const draft = tools.draft({ files: [{ sha256, size: 120_000, type: "image/jpeg", name: "a.jpg", question: "a" }] });
        await phone.drafts.save(draft);
        const { item, lost } = await phone.drafts.finish(draft, await tools.item(draft));
        const read = await phone.files.read(sha256).then(() => "read", (error) => error.code);
        // The same photo taken again mends it.
        await phone.files.put(tools.bytes(120_000), { type: "image/jpeg" });
        return [largest, whole, lost.length, item.attachments[0].state, read, await phone.files.isWhole(sha256)];
        """,
    )
    assert found == [48 * 1024, True, 1, "lost", "phone.file_lost", True]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_full_phone_takes_no_photo_gives_its_reserve_to_words_and_never_says_saved_wrongly(
    playwright, tmp_path, office, backend
):
    # P5, PS-04: every word typed while the reserve lasts is saved; then what is not kept is said.
    phone = Device(playwright, tmp_path / "profile", "ar", arguments=BACKENDS[backend])
    page = phone.open(office.url + "/field/")
    page.wait_for_function("() => globalThis.ready")
    run(page, "await (await tools.openPhone()).protect()")
    phone.close()
    page = phone.open()
    # Before the store is used: Chromium remembers for some seconds how much room there was.
    client = page.context.new_cdp_session(page)
    client.send("Storage.overrideQuotaForOrigin", {"origin": office.url, "quotaSize": 5_000_000})
    page.goto(office.url + "/field/")
    page.wait_for_function("() => globalThis.ready")
    found = run(
        page,
        """
        const phone = await tools.openPhone();
        const spent = async () => !(await caches.match("/field/reserve"));
        const photo = () => phone.files.put(tools.random(200_000), { type: "image/jpeg" }).then(() => "kept", (error) => error.code);
        const photos = ["kept"];
        for (let i = 0; i < 30 && photos.at(-1) === "kept"; i++) photos.push(await photo());
        const spentByPhotos = await spent();
        // Random letters: the browser's store compresses others.
        const words = (some) => tools.draft({ snapshot: { answers: { text: Array.from({ length: some }, () => tools.newId()).join() } } });
        const save = (some) => phone.drafts.save(words(some)).then(() => "saved", (error) => error.code ?? String(error));
        const said = [];
        for (let i = 0; i < 300 && !(await spent()); i++) said.push(await save(1500));
        const spentBy = said.length;
        for (let i = 0; i < 20; i++) said.push(await save(5));
        const afterReserve = said.slice();
        for (let i = 0; i < 2000 && said.at(-1) === "saved"; i++) said.push(await save(1500));
        return { photo: photos.at(-1), spentByPhotos, spentBy, afterReserve, last: said.at(-1), kept: (await phone.drafts.all()).length, said: said.filter((one) => one === "saved").length };
        """,
    )
    phone.close()
    assert (found["photo"], found["spentByPhotos"], found["last"]) == ("phone.full", False, "phone.full")
    assert found["spentBy"] < 300
    assert set(found["afterReserve"]) == {"saved"}
    assert found["kept"] == found["said"]


def test_a_store_that_forgot_is_said_before_anything_else(page, tab):  # P6
    run(
        page,
        """
        const phone = await tools.openPhone();
        await tools.finished(phone); await tools.finished(phone);
        await phone.drafts.save(tools.draft());
        await new Promise((resolve) => setTimeout(resolve, 100));
        await phone.close();
        await new Promise((resolve) => (indexedDB.deleteDatabase("daftar-outbox").onsuccess = resolve));
        """,
    )
    page.close()
    page = tab()
    alarms = run(page, "globalThis.phone = await tools.openPhone(); return phone.alarms")
    assert [(one["kind"], one["details"]["unsent"], one["details"]["drafts"]) for one in alarms] == [("data_lost", 2, 1)]
    assert len(alarms[0]["details"]["ids"]) == 2
    page.reload()
    page.wait_for_function("() => globalThis.ready")
    assert run(page, "globalThis.phone = await tools.openPhone(); return phone.alarms.length") == 1
    run(page, "await phone.acknowledge(phone.alarms[0])")
    page.reload()
    page.wait_for_function("() => globalThis.ready")
    assert run(page, "return (await tools.openPhone()).alarms.length") == 0


def test_a_draft_that_vanished_is_said_and_one_that_was_finished_or_deleted_is_not(page):  # P6
    run(
        page,
        """
        globalThis.phone = await tools.openPhone();
        const [deleted, vanished, stays] = [tools.draft(), tools.draft(), tools.draft()];
        for (const one of [deleted, vanished, stays]) await phone.drafts.save(one);
        await tools.finished(phone);
        await new Promise((resolve) => setTimeout(resolve, 100));
        const kept = localStorage.getItem("daftar.canary");
        await phone.drafts.remove(deleted.id);
        const db = await tools.database();
        await new Promise((resolve) => { const tx = db.transaction("drafts", "readwrite"); tx.objectStore("drafts").delete(vanished.id); tx.oncomplete = resolve; });
        // The browser was killed before the small storage heard of the deletion.
        await new Promise((resolve) => setTimeout(resolve, 100));
        localStorage.setItem("daftar.canary", kept);
        """,
    )
    page.reload()
    page.wait_for_function("() => globalThis.ready")
    [alarm] = run(page, "globalThis.phone = await tools.openPhone(); return phone.alarms")
    assert (alarm["kind"], alarm["details"]) == ("items_missing", {"unsent": 0, "ids": [], "drafts": 1})


def test_the_cookie_alone_remembers_when_the_small_storage_went_too(page, tab):  # P6
    run(
        page,
        """
        const phone = await tools.openPhone();
        await tools.finished(phone);
        await new Promise((resolve) => setTimeout(resolve, 100));
        await phone.close();
        localStorage.clear();
        await new Promise((resolve) => (indexedDB.deleteDatabase("daftar-outbox").onsuccess = resolve));
        """,
    )
    page.close()
    alarms = run(tab(), "return (await tools.openPhone()).alarms")
    assert [(one["kind"], one["details"]["unsent"]) for one in alarms] == [("data_lost", 1)]


def test_a_first_opening_raises_no_alarm(page):  # P6
    assert run(page, "return (await tools.openPhone()).alarms") == []


def test_a_connection_that_the_browser_closed_is_opened_again(page):  # P7, PS-17
    assert (
        run(
            page,
            """
        const phone = await tools.openPhone();
        const open = indexedDB.open, begin = IDBDatabase.prototype.transaction;
        let broken = true;
        IDBDatabase.prototype.transaction = function (...args) {
          if (broken) { broken = false; this.close(); }
          return begin.apply(this, args);
        };
        await phone.meta.set("a", 1);
        return await phone.meta.get("a");
        """,
        )
        == 1
    )


def test_changes_are_heard_in_other_tabs(page, tab):  # P8
    other = tab()
    run(other, "globalThis.phone = await tools.openPhone(); globalThis.heard = []; phone.on(({ store }) => heard.push(store));")
    run(page, "const phone = await tools.openPhone(); await phone.drafts.save(tools.draft());")
    other.wait_for_function("() => heard.includes('drafts')")


def test_a_record_made_on_this_phone_can_be_used_at_once(page):  # P9
    found = run(
        page,
        """
        const phone = await tools.openPhone();
        const row = { seq: 1, kind: "entity", op: "put", id: "c1", data: { list: "cooperatives", label: "تعاونية الأمل", version: 1, properties: { sector: "food" } } };
        await phone.catalogue.apply("p1", { changes: [row], next_cursor: "c1", more: false, high_water: 1 });
        const before = await phone.catalogue.entities("cooperatives");
        await tools.finished(phone, {}, { entities: [
          { list: "cooperatives", id: "c2", action: "create", label: "تعاونية النور", data: { sector: "crafts" } },
          { list: "cooperatives", id: "c1", action: "update", label: "", data: { sector: "plants" } }] });
        const after = await phone.catalogue.entities("cooperatives");
        const one = await phone.catalogue.entity("cooperatives", "c2");
        return [before.map((row) => row.sector), after.map((row) => [row.name, row.label, row.sector]), one.label];
        """,
    )
    assert found == [["food"], [["c1", "تعاونية الأمل", "plants"], ["c2", "تعاونية النور", "crafts"]], "تعاونية النور"]


def test_a_record_that_the_office_took_away_leaves_the_phone_that_made_it_and_its_receipt_names_nobody(page):  # P9
    """Erased, archived or merged. Until the pull that holds what was sent, what was sent is all there is."""
    found = run(
        page,
        """
        const phone = await tools.openPhone();
        const item = await tools.finished(phone, {}, { entities: [{ list: "persons", id: "z1", action: "create", label: "زهرة بناني", data: { phone: "0612345678" } }] });
        const seen = async () => [(await phone.catalogue.entities("persons")).length, (await phone.catalogue.entity("persons", "z1"))?.phone];
        await phone.outbox.settle([{ revision_id: item.revision_id, patch: { state: "accepted" }, receipt: { revision_id: item.revision_id, server_seq: 2 } }]);
        const sent = await seen();
        const page = (seq, op, data) => ({ changes: [{ seq, kind: "entity", op, id: "z1", data }], next_cursor: `c${seq}`, more: false, high_water: seq });
        await phone.catalogue.apply("p1", page(2, "put", { list: "persons", label: "زهرة", version: 1, properties: { phone: "0612345678" } }));
        const pulled = await seen();
        await phone.catalogue.apply("p1", page(3, "del", null));
        return [sent, pulled, await seen(), JSON.stringify(await phone.outbox.receipts())];
        """,
    )
    assert found[:3] == [[1, "0612345678"], [1, "0612345678"], [0, None]]
    assert "server_seq" in found[3]
    for gone in ("زهرة", "تعاونية", "0612345678"):
        assert gone not in found[3]


def test_an_update_made_here_gives_way_to_what_the_office_sent_later(page):  # P9
    found = run(
        page,
        """
        const phone = await tools.openPhone();
        const row = (seq, sector) => ({ seq, kind: "entity", op: "put", id: "c1", data: { list: "cooperatives", label: "الأمل", version: seq, properties: { sector } } });
        await phone.catalogue.apply("p1", { changes: [row(1, "food")], next_cursor: "c1", more: false, high_water: 1 });
        const item = await tools.finished(phone, {}, { entities: [{ list: "cooperatives", id: "c1", action: "update", label: "", data: { sector: "plants" } }] });
        await phone.outbox.settle([{ revision_id: item.revision_id, patch: { state: "accepted" }, receipt: { revision_id: item.revision_id, server_seq: 2 } }]);
        const sent = (await phone.catalogue.entities("cooperatives"))[0].sector;
        await phone.catalogue.apply("p1", { changes: [row(3, "crafts")], next_cursor: "c3", more: false, high_water: 3 });
        return [sent, (await phone.catalogue.entities("cooperatives"))[0].sector];
        """,
    )
    assert found == ["plants", "crafts"]


def test_rows_and_cursor_of_a_pull_are_stored_together(page):  # P10
    found = run(
        page,
        """
        const phone = await tools.openPhone();
        const change = (id) => ({ seq: 1, kind: "entity", op: "put", id, data: { list: "l", label: id, properties: {} } });
        await phone.catalogue.apply("p1", { changes: [change("a")], next_cursor: "c1", more: true, high_water: 9 });
        const put = IDBObjectStore.prototype.put;
        IDBObjectStore.prototype.put = function (value) {
          if (this.name === "kv") throw new DOMException("", "QuotaExceededError");
          return put.call(this, value);
        };
        await phone.catalogue.apply("p1", { changes: [change("b")], next_cursor: "c2", more: false, high_water: 9 }).catch(() => {});
        IDBObjectStore.prototype.put = put;
        return [await phone.catalogue.cursor("p1"), (await phone.catalogue.entities("l")).map((row) => row.name)];
        """,
    )
    assert found == ["c1", ["a"]]


def test_a_resync_keeps_rows_in_use_until_it_ends(page):  # P10
    found = run(
        page,
        """
        const phone = await tools.openPhone();
        const change = (id) => ({ seq: 1, kind: "entity", op: "put", id, data: { list: "l", label: id, properties: {} } });
        const names = async () => (await phone.catalogue.entities("l")).map((row) => row.name);
        await phone.catalogue.apply("p1", { changes: [change("a"), change("b")], next_cursor: "c1", more: false, high_water: 2 });
        await phone.catalogue.apply("p2", { changes: [change("z")], next_cursor: "c1", more: false, high_water: 2 });
        await phone.catalogue.restart("p1");
        const restarted = [await phone.catalogue.cursor("p1"), await names()];
        await phone.catalogue.apply("p1", { changes: [change("b")], next_cursor: "d1", more: true, high_water: 4 });
        const half = await names();
        await phone.catalogue.apply("p1", { changes: [change("c")], next_cursor: "d2", more: false, high_water: 4 });
        return [restarted, half, await names()];
        """,
    )
    assert found == [[None, ["a", "b", "z"]], ["a", "b", "z"], ["b", "c", "z"]]


def test_a_cache_of_a_later_release_is_made_anew(page):  # P11
    assert run(
        page,
        """
        await new Promise((resolve) => (indexedDB.open("daftar-cache", 99).onsuccess = (event) => { event.target.result.close(); resolve(); }));
        const phone = await tools.openPhone();
        return [phone.alarms, await phone.catalogue.entities("l")];
        """,
    ) == [[], []]


def test_facts_at_hand_while_a_page_opens_end_with_the_first_change(page):
    found = run(
        page,
        """
        const before = await tools.openPhone();
        await before.meta.set("fact", "old");
        await before.close();
        const phone = await tools.openPhone({ atHand: true });
        const first = await phone.meta.get("fact");
        await phone.meta.set("fact", "new");
        return [first, await phone.meta.get("fact")];
        """,
    )
    assert found == ["old", "new"]
