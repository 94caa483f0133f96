"""How long do new keys take, and how long does any writer wait for one of its steps?

Run: python -m benchmarks.rotation [customers], 100,000 unless told otherwise. Each customer has a
sealed name and a sealed, indexed telephone.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from station.archive.database import Connection, Database
from station.config import Settings
from station.services import access, keeping
from station.services.ask import Ask
from station.services.incoming import records
from station.services.incoming.files import FileOptions
from station.services.personal import keys


class Timed(Database):
    """An archive that notes how long its writer's lock was held."""

    held_ms: tuple[float, ...] = ()

    @contextmanager
    def writing(self, *, changes_figures: bool = True) -> Iterator[Connection]:
        with super().writing(changes_figures=changes_figures) as conn:
            begin = time.perf_counter()
            yield conn
        self.held_ms += ((time.perf_counter() - begin) * 1000,)

    def told(self) -> str:
        """Return how long the steps were since the last time this was asked."""
        steps, self.held_ms = sorted(self.held_ms), ()
        high = steps[len(steps) * 99 // 100]
        return f"steps {statistics.median(steps):.0f} ms (p50), {high:.0f} ms (p99)"


def filled(folder: Path, count: int) -> tuple[Ask, Timed]:
    path = folder / "customers.csv"
    lines = [f"C{n:06},甲示{n},100{n:08}" for n in range(count)]
    path.write_text("\n".join(["客户编号,姓名,手机号", *lines, ""]), encoding="utf-8")
    url = f"sqlite:///{folder}/station.db"
    keeping.create(Settings(), url).close()
    db = Timed(url, folder)
    ask = Ask(db, Settings(), access.local_operator(db), date.max)
    spent_s = seconds(
        lambda: records.import_records(ask, kind="customers", path=path, options=FileOptions())
    )
    print(f"import of {count:,} customers {spent_s:.1f} s, {db.told()}")
    return ask, db


def seconds(act: Callable[[], object]) -> float:
    begin = time.perf_counter()
    act()
    return time.perf_counter() - begin


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as name:
        ask, db = filled(Path(name), count)
        spent_s = seconds(lambda: keys.rotate(ask))
        print(f"rotation of {2 * count:,} texts {spent_s:.1f} s, {db.told()}")
        print(f"forgetting {seconds(lambda: keys.forget(ask)):.1f} s")
        db.close()


if __name__ == "__main__":
    main()
