"""Words inside the files, in the language of the file, which is not always the reader's."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from app.export.tables import Column

STATES: Final = {
    "ar": {
        "received": "تم التوصل بها",
        "has_issues": "للتصحيح",
        "edited": "مصححة",
        "approved": "مصادق عليها",
        "rejected": "مرفوضة",
    },
    "fr": {
        "received": "reçue",
        "has_issues": "à corriger",
        "edited": "corrigée",
        "approved": "validée",
        "rejected": "rejetée",
    },
}
CHECKS: Final = {
    "ar": {"waiting": "لم يُعد الحساب بعد", "ok": "مطابق", "differs": "فرق في الحساب", "failed": "تعذر الحساب"},
    "fr": {"waiting": "pas encore recalculée", "ok": "conforme", "differs": "écart de calcul", "failed": "calcul impossible"},
}
UNREADABLE: Final = {"ar": "تعذرت قراءة الأجوبة", "fr": "réponses illisibles"}

_METADATA: Final = (
    ("submission_id", "رقم الاستمارة", "Numéro de la fiche", "text"),
    ("revision", "رقم المراجعة", "Révision", "number"),
    ("state", "الحالة", "État", "text"),
    ("title", "العنوان", "Titre", "text"),
    ("author", "صاحب(ة) الاستمارة", "Auteur ou autrice", "text"),
    ("organisation", "الهيئة", "Organisme", "text"),
    ("territory", "رمز المجال الترابي", "Code du territoire", "text"),
    ("territory_name", "المجال الترابي", "Territoire", "text"),
    ("received_at", "تاريخ التوصل", "Reçue le", "moment"),
    ("updated_at", "آخر تغيير", "Dernier changement", "moment"),
    ("finished_at", "تاريخ الإنهاء حسب الهاتف", "Terminée le (horloge du téléphone)", "text"),
    ("phone", "الهاتف", "Téléphone", "text"),
    ("instrument_version", "صيغة النموذج", "Version du formulaire", "text"),
    ("subject_id", "رقم الملف المعني", "Numéro du dossier concerné", "text"),
    ("files_expected", "عدد الملفات المرفقة", "Pièces jointes attendues", "number"),
    ("files_received", "عدد الملفات المتوصل بها", "Pièces jointes reçues", "number"),
    ("check", "إعادة الحساب في الخادم", "Recalcul par le serveur", "text"),
)


def metadata(left_out: Collection[str] = ()) -> list[Column]:
    """Columns before the answers."""
    return [Column(code, {"ar": ar, "fr": fr}, kind) for code, ar, fr, kind in _METADATA if code not in left_out]


_OF_ANSWERS: Final = (
    ("submission_id", "رقم الاستمارة", "Numéro de la fiche", "text"),
    ("revision", "رقم المراجعة", "Révision", "number"),
    ("state", "الحالة", "État", "text"),
    ("received_at", "تاريخ التوصل", "Reçue le", "moment"),
    ("instrument", "النموذج", "Formulaire", "text"),
    ("instrument_version", "صيغة النموذج", "Version du formulaire", "text"),
    ("record_id", "رقم الملف المعني", "Numéro du dossier concerné", "text"),
    ("record", "الملف المعني", "Dossier concerné", "text"),
    ("organisation", "الهيئة", "Organisme", "text"),
    ("territory", "رمز المجال الترابي", "Code du territoire", "text"),
    ("territory_name", "المجال الترابي", "Territoire", "text"),
)


def metadata_of_answers() -> list[Column]:
    """Columns that say of which submission and record an answer is."""
    return [Column(code, {"ar": ar, "fr": fr}, kind) for code, ar, fr, kind in _OF_ANSWERS]


def answer_columns(deepest: int) -> list[Column]:
    """Columns of an answer; a row number for each repeat within another."""
    rows = [
        Column(
            "row" if n == 1 else f"row_{n}",
            {"ar": "رقم السطر" if n == 1 else f"رقم السطر (المستوى {n})", "fr": "Ligne" if n == 1 else f"Ligne (niveau {n})"},
            "number",
        )
        for n in range(1, deepest + 1)
    ]
    return [
        Column("path", {"ar": "مسار السؤال", "fr": "Chemin de la question"}, "text"),
        Column("question", {"ar": "اسم السؤال", "fr": "Nom de la question"}, "text"),
        *rows,
        Column("question_label", {"ar": "السؤال", "fr": "Question"}, "text"),
        Column("value", {"ar": "الجواب (رمز أو قيمة)", "fr": "Réponse (code ou valeur)"}, "text"),
        Column("value_label", {"ar": "الجواب بالعبارات", "fr": "Réponse en clair"}, "text"),
    ]


SUBMISSION_ID: Final = Column("submission_id", {"ar": "رقم الاستمارة", "fr": "Numéro de la fiche"}, "text")


def row_number(repeat: str, labels: Mapping[str, str]) -> Column:
    """The place of a row in its repeat, named by the repeat's own words."""
    ar, fr = labels.get("ar") or repeat, labels.get("fr") or repeat
    return Column(f"{repeat}_row", {"ar": f"رقم السطر: {ar}", "fr": f"Ligne\u00a0: {fr}"}, "number")


