"""What the demonstration's people would have said: answers by question name, ready to be filled into an instrument.

Deterministic: the name of the cooperative seeds its own answers. A value for a question that turns out not to be relevant is
simply never asked (app/demo/filling.py).
"""

from __future__ import annotations

import random
import re
from datetime import date, timedelta
from typing import Any

from app.demo.boulemane import COMMUNES, PROVINCE, REGION, Account, Cooperative

Values = dict[str, Any]

SCORED = re.compile(r"(leg|mem|org|prd|mkt|fin|cer|net)\d\d")
# How far an axis usually stands from the cooperative's own level: production is learnt first, certification last.
_AXES = {"leg": 0.3, "mem": 0.4, "org": -0.2, "prd": 0.6, "mkt": -0.3, "fin": -0.4, "cer": -1.1, "net": 0.0}

_SWOT = {
    "ar": (
        ("جودة متجانسة ومراقبة، وعضوات متضامنات", "طلب قار في السوق الأسبوعي", "خبرة متوارثة في الحرفة", "محل قريب من الطريق"),
        ("سعر التكلفة غير محسوب", "لا يوجد دفتر للمداخيل والمصاريف", "التلفيف بدون هوية", "عضوتان فقط تقرآن وتكتبان"),
        ("معرض جهوي للاقتصاد الاجتماعي في فصل الربيع", "طلب متزايد من الفنادق", "برنامج لتأهيل المحلات"),
        ("ارتفاع ثمن المادة الأولية", "منافسة منتوجات صناعية رخيصة", "الجفاف"),
    ),
    "fr": (
        ("Qualité régulière, membres solidaires", "Demande stable au souk", "Savoir-faire ancien", "Local proche de la route"),
        (
            "Prix de revient non calculé",
            "Pas de journal des recettes",
            "Emballage sans identité",
            "Deux membres seulement savent lire",
        ),
        ("Foire régionale de l’économie sociale au printemps", "Demande des hôtels", "Programme de mise à niveau des locaux"),
        ("Hausse du prix de la matière première", "Concurrence de produits industriels", "Sécheresse"),
    ),
}
_VISION = {
    "ar": "نريد منتوجا بعلامتنا في أسواق فاس ومكناس، ودخلا قارا لكل عضوة",
    "fr": "Un produit à notre marque à Fès et Meknès, et un revenu régulier pour chaque membre",
}
_NEED_TEXT = {"ar": "آلة للتعبئة، وتكوين في حساب الثمن", "fr": "Une machine à conditionner et une formation au calcul du prix"}

# What a group agrees on beside what the instrument proposes from its scores.
_AGREED = {
    "ar": ("حساب سعر تكلفة المنتوجين الرئيسيين", "تحسين التلفيف والعنونة", "إعداد مخطط عمل سنوي مع كل العضوات"),
    "fr": (
        "Calculer le prix de revient des deux produits principaux",
        "Améliorer l’emballage et l’étiquetage",
        "Élaborer un plan annuel",
    ),
}
_RESPONSIBLE = ("coop", "facilitator", "members", "programme")

_FIRST = (
    "فاطمة",
    "خديجة",
    "عائشة",
    "زهرة",
    "حليمة",
    "رقية",
    "نعيمة",
    "السعدية",
    "ربيعة",
    "مليكة",
    "يامنة",
    "حادة",
    "نزهة",
    "إيمان",
)
_LAST = ("أوعلي", "بوزيان", "العلوي", "أيت علي", "المرموشي", "حدو", "الزياني", "أمزيان", "بنحمو", "الوراني", "لحسن", "الصنهاجي")


def chance(*names: object) -> random.Random:
    return random.Random("/".join(str(name) for name in names))


def level_of(cooperative: Cooperative) -> float:
    """Where it stands on 0–4, before what differs between axes."""
    return 1.0 + 2.4 * chance("level", cooperative.fr).random()


def place(cooperative: Cooperative) -> str:
    """A geopoint near the centre of the commune: of nobody's house."""
    _, _, latitude, longitude = COMMUNES[cooperative.commune]
    choose = chance("place", cooperative.fr)
    return f"{latitude + choose.uniform(-0.02, 0.02):.5f} {longitude + choose.uniform(-0.02, 0.02):.5f} 0 0"


