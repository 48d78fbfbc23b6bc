"""Delivering and fetching against an office that misbehaves. docs/sync.md is the contract."""

# ruff: noqa: E501  (rows and scripts of the page read better unbroken)
from __future__ import annotations

import hashlib
import json
import time
from typing import Any

import pytest
from flask import Response, request

from app.instruments.files import canonical_json, sha256_of
from tests.e2e.device import until
from tests.phone.conftest import run
from tests.phone.office import PORTAL

SIGN_IN = "await tools.signedIn();"
STATES = "return (await phone.outbox.all()).map((item) => item.state)"


def finish(page, count=1):
    run(page, "for (let i = 0; i < arg; i++) await tools.finished(phone)", count)


def now(page, reason="button"):
    run(page, "await sync.now({ reason: arg })", reason)
    return run(page, "return sync.state")


def items(page):
    return run(page, "return await phone.outbox.all()")


def test_what_was_finished_is_received_with_a_receipt(page, office):
    run(page, SIGN_IN)
    finish(page, 2)
    state = now(page)
    assert (state["phase"], state["problem"]) == ("idle", None)
    assert state["last_success_at"] is not None
    for item in items(page):
        assert item["state"] == "accepted"
        assert office.items[item["revision_id"]]["envelope"] == item["envelope"]
        receipt = run(page, "return await phone.outbox.receipt(arg)", item["revision_id"])
        assert receipt["server_seq"] == office.items[item["revision_id"]]["seq"]
    counts = run(page, "return await phone.outbox.counts()")
    assert (counts["waiting"], counts["received"]) == (0, 2)


def test_a_captive_portal_changes_nothing_but_the_next_attempt(page, office):
    run(page, SIGN_IN)
    finish(page)
    before = items(page)[0]
    office.fault = lambda: Response(PORTAL, 200, content_type="text/html")
    state = now(page)
    assert (state["phase"], state["problem"]["code"]) == ("offline", "sync.not_ours")
    after = items(page)[0]
    assert {**after, "attempts": 0} == {**before, "attempts": 0}
    # Not even what looks right in every word, unless our server signs it.
    receipt = {"revision_id": before["revision_id"], "sha256": before["sha256"], "server_seq": 1, "missing": []}
    forged = {"proto": 1, "have": {before["revision_id"]: receipt}, "epoch": "e1", "high_water": 1, "backup_seq": 1}
    office.fault = lambda: Response(json.dumps(forged), 200, content_type="application/json")
    assert now(page)["phase"] == "offline"
    assert [item["state"] for item in items(page)] == ["waiting"]
    office.fault = lambda: None
    assert now(page)["phase"] == "idle"
    assert [item["state"] for item in items(page)] == ["accepted"]


def test_an_answer_about_other_items_is_not_believed(page, office):
    run(page, SIGN_IN)
    finish(page)
    office.verdict = lambda item: {"id": item["submission_id"], "result": "accepted", "receipt": None}
    assert now(page)["problem"]["code"] == "sync.not_ours"
    assert [item["state"] for item in items(page)] == ["waiting"]


def test_without_a_network_it_says_so_and_keeps_everything(page, office):
    run(page, SIGN_IN)
    finish(page)
    page.context.set_offline(True)
    state = now(page)
    assert (state["phase"], state["problem"]["code"], state["progress"]) == ("offline", "sync.offline", None)
    page.context.set_offline(False)
    assert now(page)["phase"] == "idle"


def test_an_answer_lost_on_the_way_makes_no_second_submission(page, office):
    run(page, SIGN_IN)
    finish(page)
    office.after = lambda: (_ for _ in ()).throw(ConnectionResetError)
    office.app.config["PROPAGATE_EXCEPTIONS"] = False
    now(page)
    assert len(office.items) == 1
    assert [item["state"] for item in items(page)] == ["waiting"]
    office.after = lambda: None
    pushes = len(office.sent("/api/sync/push"))
    now(page)
    assert [item["state"] for item in items(page)] == ["accepted"]
    # It asked first: the bytes did not go twice.
    assert all(not sent["items"] for sent in office.sent("/api/sync/push")[pushes:])
    assert len(office.items) == 1


