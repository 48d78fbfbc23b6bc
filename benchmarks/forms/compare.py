"""Our form pages beside enketo-core and @getodk/web-forms: the same forms, the same Chromium, one run. `make bench-forms`.

    python benchmarks/forms/compare.py [--forms diag60,big300] [--engines daftar,enketo,webforms] [--cpu 4] [--out FOLDER]

Makes the forms (gen_forms.py), bundles the other engines (build.mjs), starts our server with the forms published, prepares
one phone with a draft of each form, and hands all of it to run.mjs. README.md says what the figures mean. Prints a table.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))

from app.demo.boulemane import PASSWORD, PROGRAMME  # noqa: E402
from tests.e2e.conftest import serving  # noqa: E402
from tests.e2e.device import devices, until  # noqa: E402

FORMS = ("diag60", "big300", "stress1000", "cascade", "rows60")


def npm_path() -> str:
    """Node comes with the development dependencies."""
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


def others(site: Path) -> None:
    """The other engines as static pages of `site`, and the forms as they want them."""
    environment = os.environ | {"PATH": npm_path()}
    if not (HERE / "node_modules").exists():
        subprocess.run(["npm", "ci", "--ignore-scripts", "--silent"], cwd=HERE, env=environment, check=True)
    subprocess.run(["node", "build.mjs", str(site)], cwd=HERE, env=environment, check=True)


def flask(instance: Path, *words: str) -> None:
    environment = os.environ | {"DAFTAR_INSTANCE": str(instance), "DATABASE_URL": f"sqlite:///{instance / 'daftar.db'}"}
    command = [sys.executable, "-m", "flask", "--app", "app", *words]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


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
        phone = new_device(profile, "ar")
        page = phone.open(f"{url}/field/")
        page.locator("#username").fill("fatima")
        page.locator("#password").fill(PASSWORD)
        page.locator("form.enter button.go").click()
        expect(page.locator(".checks li.done")).to_have_count(7, timeout=60_000)
        page.locator("main a.go").click()
        expect(page.locator("main.content .start").first).to_be_visible()
        return {form: begin(page, url, title) for form, title in titles.items()}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--forms", default=",".join(FORMS))
    arguments.add_argument("--engines", default="daftar,enketo,webforms")
    arguments.add_argument("--cpu", default="4")
    arguments.add_argument("--samples", default="24")
    arguments.add_argument("--out", type=Path, default=HERE / "results")
    options, rest = arguments.parse_known_args()
    forms = options.forms.split(",")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        site, instance = folder / "site", folder / "instance"
        instance.mkdir()
        subprocess.run([sys.executable, HERE / "gen_forms.py", site / "forms", *forms], check=True, stdout=subprocess.DEVNULL)
        if set(options.engines.split(",")) - {"daftar"}:
            others(site)
        with serving(instance, f"sqlite:///{instance / 'daftar.db'}") as url:
            # The figures are of the form, not of the PIN before it.
            flask(instance, "keys", "pin", PROGRAMME, "off")
            for form in forms:
                flask(instance, "instrument", "publish", str(site / "forms" / f"{form}.xlsx"), "--programme", PROGRAMME)
            probes = {form: json.loads((site / "forms" / f"{form}.probe.json").read_text("utf-8")) for form in forms}
            drafts = prepare(url, folder / "profile", {form: probe["title"] for form, probe in probes.items()})
            until(lambda: not list((folder / "profile").glob("SingletonLock")), "the browser let go of its profile")
            phone = {"url": url, "profile": str(folder / "profile"), "drafts": drafts}
            command = ["node", "run.mjs", "--engines", options.engines, "--forms", options.forms, "--cpu", options.cpu]
            command += ["--samples", options.samples, "--site", str(site), "--out", str(options.out.resolve()), *rest]
            environment = os.environ | {"PATH": npm_path(), "DAFTAR_PHONE": json.dumps(phone)}
            subprocess.run(command, cwd=HERE, env=environment, check=True)


if __name__ == "__main__":
    main()
