"""How good is the lapse list? Precision and recall against the demo network's truth.

    python -m benchmarks.lapse_score [ARCHIVE_URL TRUTH_CSV]

Without arguments the default demo network is made and imported into a temporary folder first.
Truth: a vehicle is lost to its home station from the day it stopped coming for good (lost, fleet
left, car sold or plate changed); a move to a sister station is no loss. Every rule is scored on the
same regulars, whole and at the same list length, as of several days, so that no single day decides.
"""

import sys
import tempfile
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from station.analysis import backtest, score
from station.config import Settings
from station.model import Stability, day_number
from station.services import access, board, demo, keeping, pacing
from station.services.ask import Ask

GONE = ("lost", "fleet_left", "plate_changed")
DAYS_BACK = (0, 45, 90, 135)


def open_ask(url: str) -> Ask:
    db = keeping.open_archive(Settings(), url)
    ask = Ask(db, Settings(), access.local_operator(db), date.max)
    return replace(ask, as_of=board.last_day(ask))


def make_demo(folder: Path) -> tuple[str, Path]:
    url = f"sqlite:///{folder / 'station.db'}"
    db = keeping.create(Settings(), url)
    ask = Ask(db, Settings(), access.local_operator(db), date.max)
    demo.fill(ask, network=demo.Network(calls=False), out=folder / "demo")
    return url, folder / "demo" / "truth.csv"


def read_truth(path: Path) -> pd.DataFrame:
    """Return plate, station and the day on which the vehicle was lost to it (NaN: never)."""
    truth = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    gone = truth["change"].isin(GONE)
    days = pd.to_datetime(truth["changed_on"].where(gone, ""), format="%Y-%m-%d", errors="coerce")
    lost_day = (days - pd.Timestamp(1970, 1, 1)).dt.days
    return pd.DataFrame(
        {"label": truth["plate"], "station": truth["home_station"], "lost_day": lost_day}
    ).drop_duplicates(["label", "station"])


def regulars_known(ask: Ask, truth: pd.DataFrame) -> pd.DataFrame:
    """Return the regulars of one day with the day on which each was lost, if it was by then."""
    regulars = board.vehicles(ask)
    regulars = regulars[regulars["stability"] == Stability.REGULAR.value].reset_index(drop=True)
    regulars = regulars.drop(columns="lost_day", errors="ignore")  # the board's is a forecast
    known = regulars.assign(label=regulars["label"].str.split("/").str[0])
    known = known.merge(truth, on=["label", "station"], how="inner")
    known["lost_day"] = known["lost_day"].where(known["lost_day"] <= day_number(ask.as_of))
    return known


def scored(ask: Ask, known: pd.DataFrame) -> pd.DataFrame:
    """Return one row a rule for the regulars of one day."""
    return score.score(known, known[["vehicle_id", "station_id", "lost_day"]]).assign(
        as_of=ask.as_of, regulars=len(known), lost=int(known["lost_day"].notna().sum())
    )


def calibrated(days: list[pd.DataFrame]) -> pd.DataFrame:
    """Return mean P(still coming) and the share that still came, by tenths of all days."""
    known = pd.concat(days)
    groups = backtest.calibration(
        known["p_alive"].to_numpy(), known["lost_day"].isna().to_numpy(dtype=bool)
    )
    return pd.DataFrame(groups)


def returned(asks: list[Ask], known: list[pd.DataFrame]) -> pd.DataFrame:
    """Return mean P(return) and the share that came in its horizon, where the archive knows it.

    What was learnt for a day has seen nothing after it, so these months are held out.
    """
    diary, parts = pacing.visit_days(asks[0]), []
    keys = diary.keys.assign(row=range(len(diary.keys)))
    for ask, frame in zip(asks, known, strict=True):
        day, horizon = day_number(ask.as_of), ask.settings.lapse.horizon_days
        if day + horizon <= day_number(asks[0].as_of):
            past = diary.until(day)
            came = set(past.row[diary.came_within(past, horizon)].tolist())
            rows = frame.merge(keys, on=["vehicle_id", "station_id"])
            parts.append(rows.assign(came=rows["row"].isin(came)))
    told = pd.concat(parts)
    return pd.DataFrame(backtest.calibration(told["p_return"].to_numpy(), told["came"].to_numpy()))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        arguments = sys.argv[1:] or make_demo(Path(folder))
        ask, truth = open_ask(str(arguments[0])), read_truth(Path(arguments[1]))
        asks = [replace(ask, as_of=ask.as_of - timedelta(days=back)) for back in DAYS_BACK]
        known = [regulars_known(one, truth) for one in asks]
        rows = pd.concat([scored(one, day) for one, day in zip(asks, known, strict=True)])
        print(rows.to_string(index=False, float_format="{:.3f}".format))
        mean = rows.groupby("rule", sort=False).mean(numeric_only=True)
        print("\nmean over the days\n" + mean.to_string(float_format="{:.3f}".format))
        print("\nP(still coming) against the truth")
        print(calibrated(known).to_string(index=False, float_format="{:.3f}".format))
        print("\nP(return) against who came, on days after which 30 days are known")
        print(returned(asks, known).to_string(index=False, float_format="{:.3f}".format))


if __name__ == "__main__":
    main()
