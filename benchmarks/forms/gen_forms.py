#!/usr/bin/env python3
"""Write the benchmark forms: NAME.xlsx, NAME.xml (pyxform) and NAME.probe.json.

    python gen_forms.py OUT_DIR [NAME ...]

Nothing here is random: the same pyxform gives the same bytes. Every question
the harness touches carries a marker such as "(N1)" in its label, in both
languages, so that an engine is driven by what it shows, not by its DOM.
"""

import json
import sys
import zipfile
from pathlib import Path

from openpyxl import Workbook
from pyxform.xls2xform import convert

AR, FR = "العربية (ar)", "Français (fr)"
LABELS = {"ar": f"label::{AR}", "fr": f"label::{FR}"}
SURVEY = [
    "type",
    "name",
    LABELS["ar"],
    LABELS["fr"],
    f"hint::{AR}",
    f"hint::{FR}",
    "required",
    "relevant",
    "constraint",
    f"constraint_message::{AR}",
    f"constraint_message::{FR}",
    "calculation",
    "choice_filter",
    "repeat_count",
    "default",
    "appearance",
]

CORE = (
    b'<?xml version="1.0"?><cp:coreProperties xmlns:cp='
    b'"http://schemas.openxmlformats.org/package/2006/metadata/core-properties"/>'
)

AXES = [  # (name, Arabic, French, [(Arabic, French)] of scored statements)
    (
        "gouv",
        "الحوكمة",
        "Gouvernance",
        [
            ("انتظام الجلسات العامة", "Régularité des assemblées générales"),
            ("تجديد أعضاء مجلس الإدارة", "Renouvellement du conseil d’administration"),
            ("توفر نظام داخلي مكتوب", "Existence d’un règlement intérieur écrit"),
            ("مشاركة المنخرطين في القرارات", "Participation des adhérents aux décisions"),
        ],
    ),
    (
        "fin",
        "المالية",
        "Finances",
        [
            ("مسك المحاسبة", "Tenue de la comptabilité"),
            ("القدرة على التمويل الذاتي", "Capacité d’autofinancement"),
            ("متابعة الديون", "Suivi des dettes"),
            ("إعداد ميزانية سنوية", "Élaboration d’un budget annuel"),
        ],
    ),
    (
        "prod",
        "الإنتاج",
        "Production",
        [
            ("جودة المنتوج", "Qualité du produit"),
            ("احترام المعايير الصحية", "Respect des normes d’hygiène"),
            ("تخطيط الإنتاج", "Planification de la production"),
            ("صيانة المعدات", "Entretien des équipements"),
        ],
    ),
    (
        "com",
        "التسويق",
        "Commercialisation",
        [
            ("تنوع قنوات البيع", "Diversité des canaux de vente"),
            ("وجود علامة تجارية", "Existence d’une marque"),
            ("معرفة الأسعار", "Connaissance des prix"),
            ("عقود مع المشترين", "Contrats avec les acheteurs"),
        ],
    ),
    (
        "rh",
        "الموارد البشرية",
        "Ressources humaines",
        [
            ("تكوين الأعضاء", "Formation des membres"),
            ("توزيع المهام", "Répartition des tâches"),
            ("مشاركة النساء", "Participation des femmes"),
            ("إدماج الشباب", "Intégration des jeunes"),
        ],
    ),
    (
        "env",
        "البيئة",
        "Environnement",
        [
            ("ترشيد استعمال الماء", "Économie d’eau"),
            ("تدبير النفايات", "Gestion des déchets"),
            ("استعمال الطاقات المتجددة", "Recours aux énergies renouvelables"),
            ("حماية التربة", "Protection des sols"),
        ],
    ),
]


