"""Bugs that peers really had, planted one at a time in a copy of the source.

Run: python planted.py [5]. Prints as JSON by what each was found, nothing where nothing found it;
with a number only every so many-th is planted.
"""

import importlib.abc
import importlib.machinery
import json
import os
import sys
import tempfile
import types
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

STATION = Path(__file__).parents[2] / "station"
LEDGER, MODEL = "station.loyalty.ledger", "station.model"
EXPIRY = "station.loyalty.expiry"
BOOKING, CREDITING = "station.services.points.booking", "station.services.points.crediting"
LOTS, CHAIN = "station.archive.points.lots", "station.archive.points.chain"
OWN = ("station", "loyalty", "services", "archive", "town", "people", "makers")


@dataclass(frozen=True)
class Bug:
    """Some words of a module, and what stands there when the bug is in."""

    name: str
    module: str
    right: str
    wrong: str


BUGS = (
    Bug("last to run out is spent first", LEDGER, "(last_day(lot), lot.id)", "(-last_day(lot), 0)"),
    Bug("a day late", MODEL, "day <= self.expires_day", "day <= self.expires_day + 1"),
    Bug("a day early", MODEL, "day <= self.expires_day", "day < self.expires_day"),
    Bug(
        "debt is forgotten",
        LEDGER,
        "for part in self.left()) - self.debt",
        "for part in self.left())",
    ),
    Bug("balance below 0", LEDGER, "return max(0, sum(", "return (0 + sum("),
    Bug("one point too many", LEDGER, "points > purse.balance:", "points > purse.balance + 1:"),
    Bug("negative points", LEDGER, "    if points <= 0:", "    if points == 0:"),
    Bug(
        "holds do not count",
        LEDGER,
        "_moved(PointMove.HOLD, _spent(purse, points), PointAccount.MEMBER",
        "_moved(PointMove.HOLD, _spent(purse, points), PointAccount.ISSUED",
    ),
    Bug(
        "a lost card redeems",
        LEDGER,
        "    _refuse_frozen(purse)\n    return _moved(\n        PointMove.REDEEM",
        "    return _moved(\n        PointMove.REDEEM",
    ),
    Bug(
        "a lost card confirms",
        LEDGER,
        "    for purse in purses:\n        _refuse_frozen(purse)\n",
        "",
    ),
    Bug("the rest is kept", LEDGER, "used = list(_parts(points, parts))", "used = list(parts)"),
    Bug("more than was held", LEDGER, "if points > _sum(parts):", "if points > _sum(parts) + 1:"),
    Bug(
        "what is over pays",
        LEDGER,
        "yield from _given(purse, own, live)",
        "yield from _given(purse, own, own)",
    ),
    Bug(
        "what returns pays nothing",
        LEDGER,
        "yield from _given(purse, own, live)",
        "yield from _given(purse, own, [])",
    ),
    Bug("an earning pays nothing", LEDGER, "live=[] if is_late else new", "live=[]"),
    Bug("a late earning pays", LEDGER, "live=[] if is_late else new", "live=new"),
    Bug("what ran out is owed", LEDGER, "lapsed = min(points - own, lot.lapsed)", "lapsed = 0"),
    Bug(
        "refund for ever", LEDGER, "if points > lot.points - lot.taken:", "if points > lot.points:"
    ),
    Bug("refund of another lot", LEDGER, "own = min(points, lot.left)", "own = 0"),
    Bug(
        "refund makes no debt",
        LEDGER,
        "Entry(PointAccount.DEBT, lot_id, own",
        "Entry(PointAccount.ADJUSTED, lot_id, own",
    ),
    Bug("newest debt first", LEDGER, "key=lambda lot: lot.id)", "key=lambda lot: -lot.id)"),
    Bug(
        "gifts do not run out",
        LEDGER,
        "LotOpening(taker.customer_id, number, day)",
        "LotOpening(taker.customer_id, number, None)",
    ),
    Bug("gifts pay nothing", LEDGER, "_given(taker, new, live=new)", "_given(taker, new, live=[])"),
    Bug("all runs out", LEDGER, "if lot.left and not lot.counts(purse.day)", "if lot.left"),
    Bug(
        "runs out on the day",
        LEDGER,
        "not lot.counts(purse.day)\n",
        "not lot.counts(purse.day + 1)\n",
    ),
    Bug(
        "corrections run out",
        LEDGER,
        "PointAccount.ADJUSTED, points, expires_day)",
        "PointAccount.ADJUSTED, points, purse.day)",
    ),
    Bug(
        "debt outlives its owner", LEDGER, "(*lapsed.entries, *waived.entries))", "lapsed.entries)"
    ),
    Bug("a key for anything", BOOKING, "if before.request_hash != request.hash:", "if False:"),
    Bug("a key for once only", BOOKING, "before = chain.by_key(conn, key)\n", "before = None\n"),
    Bug("another zone's day", EXPIRY, "ZoneInfo(zone)).date()", 'ZoneInfo("UTC")).date()'),
    Bug(
        "holds for ever",
        LOTS,
        "return list(conn.execute(_OVER,",
        "return [] and list(conn.execute(_OVER,",
    ),
    Bug("an unsound ledger spends", BOOKING, "if spends and not end.is_sound:", "if False:"),
    Bug(
        "the clock goes back",
        BOOKING,
        "at = max(now_s, end.at)\n",
        "at, end = now_s, end._replace(day=0)\n",
    ),
    Bug("a sale earns again", CREDITING, "if EARN + one.earning.cause not in keys", "if True"),
    Bug(
        "the chain skips entries", CHAIN, "[before, facts, lots, entries]", "[before, facts, lots]"
    ),
)


