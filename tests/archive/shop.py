"""One import after another into an archive with stations S1 and S2."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from makers import make_station
from sqlalchemy import Connection

from station.archive import batches, reversals, sales, stations
from station.archive.books import KeyBook, ProductBook
from station.archive.sales import Outcome
from station.model import ImportCounts, Sale

RULES = reversals.ReversalRules()


@dataclass
class Shop:
    """Adds sales the way the intake does, in chunks of one batch."""

    conn: Connection
    station_ids: dict[str, int] = field(default_factory=dict)
    keys: KeyBook = field(default_factory=KeyBook)
    products: ProductBook = field(default_factory=ProductBook)
    files: int = 0

    def __post_init__(self) -> None:
        self.station_ids = stations.ids(self.conn) or {
            code: stations.add(self.conn, make_station(code)) for code in ("S1", "S2")
        }

    def open(self, file_hash: str = "", *, whole_file: bool = False) -> int:
        self.files += 1
        return batches.open_batch(
            self.conn,
            kind="sales",
            source="till",
            file_name="till.csv",
            file_hash=file_hash or f"hash {self.files}",
            whole_file=whole_file,
            account="clerk",
            now_s=1_788_240_000 + self.files,
        ).id

    def add(self, given: Sequence[Sale], batch_id: int | None = None) -> list[Outcome]:
        return sales.add(
            self.conn,
            self.open() if batch_id is None else batch_id,
            given,
            station_ids=self.station_ids,
            keys=self.keys,
            products=self.products,
        )

    def take_back(self, given: Sequence[Sale], batch_id: int | None = None) -> list[Outcome]:
        return reversals.add(
            self.conn,
            self.open() if batch_id is None else batch_id,
            given,
            station_ids=self.station_ids,
            products=self.products,
            rules=RULES,
        )

    def finish(self, batch_id: int, outcomes: Sequence[Outcome]) -> ImportCounts:
        counts = ImportCounts(
            accepted=outcomes.count(Outcome.ACCEPTED),
            duplicates=outcomes.count(Outcome.DUPLICATE),
            conflicts=outcomes.count(Outcome.CONFLICT),
        )
        return batches.finish(self.conn, batch_id, counts, 1_788_250_000)
