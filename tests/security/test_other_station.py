"""Nothing of another station's customers reaches a person, on any page, in any export or search."""

import io
import struct
import zipfile
from collections.abc import Iterator

import pytest
from people import token_for
from security import world as worlds
from security.wire import Wire, get, wire
from security.world import OTHER, VEHICLES, World
from serving import serving
from streamlit.proto.WidgetStates_pb2 import WidgetState

pytestmark = pytest.mark.slow
READERS = ("staff", "manager", "regional")
LISTS = ("lapsed", "stability", "use")


@pytest.fixture(scope="module")
def address(world: World) -> Iterator[str]:
    with serving(world.url) as url:
        yield url


def other_prices() -> list[bytes]:
    """Return what the other station's fills cost, as numbers travel and as they are written."""
    prices = [worlds.price(OTHER, n) for n in range(VEHICLES)]
    return [*(struct.pack("<d", p) for p in prices), *(str(p).encode() for p in prices)]


def found(words: list[str], numbers: list[bytes], heard: list[bytes]) -> list[bytes]:
    wanted = [*(word.encode() for word in words), *numbers]
    return [word for word in wanted if any(word in part for part in heard)]


def see_everything(session: Wire, lang: str) -> list[bytes]:
    """Open every page that is offered and every card; return what was sent."""
    for name in list(session.pages):
        session.run(name, query=f"lang={lang}")
    for vehicle in range(1, 2 * VEHICLES + 1):
        session.run("card", query=f"lang={lang}&vehicle={vehicle}")
    return session.raw


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("reader", READERS)
def test_no_byte_tells_of_the_other_stations_customers(
    world: World, address: str, reader: str, lang: str
) -> None:
    with wire(address, token_for(world.url, reader), lang) as session:
        heard = see_everything(session, lang)

    assert len(heard) > 100
    assert found(worlds.markers(), other_prices(), heard) == []


@pytest.mark.parametrize("reader", READERS)
def test_no_search_finds_the_other_stations_customers(
    world: World, address: str, reader: str
) -> None:
    told = []
    with wire(address, token_for(world.url, reader)) as session:
        session.run("card")
        for words in (*worlds.markers(), "粤B9", "9K11", "1009753", "乙", "%", "_"):
            search = WidgetState(id=session.id_of("card_search"), string_value=words)
            heard = session.run("card", search)
            others = [word for word in worlds.markers() if word not in words]
            told += found(others, other_prices(), heard)

    assert told == []


@pytest.mark.parametrize("reader", [*READERS, "administrator", "auditor"])
def test_no_name_and_no_telephone_is_sent_before_it_is_asked_for(
    world: World, address: str, reader: str
) -> None:
    with wire(address, token_for(world.url, reader)) as session:
        heard = see_everything(session, "en")

    assert found(worlds.secrets(), [], heard) == []


def test_the_search_for_bytes_finds_what_is_there(world: World, address: str) -> None:
    with wire(address, token_for(world.url, "administrator")) as session:
        heard = see_everything(session, "en")

    plates = [worlds.plate(OTHER, n) for n in range(VEHICLES)]
    assert len(found(plates, other_prices(), heard)) > VEHICLES


@pytest.mark.parametrize("name", LISTS)
def test_no_export_tells_of_the_other_station(world: World, address: str, name: str) -> None:
    who = token_for(world.url, "manager")
    with wire(address, who) as session:
        session.run(name)
        reasons = [w for w in session.widgets if w.endswith("_reason")]
        states = [WidgetState(id=w, string_value="audit") for w in reasons]
        session.run(name, *states)
        files = [fetch(address, session.make(file_id), who) for file_id in session.files.values()]

    assert len(files) >= 2
    assert all(len(text) > 50 for text in files)
    assert found([*worlds.markers(), *worlds.secrets()], other_prices(), files) == []


def fetch(address: str, path: str, who: str) -> bytes:
    """Return the text of a made file, a workbook unpacked."""
    status, content = get(address, path, who)
    assert status == 200
    if not content.startswith(b"PK"):
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return b"".join(book.read(name) for name in book.namelist())


def test_a_made_file_is_its_makers_alone(world: World, address: str) -> None:
    maker, other = token_for(world.url, "manager"), token_for(world.url, "regional")
    with wire(address, maker) as session:
        session.run("stability")
        reason = next(w for w in session.widgets if w.endswith("_reason"))
        session.run("stability", WidgetState(id=reason, string_value="audit"))
        path = session.make(next(iter(session.files.values())))

        assert fetch(address, path, maker)
        for stranger in (other, "", "made up"):
            status, content = get(address, path, stranger)
            assert status in {401, 404}
            assert content == b""


def test_nothing_is_made_ready_to_take_out_before_a_reason_is_given(
    world: World, address: str
) -> None:
    with wire(address, token_for(world.url, "manager")) as session:
        session.run("stability")

    assert "download_button" in session.widgets.values()
    assert session.files == {}