def test_batches_have_at_most_twenty_items_and_a_413_halves_them(page, office):
    run(page, SIGN_IN)
    finish(page, 23)

    def too_large():
        _, path, sent = office.log[-1]
        return office.problem("sync.too_large", 413) if path.endswith("push") and len(sent["items"]) > 6 else None

    office.fault = too_large
    assert now(page)["phase"] == "idle"
    sizes = [len(sent["items"]) for sent in office.sent("/api/sync/push") if sent["items"]]
    assert max(sizes) == 20
    assert sum(size for size in sizes if size <= 6) == 23
    assert {item["state"] for item in items(page)} == {"accepted"}


def test_one_bad_item_delays_no_other_and_stays_on_the_phone(page, office):
    run(page, SIGN_IN)
    finish(page, 3)
    bad = items(page)[1]["revision_id"]
    said = {
        "result": "malformed",
        "problem": {"code": "submissions.malformed", "message": {"ar": "لا", "fr": "non"}, "details": {}},
    }
    office.verdict = lambda item: said if item["revision_id"] == bad else None
    now(page)
    found = {item["revision_id"]: item for item in items(page)}
    assert found[bad]["state"] == "refused"
    assert found[bad]["problem"]["code"] == "submissions.malformed"
    assert sorted(item["state"] for item in found.values()) == ["accepted", "accepted", "refused"]


def test_an_item_that_breaks_the_server_is_set_apart(page, office):
    run(page, SIGN_IN)
    finish(page, 4)
    bad = items(page)[2]["revision_id"]

    def broken():
        _, path, sent = office.log[-1]
        if path.endswith("push") and any(item["revision_id"] == bad for item in sent["items"]):
            return office.problem("core.bug", 500)
        return None

    office.fault = broken
    now(page)
    states = {item["revision_id"]: item["state"] for item in items(page)}
    assert states.pop(bad) == "waiting"
    assert set(states.values()) == {"accepted"}


def test_verdicts_that_need_a_person_are_kept_and_counted(page, office):
    run(page, SIGN_IN)
    finish(page, 2)
    first, _ = (item["revision_id"] for item in items(page))
    problem = {"code": "submissions.author_unproven", "message": {"ar": "…", "fr": "…"}, "details": {}}

    def verdict(item):
        if item["revision_id"] == first:
            return {"result": "gone", "problem": problem}
        office.verdict = lambda item: None
        return {**office.take(item), "result": "quarantined", "problem": problem}

    office.verdict = verdict
    now(page)
    assert run(page, STATES) == ["gone", "quarantined"]
    counts = run(page, "return await phone.outbox.counts()")
    assert (counts["gone"], counts["quarantined"], counts["received"], counts["waiting"]) == (1, 1, 1, 0)


def with_photo(page, size=300_000):
    return run(
        page,
        """
        const photo = await phone.files.put(tools.bytes(arg, Date.now()), { type: "image/jpeg" });
        await tools.finished(phone, { files: [{ ...photo, name: "photo-1.jpg", question: "photo" }] });
        return photo.sha256;
        """,
        size,
    )


def test_a_photo_goes_on_where_the_network_was_cut(page, office):
    run(page, SIGN_IN)
    sha = with_photo(page)
    pieces = []

    def cut_after_two():
        if office.log[-1][0] == "PATCH":
            pieces.append(office.log[-1][2])
            if len(pieces) == 2:
                return Response("", 502)
        return None

    office.fault = cut_after_two
    state = now(page)
    assert (state["phase"], state["photos_pending"]) == ("offline", 1)
    held = len(office.files[sha])
    assert 0 < held < 300_000
    assert run(page, "return (await phone.outbox.counts()).photos") == 1
    office.fault = lambda: None
    before = len(office.log)
    assert now(page)["photos_pending"] == 0
    assert hashlib.sha256(office.files[sha]).hexdigest() == sha
    assert sum(sent for method, _, sent in office.log[before:] if method == "PATCH") == 300_000 - held
    assert items(page)[0]["attachments"][0]["state"] == "complete"


