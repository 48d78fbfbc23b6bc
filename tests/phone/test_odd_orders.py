"""A phone of two people, answers that come late or from somebody else's machine, photos that nobody can place yet."""

# ruff: noqa: E501  (rows and scripts of the page read better unbroken)
from __future__ import annotations

import json
import threading

import pytest
from flask import Response, request

from tests.e2e.device import until
from tests.phone.conftest import run

SIGN_IN = "await tools.signedIn();"
STATES = "return (await phone.outbox.all()).map((item) => item.state)"
PHOTOS = "return (await phone.outbox.all()).flatMap((item) => item.attachments.map((one) => one.state))"
WITH_PHOTO = """
    const file = await phone.files.put(tools.bytes(arg.size ?? 20000, arg.seed ?? 1), { type: "image/jpeg" });
    const item = await tools.finished(phone, { files: [{ name: "p.jpg", question: "p", ...file }], ...arg.draft });
    return file.sha256;"""


def now(page, reason="button"):
    run(page, "await sync.now({ reason: arg })", reason)
    return run(page, "return sync.state")


def test_photos_of_what_was_set_aside_wait_and_are_never_called_complete(page, office):  # I-12
    office.verdict = lambda item: {
        "result": "quarantined",
        "reason": "author_unproven",
        "problem": {"code": "quarantine.author_unproven", "message": {}, "details": {}},
        "receipt": {**receipt_of(item), "missing": list(shas)},
    }
    shas: list[str] = []
    run(page, SIGN_IN)
    shas.append(run(page, WITH_PHOTO, {}))
    office.backup_seq = 99
    for _ in range(3):
        assert now(page)["problem"] is None
        assert run(page, STATES) == ["quarantined"]
        assert run(page, PHOTOS) == ["waiting"]
    assert len([push for push in office.sent("/api/sync/push") if push["items"]]) == 1


def test_what_was_set_aside_is_so_too_where_the_answer_that_said_it_was_lost(page, office):  # I-4, I-12
    """Told only that the server has it, the phone called it accepted, and waiting again when its photo found no place, in turn."""

    def lose_the_answer():
        raise ConnectionResetError

    problem = {"code": "quarantine.author_unproven", "message": {"fr": "autre personne"}, "details": {}}
    run(page, SIGN_IN)
    run(page, WITH_PHOTO, {})
    office.app.config["PROPAGATE_EXCEPTIONS"] = False
    office.after = lose_the_answer
    now(page)
    assert run(page, STATES) == ["waiting"]
    office.after = lambda: None
    office.fault = lambda: office.problem("core.not_found", 404) if "/att/" in request.path else None
    office.aside = dict.fromkeys(office.items, problem)
    office.backup_seq = 99
    for _ in range(3):
        now(page)
        [item] = run(page, "return phone.outbox.all()")
        assert (item["state"], item["problem"]) == ("quarantined", problem)
        assert run(page, PHOTOS) == ["waiting"]


def receipt_of(item):
    return {
        "submission_id": item["submission_id"], "revision_id": item["revision_id"], "sha256": item["sha256"], "server_seq": 1,
        "received_at": "2026-11-21T17:42:10.000Z", "missing": [], "audit_head": "0",
    }  # fmt: skip


def test_accepted_without_a_receipt_is_not_accepted(page, office):
    run(page, SIGN_IN)
    run(page, WITH_PHOTO, {})
    office.verdict = lambda item: {"result": "accepted"}
    now(page)
    assert run(page, STATES) == ["waiting"]
    assert run(page, PHOTOS) == ["waiting"]


def test_a_credential_that_the_server_no_longer_knows_holds_up_nobody_else(page, office):  # I-11, I-23
    run(page, SIGN_IN)
    run(page, "await tools.finished(phone)")
    run(page, "await sync.signOut(); await sync.signIn('fatima', 'right');")
    run(page, "await tools.finished(phone, { owner: 'fatima' })")
    unknown = lambda: office.problem("sync.unknown_device", 401) if "amina" in request.headers.get("Authorization", "") else None  # noqa: E731
    office.fault = unknown
    for _ in range(2):
        now(page)
    assert run(page, STATES) == ["waiting", "accepted"]
    office.fault = lambda: None
    now(page)
    assert run(page, STATES) == ["accepted", "accepted"]


