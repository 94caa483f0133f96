"""A form prints on one page of A4, in both languages, also for a fleet with hostile names."""

from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from station.model import PaperForm
from station.output import forms
from station.services.customers.forms import MOST_SHOWN
from station.text import LANGUAGES

pytestmark = pytest.mark.browser
PLATES = " · ".join(f"粤B{number:05d}" for number in range(MOST_SHOWN)) + " · +999"
CARDS = " · ".join(f"{9 * 10**18 + number}" for number in range(MOST_SHOWN)) + " · +999"
FACTS = {
    "organisation_name": "甲" * 60,
    "name": "<script>document.title='hit'</script>",
    "phone": "+8610000000001",
    "vehicles": PLATES,
    "cards": CARDS,
    "invoice_title": '"><img src=x onerror="document.title=1">' * 3,
    "address": "粤示例路" * 20,
}


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kind", list(PaperForm))
def test_a_full_form_prints_on_one_page(
    browser: Browser, tmp_path: Path, kind: PaperForm, lang: str
) -> None:
    path = tmp_path / "form.html"
    station = "甲示加油站"
    told = forms.page(kind, FACTS, lang=lang, station=station, on=date(2026, 9, 1))
    path.write_text(told, encoding="utf-8")
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.goto(path.as_uri())
    pdf = page.pdf(prefer_css_page_size=True)
    page.set_viewport_size({"width": 390, "height": 844})

    assert pdf.count(b"/Type /Page\n") == 1
    assert page.title() not in {"hit", "1"}
    assert asked == [path.as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()
