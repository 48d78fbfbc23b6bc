"""XLSForm workbook -> instrument package (docs/package.md).

    python -m app.instruments.compiler FORM.md OUT.json [FILE ...]

pyxform makes the XForm and decides its meaning; this module reads that XForm back into one JSON object whose expressions are
parsed and whose calculations stand in the order they must run. What is wrong comes back as findings, never as an exception.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError  # only types: the parser is defusedxml's

from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]

from app.instruments import convert, kinds, lint, rules, support
from app.instruments.files import List, Rows, canonical_json, dataset_content, files_beside, read_csv, sha256_of
from app.instruments.findings import Finding, error, from_pyxform, from_pyxform_warnings, warning
from app.instruments.headings import language_code
from app.instruments.rows import Row, all_rows, canonical_type, parameters, survey_rows
from app.instruments.workbook import MAX_BYTES, SHEETS, Workbook
from app.instruments.xpath import Ast, Dependencies, Shape, XPathError, dependencies, names_read, parse, rebase

LIBRARY = Path(__file__).parent / "library"
FORMAT = 1
CI = "urn:cooperative-instruments:1"
XF = "{http://www.w3.org/2002/xforms}"
H = "{http://www.w3.org/1999/xhtml}"
JR = "{http://openrosa.org/javarosa}"
ODK = "{http://www.opendatakit.org/xforms}"
ENTITIES = "{http://www.opendatakit.org/xforms/entities}"
# Questions that pyxform adds by itself, for or_other and table-list: no row of the sheet says their type.
ADDED = {"select1": "select_one", "select": "select_multiple"}
ADDED_WORDS = {"Other": {"ar": "غير ذلك", "fr": "Autre"}, "Specify other.": {"ar": "ما هو؟", "fr": "Lequel ?"}}
CONTROLS = {"input", "select", "select1", "upload", "trigger", "range", "rank", "secret"}
RULES = {
    "relevant": "relevant",
    "required": "required",
    "constraint": "constraint",
    "readonly": "readonly",
    "calculate": "calculation",
}
PERSONS = "persons"
LAST_SAVED = "jr://instance/last-saved"
META_TYPES = {"instanceID": "instanceID", "instanceName": "instanceName", "audit": "audit"}
ENTITY_DEPTH = 3  # pyxform writes an entity's conditions at <scope>/meta/entity/@create


@dataclass
class Compiled:
    """What compiling gave. `package` is empty when there are errors."""

    package: dict[str, Any] = field(default_factory=dict)
    package_json: str = ""
    sha256: str = ""
    xform: str = ""
    workbook: Workbook | None = None
    warnings: list[Finding] = field(default_factory=list)
    errors: list[Finding] = field(default_factory=list)


def library_lists() -> dict[str, Rows]:
    """The lists that come with the product: places, sectors, crafts, themes."""
    return {path.stem: read_csv(path.read_bytes()) for path in sorted((LIBRARY / "lists").glob("*.csv"))}


def entity_lists() -> dict[str, dict[str, str]]:
    """The entity lists the product knows, with their names in both languages."""
    rows = read_csv((LIBRARY / "entity-lists.csv").read_bytes())
    return {row["name"]: {"ar": row["label_ar"], "fr": row["label_fr"]} for row in rows}


def compile_instrument(
    filename: str,
    content: bytes,
    datasets: Mapping[str, List],
    entities: Iterable[str] = (),
    max_bytes: int = MAX_BYTES,
    media: Mapping[str, str] | None = None,
) -> Compiled:
    """The package of a workbook.

    datasets  the lists at hand by name
    entities  entity lists beyond the product's own
    media     {file name: hash of its content} of what labels may show
    """
    return compile_answer(convert.run(filename, content, max_bytes), datasets, entities, media)


def compile_answer(
    answer: dict[str, Any],
    datasets: Mapping[str, List],
    entities: Iterable[str] = (),
    media: Mapping[str, str] | None = None,
) -> Compiled:
    """The same from what convert.run() or convert.answer() gave; findings in the order of the workbook."""
    compiled = _compile(answer, datasets, entities, media or {})
    compiled.errors, compiled.warnings = lint.unique(compiled.errors), lint.unique(compiled.warnings)
    for findings in (compiled.errors, compiled.warnings):
        findings.sort(key=lambda one: (SHEETS.index(one.sheet) if one.sheet in SHEETS else -1, one.row))
    return compiled


def _compile(answer: dict[str, Any], datasets: Mapping[str, List], entities: Iterable[str], media: Mapping[str, str]) -> Compiled:
    if "unreadable" in answer:
        problem = answer["unreadable"]
        return Compiled(errors=[error(problem["code"], **problem["details"])])
    workbook = Workbook.from_json(answer["workbook"])
    compiled = Compiled(workbook=workbook)
    before = lint.check_workbook(workbook)
    compiled.errors += [one for one in before if one.level == "error"]
    compiled.warnings += [one for one in before if one.level == "warning"]
    if "error" in answer:
        # What we found ourselves says it better; pyxform's words are for the rest.
        if not compiled.errors:
            refused = from_pyxform(answer["error"], workbook)
            if refused.code == "list_twice":
                refused.sheet, refused.row, refused.column = lint.where_list_stands(workbook, refused.details["name"])
            compiled.errors.append(refused)
        return compiled
    compiled.warnings += from_pyxform_warnings(answer["warnings"], workbook)
    compiled.xform = answer["xform"]
    if compiled.errors:
        return compiled
    try:
        compiler = _Compiler(workbook, answer["xform"], datasets, {*entity_lists(), *entities}, media)
    except ParseError as problem:  # the converter wrote what is no XML
        compiled.errors.append(error("converter", text=str(problem)))
        return compiled
    package = compiler.package()
    compiled.errors += compiler.errors
    compiled.warnings += compiler.warnings
    if not compiled.errors:
        columns = {name: frozenset().union(*rows) for name, rows in datasets.items() if isinstance(rows, list) and rows}
        checked = rules.check_package(package, workbook, compiler.rows, columns)
        compiled.errors += [one for one in checked if one.level == "error"]
        compiled.warnings += [one for one in checked if one.level == "warning"]
    if not compiled.errors:
        compiled.package = package
        compiled.package_json = canonical_json(package)
        compiled.sha256 = sha256_of(compiled.package_json)
    return compiled


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def picture_of(node: dict[str, Any]) -> str:
    """The file that an image question begins with, "" for none."""
    default = str(node.get("default", ""))
    return default.rpartition("/")[2] if node.get("type") == "image" and default.startswith("jr://images/") else ""


class _Compiler:
    """Reads one XForm. The order of the methods is the order of the work: nodes, texts, binds, body, lists, order."""

    def __init__(
        self, workbook: Workbook, xform: str, datasets: Mapping[str, List], entities: set[str], media: Mapping[str, str]
    ) -> None:
        self.workbook, self.datasets, self.known_entities, self.media = workbook, datasets, entities, media
        self.errors: list[Finding] = []
        self.warnings: list[Finding] = []
        root: Element = fromstring(xform)
        head, self.body = root[0], root[1]
        self.model = next(one for one in head if _tag(one) == "model")
        self.form_title = next((one.text or "" for one in head if _tag(one) == "title"), "")
        self.instances = [one for one in self.model if _tag(one) == "instance"]
        self.primary: Element = self.instances[0][0]
        self.nodes: list[dict[str, Any]] = []
        self.paths: dict[str, int] = {}
        self.elements: list[Element] = []
        self.declared: list[tuple[int, Element]] = []  # scope node, <entity>
        self.expressions: list[dict[str, Any]] = []
        self.numbers: dict[str, int] = {}
        self.lists: dict[str, list[dict[str, Any]]] = {}
        self.files: dict[str, dict[str, Any]] = {}
        self.node_lists: dict[int, str] = {}
        self.rows: dict[str, Row] = survey_rows(workbook.sheets["survey"], _tag(self.primary))
        self.languages, self.texts = self.itext()

    def package(self) -> dict[str, Any]:
        repeats = {str(one.get("nodeset")) for one in self.body.iter(f"{XF}repeat")}
        self.add_nodes(self.primary, -1, "", repeats)
        self.shape = Shape(
            [node["parent"] for node in self.nodes],
            [node["name"] for node in self.nodes],
            frozenset(node["i"] for node in self.nodes if node["kind"] == "repeat"),
        )
        self.read_instances()
        self.read_body()
        self.read_binds()
        self.read_setvalues()
        self.read_messages()
        entities = [self.entity(scope, element) for scope, element in self.declared] + self.created_from_rows()
        if "__last-saved" in self.files:
            self.files["__last-saved"]["names"] = sorted(names_read("__last-saved", [one["ast"] for one in self.expressions]))
        order = self.order()
        self.check_triggers()
        media = self.used_media()
        for node in self.nodes:
            if node["parent"] < 0:
                del node["parent"]
        names = any(
            str(node.get("save_to", "")).startswith(f"{PERSONS}#") or node.get("attributes", {}).get("role") == "consent"
            for node in self.nodes
        )
        package: dict[str, Any] = {
            "format": FORMAT,
            "form_id": self.primary.get("id", ""),
            "version": lint.plain_version(self.primary.get("version", "")),
            "title": self.title(),
            "languages": self.languages,
            "nodes": self.nodes,
            "expressions": self.expressions,
            "lists": self.lists,
            "datasets": self.files,
            "entities": entities,
            "order": order,
        }
        if media:
            package["media"] = media
        if names:
            package["uses_names"] = True
        return package

    def title(self) -> dict[str, str]:
        own = {code: self.primary.get(f"{{{CI}}}title-{code}") for code in self.languages}
        return {code: text or self.form_title for code, text in own.items()}

    # Nodes

    def add_nodes(self, element: Element, parent: int, above: str, repeats: set[str]) -> None:
        name = _tag(element)
        path = f"{above}/{name}"
        row = self.rows.get(path)
        if row is None and above.endswith("/meta") and name == "audit":  # its row stands where its author put it
            row = next((one for one in all_rows(self.workbook.sheets["survey"]) if canonical_type(one.type) == "audit"), None)
        index = len(self.nodes)
        is_repeat = path in repeats or f"{JR}template" in element.attrib
        kind = "repeat" if is_repeat else "group" if len(element) or parent < 0 or (row and row.is_container) else "value"
        node: dict[str, Any] = {"i": index, "parent": parent, "kind": kind, "name": name}
        if row is not None:
            node["row"] = row.number
            if row.save_to:
                node["save_to"] = row.save_to
            if found := parameters(row.cell("parameters")):
                node["parameters"] = found
        if kind == "value":
            node["type"] = canonical_type(row.type) if row else META_TYPES.get(name, "calculate")
            if row and support.plain_type(row.type) in kinds.BLANK and node["type"] not in kinds.UNSEEN:
                node["type"] = "hidden"
            if element.text:
                node["default"] = element.text
        self.nodes.append(node)
        self.elements.append(element)
        self.paths[path] = index
        seen = set()
        for child in element:
            tag = _tag(child)
            if tag == "meta" and all(_tag(one) == "entity" for one in child) and len(child):
                self.declared += [(index, one) for one in child]
                continue
            if tag == "entity":
                self.declared.append((parent, child))
                continue
            if tag in seen:  # the first row of a repeat stands after its template
                continue
            seen.add(tag)
            self.add_nodes(child, index, path, repeats)

    # Texts

    def itext(self) -> tuple[list[str], dict[str, dict[str, dict[str, Element]]]]:
        """Languages, default first; and texts as {id: {form: {language: <value>}}}, form "" being the words."""
        codes: list[str] = []
        texts: dict[str, dict[str, dict[str, Element]]] = {}
        block = next((one for one in self.model if _tag(one) == "itext"), None)
        translations = sorted(block if block is not None else [], key=lambda one: one.get("default") != "true()")
        for translation in translations:
            code = language_code(translation.get("lang", ""))
            codes.append(code)
            for text in translation:
                for value in text:
                    texts.setdefault(text.get("id", ""), {}).setdefault(value.get("form", ""), {})[code] = value
        return codes or ["default"], texts

    def text(self, element: Element | None, path: str, kind: str, context: int, place: tuple[str, int, str]) -> dict[str, Any]:
        """{"label": …, "guidance": …, "media": …} of a <label> or <hint>; or of the itext a node without control has."""
        reference = element.get("ref", "") if element is not None else ""
        wanted = re.fullmatch(r"jr:itext\('(.*)'\)", reference)
        key = wanted.group(1) if wanted else f"{path}:{kind}"
        if key not in self.texts:
            if element is None:
                return {}
            part = self.part(element, context, place)
            return {kind: dict.fromkeys(self.languages, part)} if part else {}
        found: dict[str, Any] = {}
        for form, values in self.texts[key].items():
            parts = {code: self.part(value, context, place) for code, value in values.items()}
            # pyxform writes "-" where a language has nothing.
            parts = {code: part for code, part in parts.items() if part and part != "-"}
            if not parts:
                continue
            if form == "":
                found[kind] = parts
            elif form == "guidance":
                found["guidance"] = parts
            elif form in ("image", "big-image", "audio", "video"):
                found.setdefault("media", {})[form] = {code: str(part).rpartition("/")[2] for code, part in parts.items()}
        return found

    def part(self, element: Element, context: int, place: tuple[str, int, str]) -> Any:
        """A string, or strings and expressions in turn."""
        parts: list[Any] = [element.text or ""]
        for output in element:
            number = self.expression(output.get("value", ""), context, place)
            if number is not None:
                parts.append({"x": number})
            parts.append(output.tail or "")
        if len(parts) > 1:  # pyxform pads what holds a reference
            parts[0], parts[-1] = parts[0].lstrip(" "), parts[-1].rstrip(" ")
        parts = [one for one in parts if one != ""]
        if not parts:
            return ""
        return parts[0] if len(parts) == 1 and isinstance(parts[0], str) else parts

    # Expressions

    def place(self, node: int, column: str) -> tuple[str, int, str]:
        """Where in the workbook a rule of this node stands."""
        row = self.rows.get(self.path(node))
        if row is None and (repeat := self.counted_by(node)) is not None:
            return self.place(repeat, "repeat_count")
        if row is None:
            is_name = self.nodes[node]["name"] == "instanceName"
            return lint.place_of_instance_name(self.workbook) if is_name else ("survey", 0, column)
        return ("survey", row.number, row.column(column))

    def path(self, node: int) -> str:
        return "/" + "/".join(self.nodes[one]["name"] for one in reversed(self.above(node)))

    def above(self, node: int) -> list[int]:
        found = []
        while node >= 0:
            found.append(node)
            node = self.nodes[node]["parent"]
        return found

    def expression(self, text: str, context: int, place: tuple[str, int, str], levels: int = 0) -> int | None:
        """The number of an expression; None when something is wrong with it, which is then among the errors."""
        text = text.strip()
        sheet, row, column = place
        try:
            tree = parse(text)
            if levels:
                tree = rebase(tree, levels)
        except XPathError as problem:
            self.errors.append(
                error(
                    f"expression_{problem.what}",
                    sheet=sheet,
                    row=row,
                    column=column,
                    text=lint.readable(text),
                    found=lint.readable(problem.found).partition(" ")[0],
                    **lint.instead_of(text, problem.position),
                )
            )
            return None
        found = dependencies(tree, context, self.shape, self.node_lists)
        self.errors += lint.check_expression(found, sheet, row, column)
        return self.keep(text, tree, found)

    def keep(self, text: str, tree: Ast, found: Dependencies) -> int:
        one: dict[str, Any] = {
            "text": re.sub(r"\s+", " ", text),
            "ast": tree,
            "deps": sorted([node, how] for node, how in found.nodes.items()),
        }
        if found.lists:
            one["lists"] = found.lists
        if found.volatile:
            one["volatile"] = True
        key = canonical_json(one)
        if key not in self.numbers:
            self.numbers[key] = len(self.expressions)
            self.expressions.append(one)
        return self.numbers[key]

    def rule(self, node: int, key: str, text: str | None, column: str = "") -> None:
        if text and text.strip():
            number = self.expression(text, node, self.place(node, column or key))
            if number is not None:
                self.nodes[node][key] = number

    # Lists

    def read_instances(self) -> None:
        declared = {element.get("dataset", "") for _, element in self.declared}
        for instance in self.instances[1:]:
            name, source = instance.get("id", ""), instance.get("src")
            if source is None:
                self.lists[name] = [self.item(item) for item in instance.iter(f"{XF}item")]
                continue
            if source == LAST_SAVED:
                self.files[name] = {"kind": "last-saved"}
                continue
            match = re.fullmatch(r"jr://(?:file|file-csv)/([\w.-]+)\.(csv|xml|geojson)", source)
            at = lint.where_list_stands(self.workbook, name)
            if match is None:
                self.errors.append(error("list_kind", *at, name=source.rpartition("/")[2]))
            elif match.group(1) in self.datasets:
                found = self.datasets[match.group(1)]
                if isinstance(found, list):
                    self.errors += lint.check_dataset(match.group(1), found, at, self.columns_read(name))
                elif name in self.columns_read():
                    self.errors.append(error("list_tree", *at, name=source.rpartition("/")[2]))
                kind = "csv" if isinstance(found, list) else "xml"
                self.files[name] = {"kind": kind, "sha256": sha256_of(dataset_content(found))}
            elif name in self.known_entities or name in declared:
                self.files[name] = {"kind": "entities"}
            else:
                self.errors.append(error("list_missing", *at, name=match.group(1)))

    def columns_read(self, name: str = "") -> list[str]:
        """The columns that questions pick from a list by; without a name, the lists that are picked from."""
        found: list[str] = []
        for itemset in self.body.iter(f"{XF}itemset"):
            named = re.search(r"instance\('([^']+)'\)", itemset.get("nodeset", ""))
            if named and not name:
                found.append(named.group(1))
            elif named and named.group(1) == name:
                found += [part.get("ref", "") for part in itemset if _tag(part) in ("value", "label")]
        return [one for one in dict.fromkeys(found) if re.fullmatch(r"[\w.-]+", one)]

    def used_media(self) -> dict[str, str]:
        """The files that labels show and pictures begin with, each with its hash; one that did not come with the form is said."""
        found: dict[str, str] = {}
        missing: set[str] = set()
        of_questions = ((self.place(node["i"], "media"), node.get("media", {})) for node in self.nodes)
        of_choices = ((("choices", 0, "media"), item.get("media", {})) for items in self.lists.values() for item in items)
        begins = ((self.place(node["i"], "default"), {"": {"": picture_of(node)}}) for node in self.nodes if picture_of(node))
        for place, media in [*of_questions, *of_choices, *begins]:
            for name in (str(one) for names in media.values() for one in names.values()):
                if name in self.media:
                    found[name] = self.media[name]
                elif name not in missing:
                    missing.add(name)
                    at = lint.where_written(self.workbook, place[0], place[1], name)
                    self.warnings.append(warning("media_missing", *(at or place), name=name))
        return found

    def item(self, element: Element) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for cell in element:
            key, text = _tag(cell), cell.text or ""
            if key == "itextId":
                for form, values in self.texts.get(text, {}).items():
                    parts = {code: self.part(value, 0, ("choices", 0, "label")) for code, value in values.items()}
                    parts = {code: part for code, part in parts.items() if part and part != "-"}
                    if form == "" and parts:
                        found["label"] = parts
                    elif parts:
                        found.setdefault("media", {})[form] = {code: str(part).rpartition("/")[2] for code, part in parts.items()}
            elif key == "label":
                found["label"] = dict.fromkeys(self.languages, text)
            else:
                found[key] = text
        if found.get("name") == "other":
            self.say_added(found)
        return found

    # Body

    def read_body(self) -> None:
        # The list behind each select first: a label before it may ask for the choice's name.
        for control in self.body.iter():
            itemset = control.find(f"{XF}itemset")
            node = self.paths.get(control.get("ref", ""))
            if itemset is not None and node is not None:
                named = re.search(r"instance\('([^']+)'\)", itemset.get("nodeset", ""))
                if named:
                    self.node_lists[node] = named.group(1)
        for index, found in enumerate(self.nodes):
            if found["kind"] == "value":
                found |= self.text(None, self.path(index), "label", index, self.place(index, "label"))
        self.read_controls(self.body)

    def read_controls(self, parent: Element) -> None:
        for element in parent:
            tag = _tag(element)
            if tag == "group":
                node = self.paths.get(element.get("ref", ""))
                if node is not None:
                    self.describe(node, element)
                self.read_controls(element)
            elif tag == "repeat":
                node = self.paths[element.get("nodeset", "")]
                if element.get("appearance"):
                    self.nodes[node]["appearance"] = element.get("appearance")
                self.rule(node, "repeat_count", element.get(f"{JR}count"))
                self.read_controls(element)
            elif tag in CONTROLS:
                node = self.paths[element.get("ref", "")]
                if self.stays_blank(node):
                    continue
                if self.nodes[node]["name"].startswith("generated_table_list_label_"):
                    # The words of a table of choices are those of its group.
                    group = self.nodes[node]["parent"]
                    self.nodes[group] |= self.text(
                        element.find(f"{XF}label"), self.path(node), "label", group, self.place(group, "label")
                    )
                    continue
                self.nodes[node]["kind"] = "question"
                if "row" not in self.nodes[node]:
                    self.nodes[node]["type"] = ADDED.get(tag, "text")
                if "label" in element.get("appearance", "").split():
                    self.nodes[node]["type"] = "note"  # the head of a table: words of the choices, nothing to answer
                self.describe(node, element)
                self.say_added(self.nodes[node])
                self.read_choices(node, element)

    def stays_blank(self, node: int) -> bool:
        row = self.rows.get(self.path(node))
        return row is not None and support.plain_type(row.type) in kinds.BLANK

    def describe(self, node: int, element: Element) -> None:
        path, target = self.path(node), self.nodes[node]
        if element.get("appearance"):
            target["appearance"] = element.get("appearance")
        for kind in ("label", "hint"):
            target |= self.text(element.find(f"{XF}{kind}"), path, kind, node, self.place(node, kind))
        if _tag(element) == "range":
            given = {key: str(element.get(key)) for key in ("start", "end", "step") if element.get(key)}
            target["parameters"] = given | target.get("parameters", {})

    def say_added(self, found: dict[str, Any]) -> None:
        """What pyxform says in English only, in the languages of the form."""
        label = found.get("label") or {}
        words = ADDED_WORDS.get(str(label.get(self.languages[0])))
        if words and ("row" not in found or found["name"] == "other") and len(set(label.values())) == 1:
            found["label"] = {code: words.get(code, text) for code, text in label.items()}

    def read_choices(self, node: int, element: Element) -> None:
        itemset = element.find(f"{XF}itemset")
        if itemset is None:
            items = element.findall(f"{XF}item")
            if items:
                name = f"_{self.nodes[node]['name']}"
                self.lists[name] = [
                    {
                        "name": one.findtext(f"{XF}value", ""),
                        **self.text(one.find(f"{XF}label"), "", "label", node, self.place(node, "type")),
                    }
                    for one in items
                ]
                number = self.expression(f"instance('{name}')/root/item", node, self.place(node, "type"))
                self.nodes[node]["choices"] = {"nodeset": number, "list": name, "value": "name", "label": "label"}
            return
        number = self.expression(itemset.get("nodeset", ""), node, self.place(node, "choice_filter"))
        if number is None:
            return
        value, label = itemset.find(f"{XF}value"), itemset.find(f"{XF}label")
        reference = label.get("ref", "label") if label is not None else "label"
        self.nodes[node]["choices"] = {
            "nodeset": number,
            "value": value.get("ref", "name") if value is not None else "name",
            "label": "label" if reference.startswith("jr:itext") else reference,
        }
        if node in self.node_lists:  # else the choices are rows of a repeat
            self.nodes[node]["choices"]["list"] = self.node_lists[node]

    # Binds

    def read_binds(self) -> None:
        for bind in self.model.findall(f"{XF}bind"):
            node = self.paths.get(bind.get("nodeset", ""))
            if node is None:
                continue
            target = self.nodes[node]
            for attribute, key in RULES.items():
                if key in ("readonly", "required") and (
                    target.get("type") in ("note", "instanceID") or target["kind"] == "value"
                ):
                    continue  # nobody could answer them
                self.rule(node, key, bind.get(attribute))
            attributes = {key.rpartition("}")[2]: value for key, value in bind.attrib.items() if key.startswith(f"{{{CI}}}")}
            expected = attributes.get("expect", "")
            attributes = {key: value for key, value in attributes.items() if not key.startswith("expect")}
            if expected and target["kind"] == "question":
                self.rule(node, "expect", expected, "bind::ci:expect")
                self.expect_message(node)
            if attributes:
                target["attributes"] = attributes

    def read_messages(self) -> None:
        for bind in self.model.findall(f"{XF}bind"):
            node = self.paths.get(bind.get("nodeset", ""))
            for attribute, key in (("constraintMsg", "constraint_message"), ("requiredMsg", "required_message")):
                said = bind.get(f"{JR}{attribute}")
                if node is None or not said:
                    continue
                wanted = re.fullmatch(r"jr:itext\('(.*)'\)", said)
                if wanted is None:
                    self.nodes[node][key] = dict.fromkeys(self.languages, said)
                    continue
                values = self.texts.get(wanted.group(1), {}).get("", {})
                parts = {code: self.part(value, node, self.place(node, key)) for code, value in values.items()}
                self.nodes[node][key] = {code: part for code, part in parts.items() if part and part != "-"}

    def expect_message(self, node: int) -> None:
        """The words of a warning, from the sheet: in the XForm, pyxform has written paths over their `${}`."""
        row, found = self.rows.get(self.path(node)), {}
        for code in self.languages:
            column = f"bind::ci:expect-message-{code}"
            text = row.cell(column) if row else ""
            if not text:
                at = self.place(node, column)
                self.warnings.append(warning("expect_silent", *at, name=self.nodes[node]["name"], language=code))
                continue
            parts: list[Any] = []
            for n, piece in enumerate(re.split(r"\$\{\s*([^}]+?)\s*\}", text)):
                path = next((one for one in self.paths if one.endswith(f"/{piece}")), "") if n % 2 else ""
                number = self.expression(path, node, self.place(node, column)) if path else None
                parts.append(piece if number is None else {"x": number})
            parts = [one for one in parts if one != ""]
            found[code] = parts[0] if len(parts) == 1 and isinstance(parts[0], str) else parts
        if found:
            self.nodes[node]["expect_message"] = found

    def read_setvalues(self) -> None:
        def read(parent: Element, control: int | None) -> None:
            for element in parent:
                tag = _tag(element)
                if tag == "setvalue":
                    self.setvalue(element, control)
                elif tag in CONTROLS or tag in ("group", "repeat"):
                    read(element, self.paths.get(element.get("ref", "")) if tag in CONTROLS else None)

        read(self.model, None)
        read(self.body, None)

    def setvalue(self, element: Element, control: int | None) -> None:
        node = self.paths.get(element.get("ref", ""))
        if node is None:  # the id of an entity: EntityRule without `id`
            return
        events = element.get("event", "").split()
        literal = element.text or ""
        text = element.get("value") or (f"'{literal}'" if "'" not in literal else f'"{literal}"')
        if "xforms-value-changed" in events:
            number = self.expression(text, node, self.place(node, "calculation"))
            if number is not None and control is not None:
                self.nodes[control].setdefault("triggers", []).append({"node": node, "expression": number})
            return
        self.rule(node, "first_load", text, "default")
        if "odk-new-repeat" in events:
            self.nodes[node]["new_repeat"] = True

    # Entities

    def entity(self, scope: int, element: Element) -> dict[str, Any]:
        name = element.get("dataset", "")
        above = f"{self.path(scope)}/meta/entity"
        binds = {bind.get("nodeset", ""): bind for bind in self.model.findall(f"{XF}bind")}
        row = next(
            (
                number
                for number, cells in lint.rows_of(self.workbook, "entities")
                if name in (Row(self.workbook.sheets["entities"], number, cells).cell(key) for key in ("list_name", "dataset"))
            ),
            0,
        )
        found: dict[str, Any] = {"list": name, "scope": scope}

        def condition(key: str, path: str, column: str) -> None:
            bind = binds.get(path)
            text = bind.get("calculate") if bind is not None else None
            if text:
                number = self.expression(text, scope, ("entities", row, column), ENTITY_DEPTH)
                if number is not None:
                    found[key] = number

        condition("id", f"{above}/@id", "entity_id")
        condition("create", f"{above}/@create", "create_if")
        condition("update", f"{above}/@update", "update_if")
        condition("label", f"{above}/label", "label")
        if "update" in element.attrib and "update" not in found:
            found["update"] = self.keep("true()", ["fn", "true"], Dependencies({}, [], False, [], []))
        single = len(self.declared) == 1
        found["save"] = []
        for node in self.nodes:
            target, _, prop = str(node.get("save_to", "")).rpartition("#")
            if prop and (target == name or (not target and single)):
                node["save_to"] = f"{name}#{prop}"
                found["save"].append([prop, node["i"]])
        return found

    def created_from_rows(self) -> list[dict[str, Any]]:
        """Records made of rows, in a list that the form declares for another purpose: `ci:creates` on what they say.

        XLSForm takes one declaration of a list: a visit updates the actions agreed before in its own, and adds new ones by this.
        """
        found: dict[tuple[int, str], dict[str, Any]] = {}
        for node in self.nodes:
            name, _, prop = str(node.get("attributes", {}).get("creates", "")).rpartition("#")
            if not name:
                continue
            place = self.place(node["i"], "bind::ci:creates")
            if name not in self.known_entities and name not in {one.get("dataset") for _, one in self.declared}:
                sheet, row, column = place
                self.errors.append(error("entity_undeclared", sheet=sheet, row=row, column=column, name=name))
                continue
            scope = next((one for one in self.above(node["i"]) if self.nodes[one]["kind"] == "repeat"), 0)
            rule = found.setdefault((scope, name), {"list": name, "scope": scope, "save": []})
            if prop != "label":
                rule["save"].append([prop, node["i"]])
            elif (number := self.expression(self.path(node["i"]), scope, place)) is not None:
                rule["label"] = number
        return list(found.values())

    # Order

    def order(self) -> list[int]:
        """Nodes with a calculation, relevance or number of rows, each after all it reads. A cycle is an error with its path."""
        ruled = [node["i"] for node in self.nodes if any(key in node for key in ("calculation", "relevant", "repeat_count"))]
        active = set(ruled)
        reads: dict[int, list[int]] = {}
        for node in ruled:
            found: dict[int, None] = dict.fromkeys(one for one in self.above(node)[1:] if one in active)
            for key in ("relevant", "calculation", "repeat_count"):
                if key not in self.nodes[node]:
                    continue
                for dependency, how in self.expressions[self.nodes[node][key]]["deps"]:
                    # A row may read the same question of other rows: a running total.
                    if dependency == node and how == "all":
                        continue
                    found |= dict.fromkeys(
                        one for one in self.above(dependency) if one in active and (one != node or dependency == node)
                    )
                    if (
                        dependency != node
                        and node in self.above(dependency)
                        and "relevant" in self.nodes[node]
                        and key == "relevant"
                    ):
                        found[node] = None  # a group shown by a question inside it
            reads[node] = list(found)
        ordered: list[int] = []
        state: dict[int, int] = {}  # 1: being visited, 2: done
        for start in ruled:
            if state.get(start):
                continue
            trail = [(start, iter(reads[start]))]
            state[start] = 1
            while trail:
                node, rest = trail[-1]
                following = next(rest, None)
                if following is None:
                    trail.pop()
                    state[node] = 2
                    ordered.append(node)
                elif state.get(following) == 1:
                    names = [one for one, _ in trail]
                    self.cycle(names[names.index(following) :])
                    return []
                elif not state.get(following):
                    state[following] = 1
                    trail.append((following, iter(reads[following])))
        return ordered

    def cycle(self, nodes: list[int]) -> None:
        first = min(nodes, key=lambda one: self.nodes[one].get("row", 0))
        column = "calculation" if "calculation" in self.nodes[first] else "relevant"
        counted = self.counted_by(first)
        if counted is not None:  # the converter's own question, which holds the number of rows
            first, column = counted, "repeat_count"
        elif column not in self.nodes[first]:
            column = "repeat_count"
        names = [self.nodes[one if (repeat := self.counted_by(one)) is None else repeat]["name"] for one in nodes]
        path = " → ".join(dict.fromkeys([*names])) + f" → {names[0]}"
        self.errors.append(error("cycle", *self.place(first, column), path=path))

    def counted_by(self, node: int) -> int | None:
        """The repeat whose number of rows this calculation of the converter holds."""
        name = self.nodes[node]["name"]
        path = self.path(node)
        return self.paths.get(path.removesuffix("_count")) if path not in self.rows and name.endswith("_count") else None

    def check_triggers(self) -> None:
        """Questions whose answers set each other: each would answer the other without end."""
        after = {node["i"]: [one["node"] for one in node.get("triggers", ())] for node in self.nodes}
        told: set[int] = set()
        for start in after:
            trail, waiting = [start], [iter(after[start])]
            while waiting:
                following = next(waiting[-1], None)
                if following is None:
                    waiting.pop()
                    trail.pop()
                elif following == start and start not in told:
                    told.update(trail)
                    path = " → ".join(self.nodes[one]["name"] for one in [*trail, start])
                    self.warnings.append(warning("trigger_cycle", *self.place(start, "trigger"), path=path))
                elif following not in trail and following != start:
                    trail.append(following)
                    waiting.append(iter(after[following]))


def compile_file(path: Path, lists: Iterable[Path] = ()) -> Compiled:
    """A workbook on disk, with the files beside it, those given, and the lists of the product."""
    given, media = files_beside(path, lists)
    hashes = {name: sha256_of(content) for name, content in media.items()}
    return compile_instrument(path.name, path.read_bytes(), library_lists() | given, media=hashes)


def main(arguments: list[str]) -> int:
    if len(arguments) < 2:
        print(__doc__)
        return 2
    compiled = compile_file(Path(arguments[0]), [Path(one) for one in arguments[2:]])
    for finding in [*compiled.errors, *compiled.warnings]:
        print(finding.level, finding.code, finding.sheet, finding.row, finding.column, finding.details, file=sys.stderr)
    if compiled.errors:
        return 1
    Path(arguments[1]).write_text(compiled.package_json, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
