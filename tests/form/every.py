"""A form that asks every kind of question with every appearance of kinds.js, each beside the plain question: what is added to
the table is asked here by itself."""

from __future__ import annotations

import functools
import re
from typing import Any

from app.instruments import kinds
from app.instruments.compiler import compile_instrument
from app.instruments.files import dataset_content, read_media, sha256_of
from tests.instruments.forms import markdown

AR, FR = "label::العربية (ar)", "label::Français (fr)"
IMAGE_AR, IMAGE_FR = "media::image::العربية (ar)", "media::image::Français (fr)"
# What is asked, in words of the field.
ASKED = {
    "note": ("شكرا لكم على وقتكم", "Merci pour votre temps"),
    "text": ("صفوا المحل في كلمات", "Décrivez le local en quelques mots"),
    "integer": ("كم عدد الأنوال؟", "Combien de métiers à tisser ?"),
    "decimal": ("ما وزن المنتوج بالكيلوغرام؟", "Quel est le poids du produit en kilogrammes ?"),
    "range": ("ما مدى رضاكم عن التكوين؟", "Êtes-vous satisfaites de la formation ?"),
    "select_one": ("ما هو المنتوج الرئيسي؟", "Quel est le produit principal ?"),
    "select_multiple": ("ما هي المنتوجات الأخرى؟", "Quels sont les autres produits ?"),
    "rank": ("رتبوا المنتوجات حسب الأهمية", "Classez les produits par importance"),
    "acknowledge": ("قرأنا ميثاق الجودة مع العضوات", "Nous avons lu la charte qualité avec les membres"),
    "date": ("تاريخ تأسيس التعاونية", "Date de création de la coopérative"),
    "time": ("وقت فتح المحل", "Heure d’ouverture du local"),
    "dateTime": ("موعد الزيارة القادمة", "Prochaine visite"),
    "geopoint": ("موقع المقر", "Position du siège"),
    "geotrace": ("الطريق إلى المقر", "Chemin vers le siège"),
    "geoshape": ("حدود الحقل", "Contour du champ"),
    "image": ("صورة من الورشة", "Photo de l’atelier"),
    "audio": ("شهادة العضوة", "Témoignage de la membre"),
    "video": ("فيلم قصير عن العمل", "Petit film du travail"),
    "file": ("القانون الأساسي", "Statuts"),
    "barcode": ("رمز المنتوج", "Code du produit"),
}
CHOICES = {
    "crops": [
        ("argan", "أركان", "Argan"),
        ("saffron", "زعفران", "Safran"),
        ("rose", "ورد", "Rose"),
        ("carpet", "زرابي", "Tapis"),
    ],
    "sold": [("souk", "في السوق", "Au souk"), ("shop", "في المحل", "Dans la boutique")],
    "agree": [
        ("1", "لا أتفق أبدا", "Pas du tout d’accord"),
        ("2", "لا أتفق", "Pas d’accord"),
        ("3", "محايد", "Neutre"),
        ("4", "أتفق", "D’accord"),
        ("5", "أتفق تماما", "Tout à fait d’accord"),
    ],
}
SCALES = ("likert", "list", "list-nolabel", "label", "rating")
PARAMETERS = {"range": "start=1 end=5 step=1", "image": "max-pixels=800"}
PICTURE = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 60"><rect x="2" y="2" width="116" height="56" fill="#0d5c4a"/>'
    b'<circle cx="60" cy="30" r="20" fill="#ffd23f"/></svg>'
)
DRAWING = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 80">'
    b'<rect id="argan" x="2" y="2" width="36" height="76" fill="#dbe8d8"/>'
    b'<rect id="saffron" x="42" y="2" width="36" height="76" fill="#f6e3b4"/>'
    b'<rect id="rose" x="82" y="2" width="36" height="76" fill="#f3d2d2"/>'
    b'<g id="carpet"><rect x="122" y="2" width="36" height="76" fill="#d9d4ea"/>'
    b'<circle cx="140" cy="40" r="10" fill="#555"/></g></svg>'
)
SOUND = b"OggS" + b"\0" * 40
FILM = b"\x1aE\xdf\xa3" + b"\0" * 40


def name_of(kind: str, word: str) -> str:
    return f"{kind}_{re.sub(r'[^a-z0-9]+', '_', word) or 'plain'}".lower()


def appearances(kind: str) -> list[str]:
    """The words to ask a kind with, the plain question first; `columns-#` as `columns-2`."""
    drawn = [word.replace("#", "2") for word in kinds.drawn()[kind]]
    known = [word for word in kinds.FALLS_BACK.get(kind, {}) if not word.endswith(":")]
    return [*drawn, *known]


def asked_kinds() -> list[str]:
    return [kind for kind in kinds.drawn() if kind not in ("*", "group", "repeat")]


def _question(kind: str, word: str) -> dict[str, str]:
    ar, fr = ASKED[kind]
    said = f" ({word})" if word else ""
    chosen = "agree" if word in SCALES else "crops"
    written = f"{kind} {chosen}" if kind in ("select_one", "select_multiple", "rank") else kind
    drawing = {IMAGE_AR: "map.svg", IMAGE_FR: "map.svg"} if word == "image-map" else {}
    row = drawing | {"type": written, "name": name_of(kind, word), AR: ar + said, FR: fr + said, "appearance": word}
    return row | {"parameters": PARAMETERS.get(kind, "")}


