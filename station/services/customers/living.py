"""Every customer's stage is worked out anew, and who stands still for too long is noticed."""

from time import time

import pandas as pd

from station.analysis import lifecycle
from station.analysis.lifecycle import Trigger
from station.archive.customers import lives, marks, stalled
from station.archive.customers.marks import StageMark
from station.archive.customers.stalled import Stall
from station.archive.database import Connection
from station.contact.stalls import Choice
from station.model import DAY_S, Stage, day_number
from station.services import board
from station.services.ask import Ask
from station.services.customers import roll, valuing

BATCH = 5_000
"""Marks that are written at once."""


def renew(ask: Ask) -> int:
    """Return how many stages were reached in the whole chain, whoever asks; stalls are noticed."""
    asked = valuing.everybody(ask)
    day = day_number(asked.as_of)
    new = _reached(asked, day)
    for start in range(0, len(new), BATCH):
        with ask.db.writing(changes_figures=False) as conn:
            some = marks.following(conn, marks.STAGE, new[start : start + BATCH])
            marks.add_stages(conn, some)
    with ask.db.writing(changes_figures=False) as conn:
        notice(conn, ask, day)
    return len(new)


def _reached(ask: Ask, day: int) -> list[StageMark]:
    """Return every stage that somebody reached since he was marked last."""
    rules = ask.settings.life
    with ask.db.reading() as conn:
        people, since = _people(conn), marks.last_days(conn, Stage.LOST.value)
        held = lives.held(conn)
    came = roll.visit_days(ask, held, day)
    came = came[came["customer_id"].isin(people.index)].astype("int64")
    habits = lifecycle.habits(came, pd.Series(since, dtype="float64"), rules)
    fades = lifecycle.fading(board.vehicles(ask))
    found = lifecycle.follow(people, habits, fades, rules, day)
    days = habits["n"].reindex(found["customer_id"]).fillna(0).astype("int64").tolist()
    now_s = int(time())
    rows = zip(*(found[name].tolist() for name in lifecycle.MARK), days, strict=True)
    return [
        StageMark(int(one), int(on), stage, was, trigger, now_s, {"days": came_days})
        for one, on, stage, was, trigger, came_days in rows
    ]


def _people(conn: Connection) -> pd.DataFrame:
    """Return what `lifecycle.follow` asks of everybody: his last mark, and what he intends."""
    known = lives.everybody(conn)
    last = marks.now(conn, marks.STAGE).set_index("customer_id")
    was = last["stage"].reindex(known.index).fillna("")
    was_day = last["day"].reindex(known.index).astype("float64")
    trigger = last["trigger"].reindex(known.index).fillna("")
    intent_day = pd.Series(float("nan"), index=known.index)
    intent = pd.Series("", index=known.index, dtype="object")
    for word, days in lives.intents(conn).items():
        first = days.reindex(known.index).astype("float64")
        is_first = first.notna() & ~(first >= intent_day)
        intent_day, intent = first.where(is_first, intent_day), intent.mask(is_first, word)
    stays = was == Stage.INTENDING.value
    # What two people decided by hand counts more than what was known before.
    is_older = (trigger == Trigger.APPROVED.value) & ~(intent_day > was_day)
    intent = intent.mask(is_older, "").mask(stays, trigger)
    return known[["made_day"]].assign(
        was=was, was_day=was_day, intent=intent, intent_day=intent_day.where(~stays, was_day)
    )


# --- stalls ---------------------------------------------------------------------------------------


def notice(conn: Connection, ask: Ask, day: int) -> int:
    """Return how many customers stand still for too long who did not yesterday.

    Only of whom somebody looks after, and nobody decided to wait for. Who moved on needs no
    decision any more.
    """
    kept = lives.kept(conn)
    last = marks.now(conn, marks.STAGE)
    mine = last[last["customer_id"].isin(list(kept))]
    mine = mine[~mine["customer_id"].isin(list(stalled.resting(conn, day)))]
    waiting, given_up = _waiting(conn, ask, mine)
    now = mine[~mine["customer_id"].isin(list(given_up))]
    due = lifecycle.stalls(now, waiting, ask.settings.life, day)
    standing = stalled.still_open(conn)
    stay = dict(zip(last["customer_id"], last["day"], strict=True))
    over = [
        int(one["id"])
        for one in standing.to_dict("records")
        if stay.get(one["customer_id"]) != one["since_day"] or one["customer_id"] not in kept
    ]
    stalled.close(conn, over, decision=stalled.MOVED, decided_at=int(time()))
    told = set(standing.loc[~standing["id"].isin(over), "customer_id"])
    new = due[~due["customer_id"].isin(list(told))]
    rows = zip(*(new[name].tolist() for name in lifecycle.STALL), strict=True)
    stalled.open_new(
        conn,
        [
            Stall(int(one), stage, int(since), int(due_day), kept[int(one)], int(time()))
            for one, stage, since, due_day in rows
        ],
    )
    return len(new)


def _waiting(conn: Connection, ask: Ask, now: pd.DataFrame) -> tuple["pd.Series[int]", set[int]]:
    """Return from which day each stay counts anew, and whom somebody gave up in this stay."""
    decided = stalled.decided(conn).rename(columns={"since_day": "day"})
    both = now[["customer_id", "stage", "day"]].merge(decided, on=["customer_id", "stage", "day"])
    both = both.drop_duplicates("customer_id", keep="last")
    limits = {stage.value: days for stage, days in ask.settings.life.limits.items()}
    limit = both["stage"].map(limits).astype("float64")
    is_put_off = both["decision"] == Choice.POSTPONE.value
    pushed = (both["decided_at"].astype("float64") // DAY_S).where(
        ~is_put_off, both["until_day"].astype("float64") - limit
    )
    given_up = both.loc[both["decision"] == Choice.GIVE_UP.value, "customer_id"]
    days = pd.Series(pushed.to_numpy(), index=both["customer_id"].astype("int64"))
    return days.fillna(0).astype("int64"), {int(one) for one in given_up}