def test_a_piece_damaged_on_the_way_is_sent_again(page, office):
    run(page, SIGN_IN)
    sha = with_photo(page)
    damaged = []

    def damage_once():
        if office.log[-1][0] == "PATCH" and not damaged:
            damaged.append(1)
            return Response("", 460, {"X-Sync-Proto": "1"})
        return None

    office.fault = damage_once
    assert now(page)["photos_pending"] == 0
    assert hashlib.sha256(office.files[sha]).hexdigest() == sha


def test_texts_go_before_photos_and_small_photos_first(page, office):
    run(page, SIGN_IN)
    with_photo(page, 200_000)
    with_photo(page, 20_000)
    now(page)
    work = [(method, path.split("/")[3], sent) for method, path, sent in office.log if method in ("POST", "PATCH")]
    first_patch = next(i for i, one in enumerate(work) if one[0] == "PATCH")
    # What follows the photos is a word about them, no text.
    assert all(one[1] != "push" or one[2]["items"] == [] for one in work[first_patch:])
    assert work[first_patch][2] == 20_000


def test_a_photo_lost_on_the_phone_is_said_once_and_not_waited_for(page, office):
    run(page, SIGN_IN)
    with_photo(page)
    run(
        page,
        """
        const db = await tools.database();
        await new Promise((resolve) => { const tx = db.transaction("chunks", "readwrite"); tx.objectStore("chunks").clear(); tx.oncomplete = resolve; });
        """,
    )
    state = now(page)
    assert (state["phase"], state["photos_pending"]) == ("idle", 0)
    assert items(page)[0]["attachments"][0]["state"] == "lost"
    assert any(path.endswith("/lost") for _, path, _ in office.log)


def test_a_server_that_went_back_in_time_gets_everything_again(page, office):
    run(page, SIGN_IN)
    sha = with_photo(page)
    finish(page, 2)
    now(page)
    assert len(office.items) == 3
    office.forget()
    now(page)
    now(page)
    assert len(office.items) == 3
    assert hashlib.sha256(office.files[sha]).hexdigest() == sha
    assert set(run(page, STATES)) == {"accepted"}
    assert run(page, "return await phone.meta.get('epoch')") == "e2"


def test_only_what_is_in_a_backup_leaves_the_phone(page, office):
    run(page, SIGN_IN)
    sha = with_photo(page)
    finish(page)
    now(page)
    assert len(items(page)) == 2
    office.backup_seq = 1
    now(page)
    assert len(items(page)) == 1
    assert run(page, "return await phone.files.isWhole(arg)", sha) is False
    assert len(run(page, "return await phone.outbox.receipts()")) == 2
    # The canary does not take a purged item for a lost one.
    page.reload()
    page.wait_for_function("() => globalThis.ready")
    assert run(page, "return (await tools.openPhone()).alarms") == []


def test_two_tabs_never_send_at_the_same_time(tab, office):
    one, two = tab(), tab()
    run(one, SIGN_IN)
    run(
        two,
        "globalThis.phone = await tools.openPhone(); globalThis.sync = tools.createSync({ phone, fetch: fetch.bind(globalThis), app: 'test' });",
    )
    finish(one, 4)
    office.after = lambda: time.sleep(0.3)
    for page in (one, two):
        page.evaluate("() => { globalThis.done = Promise.all([sync.now({}), sync.now({})]); }")
    for page in (one, two):
        page.evaluate("() => done")
    assert office.most_at_once == 1
    assert len(office.items) == 4
    sent = [item["revision_id"] for push in office.sent("/api/sync/push") for item in push["items"]]
    assert len(sent) == len(set(sent)) == 4


def test_a_finished_form_goes_by_itself_and_without_network_not_again_and_again(page, office):
    run(page, SIGN_IN + "sync.start();")
    page.wait_for_function("() => sync.state.last_success_at !== null")
    finish(page)
    until(lambda: run(page, STATES) == ["accepted"], "it was sent")
    office.fault = lambda: Response("", 502)
    finish(page, 30)
    page.wait_for_function("() => sync.state.phase === 'offline'")
    page.wait_for_timeout(1500)
    tried = len(office.log)
    page.wait_for_timeout(1200)
    assert len(office.log) - tried <= 2  # one more attempt may fall due, not one after the other
    run(page, "sync.stop()")