def _group(name: str, ar: str, fr: str, rows: list[dict[str, str]], appearance: str = "") -> list[dict[str, str]]:
    begin = {"type": "begin_group", "name": name, AR: ar, FR: fr, "appearance": appearance}
    return [begin, *rows, {"type": "end_group"}]


def survey() -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    for kind in asked_kinds():
        ar, fr = ASKED[kind]
        rows += _group(f"s_{kind}".lower(), ar, fr, [_question(kind, word) for word in appearances(kind)])
    table = [{"type": "select_one agree", "name": f"t_{i}", AR: f"القرارات جماعية {i}", FR: f"Décisions {i}"} for i in (1, 2)]
    rows += _group("s_table", "جدول", "Tableau", table, "table-list")
    grid = [{"type": "text", "name": f"w_{i}", AR: f"الاسم {i}", FR: f"Nom {i}", "appearance": f"w{i}"} for i in (1, 2, 3)]
    rows += _group("s_grid", "الشبكة", "Grille", [*grid, {"type": "text", "name": "w_plain", AR: "الدوار", FR: "Douar"}], "w4")
    seen = {
        "type": "select_one loom",
        "name": "m_label",
        AR: "أي نول؟",
        FR: "Quel métier ?",
        IMAGE_AR: "loom.svg",
        IMAGE_FR: "loom.svg",
    }
    seen |= {"media::audio::العربية (ar)": "loom.ogg", "media::audio::Français (fr)": "loom.ogg"}
    seen |= {"media::big-image::العربية (ar)": "loom.svg", "media::big-image::Français (fr)": "loom.svg"}
    ranked = {"type": "rank loom", "name": "m_rank", AR: "رتبوا الأنوال", FR: "Classez les métiers"}
    rated = {
        "type": "select_one loom",
        "name": "m_likert",
        AR: "أي نول أفضل؟",
        FR: "Quel métier est le meilleur ?",
        "appearance": "likert",
    }
    searched = rated | {"name": "m_list", AR: "أي نول في اللائحة؟", FR: "Quel métier de la liste ?", "appearance": "minimal"}
    rows += _group("s_media", "صور الأسئلة", "Images des questions", [seen, ranked, rated, searched])
    other = {"type": "select_one sold or_other", "name": "o_other", AR: "منتوج آخر؟", FR: "Autre produit ?"}
    listed = {"type": "select_one_from_file souks.csv", "name": "f_csv", AR: "سوق التعاونية", FR: "Souk de la coopérative"}
    geo = {"type": "select_one_from_file wells.geojson", "name": "f_geo", AR: "بئر القرية", FR: "Puits du village"}
    several = {"type": "select_multiple_from_file shops.xml", "name": "f_xml", AR: "نقط البيع", FR: "Points de vente"}
    rows += _group("s_lists", "لوائح", "Listes", [other, listed, geo, several])
    return [*rows, {"type": "audit", "name": "audit", "parameters": "track-changes=true identify-user=true"}]


def choices() -> list[dict[str, str]]:
    rows = [{"list_name": name, "name": code, AR: ar, FR: fr} for name, items in CHOICES.items() for code, ar, fr in items]
    for code, ar, fr in (("flat", "نول أفقي", "Métier horizontal"), ("tall", "نول عمودي", "Métier vertical")):
        shown = {IMAGE_AR: "loom.svg", IMAGE_FR: "loom.svg", "media::audio::العربية (ar)": "loom.ogg"}
        film = {"media::video::العربية (ar)": "loom.webm"} if code == "tall" else {}
        rows.append({"list_name": "loom", "name": code, AR: ar, FR: fr, **shown, **film})
    return rows


LISTS: dict[str, Any] = {
    "souks": [{"name": f"s{i}", "label": f"سوق {day}"} for i, day in enumerate(("الأحد", "الإثنين", "الخميس", "السبت"))],
    "wells": [
        {"geometry": "33.05 -4.05 0 0", "id": "w1", "title": "عين الدفالي"},
        {"geometry": "33.06 -4.06 0 0", "id": "w2", "title": "عين تيسلي"},
    ],
    "shops": [{"name": "fez", "label": "فاس"}, {"name": "boulemane", "label": "بولمان"}],
}


@functools.cache
def instrument() -> dict[str, Any]:
    """As tests/form/harness.js installs it."""
    settings = [
        {
            "form_title": "كل الأسئلة - Toutes les questions",
            "form_id": "every",
            "version": "1",
            "default_language": "العربية (ar)",
        }
    ]
    content = markdown(survey(), choices=choices(), settings=settings).encode()
    files = {"loom.svg": PICTURE, "map.svg": DRAWING, "loom.ogg": SOUND, "loom.webm": FILM}
    media = {name: read_media(name, one) for name, one in files.items()}
    hashes = {name: sha256_of(one) for name, one in media.items()}
    compiled = compile_instrument("every.md", content, LISTS, media=hashes)
    assert not compiled.errors, compiled.errors
    datasets = {sha256_of(one): one for one in [*media.values(), *map(dataset_content, LISTS.values())]}
    return {"pkg": compiled.package_json, "sha256": compiled.sha256, "datasets": datasets}
