"""The phone's page of a record of any list: what names it, and the names of what it names (docs/registry.md)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import expect

from app.packs.reading import folder_of, read
from tests.instruments.test_library import package
from tests.pages.conftest import Opener
from tests.pages.test_pages import open_page

pytestmark = [pytest.mark.browser, pytest.mark.sqlite_only]

GROUP, PLACE, PROJECT = (f"01a218dc-b4a1-7867-b431-79ae7d29011{n}" for n in (1, 2, 3))
RECORDS: list[dict[str, Any]] = [
    {"id": GROUP, "list": "groups", "label": "مجموعة الأمل", "gp_project": PROJECT, "members": "1", "gp_start": "2026-01-12"},
    {"id": "w1", "list": "persons", "label": "أمينة", "grp": GROUP, "status": "member"},
    {"id": "w2", "list": "persons", "label": "فاطمة", "grp": GROUP, "status": "left"},
    {"id": "c1", "list": "certifications", "label": "ملف زيت الأركان", "coop": GROUP},
    {"id": PLACE, "list": "premises", "label": "النادي النسوي", "pr_use": "closed"},
    {"id": "m1", "list": "matches", "label": "مجموعة الأمل", "group": GROUP, "premises": PLACE, "women": "12", "use": "weaving"},
    {"id": PROJECT, "list": "projects", "label": "دار الصانعة"},
    {
        "id": "a1",
        "list": "actions",
        "label": "توفير العقار",
        "project": PROJECT,
        "party": "الجماعة",
        "status": "todo",
        "due": "2026-01-01",
    },
]


def test_a_record_shows_what_names_it_and_says_the_names_of_what_it_names(phone: Opener, site: str, application: Flask) -> None:
    forms = [{"package": package(code)} for code in ("precoop", "prem", "agree", "meet")]
    with application.app_context():
        own = next(one for one in read(folder_of("alhoceima")).forms if one.filename == "certification.md")
    forms.append({"package": own.compiled.package})
    page = phone("fr", {"instruments": forms, "entities": RECORDS})
    open_page(page, site, f"#/record/groups/{GROUP}")
    people = page.locator("section[aria-label=Personnes] a.card")
    expect(people).to_have_count(2)
    expect(people.last).to_contain_text("A quitté le groupe")
    expect(page.locator("section[aria-label='Dossier de certification'] a.card")).to_have_count(1)  # a list of its own
    near = page.locator("section[aria-label='Locaux et groupes'] a.card")
    expect(near).to_contain_text(re.compile("Nombre de femmes.: 12 · Tissage et tapis"))
    expect(near).to_contain_text("النادي النسوي")
    identity = page.locator("section[aria-label=Identité]")
    expect(identity).to_contain_text("دار الصانعة")
    expect(page.locator("main")).not_to_contain_text(GROUP[:8])  # no code of a record
    people.first.click()
    expect(page.locator("main")).to_contain_text("مجموعة الأمل")
    page.goto(f"{site}/field/#/registry")
    page.locator("a[href='#/lists']").click()
    page.locator("input[type=search]").fill("امل")
    expect(page.locator("main a.card")).to_have_count(1)
    expect(page.locator("main section")).to_have_attribute("aria-label", "Groupes en structuration")
    page.goto(f"{site}/field/#/record/projects/{PROJECT}")
    expect(page.locator(".brief .agreed")).to_contain_text("الجماعة")
    expect(page.locator(".brief .chip")).to_contain_text("de retard")