SHEETS: Final = {
    "ar": {"submissions": "الاستمارات", "answers": "الأجوبة", "readme": "اقرأني", "columns": "الأعمدة"},
    "fr": {"submissions": "Fiches", "answers": "Réponses", "readme": "Lisez-moi", "columns": "Colonnes"},
}
CODEBOOK: Final = {
    "ar": ("الجدول", "العمود", "السؤال بالعربية", "السؤال بالفرنسية", "النوع", "الوحدة"),
    "fr": ("Table", "Colonne", "Question en arabe", "Question en français", "Type", "Unité"),
}
README: Final = {
    "ar": {
        "as_of": "الوضعية إلى غاية",
        "programme": "البرنامج",
        "instrument": "النموذج",
        "versions": "صيغ النموذج",
        "states": "الحالات المصدرة",
        "received": "تاريخ التوصل",
        "scope": "المجال والهيئة",
        "rows": "عدد الاستمارات",
        "table_rows": "عدد الأسطر: {table}",
        "unreadable": "استمارات تعذرت قراءة أجوبتها (أسطرها بدون أجوبة)",
        "seq": "الرقم التسلسلي للخادم",
        "content": "محتوى الاختيارات",
        "labels": "العبارات كما تقرأ في النموذج",
        "both": "الرموز والعبارات معا",
        "goes_on": "{first}: ورقة Excel لا تتسع لأكثر من {most} سطر، والبقية في: {rest}",
        "codes": "الرموز",
        "names": "أسماء الأشخاص (ومنهم من ملأ الاستمارات) وأرقام هواتفهم وتوقيعاتهم",
        "names_in": "مدرجة: معطيات ذات طابع شخصي (القانون 09.08)، لا تُسلم لغير المرخص لهم",
        "names_out": "غير مدرجة؛ غير أن جوابا حرا قد يذكر اسما",
        "quarantine": "الاستمارات الموضوعة جانبا للتحقق غير مدرجة",
        "all": "الكل",
        "any_day": "كل التواريخ",
        "from_to": "من {start} إلى {end}",
        "blank": "الخانة الفارغة تعني عدم وجود جواب، وليست صفرا. التواريخ والأوقات بتوقيت المغرب.",
        "safe": "في ملفات CSV تُسبق النصوص التي تبدأ بعلامة = أو + أو - أو @ بفاصلة علوية حتى لا تُنفذ كصيغة.",
        "by": "أنجز التصدير",
        "demonstration": "معطيات برنامج للتجربة، لا تخص أشخاصا حقيقيين. عمود «demonstration» يقوله في كل سطر.",
    },
    "fr": {
        "as_of": "Situation au",
        "programme": "Programme",
        "instrument": "Formulaire",
        "versions": "Versions du formulaire",
        "states": "États exportés",
        "received": "Date de réception",
        "scope": "Territoire et organisme",
        "rows": "Nombre de fiches",
        "table_rows": "Nombre de lignes : {table}",
        "unreadable": "Fiches dont les réponses n’ont pas pu être lues (lignes sans réponses)",
        "seq": "Numéro de séquence du serveur",
        "content": "Contenu des choix",
        "labels": "Libellés, tels que lus dans le formulaire",
        "both": "Codes et libellés",
        "goes_on": "{first} : une feuille Excel tient {most} lignes au plus, la suite est dans : {rest}",
        "codes": "Codes",
        "names": "Noms (aussi de qui a rempli), téléphones et signatures",
        "names_in": "Inclus : données à caractère personnel (loi 09-08), à ne remettre qu’aux personnes autorisées",
        "names_out": "Non inclus ; une réponse libre peut toutefois nommer quelqu’un",
        "quarantine": "Les fiches mises à l’écart pour vérification ne sont pas incluses",
        "all": "Tous",
        "any_day": "Toutes les dates",
        "from_to": "du {start} au {end}",
        "blank": "Une cellule vide veut dire « pas de réponse », jamais zéro. Dates et heures du Maroc.",
        "safe": "Dans les fichiers CSV, un texte qui commence par =, +, - ou @ est précédé d’une apostrophe : il ne peut pas "
        "s’exécuter comme formule.",
        "by": "Export fait par",
        "demonstration": "Données d’un programme de démonstration : elles ne disent rien de personnes réelles. La colonne "
        "« demonstration » le dit à chaque ligne.",
    },
}
TYPES: Final = {
    "ar": {
        "text": "نص", "number": "عدد", "date": "تاريخ", "moment": "تاريخ ووقت", "time": "وقت", "select": "اختيار واحد",
        "multiple": "اختيارات متعددة", "flag": "0 أو 1", "place": "موقع جغرافي", "file": "ملف", "file_state": "حالة الملف",
        "calculated": "حساب",
    },
    "fr": {
        "text": "texte", "number": "nombre", "date": "date", "moment": "date et heure", "time": "heure", "select": "choix unique",
        "multiple": "choix multiples", "flag": "0 ou 1", "place": "position", "file": "fichier", "file_state": "état du fichier",
        "calculated": "calcul",
    },
}  # fmt: skip
