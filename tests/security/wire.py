"""The dashboard as a forger speaks to it: its own protocol over a real WebSocket, no browser."""

import http.client
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPMessage
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import ClientConnection, connect

from station.services.people import sign_in

ANSWER_S = 30
BIGGEST = 64 * 2**20


@dataclass
class Wire:
    """One session: what was received on it, byte by byte and message by message."""

    socket: ClientConnection
    page_hash: str = ""
    pages: dict[str, str] = field(default_factory=dict)
    widgets: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    session_id: str = ""
    raw: list[bytes] = field(default_factory=list)

    def run(self, page: str | None = None, *states: WidgetState, query: str = "") -> list[bytes]:
        """Ask for a run of a page with the states of widgets; return all bytes of its answer."""
        message = BackMsg()
        script = message.rerun_script
        script.query_string = query
        script.page_script_hash = self.page_hash if page is None else self.pages.get(page, page)
        script.widget_states.widgets.extend(states)
        self.socket.send(message.SerializeToString())
        return self._listen()

    def id_of(self, key: str) -> str:
        """Return the id of the widget with this key; it ends in it."""
        return next(widget_id for widget_id in self.widgets if widget_id.endswith(f"-{key}"))

    def make(self, file_id: str) -> str:
        """Return where the server put a file that is made on a click, nothing if it refused."""
        message = BackMsg()
        asked = message.backend_operation_request
        asked.request_id, asked.session_id = file_id, self.session_id
        asked.deferred_file.file_id = file_id
        self.socket.send(message.SerializeToString())
        while True:
            answer = ForwardMsg.FromString(bytes(self.socket.recv(timeout=ANSWER_S)))
            if answer.WhichOneof("type") == "backend_operation_response":
                return answer.backend_operation_response.deferred_file.url

    def _listen(self) -> list[bytes]:
        """Read until the script has come to its end."""
        heard: list[bytes] = []
        while True:
            data = self.socket.recv(timeout=ANSWER_S)
            assert isinstance(data, bytes)
            heard.append(data)
            message = ForwardMsg.FromString(data)
            self._learn(message)
            if message.WhichOneof("type") == "script_finished":
                self.raw += heard
                return heard

    def _learn(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.page_hash = message.new_session.page_script_hash
            self.session_id = message.new_session.initialize.session_id or self.session_id
        elif kind == "navigation":
            pages = message.navigation.app_pages
            self.pages |= {page.url_pathname: page.page_script_hash for page in pages}
        elif kind == "delta":
            element = message.delta.new_element
            of_kind = element.WhichOneof("type")
            widget_id = getattr(getattr(element, of_kind or "", None), "id", "")
            if widget_id:
                self.widgets[widget_id] = str(of_kind)
            if of_kind == "download_button" and element.download_button.deferred_file_id:
                self.files[widget_id] = element.download_button.deferred_file_id


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back from a path."""

    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def cookie(self) -> str:
        """Return the token that the answer sets, if it sets one."""
        words = self.headers.get("Set-Cookie", "").partition(";")[0]
        return words.partition("=")[2].strip('"')


def call(
    url: str,
    method: str,
    path: str,
    *,
    form: Mapping[str, str] | None = None,
    who: str = "",
    **headers: str,
) -> Answer:
    """Return the answer to one request; a form comes from a page of the dashboard's own."""
    sent = {"Cookie": f"{sign_in.COOKIE}={who}"} if who else {}
    if form is not None:
        sent |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": url}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    connection.request(method, path, body=urlencode(form or {}) or None, headers=sent)
    answer = connection.getresponse()
    told = Answer(answer.status, answer.headers, answer.read())
    connection.close()
    return told


def get(url: str, path: str, who: str = "") -> tuple[int, bytes]:
    """Return status and body of a path, asked for with a session's cookie."""
    answer = call(url, "GET", path, who=who)
    return answer.status, answer.body


@contextmanager
def wire(
    url: str, token: str, lang: str = "en", *, resume: str = "", xsrf: str = "", **headers: str
) -> Iterator[Wire]:
    """Yield a session that is open, its first page drawn; it may name one to resume."""
    named = ["streamlit", xsrf or "none", resume or "none"]
    address = url.replace("http", "ws", 1) + "/_stcore/stream"
    with connect(
        address,
        additional_headers={"Cookie": f"{sign_in.COOKIE}={token}", "Origin": url} | headers,
        subprotocols=named[: 3 if resume else 2 if xsrf else 1],
        max_size=BIGGEST,  # type: ignore[list-item]
    ) as socket:
        session = Wire(socket)
        session.run("", query=f"lang={lang}")
        yield session
        with suppress(OSError):
            socket.close()
