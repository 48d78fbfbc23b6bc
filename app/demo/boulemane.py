"""The demonstration programme as data: after the upgrading of women's cooperatives in the province of Boulemane (2014).

The figures that were published are kept: 43 cooperatives (23 food, 11 crafts, 6 livestock, 3 medicinal and aromatic
plants), 508 women, five associations. Names of cooperatives and persons are invented and say that they are.
"""

from __future__ import annotations

from dataclasses import dataclass

PROGRAMME = "boulemane-demo"
PROGRAMME_NAME = {
    "ar": "تأهيل التعاونيات النسائية بإقليم بولمان (برنامج تجريبي)",
    "fr": "Mise à niveau des coopératives féminines, province de Boulemane (démonstration)",
}
PROVINCE = "03.131"
REGION = "03"
PASSWORD = "daftar-demo"  # noqa: S105 (printed by `make run`; refused where DAFTAR_DEMO is off)

# What the consent texts are filled with. The reference of the data protection commission is plainly not a real one.
CONSENT = {
    "responsible_org": {"ar": "الهيئة المسؤولة (مثال للتجربة)", "fr": "l’organisme responsable (exemple de démonstration)"},
    "programme_name": PROGRAMME_NAME,
    "recipients": {
        "ar": "الجمعيات الخمس المشاركة في البرنامج، ومكتب تنمية التعاون",
        "fr": "les cinq associations du programme et l’Office du développement de la coopération",
    },
    "retention": {"ar": "سنتان بعد نهاية البرنامج", "fr": "deux ans après la fin du programme"},
    "contact_person": {"ar": "منسقة البرنامج", "fr": "la coordinatrice du programme"},
    "contact_details": {"ar": "0500000000، رقم غير حقيقي", "fr": "0500000000, numéro fictif"},
    "cndp_kind": {"ar": "تصريح", "fr": "déclaration"},
    "cndp_number": {"ar": "DEMO-0000 (غير حقيقي)", "fr": "DEMO-0000 (fictif)"},
}

ORGANISATIONS = {
    "hadaf": {"ar": "جمعية الهدف", "fr": "Association Al Hadaf"},
    "melouya": {"ar": "جمعية ملوية الوسطى", "fr": "Association Moyenne Moulouya"},
    "fihria": {"ar": "جمعية نادي فاطمة الفهرية", "fr": "Association Club Fatima El Fihria"},
    "salam": {"ar": "جمعية السلام للإنماء الاجتماعي", "fr": "Association Assalam pour le développement social"},
    "reseau": {"ar": "الشبكة الجمعوية المحلية", "fr": "Réseau associatif local"},
}


@dataclass(frozen=True)
class Account:
    username: str
    role: str
    ar: str
    fr: str
    language: str = "ar"
    organisation: str | None = None


ACCOUNTS = (
    Account("admin", "administrator", "مديرة المنصة (تجربة)", "Administratrice (démonstration)"),
    Account("supervisor", "supervisor", "نادية الشرقاوي (تجربة)", "Nadia Cherkaoui (démonstration)", language="fr"),
    Account("coordinator", "coordinator", "حورية بنعلي (تجربة)", "Houria Benali (démonstration)"),
    Account("fatima", "facilitator", "فاطمة العمراني (تجربة)", "Fatima Amrani (démonstration)", organisation="hadaf"),
    Account("khadija", "facilitator", "خديجة الإدريسي (تجربة)", "Khadija Idrissi (démonstration)", "fr", "hadaf"),
    Account("aicha", "facilitator", "عائشة أوحدو (تجربة)", "Aïcha Ouhaddou (démonstration)", organisation="melouya"),
    Account("zineb", "facilitator", "زينب المرابط (تجربة)", "Zineb El Mrabet (démonstration)", organisation="fihria"),
    Account("rachida", "facilitator", "رشيدة الناصري (تجربة)", "Rachida Naciri (démonstration)", organisation="salam"),
    Account("itto", "facilitator", "إيطو أمزيل (تجربة)", "Itto Amzil (démonstration)", organisation="reseau"),
)

