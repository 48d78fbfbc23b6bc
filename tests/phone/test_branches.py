"""What a phone had of a record when a form changed it: docs/sync.md ("Envelope").

B1  an update names the version that the phone pulled; versions made without network are a branch and count on
B2  a record made on this phone is version 1 at once, for the next form too
B3  a draft keeps what it first saw: what came meanwhile is not taken for seen
B4  once the server's version with all of it is here, the next update begins anew
"""

# ruff: noqa: E501  (scripts of the page read better unbroken)
from __future__ import annotations

from tests.form.conftest import instrument
from tests.phone.conftest import run

ARRANGE = """
    const { startDraft, openDraft } = await import("/static/js/form/session.js");
    const phone = await tools.openPhone();
    const { pkg, sha256 } = arg;
    await phone.catalogue.keep("packages", sha256, pkg);
    let seq = 1;
    const pull = async (kind, id, data, high_water = seq) =>
      phone.catalogue.apply("p1", { changes: [{ seq: seq++, kind, op: "put", id, data }], next_cursor: "c", more: false, high_water });
    const record = (version, properties) => pull("entity", "0190a000-0000-7000-8000-0000000000c1", { list: "cooperatives", label: "الأمل", version, properties });
    await pull("instrument", "follow", { form_id: "follow", version: "1", sha256, title: {}, is_open: true, datasets: {} });
    const c1 = "0190a000-0000-7000-8000-0000000000c1";
    const open = async (values, id) => openDraft(phone, id ?? await startDraft(phone, { instrument: { sha256 }, programme: { id: "p1" }, person: { id: "amina" }, values }));
    const finish = async (session) => {
      const { revisionId } = await session.finish();
      const item = await phone.outbox.get(revisionId);
      return { ...item.entities[0], revisionId };
    };
    const received = (revision_id, server_seq) => phone.outbox.settle([{ revision_id, patch: { state: "accepted" }, receipt: { revision_id, server_seq } }]);
    const line = ({ base_version, trunk_version, branch_id }) => [base_version, trunk_version, branch_id];
    const version = async (id) => { const { __version, __trunkVersion } = await phone.catalogue.entity("cooperatives", id); return [__version, __trunkVersion]; };
"""


def test_versions_made_without_network_are_a_branch_that_ends_when_the_server_has_them(page):  # B1, B4
    first, second, here, after, third = run(
        page,
        ARRANGE
        + """
        await record(5, { sector: "food", douar: "تيزي" });
        const one = await finish(await open({ rec: c1, sector: "plants" }));
        const two = await finish(await open({ rec: c1, douar: "أزرو" }));
        const here = await version(c1);
        await received(one.revisionId, 7);
        await received(two.revisionId, 8);
        await record(8, { sector: "plants", douar: "أزرو" });
        await pull("programme", "p1", {}, 9);
        const after = await version(c1);
        return [line(one), line(two), here, after, line(await finish(await open({ rec: c1 })))];
        """,
        instrument("follow"),
    )
    branch = first[2]
    assert len(branch) == 36
    assert first == [5, 5, branch]
    assert second == [6, 5, branch]
    assert here == ["7", "5"]
    assert after == ["8", None]
    assert third[:2] == [8, 8]
    assert third[2] != branch


def test_a_record_made_here_is_version_one_for_the_next_form(page):  # B2
    created, updated, again = run(
        page,
        ARRANGE
        + """
        const made = await finish(await open({ sector: "crafts" }));
        const session = await open({ rec: made.id });
        const seen = session.form.view("sector").value;
        const next = await finish(session);
        return [[made.action, made.branch_id, seen], line(next), line(await finish(await open({ rec: made.id, douar: "تيزي" })))];
        """,
        instrument("follow"),
    )
    assert created == ["create", None, "crafts"]
    assert updated == [1, None, again[2]]
    assert again[:2] == [2, None]


def test_a_draft_keeps_the_version_it_first_saw(page):  # B3
    reopened, unseen = run(
        page,
        ARRANGE
        + """
        await record(2, { sector: "food" });
        const session = await open({ rec: c1 });
        await session.flush();
        session.close();
        const later = await open({});
        await record(3, { sector: "plants" });
        later.set("rec", c1);
        return [line(await finish(await open({}, session.id))), line(await finish(later))];
        """,
        instrument("follow"),
    )
    assert reopened[:2] == [2, 2]
    assert unseen[:2] == [2, 2], "the form was opened before version 3 came"
