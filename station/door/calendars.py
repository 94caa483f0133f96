"""The address at which a telephone reads its owner's calendar, outside the sign-in."""

import hmac
from dataclasses import dataclass

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from station.config import Settings
from station.door.paths import CALENDARS
from station.errors import NotFoundError, StationError
from station.services.ask import Database
from station.services.calls import calendars

MEDIA = "text/calendar; charset=utf-8"
NOT_CHANGED = 304
LATER = {"Retry-After": "300"}


@dataclass(frozen=True, slots=True)
class Calendars:
    """The routes by which calendars are read; the secret in the address is all that is asked."""

    db: Database
    settings: Settings

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [Route(CALENDARS + "/{secret}.ics", self.read, methods=["GET"])]

    async def read(self, request: Request) -> Response:
        """Answer with the calendar, or that it is the same as before."""
        secret = request.path_params["secret"]
        try:
            feed = await to_thread.run_sync(calendars.feed, self.db, self.settings, secret)
        except NotFoundError:
            return PlainTextResponse("", status_code=404)
        except StationError:  # the archive is busy; telephones ask again by themselves
            return PlainTextResponse("", status_code=503, headers=LATER)
        tag = f'"{feed.tag}"'
        headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
        known = request.headers.get("if-none-match", "").replace("W/", "")
        if any(hmac.compare_digest(one.strip().encode(), tag.encode()) for one in known.split(",")):
            return Response(status_code=NOT_CHANGED, headers=headers)
        return Response(feed.body, media_type=MEDIA, headers=headers)