# HCP codes of the communes of the province, with a point near their centre (rounded: a place, nobody's house).
COMMUNES = {
    "03.131.01.01": ("بولمان", "Boulemane", 33.36, -4.73),
    "03.131.01.02": ("إيموزار مرموشة", "Imouzzer Marmoucha", 33.48, -4.30),
    "03.131.01.03": ("ميسور", "Missour", 33.05, -3.99),
    "03.131.01.05": ("أوطاط الحاج", "Outat El Haj", 33.35, -3.70),
    "03.131.03.09": ("انجيل", "Enjil", 33.21, -4.55),
    "03.131.03.11": ("كيكو", "Guigou", 33.38, -4.84),
    "03.131.03.15": ("سكورة-مداز", "Skoura M'daz", 33.52, -4.57),
    "03.131.05.01": ("القصابي-ملوية", "Ksabi-Moulouya", 32.84, -4.41),
    "03.131.07.07": ("أولاد علي يوسف", "Oulad Ali Youssef", 33.40, -3.86),
    "03.131.09.05": ("الميس مرموشة", "Almis Marmoucha", 33.45, -4.16),
    "03.131.09.07": ("المرس", "El Mers", 33.45, -4.45),
    "03.131.09.13": ("سرغينة", "Serghina", 33.34, -4.42),
}

DEMO_AR, DEMO_FR = "(تجريبية)", "(démonstration)"


@dataclass(frozen=True)
class Cooperative:
    ar: str
    fr: str
    sector: str  # HCP and ODCO codes of instruments/lists
    branch: str
    craft: str
    commune: str
    women: int
    organisation: str
    product: tuple[str, str]  # Arabic, French
    unit: str
    price: int  # MAD a unit

    @property
    def name_ar(self) -> str:
        return f"تعاونية {self.ar} {DEMO_AR}"

    @property
    def name_fr(self) -> str:
        return f"Coopérative {self.fr} {DEMO_FR}"


_PRODUCTS = {
    "ALI01": (("كسكس", "Couscous"), "kg", 28),
    "ALI02": (("مربى التفاح", "Confiture de pommes"), "pack", 25),
    "ALI03": (("حلويات تقليدية", "Pâtisserie traditionnelle"), "kg", 70),
    "ALI04": (("توابل", "Épices"), "kg", 60),
    "ALI05": (("عسل الزعتر", "Miel de thym"), "kg", 220),
    "ALI06": (("جبن", "Fromage"), "kg", 90),
    "ALI07": (("زيت الزيتون", "Huile d’olive"), "l", 75),
    "ART01": (("زربية مرموشية", "Tapis marmoucha"), "m2", 650),
    "ART02": (("مطرزات", "Broderies"), "piece", 180),
    "ART03": (("جلباب", "Djellaba"), "piece", 450),
    "ART05": (("سلال الحلفاء", "Paniers d’alfa"), "piece", 60),
    "ELE01": (("أغنام", "Ovins"), "head", 1800),
    "ELE03": (("دجاج بلدي", "Poulet fermier"), "head", 90),
    "ELE05": (("جبن الماعز", "Fromage de chèvre"), "kg", 140),
    "PAM01": (("إكليل الجبل المجفف", "Romarin séché"), "kg", 35),
    "PAM02": (("زيت إكليل الجبل الأساسي", "Huile essentielle de romarin"), "l", 900),
}

