"""A process that redeems as often as it may and says how often it could.

Run: python teller.py FOLDER NAME TIMES POINTS; begins when a line comes in.
"""

import sys
from pathlib import Path

from killing import opened, redeem

from station.errors import PointsError


def main(folder: str, name: str, times: str, points: str) -> None:
    ask, done = opened(Path(folder)), 0
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    for number in range(int(times)):
        try:
            redeem(ask, f"teller-{name}-{number}", int(points))
        except PointsError:
            continue
        done += 1
    ask.db.close()
    sys.stdout.write(f"{done}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