def test_after_a_restore_a_credential_refused_once_still_gets_its_forms_offered_again(page, office):  # I-14
    run(page, SIGN_IN)
    run(page, "await tools.finished(phone)")
    now(page)
    run(page, "await sync.signOut(); await sync.signIn('fatima', 'right');")
    office.forget()
    office.fault = lambda: (
        office.problem("sync.unknown_device", 401) if "amina" in request.headers.get("Authorization", "") else None
    )
    run(page, "await tools.finished(phone, { owner: 'fatima' })")
    now(page)
    now(page)
    office.fault = lambda: None
    now(page)
    now(page)
    assert len(office.items) == 2


def test_one_bad_gateway_does_not_make_a_long_form_unsendable(page, office):
    run(page, SIGN_IN)
    faults = [Response("Bad gateway", 502)] * 2
    office.fault = lambda: faults.pop() if faults and request.path == "/api/sync/push" else None
    run(page, "await tools.finished(phone, { snapshot: { answers: { note: 'ت'.repeat(200000) } } })")
    now(page)
    limit = lambda: office.problem("sync.too_large", 413) if int(request.headers.get("Content-Length") or 0) > 262144 else None  # noqa: E731
    office.fault = limit
    now(page)
    assert run(page, STATES) == ["accepted"]


def test_a_proxy_with_a_small_limit_gets_smaller_batches(page, office):  # NS-06
    run(page, SIGN_IN)
    run(
        page,
        "for (let i = 0; i < 6; i++) await tools.finished(phone, { snapshot: { answers: { note: Array.from(tools.random(3000)).join() } } })",
    )
    office.fault = lambda: (
        Response("Request Entity Too Large", 413) if int(request.headers.get("Content-Length") or 0) > 15_000 else None
    )
    now(page)
    assert run(page, STATES) == ["accepted"] * 6


def test_a_photo_that_this_server_cannot_take_holds_up_no_other(page, office):  # I-11
    run(page, SIGN_IN)
    small = run(page, WITH_PHOTO, {"size": 5000, "seed": 3})
    run(page, WITH_PHOTO, {"size": 30000, "seed": 5})
    office.fault = lambda: office.problem("core.bug", 500) if request.path.endswith(small) else None
    now(page)
    assert sorted(run(page, PHOTOS)) == ["complete", "waiting"]


def test_a_photo_is_lost_only_when_the_server_was_told(page, office):  # I-12
    run(page, SIGN_IN)
    sha = run(page, WITH_PHOTO, {})
    office.fault = lambda: office.problem("core.busy", 503) if "/att/" in request.path else None
    run(page, """
        const db = await tools.database();
        await new Promise((resolve) => {
          const tx = db.transaction("chunks", "readwrite");
          tx.objectStore("chunks").delete(IDBKeyRange.bound([arg, 0], [arg, Infinity]));
          tx.oncomplete = resolve;
        });
        db.close();""", sha)  # fmt: skip
    now(page)
    assert run(page, PHOTOS) == ["waiting"]
    office.fault = lambda: None
    now(page)
    assert run(page, PHOTOS) == ["lost"]


def test_what_comes_for_the_person_before_is_not_kept_for_the_next(page, office):  # I-13, I-23
    entity = {"list": "l", "label": "a", "version": 1, "properties": {}}
    office.pages = {
        None: {
            "changes": [{"seq": 1, "kind": "entity", "op": "put", "id": "a", "data": entity}],
            "next_cursor": "c1",
            "more": False,
        }
    }
    run(page, SIGN_IN)
    asked, go = threading.Event(), threading.Event()

    def slow():
        if request.path == "/api/sync/pull" and not asked.is_set():
            asked.set()
            go.wait(10)

    office.fault = slow
    run(page, "globalThis.attempt = sync.now({ reason: 'timer' });")
    until(asked.is_set, "the phone asks")
    run(page, "await sync.signOut(); await sync.signIn('fatima', 'right');")
    go.set()
    run(page, "await attempt")
    assert run(page, "return (await phone.catalogue.entities('l')).length") == 0
    assert run(page, "return await phone.catalogue.cursor('p1')") is None


