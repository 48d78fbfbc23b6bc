"""Records for trying a form: a handful for each list of records that it reads, made up, the same each time.

Their properties have the shape that the programme's forms give them: a choice of the form that writes it, a number, a date, a
place of the register of places.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

Package = Mapping[str, Any]
Item = dict[str, str]

HOW_MANY = 5
# What other forms would have recorded; nobody is called so.
NAMES = {
    "cooperatives": ("تعاونية التجربة", "Coopérative d’essai"),
    "groups": ("مجموعة التجربة", "Groupe d’essai"),
    "persons": ("شخص تجريبي", "Personne d’essai"),
}
OTHER_NAME = ("سجل تجريبي", "Enregistrement d’essai")
LETTERS = ("أ", "ب", "ج", "د", "ه"), ("A", "B", "C", "D", "E")
# Region, province and commune, in the codes of the register of places.
PLACES = (
    ("03", "03.131", "03.131.01.01"),
    ("03", "03.131", "03.131.01.02"),
    ("03", "03.131", "03.131.01.03"),
    ("03", "03.591", "03.591.01.01"),
    ("03", "03.591", "03.591.03.05"),
)
START = date(2026, 1, 15)


def sample_records(package: Package, others: Sequence[Package]) -> dict[str, list[Item]]:
    """{list of records: rows as a phone has them, `name` and `label` first}, for each list that the package reads.

    others: packages whose records these are; what they save decides the properties.
    """
    lists = sorted(name for name, used in package["datasets"].items() if used["kind"] == "entities")
    found = {name: [_record(name, n) for n in range(HOW_MANY)] for name in lists}
    for name in lists:
        nodes = _saved(name, [package, *others])
        for n, record in enumerate(found[name]):
            for prop in [*nodes, *_columns(name, package)]:
                if prop in record:
                    continue
                sources = nodes.get(prop, [(package, {})])
                value = next(filter(None, (_value(prop, node, source, n, PLACES[n]) for source, node in sources)), "")
                if value:
                    record[prop] = value
    return found


def _record(name: str, n: int) -> Item:
    arabic, french = NAMES.get(name, OTHER_NAME)
    label = f"{arabic} {LETTERS[0][n]} - {french} {LETTERS[1][n]}"
    return {"name": sample_id(name, n), "label": label, "coop_name_fr": f"{french} {LETTERS[1][n]}", "__version": "1"}


def sample_id(name: str, n: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:daftar:sample:{name}:{n}"))


def _saved(name: str, packages: Sequence[Package]) -> dict[str, list[tuple[Package, Mapping[str, Any]]]]:
    """{property: [(package, the question it comes from)]}: several forms may write it, some by a calculation alone."""
    found: dict[str, list[tuple[Package, Mapping[str, Any]]]] = {}
    for package in packages:
        for rule in package["entities"]:
            if rule["list"] != name:
                continue
            for prop, index in rule["save"]:
                found.setdefault(prop, []).append((package, _question(package, package["nodes"][index])))
    return found


def _question(package: Package, node: Mapping[str, Any]) -> Mapping[str, Any]:
    """A property is often saved through a calculation that only repeats its question."""
    if node["kind"] == "question" or "calculation" not in node:
        return node
    deps = package["expressions"][node["calculation"]]["deps"]
    return package["nodes"][deps[0][0]] if len(deps) == 1 and not node.get("attributes", {}).get("role") else node


def _columns(name: str, package: Package) -> list[str]:
    """Columns of a list that the form's rules read: instance('name')/root/item[column = …]/other."""
    found: dict[str, None] = {}

    def walk(tree: Any, inside: bool) -> None:
        if not isinstance(tree, list) or not tree:
            return
        if tree[0] == "path" and tree[1] == ["fn", "instance", ["str", name]]:
            for step in tree[2]:
                if isinstance(step[1], str) and step[1] not in ("root", "item", "*") and step[0] == "child":
                    found[step[1]] = None
                for predicate in step[2]:
                    walk(predicate, True)
            return
        if inside and tree[0] == "path" and tree[1] == "." and len(tree[2]) == 1 and tree[2][0][0] == "child":
            found[tree[2][0][1]] = None
        for one in tree:
            walk(one, inside)

    for expression in package["expressions"]:
        walk(expression["ast"], False)
    return list(found)


def _value(prop: str, node: Mapping[str, Any], package: Package, n: int, place: tuple[str, str, str]) -> str:
    attributes, kind = node.get("attributes", {}), node.get("type", "")
    for level, code in zip(("region", "province", "commune"), place, strict=True):
        if attributes.get("place") == level or prop in (level, f"{level}_code", f"gp_{level}"):
            return code
    if prop == "territory" or attributes.get("role") == "territory":
        return place[2]
    if "choices" in node:
        return _choice(node, package, n)
    if kind == "integer" or attributes.get("role") == "level":
        return str(n % 5 + 1) if attributes.get("role") == "level" else str(2019 + n if "year" in prop else 12 + 7 * n)
    if kind == "decimal" or attributes.get("role") in ("overall", "axis-score", "confidence"):
        return str(42.5 + 9 * n) if "role" in attributes else str(60000 + 45000 * n)
    if kind in ("date", "today") or prop.startswith("last_diag") or prop in ("due", "date"):
        return (START + timedelta(days=40 * n)).isoformat()
    if kind == "geopoint":
        return f"{33.05 + n / 10:.2f} -{4.05 + n / 10:.2f} 0 0"
    if kind in ("text", "phonenumber") and ("phone" in prop or "tel" in prop):
        return f"060000000{n}"
    if kind == "text":
        return f"… {LETTERS[0][n]}"
    return ""


def _choice(node: Mapping[str, Any], package: Package, n: int) -> str:
    name = node["choices"].get("list", "")
    if name in package["lists"]:
        codes = [item["name"] for item in package["lists"][name]]
        return codes[n % len(codes)] if codes else ""
    if package["datasets"].get(name, {}).get("kind") == "entities":
        return sample_id(name, n)
    return ""
