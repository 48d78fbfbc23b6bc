"""Our form pages beside enketo-core and @getodk/web-forms: the same forms, the same Chromium, one run. `make bench-forms`.

    python benchmarks/forms/compare.py [--forms diag60,big300] [--engines daftar,trial,enketo,webforms] [--cpu 4]
        [--write] [--axe] [--out FOLDER]

Makes the forms (gen_forms.py), bundles the other engines (build.mjs), starts our server with a programme that has the forms,
prepares one phone with a draft of each, and hands all of it to run.mjs. README.md says what the figures mean. Prints a
table of all that the results hold; --write puts it into docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect, sync_playwright

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.forms.report import table, write  # noqa: E402
from tests.e2e.conftest import serving  # noqa: E402
from tests.e2e.device import devices, until  # noqa: E402

FORMS = ("diag60", "big300", "stress1000", "cascade", "rows60")
ENGINES = ("daftar", "trial", "enketo", "webforms")
ACCOUNT = {"username": "warda", "password": "zitoun-argan-7"}


def npm_path() -> str:
    """Node comes with the development dependencies."""
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


def install() -> None:
    """What drives the browsers, and the other engines."""
    environment = os.environ | {"PATH": npm_path()}
    # npm writes this file last: an installation that was cut is begun again.
    if not (HERE / "node_modules/.package-lock.json").exists():
        subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--silent", "--no-audit", "--no-fund"], cwd=HERE, env=environment, check=True
        )


def others(site: Path) -> None:
    """The other engines as static pages of `site`, and the forms as they want them."""
    environment = os.environ | {"PATH": npm_path()}
    subprocess.run(["node", "build.mjs", str(site)], cwd=HERE, env=environment, check=True)


@contextmanager
def within(instance: Path) -> Iterator[None]:
    """The application on the store of the server that runs."""
    os.environ |= {"DAFTAR_INSTANCE": str(instance), "DATABASE_URL": f"sqlite:///{instance / 'daftar.db'}"}
    from app import create_app

    with create_app().app_context():
        yield


def programme(forms: dict[str, Path]) -> dict[str, str]:
    """A programme with these forms, without a PIN: the figures are of the form. `{form: its page on trial}`."""
    from app.accounts import operations as accounts
    from app.core.db import begin_writing, db, next_seq
    from app.core.ids import new_id
    from app.instruments import operations as instruments
    from app.instruments.operations import Given
    from app.registry.models import Programme

    now = datetime.now(UTC)
    begin_writing()
    name = {"ar": "قياس", "fr": "Mesure"}
    found = Programme(
        id=new_id(), code="forms-bench", name=name, is_demo=False, consent={}, created_at=now, seq=next_seq(), phone_pin=False
    )
    db.session.add(found)
    office = accounts.create_person(username="office", name=name, password=ACCOUNT["password"], is_administrator=True, now=now)
    person = accounts.create_person(name=name, now=now, **ACCOUNT)  # type: ignore[arg-type]
    accounts.set_role(person, found.id, "facilitator", organisation_id=None, territories=[], now=now, by=None)
    trials = {}
    for form, file in forms.items():
        checked = instruments.check(found.id, file.name, file.read_bytes())
        instruments.publish_checked(None, found.id, checked, now)
        trials[form] = instruments.keep_draft(accounts.actor_of(office), found.id, checked, Given(), now).id
    db.session.commit()
    return trials


def begin(page: Page, url: str, title: str) -> str:
    """Starts a draft of the form; its id."""
    page.goto(f"{url}/field/#/today")
    page.locator(".start", has_text=title).first.click()
    expect(page.locator(".fill .blocks .q").first).to_be_visible(timeout=60_000)
    draft = page.url.rpartition("/")[2]
    page.locator(".fill-foot button").first.click()  # leave; the draft is kept
    expect(page.locator(".fill")).to_have_count(0)
    return draft


def prepare(url: str, profile: Path, titles: dict[str, str]) -> dict[str, str]:
    """A phone that is ready for offline, with a draft of each form: {form: draft}."""
    with sync_playwright() as playwright, devices(playwright) as new_device:
        phone = new_device(profile, "ar", quick_pin=False)
        page = phone.open(f"{url}/field/")
        page.locator("#username").fill(ACCOUNT["username"])
        page.locator("#password").fill(ACCOUNT["password"])
        page.locator("form.enter button.go").click()
        expect(page.locator(".checks li.done")).to_have_count(7, timeout=60_000)
        page.locator("main a.go").click()
        expect(page.locator("main.content .start").first).to_be_visible()
        drafts = {form: begin(page, url, title) for form, title in titles.items()}
    until(lambda: not list(profile.glob("SingletonLock")), "the browser let go of its profile")
    return drafts


def measured(options: argparse.Namespace, rest: list[str]) -> None:
    """Measures, and keeps what it found in results.json of the folder `out`."""
    forms = options.forms.split(",")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        site, instance = folder / "site", folder / "instance"
        instance.mkdir()
        subprocess.run([sys.executable, HERE / "gen_forms.py", site / "forms", *forms], check=True, stdout=subprocess.DEVNULL)
        install()
        if set(options.engines.split(",")) - {"daftar", "trial"}:
            others(site)
        probes = {}
        for form in forms:
            file = site / "forms" / f"{form}.probe.json"
            probes[form] = json.loads(file.read_text("utf-8")) | {"account": ACCOUNT}
            file.write_text(json.dumps(probes[form], ensure_ascii=False), "utf-8")
        with serving(instance, f"sqlite:///{instance / 'daftar.db'}", DAFTAR_DEMO="0") as url:
            with within(instance):
                trials = programme({form: site / "forms" / f"{form}.xlsx" for form in forms})
            drafts = prepare(url, folder / "profile", {form: probe["title"] for form, probe in probes.items()})
            phone: dict[str, Any] = {"url": url, "profile": str(folder / "profile"), "drafts": drafts, "trials": trials}
            command = ["node", "run.mjs", "--engines", options.engines, "--forms", options.forms, "--cpu", options.cpu]
            command += ["--site", str(site), "--out", str(options.out.resolve()), *rest]
            environment = os.environ | {"PATH": npm_path(), "DAFTAR_PHONE": json.dumps(phone)}
            subprocess.run(command, cwd=HERE, env=environment, check=True)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--forms", default=",".join(FORMS))
    arguments.add_argument("--engines", default=",".join(ENGINES))
    arguments.add_argument("--cpu", default="4")
    arguments.add_argument("--out", type=Path, default=HERE / "results")
    arguments.add_argument("--write", action="store_true")
    options, rest = arguments.parse_known_args()
    measured(options, rest)
    lines = table(json.loads((options.out / "results.json").read_text("utf-8")))
    print("\n".join(lines))
    if options.write:
        write(lines)


if __name__ == "__main__":
    main()