def test_signing_out_deletes_nothing_and_what_waits_is_still_delivered(page, office):
    run(page, SIGN_IN)
    finish(page)
    run(page, "await phone.drafts.save(tools.draft()); await sync.signOut();")
    assert run(page, "return [await phone.meta.get('person'), (await phone.drafts.all()).length]") == [None, 1]
    assert now(page)["phase"] == "signed_out"
    assert run(page, STATES) == ["accepted"]
    asked = [path for _, path, _ in office.log]
    assert "/api/sync/pull" not in asked[asked.index("/api/field/sign-out") :]


def test_an_ended_session_stops_the_pull_and_not_the_push(page, office):
    run(page, SIGN_IN)
    finish(page)
    office.signed_in = False
    assert now(page)["phase"] == "signed_out"
    assert run(page, STATES) == ["accepted"]
    assert run(page, "return (await phone.meta.get('person')).id") == "amina"


@pytest.mark.parametrize(
    ("fault", "code"),
    [(None, "accounts.wrong_password"), (lambda: Response(PORTAL, 200, content_type="text/html"), "sync.not_ours")],
)
def test_signing_in_says_why_it_did_not_work(page, office, fault, code):
    office.fault = fault or office.fault
    script = (
        "globalThis.phone = await tools.openPhone(); const sync = tools.createSync({ phone, fetch: fetch.bind(globalThis) });"
    )
    assert run(page, script + "return sync.signIn('amina', 'wrong').catch((error) => error.code)") == code
    assert run(page, "return await phone.meta.get('person')") is None


def test_the_pull_brings_rows_and_then_each_package_once(page, office):
    package = canonical_json({"format": 1, "form_id": "diag"})
    sha = sha256_of(package)
    office.contents = {sha: package, "d1": json.dumps({"columns": ["name", "label"], "rows": [["03", "بولمان"]]})}
    instrument = {"form_id": "diag", "version": "1", "sha256": sha, "title": {}, "is_open": True, "datasets": {"communes": "d1"}}
    entity = {"list": "cooperatives", "label": "تعاونية الأمل", "version": 1, "properties": {}}
    office.pages = {
        None: {"changes": [{"seq": 1, "kind": "instrument", "op": "put", "id": "i1", "data": instrument}], "next_cursor": "c1", "more": True},
        "c1": {"changes": [{"seq": 2, "kind": "entity", "op": "put", "id": "c1", "data": entity}], "next_cursor": "c2", "more": False},
        "c2": {"changes": [{"seq": 3, "kind": "entity", "op": "del", "id": "c1", "data": None}], "next_cursor": "c3", "more": False},
    }  # fmt: skip
    run(page, SIGN_IN)
    assert now(page)["phase"] == "idle"
    found = run(
        page,
        """
        const [row] = await phone.catalogue.instruments("p1");
        return [row.ready, (await phone.catalogue.package(row.sha256)).form_id, await phone.catalogue.dataset("d1"), (await phone.catalogue.entities("cooperatives")).length];
        """,
    )
    assert found == [True, "diag", [{"name": "03", "label": "بولمان"}], 1]
    now(page)
    assert run(page, "return (await phone.catalogue.entities('cooperatives')).length") == 0
    assert len(office.sent("/api/sync/instruments")) == 1


def test_what_was_sent_back_or_begun_on_an_older_version_brings_that_version_with_its_lists(page, office):
    """A phone that was replaced, or whose browser dropped what can be fetched again, never had it: rows name the current one only."""
    texts = {}

    def package(version: str, **more: Any) -> str:
        text = json.dumps({"format": 1, "form_id": "diag", "version": version} | more, separators=(",", ":"), sort_keys=True)
        texts[sha := hashlib.sha256(text.encode()).hexdigest()] = text
        return sha

    new = package("3")
    begun = package("2", datasets={"cooperatives": {"kind": "entities"}})
    sent_back = package("1", datasets={"communes": {"kind": "csv", "sha256": "d1"}}, media={"a.png": "m1"})
    table = json.dumps({"columns": ["name"], "rows": [["03"]]})
    office.contents = texts | {"d1": table, "m1": table}
    instrument = {"form_id": "diag", "version": "3", "sha256": new, "title": {}, "is_open": True, "datasets": {}}
    envelope = json.dumps({"form_id": "diag", "form_version": "1", "form_sha256": sent_back})
    submission = {"form_id": "diag", "title": "", "state": "has_issues", "revision_id": "r1", "envelope": envelope}
    office.pages = {None: {"changes": [
        {"seq": 1, "kind": "instrument", "op": "put", "id": "i1", "data": instrument},
        {"seq": 2, "kind": "submission", "op": "put", "id": "s1", "data": submission},
    ], "next_cursor": "c1", "more": False}}  # fmt: skip
    run(page, SIGN_IN)
    now(page)
    draft = "for (const form_sha256 of arg) await phone.drafts.save(tools.draft({ form_sha256 }));"
    run(page, draft, [begun, "9" * 64])  # of the last nobody here knows
    now(page)
    assert now(page)["phase"] == "idle"
    has = "return Promise.all(arg.map((hash) => phone.catalogue.has(hash.length > 9 ? 'packages' : 'datasets', hash)))"
    assert run(page, has, [new, begun, sent_back, "d1", "m1"]) == [True] * 5


