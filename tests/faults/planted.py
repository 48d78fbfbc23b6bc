"""`make planted`: does the suite see the bugs that lose data? Each is put into a scratch copy of the tree, the tests that guard its
place are run there, and they must fail. Before, the same tests must pass on the untouched copy.

`python -m tests.faults.planted [name …]`; the table goes into docs/reliability.md.
"""

# ruff: noqa: E501  (source text stands as it is)
from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reliability.md"
HEADING = "## Planted bugs"
CASES = ("-o", "python_files=test_*.py case_*.py")


@dataclass(frozen=True)
class Bug:
    name: str
    what: str
    file: str
    old: str  # must stand exactly once
    new: str
    tests: tuple[str, ...]


STORE, SYNC, ODD = "tests/phone/test_store.py", "tests/phone/test_sync.py", "tests/phone/test_odd_orders.py"
BUGS = [
    Bug("answer before commit", "the receipt leaves before the transaction is durable", "app/sync/delivery.py",
        "        connection.commit()\n        for job in group:\n            job.answered = answered\n",
        "        threading.Timer(0.2, connection.commit).start()\n        for job in group:\n            job.answered = answered\n",
        ("tests/core/test_serve.py",)),
    Bug("NORMAL sync", "SQLite answers before its log is flushed", "app/core/db.py", '"synchronous=FULL"', '"synchronous=NORMAL"',
        ("tests/core/test_stores.py", "tests/faults/case_server.py::test_each_acknowledged_push_was_flushed_to_the_disk_first")),
    Bug("no unique constraint", "revisions may come twice, only a check stands before", "migrations/versions/0001_the_tables_of_the_first_version.py",
        "sa.PrimaryKeyConstraint('id', name=op.f('pk_revisions'))", "sa.Index('ix_revisions_id', 'id')",
        ("tests/core/test_stores.py",)),
    Bug("cursor saved early", "the cursor of a pull is written before its rows", "static/js/store/catalogue.js",
        "      const isHers = await rows.write(STORES",
        "      await rows.write(\"kv\", async (tx) => tx.put(\"kv\", { name: `cursor:${programmeId}`, value: { cursor: page.next_cursor, generation: 1, sweep: false, pulled: 0 } })).catch(() => {});\n      const isHers = await rows.write(STORES",
        (f"{STORE} -k rows_and_cursor or resync",)),
    Bug("onsuccess as saved", "saved when the requests succeeded, not when the transaction completed", "static/js/store/db.js",
        "          result = value;\n          finished = true;\n", "          result = value;\n          finished = true;\n          resolve(value);\n",
        (f"{STORE} -k aborted or finishing_is_over",)),
    Bug("relaxed durability", "the browser may keep the outbox in memory", "static/js/store/keep.js",
        'durability: "strict"', 'durability: "relaxed"',
        (f"{STORE} -k finishing_is_over", "tests/faults/case_phone.py::test_each_save_is_flushed_to_the_disk_before_it_is_said")),
    Bug("references checked while tables are made anew", "an older database that has rows cannot be brought up to date", "migrations/env.py",
        "PRAGMA foreign_keys = OFF", "PRAGMA foreign_keys = ON",
        ("tests/core/test_upgrades.py",)),
    Bug("swallowed pre-cache", "a new version installs although a file of it did not come", "static/sw.js",
        "event.waitUntil(keepShell())", "event.waitUntil(keepShell().catch(() => {}))",
        ("tests/phone/test_shell.py -k spoilt",)),
    Bug("sequence cursor", "numbers are visible before their rows are", "app/core/db.py",
        "    taken = db.session.execute(\n", "    taken = db.engine.connect().execution_options(isolation_level=\"AUTOCOMMIT\").execute(\n",
        ("tests/sync/test_pull.py::test_pull_has_no_gap_while_others_write[postgresql]",)),
    Bug("batch all or nothing", "one malformed item refuses its whole batch", "app/sync/api.py",
        "            results.append(wire.refused(item, problem))\n", "            raise\n",
        ("tests/sync/test_push.py -k one_bad_item",)),
    Bug("purge on 401", "a credential that is not known empties the outbox", "static/js/sync/push.js",
        "      const failure = failureOf(answer);\n      await Promise.all(",
        "      const failure = failureOf(answer);\n      if (failure.code === \"sync.not_allowed\") for (const item of items) await outbox.remove(item.revision_id);\n      await Promise.all(",
        (f"{ODD} -k credential_that_the_server",)),
    Bug("drop on 200 HTML", "a portal's page with 200 counts as received", "static/js/sync/push.js",
        "      const failure = failureOf(answer);\n      await Promise.all(",
        "      const failure = failureOf(answer);\n      if (answer.kind === \"nothing\" && answer.status === 200) for (const item of items) await outbox.change(item.revision_id, { state: \"accepted\" });\n      await Promise.all(",
        (f"{SYNC} -k captive_portal",)),
    Bug("missing file skipped", "a photo whose bytes are gone is called sent", "static/js/sync/attachments.js",
        'await mark(item.revision_id, hash, { state: "lost", told: true });', 'await mark(item.revision_id, hash, { state: "complete" });',
        (f"{SYNC} -k photo_lost_on_the_phone",)),
    Bug("photo unchecked on the phone", "a photo is kept without being read back", "static/js/store/files.js",
        "return bytes !== null && (await sha256(bytes)) === hash;", "return bytes !== null;",
        (f"{STORE} -k damaged_one",)),
    Bug("file unchecked on the server", "a file is complete whatever its hash", "app/submissions/attachments.py",
        'if hashlib.file_digest(whole, "sha256").hexdigest() != sha256:', "if False:",
        ("tests/sync/test_attachments.py",)),
    Bug("photo not flushed", "a photo is called complete before the disk has it", "app/submissions/attachments.py",
        "    os.fsync(file.fileno())\n", "",
        ("tests/faults/case_server.py::test_each_acknowledged_push_was_flushed_to_the_disk_first",)),
    Bug("sealed photo not flushed", "a photo that came sealed is called complete before the disk has it", "app/submissions/attachments.py",
        "        os.fsync(out.fileno())\n", "",
        ("tests/faults/case_server.py::test_each_acknowledged_push_was_flushed_to_the_disk_first",)),
    Bug("name of a photo not flushed", "a photo is called complete before the disk has its name", "app/submissions/attachments.py",
        "        flush(folder)\n", "        pass\n",
        ("tests/faults/case_server.py::test_each_acknowledged_push_was_flushed_to_the_disk_first",)),
    Bug("silent amnesia", "a store that was replaced by an empty one raises no alarm", "static/js/store/canary.js",
        "if (outside && (created || !install)) {", "if (outside && !created && !install) {",
        (f"{STORE} -k forgot or cookie_alone",)),
    Bug("restore keeps the epoch", "phones do not learn that the server was restored", "app/backup/operations.py",
        'sa.delete(Setting).where(Setting.name == "epoch")', 'sa.delete(Setting).where(Setting.name == "none")',
        ("tests/backup/test_backup.py -k epoch",)),
    Bug("photo without a number", "a photo that arrives after the backup of its text leaves its phone", "app/submissions/attachments.py",
        ".values(seq=next_seq())", ".values(seq=0)",
        ("tests/sync/test_attachments.py -k after_the_backup",)),
    Bug("purge without asking", "a secured item leaves although the server has it no more", "static/js/sync/push.js",
        "        if (!asked.has(item.revision_id)) continue;\n", "",
        (f"{ODD} -k question_gets_no_answer",)),
    Bug("closed form refused", "what was filled before a form was closed is not taken", "app/submissions/intake.py",
        "        item.result, item.reason = (\"quarantined\", trouble) if trouble else (\"accepted\", None)\n",
        "        if trouble == \"form_closed\":\n            raise ValueError(trouble)\n        item.result, item.reason = (\"quarantined\", trouble) if trouble else (\"accepted\", None)\n",
        ("tests/sync/test_push.py -k closed_form",)),
    Bug("draft finished twice", "two tabs make two forms of one draft", "static/js/store/drafts.js",
        "        if (before) return before;\n", "        if (false && before) return before;\n",
        (f"{STORE} -k one_draft_makes_one_item",)),
    Bug("photos eat the reserve", "a photo takes the room that is kept for words", "static/js/store/files.js",
        "{ reserve: false }", "{ reserve: true }",
        (f"{STORE} -k full_phone",)),
    Bug("another's photo told apart", "a stranger learns that a file exists", "app/submissions/attachments.py",
        "sa.or_(Submission.author_id == person_id, ", "sa.or_(sa.true(), ",
        ("tests/sync/test_attachments.py -k not_this_persons",)),
    Bug("told of what was not stored", "a notice is written beside the transaction of its cause", "app/hooks/outbox.py",
        "        do.cursor.close()\n", "        do.cursor.close()\n        db.session.commit()\n",
        ("tests/hooks/test_hooks.py -k not_stored",)),
    Bug("claim without an end", "what a dying process was telling is never told", "app/hooks/sending.py",
        "timedelta(seconds=lease_s)", "timedelta(days=lease_s)",
        ("tests/hooks/test_hooks.py -k claim_that_nobody_ends",)),
    Bug("name looked up again", "a notice goes where the name points by now, not where it was checked", "app/hooks/asking.py",
        "create_connection((address, ", "create_connection((self.target.host, ",
        ("tests/faults/case_hooks.py::test_no_address_leads_into_an_inner_network",)),
]  # fmt: skip


