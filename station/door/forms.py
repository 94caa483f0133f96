"""What the door's pages are made of: a form that came, whose browser it is, and the answer."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Scope

from station import text
from station.config import Settings
from station.errors import StationError
from station.services.people import company, sign_in

LONGEST_FORM = 8_192
MOST_FIELDS = 8
EMPTY: Mapping[str, str] = {}

PAGES = Path(__file__).parents[1] / "pages"
_templates = Environment(loader=FileSystemLoader(PAGES), autoescape=True)


async def form_of(request: Request, *, fields: int = MOST_FIELDS) -> dict[str, str]:
    """Return the fields of a form that came whole and is no longer than a form of ours."""
    if int(request.headers.get("content-length") or LONGEST_FORM + 1) > LONGEST_FORM:
        return {}
    form = await request.form(max_files=0, max_fields=fields)
    return {name: value for name, value in form.items() if isinstance(value, str)}


def address_of(request: HTTPConnection) -> str:
    """Return whence somebody calls; empty where nobody knows."""
    return request.client.host if request.client else ""


def token_of(scope: Scope, settings: Settings) -> str:
    """Return the token of the session that a browser shows, empty without one."""
    return HTTPConnection(scope).cookies.get(sign_in.cookie_name(settings.sign_in), "")


def way_of(request: HTTPConnection, settings: Settings) -> str:
    """Return the way to the company's own sign-in that a browser shows."""
    return request.cookies.get(company.way_cookie(settings.sign_in), "")


def language_of(request: Request) -> str:
    """Return the language that the address asks for, else the one the browser prefers."""
    asked = request.query_params.get("lang", "")
    if asked in text.LANGUAGES:
        return asked
    accepts = request.headers.get("accept-language", "zh").lower()
    return "zh" if accepts.startswith("zh") else "en"


def page_of(
    request: Request,
    page: str,
    /,
    *,
    error: StationError | None = None,
    status: int = 0,
    **facts: object,
) -> Response:
    """Return a page of the door in the reader's language; `error` is told on top."""
    lang = language_of(request)

    def say(key: str, **values: object) -> str:
        return text.say(lang, key, **values)

    html = _templates.get_template("door.html").render(
        page=page,
        lang=lang,
        other="en" if lang == "zh" else "zh",
        say=say,
        icon=quote((PAGES / "icon.svg").read_text(encoding="utf-8")),
        error=say(error.key, **error.facts) if error else "",
        **facts,
    )
    code = status or (400 if error else 200)
    return HTMLResponse(html, status_code=code, headers={"Cache-Control": "no-store"})