def test_records_that_one_person_made_are_not_in_the_lists_of_another(page, office):  # I-23
    made = [{"list": "l", "id": "new", "action": "create", "label": "تعاونية", "data": {}}]
    run(page, SIGN_IN)
    run(page, "await tools.finished(phone, {}, { entities: arg })", made)
    assert run(page, "return (await phone.catalogue.entities('l')).length") == 1
    run(page, "await sync.signOut(); await sync.signIn('fatima', 'right');")
    assert run(page, "return [(await phone.catalogue.entities('l')).length, await phone.catalogue.entity('l', 'new')]") == [
        0,
        None,
    ]
    run(page, "await sync.signOut(); await sync.signIn('amina', 'right');")
    assert run(page, "return (await phone.catalogue.entities('l')).length") == 1


def test_nothing_leaves_the_phone_before_the_server_says_once_more_that_it_has_it(page, office):  # I-14
    run(page, SIGN_IN)
    run(page, "await tools.finished(phone)")
    now(page)
    # Put back by hand: the same epoch, and others have sent more since than were there before.
    office.forget()
    office.epoch, office.seq, office.backup_seq = "e1", 50, 99
    now(page)
    now(page)
    assert len(office.items) == 1
    assert run(page, STATES) == []


def test_nothing_leaves_the_phone_while_that_question_gets_no_answer(page, office):  # I-14
    run(page, SIGN_IN)
    run(page, "await tools.finished(phone)")
    now(page)
    office.backup_seq = 1
    office.fault = lambda: Response("", 502) if office.log[-1][1].endswith("/have") else None
    now(page)
    assert run(page, STATES) == ["accepted"]
    office.fault = lambda: None
    now(page)
    assert run(page, STATES) == []


def test_the_server_hears_of_a_photo_that_was_lost_before_the_form_was_finished(page, office):  # I-12
    run(page, SIGN_IN)
    gone = {"name": "p.m4a", "question": "p", "sha256": "d" * 64, "size": 10, "type": "audio/mp4"}
    run(page, "await tools.finished(phone, { files: [arg] })", gone)
    assert run(page, PHOTOS) == ["lost"]
    now(page)
    now(page)
    told = [path for method, path, _ in office.log if path.endswith("/lost")]
    assert len(told) == 1
    assert run(page, PHOTOS) == ["lost"]


def test_a_form_offers_only_records_of_its_own_programme(page, office):
    # A person of two programmes; a record of the other one would put what she sends into quarantine.
    run(page, SIGN_IN)
    entity = {"list": "l", "label": "a", "version": 1, "properties": {}}
    for programme, id in (("p1", "a"), ("p2", "b")):
        change = {"seq": 1, "kind": "entity", "op": "put", "id": id, "data": entity}
        run(
            page,
            "await phone.catalogue.apply(arg[0], { changes: [arg[1]], next_cursor: 'c', more: false, high_water: 1 })",
            [programme, change],
        )
    made = [{"list": "l", "id": "new", "action": "create", "label": "n", "data": {}}]
    run(page, "await tools.finished(phone, { programme_id: 'p2' }, { entities: arg })", made)
    names = "return (await phone.catalogue.entities('l', arg)).map((row) => row.name).sort()"
    assert run(page, names, "p1") == ["a"]
    assert run(page, names, "p2") == ["b", "new"]
    assert run(page, names) == ["a", "b", "new"]


UNREAD = {"code": "quarantine.encryption_unknown", "message": {}, "details": {}}


@pytest.mark.parametrize("missing", [[], None], ids=["a server of before", "a server that says so"])
def test_what_the_server_cannot_read_keeps_its_photos_on_the_phone_until_it_can(page, office, missing):  # I-12
    office.verdict = lambda item: {
        "result": "quarantined",
        "reason": "encryption_unknown",
        "problem": UNREAD,
        "receipt": {**receipt_of(item), "missing": missing},
    }
    office.backup_seq = 99
    run(page, SIGN_IN)
    run(page, WITH_PHOTO, {})
    for _ in range(3):
        assert now(page)["problem"] is None
        assert (run(page, STATES), run(page, PHOTOS)) == (["quarantined"], ["waiting"])
    # Its key came back: what it announced has a place now.
    office.verdict = lambda item: None
    office.take(run(page, "return (await phone.outbox.all())[0]"))
    now(page)
    assert run(page, PHOTOS) == ["complete"]
    assert len(office.files) == 1


