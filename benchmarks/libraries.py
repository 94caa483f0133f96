"""Our rhythm beside `lifetimes` and `pymc-marketing`: same histories, same questions, one run.

    python -m benchmarks.libraries [VEHICLES] [PYTHON_WITH_PYMC_MARKETING]

On the simulated refuelling of `benchmarks.refuelling` (all fills seen; who has come on four days is
judged): seconds and peak memory of fitting and of P(visit in 30 days), the parameters,
log-loss and AUC. Each library runs in a process of its own. `lifetimes` is in the dev extra.
`pymc-marketing` is in the bench extra (`pip install -c constraints.txt -e '.[bench]'`): it installs
beside our pinned numpy and pandas, but brings some forty packages, so an own environment is kinder:

    python -m venv --system-site-packages bench && bench/bin/pip install pymc-marketing==0.19.2

Its BG/NBD and MBG/NBD are fitted to the maximum (fit_method "map"); the priors are its own.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import refuelling
from station.analysis import backtest, diary, pace, rhythm
from station.analysis import lives as living

HORIZON = refuelling.HORIZON


def histories(vehicles: int) -> tuple[diary.Diary, diary.Past, np.ndarray]:
    """Return the diary, what was known, and who came afterwards."""
    days = diary.read(refuelling.simulate(vehicles, sees_all=True)[0])
    past = days.until(refuelling.AS_OF)
    return days, past, days.came_within(past, HORIZON)


def table(past: diary.Past) -> pd.DataFrame:
    """Return the histories as the libraries want them."""
    return pd.DataFrame(
        {
            "customer_id": np.arange(len(past.x)),
            "frequency": past.x,
            "recency": past.t_x,
            "T": past.t_x + past.silent,
        }
    )


def station_engine(vehicles: int) -> tuple[dict[str, float], np.ndarray]:
    """Return our parameters and chances: pauses, landmarks and all."""
    days, past, _ = histories(vehicles)
    found = pace.study(days, refuelling.AS_OF, HORIZON)
    lives = living.of_past(past, pace.past_pauses(found, past, None))
    return _told(found.pooled.fitted), found.of_lives(lives, None, found.returns(HORIZON))


def station_mbg(vehicles: int) -> tuple[dict[str, float], np.ndarray]:
    _, past, _ = histories(vehicles)
    columns = (past.x, past.t_x, past.t_x + past.silent)
    fitted = rhythm.fit(*columns)
    return _told(fitted), rhythm.p_visit(fitted, *columns, HORIZON)


def station_bg(vehicles: int) -> tuple[dict[str, float], np.ndarray]:
    _, past, _ = histories(vehicles)
    columns = (past.x, past.t_x, past.t_x + past.silent)
    fitted = rhythm.fit_bg(*columns)
    return _told(fitted), rhythm.p_visit(fitted, *columns, HORIZON)


def _told(fitted: rhythm.Fit) -> dict[str, float]:
    return {name: getattr(fitted, name) for name in ("k", "r", "alpha", "a", "b")}


def lifetimes_bg(vehicles: int) -> tuple[dict[str, float], np.ndarray]:
    from lifetimes import BetaGeoFitter  # noqa: PLC0415 - it warns on import

    return _lifetimes(BetaGeoFitter(), vehicles)


def lifetimes_mbg(vehicles: int) -> tuple[dict[str, float], np.ndarray]:
    from lifetimes import ModifiedBetaGeoFitter  # noqa: PLC0415 - it warns on import

    return _lifetimes(ModifiedBetaGeoFitter(), vehicles)


def _lifetimes(model: Any, vehicles: int) -> tuple[dict[str, float], np.ndarray]:
    _, past, _ = histories(vehicles)
    columns = (past.x, past.t_x, past.t_x + past.silent)
    model.fit(*columns)
    alive = np.asarray(model.conditional_probability_alive(*columns))
    return dict(model.params_), _from_alive(dict(model.params_), alive, columns)


def pymc_bg(vehicles: int) -> tuple[dict[str, float], np.ndarray]:
    from pymc_marketing.clv import BetaGeoModel  # noqa: PLC0415 - may be missing

    return _pymc(BetaGeoModel, vehicles)


def pymc_mbg(vehicles: int) -> tuple[dict[str, float], np.ndarray]:
    from pymc_marketing.clv import ModifiedBetaGeoModel  # noqa: PLC0415 - may be missing

    return _pymc(ModifiedBetaGeoModel, vehicles)


def _pymc(kind: Any, vehicles: int) -> tuple[dict[str, float], np.ndarray]:
    _, past, _ = histories(vehicles)
    data = table(past)
    model = kind(data=data)
    model.fit(method="map")
    posterior = model.idata.posterior
    params = {n: float(posterior[n].mean()) for n in ("r", "alpha", "a", "b")}
    alive = model.expected_probability_alive(data).mean(("chain", "draw")).to_numpy()
    columns = (past.x, past.t_x, past.t_x + past.silent)
    return params, _from_alive(params, alive, columns)


def _from_alive(params: dict[str, float], alive: np.ndarray, columns: Any) -> np.ndarray:
    """Return P(visit): neither library says it, but P(alive) and its parameters do."""
    x, _, now = columns
    share = (params["alpha"] + now) / (params["alpha"] + now + HORIZON)
    return np.asarray(alive * (1 - share ** (params["r"] + x)))


TASKS = {
    task.__name__: task
    for task in (
        *(station_engine, station_mbg, station_bg),
        *(lifetimes_mbg, lifetimes_bg, pymc_mbg, pymc_bg),
    )
}


def measure(name: str, vehicles: int) -> dict[str, Any]:
    """Return what one library takes and how well it forecasts."""
    _, past, came = histories(vehicles)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start, used = time.perf_counter(), time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the libraries are older than our pandas
        params, chance = TASKS[name](vehicles)
    wall, processor = time.perf_counter() - start, time.process_time() - used
    judged = past.x + 1 >= refuelling.MIN_VISITS
    return {
        "seconds": wall,
        "processor": processor,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "before_mib": before,
        "log_loss": backtest.log_loss(chance[judged], came[judged]),
        "auc": backtest.auc(chance[judged], came[judged]),
        **{f"{n}": v for n, v in params.items()},
    }


def main(vehicles: int, with_pymc: str) -> None:
    rows = []
    for name in TASKS:
        python = with_pymc if name.startswith("pymc") else sys.executable
        with tempfile.TemporaryFile() as told:
            done = subprocess.run(
                [python, "-m", "benchmarks.libraries", "--one", name, str(vehicles)],
                cwd=Path(__file__).parents[1],
                stdout=told,
                stderr=subprocess.PIPE,
                check=False,
            )
            told.seek(0)
            lines = told.read().decode().splitlines()
        if done.returncode or not lines:
            error = done.stderr.decode().strip().splitlines()[-1:]
            print(f"{name}: left out ({error[0] if error else 'no answer'})")
            continue
        rows.append({"library": name, **json.loads(lines[-1])})
    print(pd.DataFrame(rows).to_string(index=False, float_format="{:.4g}".format))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(measure(sys.argv[2], int(sys.argv[3]))))
    else:
        main(
            int(sys.argv[1]) if len(sys.argv) > 1 else 20_000,
            sys.argv[2] if len(sys.argv) > 2 else sys.executable,
        )
