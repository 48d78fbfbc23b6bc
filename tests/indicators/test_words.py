"""How figures are said (app/indicators/words.py): Arabic says one, two, few and many each in its way; two without a digit."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask import Flask
from flask_babel import force_locale

from app.indicators import words
from app.overview import words as of_the_home


@pytest.mark.sqlite_only
def test_a_number_and_its_unit_agree(app: Flask) -> None:
    said = {
        ("ar", "78", "women"): ("78", "امرأة"),
        ("ar", "2", "women"): ("امرأتان", ""),
        ("ar", "6", "groups"): ("6", "مجموعات"),
        ("ar", "43", "cooperatives"): ("43", "تعاونية"),
        ("ar", "374", "days"): ("374", "يوما"),
        ("ar", "2.5", "days"): ("2,5", "يوم"),
        ("ar", "8", "payments"): ("8", "أداءات"),
        ("fr", "1", "premises"): ("1", "local"),
        ("fr", "1.5", "hours"): ("1,5", "heure"),
        ("fr", "2.5", "hours"): ("2,5", "heures"),
        ("fr", "1051", "women"): ("1\u202f051", "femmes"),
    }
    with app.test_request_context():
        for (language, value, unit), expected in said.items():
            with force_locale(language):
                assert words.counted(Decimal(value), unit) == expected, (language, value, unit)
        with force_locale("ar"):
            assert words.figure(Decimal(2), "women") == "امرأتان"


@pytest.mark.sqlite_only
def test_an_amount_and_a_share_read_the_same_on_every_page(app: Flask) -> None:
    with app.test_request_context(), force_locale("fr"):
        cost = Decimal(3_205_000)
        assert words.in_millions(cost, "mad", "fr") == of_the_home.in_millions(cost, "fr") == "3,205\u00a0MDH"
        assert words.figure(Decimal(100), "percent").startswith("100,0")
        assert of_the_home.figure(Decimal(100), "percent") == "100,0"