def test_who_just_signed_in_waits_for_her_forms_and_for_nothing_else(page, office):
    run(page, SIGN_IN)
    now(page, "signed_in")
    asked = [path for _, path, _ in office.log]
    assert asked == ["/api/field/sign-in", "/api/sync/pull", "/api/sync/push"]  # what this phone tells of itself comes last
    now(page)
    assert [path for _, path, _ in office.log][len(asked) :] == ["/api/field/me", "/api/sync/pull"]


def test_a_new_phone_asks_for_rows_and_forms_while_its_key_is_on_its_way(page, office):
    """Each wait on a slow network is seconds. What comes before the key is kept only where everybody may read it."""
    package = canonical_json({"format": 1, "form_id": "diag"})
    sha = sha256_of(package)
    office.contents = {sha: package}
    office.forms = {"packages": [sha], "datasets": []}
    instrument = {"form_id": "diag", "version": "1", "sha256": sha, "title": {}, "is_open": True, "datasets": {}}
    changes = [{"seq": 1, "kind": "instrument", "op": "put", "id": "i1", "data": instrument}]
    office.pages = {None: {"changes": changes, "next_cursor": "c1", "more": False}}
    stored_before_the_key = run(
        page,
        """
        let rows;
        await tools.signedIn(async (phone) => {
          while (!(await phone.catalogue.has("packages", arg))) await new Promise((resolve) => setTimeout(resolve, 20));
          rows = (await phone.catalogue.instruments()).length;
        });
        return rows;
        """,
        sha,
    )
    assert stored_before_the_key == 0
    now(page, "signed_in")
    assert run(page, "return (await phone.catalogue.instruments('p1')).map(({ ready }) => ready)") == [True]
    asked = [path for _, path, _ in office.log]
    assert sorted(asked) == ["/api/field/sign-in", "/api/sync/instruments", "/api/sync/pull", "/api/sync/push"]


ASKED_AHEAD = """
await sync.signOut();
const pulls = () => performance.getEntriesByType("resource").filter(({ name }) => name.includes("/api/sync/pull")).length;
const before = pulls();
await sync.signIn(arg, "right", async () => {
  while (pulls() === before) await new Promise((resolve) => setTimeout(resolve, 20));
});
"""


def test_a_page_asked_ahead_is_a_sign_of_a_restored_server_only_where_the_server_was_restored(page, office):
    """It is heard after what was delivered since, and says a number of before."""
    run(page, SIGN_IN)
    now(page)
    finish(page)
    run(page, ASKED_AHEAD, "fatima")
    now(page, "signed_in")
    assert (office.seq, run(page, "return await phone.meta.get('high_water')")) == (1, 1)
    assert not run(page, "return await phone.meta.get('recheck')")

    office.seq = 0
    asked = len(office.log)
    run(page, ASKED_AHEAD, "khadija")
    now(page, "signed_in")
    assert run(page, "return await phone.meta.get('recheck')")
    assert [path for _, path, _ in office.log[asked:]] == ["/api/field/sign-out", "/api/field/sign-in", "/api/sync/pull"]