def test_the_refused_credential_of_who_is_signed_in_holds_up_nobody_else(page, office):  # I-11, I-23
    run(page, SIGN_IN)
    run(page, "await sync.signOut(); await sync.signIn('fatima', 'right');")
    run(page, WITH_PHOTO, {"draft": {"owner": "fatima"}})
    run(page, WITH_PHOTO, {"seed": 2})
    refused = lambda: office.problem("sync.unknown_device", 401) if "fatima" in request.headers.get("Authorization", "") else None  # noqa: E731
    office.fault = refused
    state = now(page)
    assert (run(page, STATES), sorted(run(page, PHOTOS))) == (["waiting", "accepted"], ["complete", "waiting"])
    assert (state["phase"], state["problem"]["code"]) == ("signed_out", "sync.unknown_device")
    assert any(path == "/api/field/me" for _, path, _ in office.log), "what changed at the office is asked for"


def test_an_item_whose_id_nobody_can_read_is_refused_and_holds_up_nothing(page, office):  # I-11
    run(page, SIGN_IN)
    run(page, "await tools.finished(phone); await tools.finished(phone)")
    bad = run(page, "return (await phone.outbox.all())[0].revision_id")
    take = office.take
    office.take = lambda item: {"id": None, "result": "malformed"} if item["revision_id"] == bad else take(item)
    assert now(page)["problem"] is None
    assert run(page, STATES) == ["refused", "accepted"]


def test_receipts_that_come_back_in_a_file_say_what_waits_for_a_person(page):  # I-4
    """They travel on from phone to phone as the office wrote them."""
    counted, aside = run(
        page, "globalThis.phone = await tools.openPhone(); return [await tools.finished(phone), await tools.finished(phone)]"
    )
    problem = {"code": "quarantine.form_closed", "message": {"fr": "fermée"}, "details": {}}
    lines = [
        {"kind": "head"},
        {"kind": "receipt", "receipt": receipt_of(counted)},
        {"kind": "receipt", "receipt": receipt_of(aside), "problem": problem},
        {"kind": "end"},
    ]
    content = "DAFTAR-RESCUE-1\n" + "".join(f"{json.dumps(one)}\n" for one in lines)
    assert run(page, "return (await tools.bringIn(phone, new Blob([arg]))).receipts", content) == 2
    found = run(page, "return (await phone.outbox.all()).map(({ state, problem }) => [state, problem])")
    assert found == [["accepted", None], ["quarantined", problem]]
    run(
        page, "for (const { revision_id } of await phone.outbox.all()) await phone.outbox.change(revision_id, { imported: true })"
    )
    told = run(
        page,
        "return (await (await tools.rescueFile(phone)).file.text()).split('\\n').filter((one) => one.includes('receipt')).map(JSON.parse)",
    )
    assert [one.get("problem") for one in told] == [None, problem]


def test_a_rescue_file_cut_short_loses_no_photo_anywhere(page, office):  # I-12
    """Who brings it has no word to say about photos that are not in it, and takes them from the next file."""
    run(page, SIGN_IN)
    page.evaluate("() => (globalThis.OWNER = '0190a000-0000-7000-8000-00000000000a')")
    kept = run(page, WITH_PHOTO, {"size": 60000, "draft": {"owner": "0190a000-0000-7000-8000-00000000000a"}})
    locked = (
        "const { file, items, clear } = await tools.rescueFile(phone, { locked: true }); return [items, clear, file.size < 200]"
    )
    assert run(page, locked) == [0, 1, True], "what is not sealed leaves no phone while it is locked"
    brought = """
        const { file } = await tools.rescueFile(phone);
        globalThis.whole = file;
        await phone.outbox.remove((await phone.outbox.all())[0].revision_id);
        await phone.files.release([arg]);
        return tools.bringIn(phone, file.slice(0, file.size - 20000));"""
    assert run(page, brought, kept) == {"items": 1, "known": 0, "files": 0, "receipts": 0, "damaged": 1}
    now(page)
    assert run(page, STATES) == ["accepted"]
    assert not [path for _, path, _ in office.log if path.endswith("/lost")]
    assert run(page, "return (await phone.outbox.counts()).photos") == 0
    assert run(page, "return tools.bringIn(phone, whole)")["files"] == 1
    assert run(page, PHOTOS) == ["waiting"]
    now(page)
    assert run(page, PHOTOS) == ["complete"]
    # Removed since: a file that is brought again brings back what may still lack a photo, and asks.
    office.files.clear()
    run(page, "await phone.outbox.remove((await phone.outbox.all())[0].revision_id)")
    assert run(page, "return tools.bringIn(phone, whole)")["known"] == 1
    now(page)
    now(page)
    assert run(page, PHOTOS) == ["complete"]
    assert len(office.files) == 1


