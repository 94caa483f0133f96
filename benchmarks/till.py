"""How fast is a till answered, beside the same host's bare endpoints in the same minute?

Run: python -m benchmarks.till [seconds]. Needs wrk. Writes benchmarks/results/till.json.

The dashboard's own server runs on a new SQLite archive. `bare` is its /health, `echo` a FastAPI of
three lines that reads a body, both without an archive; `find` looks a member up, `hold` sets points
apart and `receipt` brings a sale in, each of the last two a durable commit.
"""

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from benchmarks import points
from station.services.people import terminals

ROOT = Path(__file__).parents[1]
RESULT = ROOT / "benchmarks" / "results" / "till.json"
CLIENTS = (1, 8)
ECHO = """
import sys
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

class Body(BaseModel):
    points: int

app = FastAPI()

@app.post("/echo")
async def echo(body: Body) -> Body:
    return body

uvicorn.run(app, port=int(sys.argv[1]), log_level="error", access_log=False)
"""
CONFIG = "till: {per_minute: 1000000, burst: 100000}\n"
SCRIPT = """
local n, run = 0, "%s"
request = function()
  n = n + 1
  local body = string.format([[%s]], %s)
  return wrk.format("POST", nil, {
    ["Content-Type"] = "application/json", ["Authorization"] = "Bearer %s",
    ["Idempotency-Key"] = string.format("%%s-%%08d", run, n)}, body)
end
"""
MEMBER = '{"by": "card", "text": "CARD%d"}'
WHO = f"n %% {points.MEMBERS} + 1"
SOLD = (
    '{"receipt_no": "%s%d", "sold_at": '
    + str(int(time.time()) - 3_600)
    + ', "card_no": "CARD%d", "lines": [{"product": "92#", "quantity_milli": 30000, "unit": "l", '
    '"amount_minor": 23940, "line_no": "1"}]}'
)
REQUESTS = {
    "echo": ("/echo", '{"points": %d}', "n"),
    "find": ("/api/v1/members/find", f'{{"member": {MEMBER}}}', WHO),
    "hold": ("/api/v1/holds", f'{{"member": {MEMBER}, "points": 1}}', WHO),
    "receipt": ("/api/v1/receipts", SOLD, f"run, n, {WHO}"),
}
SECONDS = {"us": 1e-3, "ms": 1.0, "s": 1e3}


@contextmanager
def listening(command: list[str], port: int) -> Iterator[str]:
    """Yield the address of a server once it answers anything, and stop it afterwards."""
    with subprocess.Popen(command, cwd=ROOT) as process:
        for _ in range(600):
            try:
                HTTPConnection("127.0.0.1", port).connect()
                break
            except OSError:
                time.sleep(0.1)
        time.sleep(2)  # for what is warmed behind the first visitor's back
        yield f"http://127.0.0.1:{port}"
        process.terminate()


def measured(url: str, clients: int, seconds: int, script: str = "") -> dict[str, Any]:
    """Return answers a second, p50 and p99 in ms, and how many answers were not 2xx."""
    command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--latency"]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        done = subprocess.run(
            [*command, *(["-s", file.name] if script else []), url],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", done)
    return {
        "per_s": float(re.search(r"Requests/sec:\s+([\d.]+)", done)[1]),
        "p50_ms": _latency(done, 50),
        "p99_ms": _latency(done, 99),
        "refused": int(bad[1]) if bad else 0,
    }


def _latency(told: str, share: int) -> float:
    found = re.search(rf"{share}%\s+([\d.]+)(us|ms|s)", told)
    return float(found[1]) * SECONDS[found[2]]


def rows(server: str, echo: str, key: str, seconds: int) -> Iterator[dict[str, Any]]:
    """Yield what was measured: each request in turn with the bare ones, for 1 and 8 clients."""
    for clients in CLIENTS:
        yield {"what": "bare", "clients": clients} | measured(f"{server}/health", clients, seconds)
        for what, (path, body, numbers) in REQUESTS.items():
            run = f"{what}{clients}"
            script = SCRIPT % (run, body, numbers.replace("%%", "%"), key)
            url = (echo if what == "echo" else server) + path
            yield {"what": what, "clients": clients} | measured(url, clients, seconds, script)


def main(seconds: int) -> None:
    port, echo_port = 8_790, 8_791
    with tempfile.TemporaryDirectory() as folder:
        ask = points.opened(Path(folder))
        key = terminals.add(ask, name="bench", station="S1", number="").key
        ask.db.close()
        config = Path(folder) / "config.yaml"
        config.write_text(CONFIG)
        python = [sys.executable, "-c", ECHO, str(echo_port)]
        station = [sys.executable, "-m", "station", "--config", str(config)]
        station += ["--archive", f"sqlite:///{folder}/station.db", "serve", "--port", str(port)]
        with listening(station, port) as server, listening(python, echo_port) as echo:
            found = []
            for row in rows(server, echo, key, seconds):
                found.append(row)
                print(row)
    told = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "load_before": os.getloadavg()[0],
        "rows": found,
    }
    RESULT.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    if any(row["refused"] for row in found):
        sys.exit("some requests were refused")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