def registration(cooperative: Cooperative, day: date) -> Values:
    """Answers to COOP."""
    choose = chance("coop", cooperative.fr)
    women = cooperative.women
    founded = date(choose.randint(2008, 2021), choose.randint(1, 12), choose.randint(1, 28))
    return {
        "consent": "yes",
        "consent_photo": "yes",
        "coop_date": day.isoformat(),
        "coop_name_ar": cooperative.name_ar,
        "coop_name_fr": cooperative.name_fr,
        "legal_status": "coop_112",
        "coop_gender": "women",
        "activity_status": choose.choice(("active", "active", "active", "seasonal", "slow")),
        "date_constitution": founded.isoformat(),
        "date_registration": (founded + timedelta(days=choose.randint(40, 200))).isoformat(),
        "registry_court": "ميسور",
        "registry_no": f"DEMO-{choose.randint(100, 999)}",
        "has_bank": choose.choice(("yes", "yes", "no")),
        "sector": cooperative.sector,
        "branch": cooperative.branch,
        "craft": cooperative.craft,
        "start_year": str(founded.year),
        "products": [
            {"prod_name": cooperative.product[0], "prod_unit": cooperative.unit, "prod_months": str(choose.randint(5, 12))}
        ],
        "region": REGION,
        "province": PROVINCE,
        "commune": cooperative.commune,
        "gps": place(cooperative),
        "road": choose.choice(("paved", "track", "track", "seasonal")),
        "network": choose.choice(("none", "voice", "2g3g", "4g")),
        "members_w": str(women),
        "members_m": "0",
        "members_youth": str(choose.randint(0, women // 3)),
        "members_illit": str(choose.randint(women // 4, women * 3 // 4)),
        "gov_type": "board",
        "gov_count": "5",
        "gov_women": "5",
        "pres_name": f"{woman(cooperative, 0)} (تجربة)",
        "pres_sex": "f",
        "contact_lang": "darija",
    }


def diagnostic(cooperative: Cooperative, subject: str, day: date, language: str, lists: dict[str, list[str]]) -> Values:
    """Answers to DIAG. `lists`: choices of each scored question, by its name, in lower case."""
    choose = chance("diag", cooperative.fr)
    women, level = cooperative.women, level_of(cooperative)
    active = max(4, round(women * (0.4 + 0.15 * level)))
    quantity = (
        round(40 * active * (0.5 + level / 2)) if cooperative.unit in ("kg", "l", "pack") else active * choose.randint(2, 5)
    )
    sold = round(quantity * choose.uniform(0.7, 0.98))
    turnover = sold * cooperative.price
    channels = choose.sample(["souk", "fair", "shop", "wholesale", "online"], choose.randint(1, 3))
    needs = choose.sample(["account", "packaging", "market", "equip", "certif", "literacy"], 3)
    strengths, weaknesses, chances, threats = (choose.choice(texts) for texts in _SWOT[language])
    values: Values = {
        "consent": "yes",
        "consent_photo": "yes",
        "coop": subject,
        "d_date": day.isoformat(),
        "d_round": "base",
        "d_w": str(min(women, active + choose.randint(0, 3))),
        "d_m": "0",
        "d_roles": "pres treas member",
        "d_lang": "darija tamazight" if cooperative.organisation == "salam" else "darija",
        "d_version": "full",
        "k_year": str(day.year - 1),
        "k_source": "books" if level > 2.4 else "mixed" if level > 1.5 else "memory",
        "k_ca": str(turnover),
        "k_ca_prev": str(round(turnover * choose.uniform(0.75, 1.1))),
        "k_result": str(round(turnover * choose.uniform(-0.03, 0.2))),
        "kp": [
            {
                "kp_name": cooperative.product[0 if language == "ar" else 1],
                "kp_unit": cooperative.unit,
                "kp_qty": str(quantity),
                "kp_sold": str(sold),
                "kp_price": str(cooperative.price),
                "kp_cost": str(round(cooperative.price * 0.7)) if level > 2 else "",
            }
        ],
        "k_mem_w": str(women),
        "k_mem_m": "0",
        "k_active_w": str(active),
        "k_paid_w": str(round(active * 0.8)),
        "k_income": str(choose.randint(3, 14) * 100),
        "k_days": str(choose.randint(8, 22)),
        "k_emp": "0",
        "k_new": str(choose.randint(0, 3)),
        "k_left": str(choose.randint(0, 2)),
        "k_clients": str(choose.randint(3, 30)),
        "k_channels": " ".join(channels),
        "k_main_channel": channels[0],
        "swot_s": strengths,
        "swot_w": weaknesses,
        "swot_o": chances,
        "swot_t": threats,
        "need1": needs[0],
        "need2": needs[1],
        "need3": needs[2],
        "need_txt": _NEED_TEXT[language],
        "vision": _VISION[language],
        "plan": _plan(choose, day, language),
        "d_opinion": "strong" if level > 2.2 else "medium",
        "d_reliab": "high" if level > 2.4 else "mid",
    }
    for question, choices in lists.items():
        values[question] = _score(choose, choices, level + _AXES[question[:3]])
    return values


def _score(choose: random.Random, choices: list[str], mean: float) -> str:
    if "na" in choices and choose.random() < 0.04:
        return "na"
    wanted = choose.gauss(mean, 0.8)
    return min((choice for choice in choices if choice != "na"), key=lambda choice: abs(int(choice) - wanted))


def _plan(choose: random.Random, day: date, language: str) -> list[Values]:
    """Rows of the action plan: what the instrument proposes, or else what such groups agree on."""
    return [
        {
            "pl_source": {"choice": rank},
            "pl_action": {"otherwise": action},
            "pl_prio": {"otherwise": "medium"},
            "pl_resp": choose.choice(_RESPONSIBLE),
            "pl_due": {"otherwise": (day + timedelta(days=60 + 30 * rank)).isoformat()},
        }
        for rank, action in enumerate(_AGREED[language])
    ]


def better(values: Values, lists: dict[str, list[str]]) -> Values:
    """The same diagnostic a round later: a third of the answers have gone up by one, and what was agreed goes on."""
    raised: Values = {"d_round": "mid", "plan": []}
    for question, choices in sorted(lists.items())[::3]:
        higher = [choice for choice in choices if choice != "na" and choice > values[question]]
        if values[question] != "na" and higher:
            raised[question] = higher[0]
    return values | raised


_REMARKS = {
    "ar": ("تمت معاينة الدفتر، مملوء إلى غاية الأسبوع الماضي", "أُنجز الجزء الأول، والباقي بعد الموسم"),
    "fr": ("Registre vu, tenu jusqu’à la semaine passée", "Première partie faite, le reste après la saison"),
}
_PROBLEMS = {
    "ar": (("market", "انقطع الزبون الرئيسي عن الشراء منذ شهر"), ("production", "عطل في آلة الطحن")),
    "fr": (("market", "Le principal client n’achète plus depuis un mois"), ("production", "Panne du moulin")),
}


def visit(cooperative: Cooperative, subject: str, day: date, language: str) -> Values:
    """Answers to VISIT: the first action is done, the second under way, what else was agreed has not begun."""
    choose = chance("visit", cooperative.fr)
    done, half = _REMARKS[language]
    domain, problem = choose.choice(_PROBLEMS[language])
    has_problem = choose.random() < 0.4
    workers = max(3, cooperative.women - choose.randint(1, 5))
    return {
        "coop_in": "cooperatives",
        "coop_cooperatives": subject,
        "visit_date": day.isoformat(),
        "visit_type": choose.choice(("follow", "coach")),
        "present_w": str(max(2, workers - choose.randint(0, 3))),
        "present_m": "0",
        "duration": str(choose.randint(4, 12) * 10),
        "consent_photo": "no",
        "act": [
            {"act_status": "done", "act_remark": done},
            {"act_status": "ongoing", "act_pct": "50", "act_remark": half},
            *({"act_status": "todo"} for _ in range(5)),
        ],
        "v_sales": str(choose.randint(8, 60) * 100),
        "v_workers": str(workers),
        "v_paid": str(round(workers * 0.7)),
        "v_trend": choose.choice(("up", "same", "same", "down")),
        "v_books": choose.choice(("yes", "no")),
        "v_has_prob": "yes" if has_problem else "no",
        "prob": [{"prob_dom": domain, "prob_desc": problem, "prob_prio": "high", "prob_escal": "yes"}] if has_problem else [],
        "v_has_next": "no",
        "next_visit": (day + timedelta(days=choose.randint(25, 40))).isoformat(),
    }


def woman(cooperative: Cooperative, number: int) -> str:
    """An invented name; the same number gives the same name."""
    choose = chance("woman", cooperative.fr, number)
    return f"{choose.choice(_FIRST)} {choose.choice(_LAST)}"


def training(title: str, theme: str, trainer: Account, groups: list[tuple[Cooperative, str]], start: date, days: int) -> Values:
    """Answers to TRAIN: participants of several cooperatives, with their attendance day by day."""
    choose = chance("train", title)
    participants: list[Values] = []
    for cooperative, subject in groups:
        for number in range(1, 6):
            before = choose.randint(4, 11)
            present = [choose.choice("pppppppae") for _ in range(days)]
            participants.append(
                {
                    "p_consent": "yes",
                    "p_name": f"{woman(cooperative, number)} ({len(participants) + 1})",
                    "p_sex": "f",
                    "p_age": choose.choice(("18_24", "25_34", "35_49", "50_64")),
                    "p_lit": choose.choice(("none", "func", "primary", "middle", "high")),
                    "p_coop_in": "cooperatives",
                    "p_coop_cooperatives": subject,
                    "p_role": "member",
                    "att": [{"att_status": status} for status in present],
                    "p_absence": "" if set(present) == {"p"} else choose.choice(("family", "transport", "work")),
                    "p_pre": str(before),
                    "p_post": str(min(20, before + choose.randint(1, 8))),
                    "p_sat": choose.choice("3445"),
                }
            )
    commune = groups[0][0].commune
    return {
        "sess_title": title,
        "themes": theme,
        "mode": "workshop",
        "trainer_name": trainer.ar,
        "trainer_org": "",
        "lang": "darija",
        "date_start": start.isoformat(),
        "date_end": (start + timedelta(days=days - 1)).isoformat(),
        "n_days": str(days),
        "hours_total": str(days * 5),
        "test_max": "20",
        "s_region": REGION,
        "s_province": PROVINCE,
        "s_commune": commune,
        "venue": COMMUNES[commune][0] + "، دار الشباب",
        "childcare": "yes",
        "transport": "no",
        "consent_read": "yes",
        "consent_photo": "yes",
        "part": participants,
        "n_expected": str(len(participants) + 3),
        "objectives": "full",
        "strong": "تمارين من دفاتر التعاونيات نفسها",
        "improve": "وقت أطول لحساب سعر التكلفة",
        "followup": "كل تعاونية تحسب سعر تكلفة منتوج واحد قبل نهاية الشهر",
    }