def test_a_rescue_file_with_a_damaged_id_brings_the_rest(page, office):
    run(page, SIGN_IN)
    owner = {"owner": "0190a000-0000-7000-8000-00000000000a"}
    run(page, "await tools.finished(phone, arg); await tools.finished(phone, arg)", owner)
    brought = run(
        page,
        """
        const text = await (await tools.rescueFile(phone)).file.text();
        for (const item of await phone.outbox.all()) await phone.outbox.remove(item.revision_id);
        return tools.bringIn(phone, new Blob([text.replace('"revision_id":"0', '"revision_id":"p')]));
        """,
    )
    assert (brought["items"], brought["damaged"]) == (1, 1)
    assert now(page)["problem"] is None
    assert run(page, STATES) == ["accepted"]


DRAIN = """
    globalThis.drained ??= import("/static/js/sync/drain.js");
    await drained;
    const event = new Event("sync");
    let done;
    event.waitUntil = (work) => (done = work);
    dispatchEvent(event);
    return done.then(() => "done", (error) => error.message);"""


def test_the_worker_keeps_what_it_heard_before_it_takes_reading_away(page, office):  # I-24
    run(page, SIGN_IN)
    run(page, "await tools.finished(phone); await phone.meta.set('keys', { amina: { id: 'k', pin: {}, wrapped: '' } });")
    answer = office.answer
    office.answer = lambda body: answer({**body, "standing": "device_revoked"} if "results" in body else body)
    assert run(page, DRAIN) == "done"
    assert run(page, STATES) == ["accepted"]
    assert run(page, "return (await phone.meta.get('keys')).amina.pin") is None


def test_a_text_finished_while_the_worker_sends_photos_goes_before_the_next(page, office):  # I-11
    run(page, SIGN_IN)
    run(page, WITH_PHOTO, {"seed": 1})
    run(page, WITH_PHOTO, {"seed": 2, "size": 30000})
    asked, go = threading.Event(), threading.Event()

    def slow():
        if request.method == "PATCH" and not asked.is_set():
            asked.set()
            go.wait(10)

    office.fault = slow
    page.evaluate(f"() => {{ globalThis.work = (async () => {{ {DRAIN} }})(); }}")
    until(asked.is_set, "the worker sends a photo")
    run(page, "await tools.finished(phone)")
    go.set()
    assert run(page, "return work") == "done"
    assert run(page, STATES) == ["accepted"] * 3
    work = [(method, sent) for method, path, sent in office.log if method == "PATCH" or path.endswith("push")]
    texts = [at for at, (method, sent) in enumerate(work) if method == "POST" and sent["items"]]
    assert texts[-1] < max(at for at, (method, _) in enumerate(work) if method == "PATCH")


def test_phones_that_are_asked_to_wait_come_not_sooner_and_not_together(page):  # NS-23
    waits = run(
        page,
        """
        const real = setTimeout, waits = [];
        globalThis.setTimeout = (work, ms) => (waits.push(ms), 0);
        for (const chance of [0, 1]) {
          const schedule = tools.createSchedule(async () => "failed", { random: () => chance });
          schedule.start();
          schedule.after(600);
          schedule.stop();
        }
        globalThis.setTimeout = real;
        return waits.filter((ms) => ms >= 600_000);
        """,
    )
    assert waits == [600_000, 900_000]
