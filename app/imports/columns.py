"""What the columns of a file can be: properties of a list's records, as the programme's forms ask for them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from flask_babel import force_locale
from flask_babel import gettext as _

from app.core.languages import LANGUAGES
from app.registry.applying import LABEL
from app.registry.finding import normalise
from app.review.properties import Properties
from app.submissions.answers import MULTIPLE, PLACES, SELECTS, Form, Node, asked

LATITUDE, LONGITUDE = "@latitude", "@longitude"  # two columns that make one position
TERRITORIES = {"regions": "region", "provinces": "province", "communes": "commune", "arrondissements": "arrondissement"}
_NUMBER = re.compile(r"^ice$|registry_no|agreement_no")
# How spreadsheets of the field head what forms call by longer names.
_ALSO = {
    "name": "name|nom|dénomination|nom de la coopérative|coopérative|nom complet|الاسم|اسم التعاونية|التعاونية|الاسم الكامل",
    "province": "province|préfecture|préfecture ou province|الإقليم|العمالة",
    "commune": "commune|الجماعة|جماعة",
    "region": "région|الجهة",
    "phone": "téléphone|tél|tel|gsm|phone|الهاتف|هاتف|رقم الهاتف",
    "registry_no": "numéro au registre|n° registre|numéro d’immatriculation|رقم القيد|رقم السجل",
    "ice": "ice|التعريف الموحد للمقاولة",
    LATITUDE: "latitude|lat|خط العرض",
    LONGITUDE: "longitude|lon|long|lng|خط الطول",
}


@dataclass(frozen=True)
class Target:
    """A property that a column may fill."""

    name: str
    labels: dict[str, str]
    kind: str  # text number integer date choice choices place record point phone coordinate
    form: Form | None = None
    node: Node | None = None
    lists: tuple[str, ...] = ()  # of records that it names
    is_personal: bool = False
    is_number: bool = False  # tells records apart, as a name and a place do

    def label(self, language: str) -> str:
        return self.labels.get(language) or self.name


@dataclass
class Targets:
    """The properties of a list."""

    by_name: dict[str, Target] = field(default_factory=dict)
    name: str = LABEL  # the property that names a record

    def guess(self, headings: Sequence[str]) -> list[str]:
        """The property that each heading means, "" where none; each only once."""
        known: dict[str, str] = {}
        for one in self.by_name.values():
            for text in (one.name, *one.labels.values()):
                for said in (text, re.sub(r"\(.*?\)", "", text)):
                    known.setdefault(normalise(said), one.name)
        for name, texts in _ALSO.items():
            target = self.name if name == "name" else self._phone() if name == "phone" else name
            if target in self.by_name:
                for text in texts.split("|"):
                    known.setdefault(normalise(text), target)
        found: list[str] = []
        for heading in headings:
            name = known.get(normalise(heading), "") if normalise(heading) else ""
            if name == "" and self.name == LABEL and normalise(heading) in _names():
                name = LABEL_COLUMN
            found.append("" if name in found else name)
        return found

    def _phone(self) -> str:
        return next((one.name for one in self.by_name.values() if one.kind == "phone"), "")


LABEL_COLUMN = "@name"  # in a form's field "" means: left out


def _names() -> set[str]:
    return {normalise(text) for text in _ALSO["name"].split("|")}


def targets(programme_id: str, list_name: str) -> Targets:
    properties = Properties(programme_id, list_name, "ar")
    found = Targets()
    forms = {form.form_id: form for form, _node in properties.known.values()}
    found.name = next((name for form in forms.values() if (name := _naming(form, list_name))), LABEL)
    french = Properties(programme_id, list_name, "fr")
    for name in properties.sorted(properties.known):
        form, node = properties.known[name]
        kind, lists = _kind(form, node, name)
        if not kind or name.startswith("last_"):  # what a diagnostic leaves behind
            continue
        personal = form.personal()
        with force_locale("ar"):
            arabic = properties.label(name)
        with force_locale("fr"):
            labels = {"ar": arabic, "fr": french.label(name)}
        found.by_name[name] = Target(
            name, labels, kind, form, node, lists, node["i"] in personal, kind == "text" and _NUMBER.search(name) is not None
        )
        if kind == "point":
            for part, said in ((LATITUDE, _latitude), (LONGITUDE, _longitude)):
                found.by_name[part] = Target(part, {one: said(one) for one in LANGUAGES}, "coordinate")
    if found.name == LABEL:
        found.name = LABEL_COLUMN
        found.by_name = {LABEL_COLUMN: Target(LABEL_COLUMN, {one: _name(one) for one in LANGUAGES}, "text")} | found.by_name
    return found


def _name(language: str) -> str:
    with force_locale(language):
        return _("Name")


def _latitude(language: str) -> str:
    with force_locale(language):
        return _("Latitude (degrees north)")


def _longitude(language: str) -> str:
    with force_locale(language):
        return _("Longitude (degrees east, negative in Morocco)")


def _naming(form: Form, list_name: str) -> str:
    """The property that a form takes the record's name from."""
    for rule in form.package.get("entities", []):
        if rule["list"] == list_name and rule.get("label") is not None:
            read = {index for index, _scope in form.package["expressions"][rule["label"]].get("deps", [])}
            for name, index in rule["save"]:
                if index in read or asked(form, form.nodes[index])["i"] in read:
                    return str(name)
    return ""


def _kind(form: Form, node: Node, name: str) -> tuple[str, tuple[str, ...]]:
    """("", …) for what only forms can say: a last score, a count."""
    kind = node.get("type", "")
    if kind in SELECTS:
        listed = node.get("choices", {}).get("list", "")
        if form.reads_records(node):
            return "record", (listed,)
        if listed in TERRITORIES:
            return "place", ()
        return ("choices" if kind in MULTIPLE else "choice"), ()
    if node["kind"] != "question":
        lists = _named_lists(form, node)
        return ("record", tuple(sorted(lists))) if lists else ("", ())
    if kind in ("integer", "date"):
        return kind, ()
    if kind in ("decimal", "range"):
        return "number", ()
    if kind in PLACES:
        return ("point" if kind == "geopoint" else ""), ()
    if kind == "phonenumber" or "phone" in name:
        return "phone", ()
    return ("text" if kind in ("text", "email", "barcode", "dateTime", "time") else ""), ()


def _named_lists(form: Form, node: Node, deep: int = 3) -> set[str]:
    """Lists of the records that a calculation passes on."""
    expression = node.get("calculation")
    if expression is None or not deep:
        return set()
    found: set[str] = set()
    compiled = form.package["expressions"][expression]
    ast = compiled["ast"]
    if ast[0] != "path" and ast[:2] not in (["fn", "coalesce"], ["fn", "if"]):
        return set()
    for index, _scope in compiled.get("deps", []):
        one = form.nodes[index]
        if one.get("type") in SELECTS and form.reads_records(one):
            found.add(str(one["choices"]["list"]))
        elif one["kind"] == "value":
            found |= _named_lists(form, one, deep - 1)
    return found
