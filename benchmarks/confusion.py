"""What was true, and what was said? A confusion table on the demo network, and what outages do.

    python -m benchmarks.confusion [ARCHIVE_URL DEMO_FOLDER]

Without arguments the default demo network is made and imported into a temporary folder first. Each
regular of its home station is counted on four days of the year: the last day and 45, 90 and 135
days before it; and on the days before and at the end of the dead camera and of the closure. Beside
the reported state stand the fixed rules of 30, 60 and 90 days and three times the own gap. A share
that fell counts as share_fell for 120 days and as share_fell_before from then on; how many are
found is shown by visits a month before the fall.
"""

import sys
import tempfile
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.lapse_score import make_demo, open_ask
from station.analysis.lapse import silent_beyond_rhythm, silent_longer
from station.model import AT_RISK, Stability, State
from station.services import board
from station.services.ask import Ask

DAYS_BACK = (0, 45, 90, 135)
SHARE_SHOWN_DAYS = 120
"""A share that fell longer ago is told apart."""
OLD_SHARE = "share_fell_before"
FALLING = (State.SLOWING.value, State.SHARE_FALLING.value)
RATES = (0, 1, 2, 4, 8, 200)
MONTH_DAYS = 30.4375
TRUE = ("stays", "share_fell", OLD_SHARE, "moved", "lost", "plate_changed", "fleet_left")
FIXED = (30, 60, 90)


def read(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / name, dtype=str, keep_default_na=False, encoding="utf-8-sig")


def true_state(truth: pd.DataFrame, day: date) -> np.ndarray:
    """Return what each vehicle is to its home station on a day."""
    on = truth["changed_on"]
    happened = (truth["change"] != "none") & (on <= day.isoformat())
    since = (day - timedelta(days=SHARE_SHOWN_DAYS)).isoformat()
    is_old_share = (truth["change"] == "share_fell") & (on < since)
    return np.select([is_old_share, happened], [OLD_SHARE, truth["change"]], "stays")


def counted(ask: Ask, truth: pd.DataFrame) -> pd.DataFrame:
    """Return the regulars of one day with their true state and what each rule says."""
    regulars = board.vehicles(ask)
    regulars = regulars[regulars["stability"] == Stability.REGULAR.value]
    share, gap = (truth[name].astype(float) for name in ("share_before", "mean_gap_days"))
    monthly = MONTH_DAYS * share / gap
    known = truth.assign(true=true_state(truth, ask.as_of), monthly=monthly)
    known = known.rename(columns={"plate": "label", "home_station": "station"})
    known = known[["label", "station", "true", "monthly"]].drop_duplicates(["label", "station"])
    plain = regulars.assign(label=regulars["label"].str.split("/").str[0])
    both = plain.merge(known, on=["label", "station"]).assign(as_of=ask.as_of)
    flags = {f"fixed_{days}": silent_longer(both, days) for days in FIXED}
    risk = [state.value for state in AT_RISK]
    return both.assign(**flags, own_gap_3=silent_beyond_rhythm(both), ours=both["state"].isin(risk))


def rules_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return which part of each true state every rule flags."""
    rules = ["ours", *(f"fixed_{days}" for days in FIXED), "own_gap_3"]
    return rows.groupby("true")[rules].mean().reindex(TRUE)


def falls_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return which part of the shares that fell is named, by visits a month before the fall."""
    fell = rows[rows["true"].isin(["share_fell", OLD_SHARE])]
    named = fell.assign(named=fell["state"].isin(FALLING), rate=pd.cut(fell["monthly"], RATES))
    by = ["true", "rate"]
    return named.groupby(by, observed=True)["named"].agg(["mean", "sum", "size"])


def outage(rows: pd.DataFrame, station: str, day: date) -> pd.DataFrame:
    """Return which part of those that stay is flagged on a day at a station and elsewhere."""
    stays = rows[(rows["true"] == "stays") & (rows["as_of"] == day)]
    at = np.where(stays["station"] == station, "there", "elsewhere")
    rules = ["ours", *(f"fixed_{days}" for days in FIXED), "own_gap_3"]
    return stays.groupby(at)[rules].mean().assign(vehicles=stays.groupby(at).size())


def main() -> None:
    with tempfile.TemporaryDirectory() as made:
        url, folder = sys.argv[1:] or (make_demo(Path(made))[0], str(Path(made) / "demo"))
        ask, truth = open_ask(url), read(Path(folder), "truth.csv")
        truth = truth[truth["passing"] == "0"]
        events = read(Path(folder), "events.csv").set_index("event")
        ends = {
            name: (
                events.loc[name, "station"],
                date.fromisoformat(events.loc[name, "from"]),
                date.fromisoformat(events.loc[name, "to"]),
            )
            for name in ("dead_camera", "closure")
        }
        days = [ask.as_of - timedelta(days=back) for back in DAYS_BACK]
        usual = pd.concat([counted(replace(ask, as_of=day), truth) for day in days])
        states = [state.value for state in State if (usual["state"] == state.value).any()]
        table = pd.crosstab(usual["true"], usual["state"]).reindex(TRUE)[states]
        print(f"regulars on {len(days)} days: {len(usual)}\n\ntrue state by reported state")
        print(table.to_string())
        print("\npart of each true state that a rule flags")
        print(rules_table(usual).to_string(float_format="{:.3f}".format))
        print("\npart of the shares that fell that is named, by visits a month before")
        print(falls_table(usual).to_string(float_format="{:.3f}".format))
        for name, (station, first, last) in ends.items():
            for what, day in (("before it", first - timedelta(days=1)), ("its last day", last)):
                rows = counted(replace(ask, as_of=day), truth)
                print(f"\n{name}, {what}, {day}: part of those that stay that a rule flags")
                print(outage(rows, station, day).to_string(float_format="{:.3f}".format))


if __name__ == "__main__":
    main()