# Arabic, French, branch, craft, commune, women members, organisation.
_ROWS = (
    ("تيفاوين", "Tifawine", "ALI01", "", "03.131.01.03", 14, "hadaf"),
    ("الأمل", "Al Amal", "ALI01", "", "03.131.01.05", 18, "hadaf"),
    ("النخيل", "Nakhil", "ALI03", "", "03.131.01.03", 9, "hadaf"),
    ("الوفاء", "Al Wafa", "ALI04", "", "03.131.05.01", 11, "hadaf"),
    ("البركة", "Al Baraka", "ALI01", "", "03.131.01.03", 15, "hadaf"),
    ("الزيتونة", "Zitouna", "ALI07", "", "03.131.01.05", 12, "hadaf"),
    ("السنابل", "Sanabil", "ALI01", "", "03.131.07.07", 10, "hadaf"),
    ("نسيج الأطلس", "Tissage de l’Atlas", "ART01", "C01", "03.131.01.03", 16, "hadaf"),
    ("إكليل ملوية", "Romarin de Moulouya", "PAM01", "", "03.131.01.05", 13, "hadaf"),
    ("ملوية للأعشاب", "Moulouya Plantes", "PAM02", "", "03.131.05.01", 8, "melouya"),
    ("الفلاح", "Al Falah", "ALI06", "", "03.131.01.03", 10, "melouya"),
    ("تودرت", "Toudert", "ALI01", "", "03.131.05.01", 12, "melouya"),
    ("النجاح", "Najah", "ALI05", "", "03.131.01.03", 7, "melouya"),
    ("الانطلاقة", "Intilaka", "ART03", "C07", "03.131.01.05", 11, "melouya"),
    ("زهور ملوية", "Fleurs de Moulouya", "ALI05", "", "03.131.05.01", 9, "melouya"),
    ("أنامل ميسور", "Doigts de Missour", "ART02", "C10", "03.131.01.03", 14, "melouya"),
    ("الرعاة", "Les Bergères", "ELE01", "", "03.131.07.07", 17, "melouya"),
    ("الكتبية", "Koutoubia", "ELE05", "", "03.131.05.01", 8, "melouya"),
    ("تفاح سكورة", "Pommes de Skoura", "ALI02", "", "03.131.03.15", 13, "fihria"),
    ("تيزي", "Tizi", "ALI02", "", "03.131.01.01", 12, "fihria"),
    ("المستقبل", "Moustakbal", "ALI01", "", "03.131.03.11", 20, "fihria"),
    ("الأرز", "Le Cèdre", "ALI05", "", "03.131.01.01", 8, "fihria"),
    ("كيكو للألبان", "Laiterie de Guigou", "ALI06", "", "03.131.03.11", 11, "fihria"),
    ("الأصيل", "Al Assil", "ART01", "C02", "03.131.03.15", 12, "fihria"),
    ("خيط الصوف", "Fil de laine", "ART01", "C05", "03.131.01.01", 10, "fihria"),
    ("أزير", "Azir", "PAM01", "", "03.131.03.09", 9, "fihria"),
    ("تماسين", "Tamassine", "ELE03", "", "03.131.03.11", 7, "fihria"),
    ("مرموشة", "Marmoucha", "ART01", "C01", "03.131.01.02", 25, "salam"),
    ("تزربيت", "Tazerbit", "ART01", "C01", "03.131.09.05", 18, "salam"),
    ("الوئام", "Wiam", "ART03", "C07", "03.131.01.02", 9, "salam"),
    ("الربيع", "Rabia", "ALI05", "", "03.131.01.02", 8, "salam"),
    ("سيدة الجبل", "Dame de la montagne", "ALI01", "", "03.131.09.05", 12, "salam"),
    ("اللوز", "L’Amandier", "ALI02", "", "03.131.09.07", 10, "salam"),
    ("العهد الجديد", "Al Ahd Al Jadid", "ALI03", "", "03.131.01.02", 7, "salam"),
    ("أيت معسور", "Aït Maassour", "ELE01", "", "03.131.09.05", 14, "salam"),
    ("الحلفاء", "Alfa", "ART05", "C20", "03.131.03.09", 11, "reseau"),
    ("دار المغزل", "Maison du fuseau", "ART01", "C03", "03.131.09.13", 13, "reseau"),
    ("تاجموت", "Tajmout", "ART01", "C02", "03.131.03.09", 8, "reseau"),
    ("إنجيل", "Enjil", "ALI01", "", "03.131.03.09", 12, "reseau"),
    ("أغبالو", "Aghbalou", "ALI04", "", "03.131.09.13", 9, "reseau"),
    ("التضامن", "Tadamoun", "ALI07", "", "03.131.09.07", 14, "reseau"),
    ("المرس للماعز", "Chèvres d’El Mers", "ELE05", "", "03.131.09.07", 10, "reseau"),
    ("الفجر", "Al Fajr", "ELE03", "", "03.131.09.13", 12, "reseau"),
)

COOPERATIVES = tuple(
    Cooperative(ar, fr, branch[:3], branch, craft, commune, women, organisation, *_PRODUCTS[branch])
    for ar, fr, branch, craft, commune, women, organisation in _ROWS
)