def copy_of_the_tree(place: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.splitlines():
        source = ROOT / name
        if source.is_file():
            target = place / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    for compiled in ROOT.glob("translations/*/LC_MESSAGES/*.mo"):
        shutil.copy2(compiled, place / compiled.relative_to(ROOT))


def plant(bug: Bug, place: Path) -> None:
    file = place / bug.file
    text = file.read_text("utf-8")
    found = text.count(bug.old)
    assert found == 1, f"{bug.name}: what is to be changed stands {found} times in {bug.file}"
    file.write_text(text.replace(bug.old, bug.new), "utf-8")


def run(tests: str, place: Path) -> tuple[bool, str]:
    """Whether they passed, and the last lines. Raises when they could not be run."""
    target, _, words = tests.partition(" -k ")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        "--show-capture=no",
        "--tb=line",
        *CASES,
        target,
    ]
    if words:
        command += ["-k", words]
    ended = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=600, env=os.environ | {"KILLS": "5"})
    if ended.returncode not in (0, 1):
        raise RuntimeError(f"{tests} could not be run:\n{ended.stdout[-2000:]}{ended.stderr[-2000:]}")
    return ended.returncode == 0, ended.stdout


def hunt(bug: Bug) -> tuple[Bug, str, float]:
    """The first test that saw it, or "" ; seconds."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="daftar-planted-") as scratch:
        place = Path(scratch)
        copy_of_the_tree(place)
        plant(bug, place)
        for tests in bug.tests:
            passed, said = run(tests, place)
            if not passed:
                failed = re.search(r"^(?:FAILED|ERROR) ([^\s\[]+)", said, re.M)
                return bug, failed[1] if failed else tests, time.monotonic() - began
    return bug, "", time.monotonic() - began


def healthy(bugs: list[Bug]) -> list[str]:
    """Tests that fail without any bug: they would catch nothing."""
    with tempfile.TemporaryDirectory(prefix="daftar-planted-") as scratch:
        place = Path(scratch)
        copy_of_the_tree(place)
        wanted = sorted({tests for bug in bugs for tests in bug.tests})
        with ThreadPoolExecutor(2) as pool:
            passed = list(pool.map(lambda tests: run(tests, place)[0], wanted))
        # On a busy machine one may have been too slow.
        return [tests for tests, well in zip(wanted, passed, strict=True) if not well and not run(tests, place)[0]]


def write_page(found: list[tuple[Bug, str, float]]) -> None:
    text = PAGE.read_text("utf-8").partition(f"\n{HEADING}")[0].rstrip("\n")
    rows = "\n".join(f"| {bug.name} | {bug.what} | `{bug.file}` | `{seen}` |" for bug, seen, _ in found)
    caught = sum(bool(seen) for _, seen, _ in found)
    PAGE.write_text(f"""{text}

{HEADING}

Put into a copy of the tree one at a time by `make planted`; the test that saw it first. {caught} of {len(found)} were found.

| bug | what it does | where | seen by |
|---|---|---|---|
{rows}
""", "utf-8")  # fmt: skip


def main(names: list[str]) -> int:
    bugs = [bug for bug in BUGS if not names or bug.name in names]
    sick = healthy(bugs)
    if sick:
        print("These tests fail on the untouched tree:", *sick, sep="\n  ")
        return 1
    with ThreadPoolExecutor(2) as pool:
        found = []
        for bug, seen, seconds in pool.map(hunt, bugs):
            found.append((bug, seen, seconds))
            print(f"{'found ' if seen else 'MISSED'} {bug.name:30} {seconds:5.0f} s  {seen}", flush=True)
    if not names:
        write_page(found)
    return 0 if all(seen for _, seen, _ in found) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