class Form:
    def __init__(self, name, title):
        self.name, self.title = name, title
        self.rows, self.choices = [], []
        self.questions = 0
        self.choice("yesno", "yes", "نعم", "Oui")
        self.choice("yesno", "no", "لا", "Non")
        for v, (ar, fr) in enumerate([("غائب", "Absent"), ("ضعيف", "Faible"), ("متوسط", "Moyen"), ("جيد", "Bon")]):
            self.choice("level", str(v), ar, fr)
        for i, (ar, fr) in enumerate(
            [
                ("زيت الزيتون", "Huile d’olive"),
                ("العسل", "Miel"),
                ("الأركان", "Argan"),
                ("التمور", "Dattes"),
                ("النسيج", "Tissage"),
                ("أخرى", "Autre"),
            ]
        ):
            self.choice("product", f"p{i}", ar, fr)

    def choice(self, lst, name, ar, fr, **extra):
        self.choices.append({"list_name": lst, "name": name, LABELS["ar"]: ar, LABELS["fr"]: fr, **extra})

    def add(self, type_, name, ar="", fr="", **cells):
        row = {"type": type_, "name": name, LABELS["ar"]: ar, LABELS["fr"]: fr}
        for key, val in cells.items():
            if isinstance(val, tuple):
                row[f"{key}::{AR}"], row[f"{key}::{FR}"] = val
            else:
                row[key] = val
        self.rows.append(row)
        if type_.split()[0] not in ("calculate", "note", "begin_group", "end_group", "begin_repeat", "end_repeat"):
            self.questions += 1

    def group(self, name, ar, fr):
        self.add("begin_group", name, ar, fr)

    def end(self):
        self.add("end_group", "")

    def probes(self, total):
        """The probe questions, all in the first group. `total` is the form's last score."""
        self.add("text", "coop_name", "اسم التعاونية (T1)", "Nom de la coopérative (T1)", required="yes")
        self.add(
            "integer",
            "members",
            "عدد الأعضاء (N1)",
            "Nombre de membres (N1)",
            constraint=". >= 5 and . <= 9999",
            constraint_message=("بين 5 و 9999", "Entre 5 et 9999"),
            hint=("رجالا ونساء", "Hommes et femmes"),
        )
        self.add(
            "integer",
            "women",
            "عدد النساء (R1)",
            "Nombre de femmes (R1)",
            relevant="${members} >= 100",
            constraint=". <= ${members}",
            constraint_message=("أكثر من عدد الأعضاء", "Plus que le nombre de membres"),
        )
        self.add(
            "calculate",
            "size_score",
            calculation="if(coalesce(${members}, 0) >= 100, 3, if(coalesce(${members}, 0) >= 20, 2, 1))",
        )
        self.add("note", "score_note", "النقطة الإجمالية «${%s}» (C1)" % total, "Score total «${%s}» (C1)" % total)
        self.add("select_one yesno", "approved", "هل التعاونية معتمدة؟ (S1)", "La coopérative est-elle agréée ? (S1)")
        self.add("text", "approval_no", "رقم الاعتماد (R2)", "Numéro d’agrément (R2)", relevant="${approved} = 'yes'")
        self.add("calculate", "approved_score", calculation="if(${approved} = 'yes', 2, 0)")
        self.add("note", "approved_note", "نقطة الاعتماد «${approved_score}» (C2)", "Score d’agrément «${approved_score}» (C2)")

    def write(self, out, probe):
        wb = Workbook()
        ws = wb.active
        ws.title = "survey"
        ws.append(SURVEY)
        for row in self.rows:
            ws.append([row.get(c, "") for c in SURVEY])
        extra = sorted({k for c in self.choices for k in c} - {"list_name", "name", *LABELS.values()})
        cols = ["list_name", "name", LABELS["ar"], LABELS["fr"], *extra]
        ws = wb.create_sheet("choices")
        ws.append(cols)
        for c in self.choices:
            ws.append([c.get(k, "") for k in cols])
        ws = wb.create_sheet("settings")
        ws.append(["form_title", "form_id", "version", "default_language"])
        ws.append([self.title, self.name, "1", AR])
        tmp = out / f".{self.name}.tmp.xlsx"
        wb.save(tmp)
        xlsx = out / f"{self.name}.xlsx"
        with zipfile.ZipFile(tmp) as src, zipfile.ZipFile(xlsx, "w", zipfile.ZIP_DEFLATED) as dst:
            for info in src.infolist():  # fixed times: the same bytes every run
                body = CORE if info.filename == "docProps/core.xml" else src.read(info)
                dst.writestr(zipfile.ZipInfo(info.filename), body, zipfile.ZIP_DEFLATED)
        tmp.unlink()
        xml = convert(xlsform=str(xlsx), validate=False).xform
        (out / f"{self.name}.xml").write_text(xml, encoding="utf-8")
        body = [r["type"].split()[0] for r in self.rows]
        stats = {
            "questions": self.questions,
            "groups": body.count("begin_group"),
            "notes": body.count("note"),
            "calculations": body.count("calculate"),
            "relevant": sum(1 for r in self.rows if r.get("relevant")),
            "constraints": sum(1 for r in self.rows if r.get("constraint")),
            "repeats": body.count("begin_repeat"),
            "choices": len(self.choices),
            "xform_bytes": len(xml.encode()),
        }
        probe = {"form": self.name, "title": self.title, "languages": {"ar": AR, "fr": FR}, "stats": stats, **probe}
        (out / f"{self.name}.probe.json").write_text(json.dumps(probe, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        print(self.name, stats)


# Probes common to all scored forms. Each step: what to enter, and what must then show.
def common(base):
    """`base`: the total score with `members` empty and everything else unanswered."""
    return {
        "first": "(T1)",
        "language": {"marker": "(T1)", "ar": "اسم التعاونية", "fr": "Nom de la coopérative"},
        # "14" is typed first; each step then is one key: 14 -> 140 -> 14 -> 140 ...
        "number": {
            "field": "(N1)",
            "show": "(R1)",
            "note": "(C1)",
            "setup": "14",
            "steps": [
                {"key": "0", "shown": True, "text": f"«{base + 2}»"},
                {"key": "Backspace", "shown": False, "text": f"«{base}»"},
            ],
        },
        "select": {
            "field": "(S1)",
            "show": "(R2)",
            "note": "(C2)",
            "steps": [{"option": 0, "shown": True, "text": "«2»"}, {"option": 1, "shown": False, "text": "«0»"}],
        },
    }


def axis_group(f, n, ident, ar, fr, items):
    f.group(f"g_{ident}", f"{n}. {ar}", f"{n}. {fr}")
    names = []
    for i, (iar, ifr) in enumerate(items):
        name = f"{ident}_{i}"
        names.append(name)
        f.add("select_one level", name, f"{n}.{i + 1} {iar}", f"{n}.{i + 1} {ifr}")
        if i == 0:
            f.add(
                "text", f"{name}_why", f"{n}.{i + 1} لماذا غائب؟", f"{n}.{i + 1} Pourquoi absent ?", relevant="${%s} = '0'" % name
            )
    f.add(
        "integer",
        f"{ident}_n",
        f"{n} عدد الوثائق المعاينة",
        f"{n} Nombre de documents vus",
        constraint=". >= 0 and . <= 500",
        constraint_message=("بين 0 و 500", "Entre 0 et 500"),
    )
    f.add(
        "text",
        f"{ident}_plan",
        f"{n} إجراء مقترح",
        f"{n} Action proposée",
        relevant="${%s} != '' and ${%s} < 2" % (names[1], names[1]),
    )
    total = " + ".join("coalesce(${%s}, 0)" % x for x in names)
    f.add("calculate", f"{ident}_score", calculation=total)
    f.add("calculate", f"{ident}_pct", calculation="round(${%s_score} * 100 div 12, 0)" % ident)
    f.add(
        "note",
        f"{ident}_note",
        f"{ar}: ${{{ident}_score}}/12 (${{{ident}_pct}}%)",
        f"{fr} : ${{{ident}_score}}/12 (${{{ident}_pct}} %)",
    )
    f.end()


def plots(f):
    """A repeat of four questions and its total; ends the group it stands in."""
    f.add("begin_repeat", "parcel", "قطعة (P)", "Parcelle (P)")
    f.add("text", "crop", "المحصول (P1)", "Culture (P1)")
    f.add("decimal", "area", "المساحة بالهكتار", "Surface (ha)", constraint=". > 0 and . < 1000")
    f.add("select_one yesno", "irrigated", "مسقية؟", "Irriguée ?")
    f.add("integer", "water", "كمية الماء", "Volume d’eau", relevant="${irrigated} = 'yes'")
    f.add("end_repeat", "")
    f.add("calculate", "area_total", calculation="sum(${area})")
    f.add("note", "area_note", "المساحة الإجمالية: ${area_total}", "Surface totale : ${area_total}")
    f.end()


def diag60(out):
    f = Form("diag60", "تشخيص تعاونية / Diagnostic de coopérative")
    f.group("g_id", "0. التعريف", "0. Identification")
    f.probes("total_score")
    f.add(
        "integer",
        "year",
        "سنة التأسيس",
        "Année de création",
        constraint=". >= 1950 and . <= 2030",
        constraint_message=("سنة غير صحيحة", "Année invalide"),
    )
    f.add("select_multiple product", "products", "المنتجات", "Produits")
    f.add("text", "other_product", "منتوج آخر", "Autre produit", relevant="selected(${products}, 'p5')")
    f.add("date", "visit", "تاريخ الزيارة", "Date de la visite")
    f.add("decimal", "turnover", "رقم المعاملات (ألف درهم)", "Chiffre d’affaires (milliers)", constraint=". >= 0")
    f.end()
    for n, (ident, ar, fr, items) in enumerate(AXES, 1):
        axis_group(f, n, ident, ar, fr, items)
    f.group("g_parc", "7. القطع", "7. Parcelles")
    plots(f)
    f.add(
        "calculate",
        "total_score",
        calculation="${size_score} + ${approved_score} + " + " + ".join("${%s_score}" % a[0] for a in AXES),
    )
    f.write(out, {**common(1), "repeat": {"add": "button", "count": "(P1)"}})


def scaled(out, name, groups, per_group, relevants, calcs, repeat):
    """`groups`x`per_group` questions; relevance and calculation spread evenly over them."""
    f = Form(name, f"{name} اختبار / essai")
    f.group("g_id", "0. التعريف", "0. Identification")
    f.probes("total_score")
    used_q, used_r, used_c = f.questions, 2, 3  # probes: R1, R2; size, approved, total
    if repeat:
        f.add("integer", "plots", "عدد القطع (N2)", "Nombre de parcelles (N2)", default="20", constraint=". <= 200")
        used_q += 1
    f.end()
    total_q = groups * per_group - (4 if repeat else 0)
    todo = total_q - used_q
    per, rest = divmod(todo, groups - 1)
    rel_left, calc_left = relevants - used_r, calcs - used_c - (1 if repeat else 0)
    scores, q = [], 0
    for g in range(1, groups):
        f.group(f"g{g}", f"{g}. المحور {g}", f"{g}. Axe {g}")
        n = per + (1 if g <= rest else 0)
        names = []
        for i in range(n):
            nm = f"q{g}_{i}"
            kind = ("integer", "select_one level", "text", "select_one yesno", "select_multiple product")[i % 5]
            cells = {}
            if kind == "integer":
                cells = {"constraint": ". >= 0 and . <= 1000", "constraint_message": ("بين 0 و 1000", "Entre 0 et 1000")}
            want = rel_left * (q + 1) // todo > rel_left * q // todo
            if want and i > 0:
                j = i - 1
                while j > 0 and j % 5 == 2:
                    j -= 1
                prev = f"q{g}_{j}"
                cells["relevant"] = {
                    0: "${%s} > 10 or ${members} >= 100",
                    1: "${%s} >= 2",
                    3: "${%s} = 'yes'",
                    4: "selected(${%s}, 'p1')",
                }.get(j % 5, "${%s} != ''") % prev
            elif want:
                cells["relevant"] = "${members} >= 10"
            f.add(kind, nm, f"{g}.{i + 1} السؤال رقم {q + 1} في التشخيص", f"{g}.{i + 1} Question {q + 1} du diagnostic", **cells)
            names.append((nm, kind))
            q += 1
        nums = [nm for nm, k in names if k in ("integer", "select_one level")]
        here = calc_left * g // (groups - 1) - calc_left * (g - 1) // (groups - 1)
        prev = None
        for c in range(here):
            cn = f"c{g}_{c}"
            part = " + ".join("coalesce(${%s}, 0)" % x for x in nums[c::here]) or "0"
            f.add("calculate", cn, calculation=("${%s} + " % prev if prev else "") + part)
            prev = cn
        if prev:
            scores.append(prev)
            f.add("note", f"n{g}", "نقطة المحور: ${%s}" % prev, "Score de l’axe : ${%s}" % prev)
        f.end()
    if repeat:
        f.group("g_parc", "القطع", "Parcelles")
        f.add("begin_repeat", "parcel", "قطعة (P)", "Parcelle (P)", repeat_count="${plots}")
        f.add("text", "crop", "المحصول (P1)", "Culture (P1)")
        f.add("decimal", "area", "المساحة بالهكتار", "Surface (ha)", constraint=". > 0 and . < 1000")
        f.add("select_one yesno", "irrigated", "مسقية؟", "Irriguée ?")
        f.add("integer", "water", "كمية الماء", "Volume d’eau", relevant="${irrigated} = 'yes'")
        f.add("end_repeat", "")
        f.add("calculate", "area_total", calculation="sum(${area})")
        f.end()
    f.add(
        "calculate", "total_score", calculation="${size_score} + ${approved_score} + " + " + ".join("${%s}" % s for s in scores)
    )
    probe = common(1)
    if repeat:
        probe["repeat"] = {"add": "count", "field": "(N2)", "start": 20, "count": "(P1)"}
    f.write(out, probe)


def cascade(out):
    f = Form("cascade", "اختيار متسلسل / Choix en cascade")
    f.group("g_geo", "الموقع", "Localisation")
    f.add("text", "coop_name", "اسم التعاونية (T1)", "Nom de la coopérative (T1)")
    f.add("select_one region", "region", "الجهة (G1)", "Région (G1)")
    f.add("select_one province", "province", "الإقليم (G2)", "Province (G2)", choice_filter="region = ${region}")
    f.add("select_one commune", "commune", "الجماعة (G3)", "Commune (G3)", choice_filter="province = ${province}")
    f.end()
    for r in range(12):
        f.choice("region", f"r{r}", f"جهة {r + 1}", f"Région {r + 1}")
    for p in range(75):
        f.choice("province", f"p{p}", f"إقليم {p + 1}", f"Province {p + 1}", region=f"r{p % 12}")
    for c in range(1500):
        f.choice("commune", f"c{c}", f"جماعة {c + 1}", f"Commune {c + 1}", province=f"p{c % 75}")
    # region r -> its first province is p_r (label r+1), whose first commune is c_r (label r+1)
    f.write(
        out,
        {
            "first": "(T1)",
            "language": {"marker": "(T1)", "ar": "اسم التعاونية", "fr": "Nom de la coopérative"},
            "cascade": {
                "fields": ["(G1)", "(G2)", "(G3)"],
                "regions": 12,
                "region": {"ar": "جهة {n}", "fr": "Région {n}"},
                "province": {"ar": "إقليم {n}", "fr": "Province {n}"},
                "commune": {"ar": "جماعة {n}", "fr": "Commune {n}"},
            },
        },
    )


def rows60(out):
    f = Form("rows60", "صفوف كثيرة / Beaucoup de lignes")
    f.group("g_id", "0. التعريف", "0. Identification")
    f.add("text", "coop_name", "اسم التعاونية (T1)", "Nom de la coopérative (T1)")
    f.end()
    f.group("g_parc", "القطع", "Parcelles")
    plots(f)
    f.write(
        out,
        {
            "first": "(T1)",
            "rows": 60,
            "language": {"marker": "(T1)", "ar": "اسم التعاونية", "fr": "Nom de la coopérative"},
            "repeat": {"add": "button", "count": "(P1)"},
        },
    )


FORMS = {
    "rows60": rows60,
    "diag60": diag60,
    "big300": lambda out: scaled(out, "big300", 20, 15, 100, 60, repeat=True),
    "stress1000": lambda out: scaled(out, "stress1000", 40, 25, 300, 150, repeat=False),
    "cascade": cascade,
}

if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    out_dir = Path(sys.argv[1])
    out_dir.mkdir(parents=True, exist_ok=True)
    for form in sys.argv[2:] or FORMS:
        FORMS[form](out_dir)