class Planter(importlib.abc.MetaPathFinder):
    """Finds one module with a bug in it; all others are found as ever."""

    def __init__(self, bug: Bug) -> None:
        self.bug = bug

    def find_spec(
        self, name: str, _path: Sequence[str] | None, _target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != self.bug.module:
            return None
        path = STATION.joinpath(*name.split(".")[1:]).with_suffix(".py")
        loader = Planted(name, str(path))
        loader.bug = self.bug
        return importlib.machinery.ModuleSpec(name, loader, origin=str(path))


class Planted(importlib.machinery.SourceFileLoader):
    """Reads a source with a bug in it."""

    bug: Bug

    def get_code(self, fullname: str) -> types.CodeType:
        source = Path(self.path).read_text(encoding="utf-8")
        if source.count(self.bug.right) != 1:
            raise LookupError(self.bug.name, fullname)
        return compile(source.replace(self.bug.right, self.bug.wrong), self.path, "exec")


@contextmanager
def planted(bug: Bug) -> Iterator[None]:
    """Let whatever is imported from now on be imported anew, one module with the bug."""
    for name in [one for one in sys.modules if one.split(".")[0] in OWN]:
        del sys.modules[name]
    finder = Planter(bug)
    sys.meta_path.insert(0, finder)
    yield
    sys.meta_path.remove(finder)


def found_by(bug: Bug, folder: Path) -> str:
    """Return what finds a bug, nothing where nothing does."""
    with planted(bug):
        from loyalty import a_day  # noqa: PLC0415 - imported with the bug in it

        try:
            a_day.at_the_desk()
            a_day.at_the_counter(folder)
        except LookupError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it was found
            return f"{type(error).__name__}: {error}"[:120]
    return ""


def in_child(bug: Bug, folder: Path) -> str:
    """Return what finds a bug, in a process of its own."""
    heard, said = os.pipe()
    number = os.fork()
    if number == 0:
        os.close(heard)
        os.write(said, (found_by(bug, folder) or "-").encode())
        os._exit(0)
    os.close(said)
    with os.fdopen(heard, encoding="utf-8", errors="replace") as words:
        told = words.read()
    os.waitpid(number, 0)
    if not told:
        raise LookupError(bug.name)
    return told.removeprefix("-")


def main(step: int = 1) -> None:
    from loyalty import a_day  # noqa: PLC0415 - so that the children find it all in memory

    with tempfile.TemporaryDirectory() as name:
        a_day.at_the_desk()
        a_day.at_the_counter(Path(name))
    told = {}
    for bug in BUGS[::step]:
        with tempfile.TemporaryDirectory() as name:
            told[bug.name] = in_child(bug, Path(name))
    sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