def test_what_was_asked_ahead_is_forgotten_when_she_cannot_come_in_and_not_kept_in_clear_when_the_phone_locks(page, office):
    entity = {"list": "l", "label": "تعاونية الأمل", "version": 1, "properties": {}}
    changes = [{"seq": 1, "kind": "entity", "op": "put", "id": "a", "data": entity}]
    office.pages = {None: {"changes": changes, "next_cursor": "c1", "more": False}}
    me, pulls = office.me, []
    office.me = lambda name: {**me(name), "session": f"s-{name}"}
    office.fault = lambda: pulls.append(request.headers["Authorization"]) if request.path == "/api/sync/pull" else None
    run(page, SIGN_IN)
    finish(page)
    run(
        page,
        """
        const failing = (meanwhile) => sync.signIn("fatima", "right", async () => { await meanwhile(); throw new tools.Problem("phone.full"); }).catch(() => {});
        await failing(() => sync.now({ reason: "button" }));
        await failing(() => {});
        // Another window, where she came in.
        const { id, ...person } = await phone.meta.get("person");
        await phone.meta.set("person", { ...person, id: "fatima" });
        await phone.catalogue.belongsTo("fatima");
        """,
    )
    now(page, "signed_in")
    # Amina reads on with what is hers, also while Fatima comes in.
    assert [one.removeprefix("Session s-") for one in pulls] == ["amina", "fatima", "amina", "fatima", "amina"]
    assert len(run(page, "return await phone.catalogue.entities('l')")) == 1

    office.after = lambda: time.sleep(0.2)
    finish(page)
    run(
        page,
        """
        const { vault } = phone;
        await sync.signIn("khadija", "right", async () => {
          await vault.keep("khadija", { id: tools.newId(), person: {}, wrapped: "", pin: { salt: "", rounds: 1, nonce: "", key: "" } });
          await vault.take("khadija", (await vault.kept("khadija")).id, new Uint8Array(32));
        });
        sync.on(({ phase }) => phase === "sending" && vault.lock());
        await sync.now({ reason: "signed_in" });
        """,
    )
    assert (run(page, "return phone.vault.state"), len(office.items)) == ("locked", 2)
    assert run(page, "return await phone.catalogue.entities('l')") == []


def with_lists(office, count):
    """The next pull brings an instrument that reads so many lists."""
    names = [f"d{number}" for number in range(count)]
    office.contents = dict.fromkeys(names, json.dumps({"columns": ["name"], "rows": [["03"]]}))
    office.contents["a" * 64] = "{}"
    instrument = {
        "form_id": "diag",
        "version": "1",
        "sha256": "a" * 64,
        "title": {},
        "is_open": True,
        "datasets": {one: one for one in names},
    }
    changes = [{"seq": 1, "kind": "instrument", "op": "put", "id": "i1", "data": instrument}]
    office.pages = {None: {"changes": changes, "next_cursor": "c1", "more": False}}


def test_several_files_come_at_once_and_after_a_cut_one_by_one(page, office):
    """Where each answer takes two seconds to begin, twelve files are four seconds instead of twenty-four. Where the network is so
    thin that several together would never arrive in time, each comes by itself."""
    with_lists(office, 12)
    office.content_takes_s = 0.1
    run(page, SIGN_IN)
    office.fault = lambda: Response(PORTAL, 200, content_type="text/html") if request.path.endswith("d9") else None
    assert now(page)["problem"]["code"] == "sync.not_ours"
    assert 1 < office.most_at_once <= 6
    kept = "return (await Promise.all([...arg].map((name) => phone.catalogue.has('datasets', name)))).filter(Boolean).length"
    before = run(page, kept, [f"d{number}" for number in range(12)])
    assert 0 < before < 12
    office.most_at_once = 0
    office.fault = lambda: None
    now(page)
    assert run(page, kept, [f"d{number}" for number in range(12)]) == 12
    assert office.most_at_once == 1
    assert len(office.sent("/api/sync/dataset/d0")) == 1


