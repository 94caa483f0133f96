"""A page of the dashboard, opened on a real archive without a browser."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

from station.pages.parts.desk import Desk
from station.services.ask import Ask

PAGES = Path(__file__).parent.parent / "station" / "pages"


def desk_of(ask: Ask, lang: str = "zh", stations: tuple[str, ...] = (), days: int = 90) -> Desk:
    return Desk(ask=ask, lang=lang, stations=stations, days=days)


def open_page(name: str, desk: Desk) -> AppTest:
    """Return the page after its first run, as the front door would have it drawn."""
    page = AppTest.from_file(PAGES / f"{name}.py", default_timeout=60)
    page.session_state["desk"] = desk
    return page.run()


def words_of(page: AppTest) -> str:
    """Return everything the page says, without the signs that keep Markdown from reading it."""
    parts = [*page.title, *page.markdown, *page.subheader, *page.caption]
    return "\n".join(str(part.value) for part in parts).replace("\\", "")
