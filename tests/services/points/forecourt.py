"""A till whose files come in while rules of points hold, and members who fill up there."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import count
from pathlib import Path

from sqlalchemy import text
from town import Person, settle

from station.archive.database import Database
from station.config import Settings
from station.loyalty.programme import (
    Basis,
    Caps,
    EarnRule,
    EarnRules,
    ExpiryRules,
    Life,
    Over,
    Programme,
    Version,
)
from station.services import access
from station.services.ask import Ask
from station.services.incoming import intake
from station.services.incoming.files import FileReport
from station.services.incoming.intake import ImportOptions

HEADING = "流水号,交易时间,枪号,油品,数量,金额,车牌号,卡号,交易类型,备注"
ANNA, BERT, CARL = Person(1), Person(2), Person(3)
MONEY = EarnRule(name="money")
FOREVER = ExpiryRules(life=Life.NEVER)
OF_LITRES = EarnRule(name="litres", of=Basis.LITRE, per=2, over=Over.MEMBER)


def version(name: str = "old", starts: str = "2025-01-01", **earning: object) -> Version:
    """Return rules that give a point for each whole yuan, but for what is named."""
    rules = replace(EarnRules(rules=(MONEY,)), **earning)
    return Version(name=name, starts=date.fromisoformat(starts), earning=rules, expiry=FOREVER)


CAPPED = version(caps=Caps(day=300))


@dataclass(frozen=True, slots=True)
class Fill:
    """A line as a till writes it; `back` names the line of which it takes some back."""

    number: int
    yuan: int = 100
    plate: str = ANNA.plate
    card: str = ""
    day: str = "2026-09-01"
    back: int = 0

    def __str__(self) -> str:
        sign = "-" if self.back else ""
        kind = f"冲销,撤单{100_000 + self.back}" if self.back else "正常,"
        clock = f"{self.number // 60 % 24:02}:{self.number % 60:02}:00"
        said = f"{100_000 + self.number},{self.day} {clock},1,92#,{sign}{self.yuan / 10:.2f},"
        return f"{said}{sign}{self.yuan},{self.plate},{self.card},{kind}"


@dataclass(frozen=True, slots=True)
class Forecourt:
    """An archive with members, and the till of S1."""

    ask: Ask
    folder: Path
    ids: dict[str, int]
    files: "count[int]" = field(default_factory=lambda: count(1))

    def take(self, lines: Sequence[object], **options: object) -> FileReport:
        """Return what became of a file of these lines."""
        path = self.folder / f"till-{next(self.files)}.csv"
        path.write_text("\n".join([HEADING, *map(str, lines), ""]), encoding="utf-8")
        chosen = replace(ImportOptions(station="S1", lang="en"), **options)
        return intake.import_sales(self.ask, path=path, options=chosen)

    def points(self) -> dict[str, int]:
        """Return what each member has, less what he owes; nobody's nothing is left out."""
        held = 'SELECT c.code, SUM(l."left" - l.owed) FROM point_lots l JOIN customers c '
        held += "ON c.id = l.customer_id GROUP BY c.code"
        with self.ask.db.reading() as conn:
            rows = conn.execute(text(held)).all()
        return {code: int(points) for code, points in rows if points}

    def under(self, *versions: Version) -> "Forecourt":
        """Return the same forecourt, under other rules."""
        settings = replace(self.ask.settings, programme=Programme(versions=versions))
        return replace(self, ask=replace(self.ask, settings=settings))


def opened(db: Database, folder: Path, *versions: Version) -> Forecourt:
    """Return a forecourt with three members, each with a vehicle and a card."""
    ids = settle(db, [ANNA, BERT, CARL])
    settings = replace(Settings(), programme=Programme(versions=versions or (version(),)))
    ask = Ask(db, settings, access.local_operator(db), date(2026, 9, 1))
    folder.mkdir(exist_ok=True)
    return Forecourt(ask, folder, ids)