def test_forms_come_together_and_what_an_answer_has_no_room_for_comes_with_the_next(page, office):
    """On a slow network each answer begins after seconds, and forms packed together are a third smaller."""
    packages = [canonical_json({"format": 1, "form_id": form, "nodes": [{"i": 0}, {"i": 1, "name": "اسم"}]}) for form in "abc"]
    hashes = [sha256_of(package) for package in packages]
    office.contents = dict(zip(hashes, packages, strict=True))
    office.plain, office.together = {hashes[1]}, 2
    changes = [
        {"seq": 1, "kind": "instrument", "op": "put", "id": sha, "data": {"form_id": sha, "version": "1", "sha256": sha, "title": {}, "is_open": True, "datasets": {}}}
        for sha in hashes
    ]  # fmt: skip
    office.pages = {None: {"changes": changes, "next_cursor": "c1", "more": False}}
    run(page, SIGN_IN)
    assert now(page)["phase"] == "idle"
    assert run(page, "return (await phone.catalogue.instruments('p1')).map(({ ready }) => ready)") == [True] * 3
    assert run(page, "return (await phone.catalogue.package(arg)).nodes", hashes[0]) == [{"i": 0}, {"i": 1, "name": "اسم"}]
    assert len(office.sent("/api/sync/instruments")) == 2


def test_a_package_with_other_bytes_than_its_name_says_is_not_kept(page, office):
    office.contents = {"f" * 64: "{}"}
    instrument = {"form_id": "diag", "version": "1", "sha256": "f" * 64, "title": {}, "is_open": True, "datasets": {}}
    office.pages = {
        None: {
            "changes": [{"seq": 1, "kind": "instrument", "op": "put", "id": "i1", "data": instrument}],
            "next_cursor": "c1",
            "more": False,
        }
    }
    run(page, SIGN_IN)
    assert now(page)["problem"] is not None
    assert run(page, "return await phone.catalogue.has('packages', 'f'.repeat(64))") is False


def test_a_resync_rebuilds_the_catalogue_and_not_the_outbox(page, office):
    entity = {"list": "l", "label": "a", "version": 1, "properties": {}}
    office.pages = {
        None: {
            "changes": [{"seq": 1, "kind": "entity", "op": "put", "id": "a", "data": entity}],
            "next_cursor": "c1",
            "more": False,
        }
    }
    run(page, SIGN_IN)
    finish(page)
    now(page)
    office.pages = {
        "c1": {"resync": True},
        None: {
            "changes": [{"seq": 1, "kind": "entity", "op": "put", "id": "b", "data": entity}],
            "next_cursor": "d1",
            "more": False,
        },
    }
    assert now(page)["phase"] == "idle"
    found = run(page, "return [(await phone.catalogue.entities('l')).map((row) => row.name), (await phone.outbox.all()).length]")
    assert found == [["b"], 1]


def test_another_person_on_the_same_phone_does_not_read_what_was_pulled_before(page, office):
    entity = {"list": "l", "label": "a", "version": 1, "properties": {}}
    office.pages = {
        None: {
            "changes": [{"seq": 1, "kind": "entity", "op": "put", "id": "a", "data": entity}],
            "next_cursor": "c1",
            "more": False,
        }
    }
    run(page, SIGN_IN)
    finish(page)
    now(page)
    run(page, "await sync.signOut(); await sync.signIn('fatima', 'right');")
    assert run(page, "return (await phone.catalogue.entities('l')).length") == 0
    devices = run(page, "return await phone.meta.get('devices')")
    assert set(devices) == {"amina", "fatima"}
    # Amina's work goes under Amina's credential, whoever is signed in.
    run(page, "await tools.finished(phone)")
    now(page)
    assert run(page, STATES) == ["accepted", "accepted"]
    assert [push["device_id"] for push in office.sent("/api/sync/push") if push["items"]][-1] == devices["amina"]["id"]


def test_the_clock_of_the_phone_is_measured(page, office):
    office.now = lambda: int(time.time() * 1000) + 3_600_000
    run(page, SIGN_IN)
    now(page)
    assert abs(run(page, "return sync.state.clock_offset") - 3_600_000) < 5000


def test_lost_data_is_reported_to_the_office(page, office):
    run(page, SIGN_IN)
    run(page, "await phone.meta.set('incidents', [{ kind: 'data_lost', at: '', details: { unsent: 3, ids: ['a'], drafts: 1 } }])")
    now(page)
    told = [push["report"].get("incidents") for push in office.sent("/api/sync/push")]
    assert [one["details"]["unsent"] for one in told[-1]] == [3]
    now(page)
    assert run(page, "return await phone.meta.get('incidents')") == []
