"""What is worth a look this week? Worked out of the whole chain once a week, and kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from station.analysis import oddities as pure
from station.analysis.oddities import DEEDS, FILLS, Evidence, Oddity, OddityRules
from station.archive import oddities as kept
from station.archive import oddity_facts as facts
from station.archive.database import Connection
from station.archive.oddities import Case
from station.model import (
    DAY_S,
    OdditySort,
    OddityState,
    PointMove,
    Unit,
    Use,
    day_number,
)
from station.services import access, board
from station.services.access import right
from station.services.ask import Ask
from station.services.points import correcting

MINUTE_S, DAY_MIN, HOUR_MIN = 60, 1440, 60
THURSDAY = 3
"""Weekday of day 0, 1970-01-01, where Monday is 0."""
MOST_IDS = 200
"""Fills or deeds that are kept as evidence of one sign."""
OF_DAYS = {"same_day", "soon_again", "more_than_tank"}
"""Signs of several fills of one day."""
EARNINGS = (PointMove.EARN.value, *facts.SPENT, PointMove.REFUND.value, PointMove.ADJUST.value)
"""What moves the points of a member at a counter."""


def monday_of(day: int) -> int:
    """Return the Monday of a day's week."""
    return day - (day + THURSDAY) % 7


@right("sales.import")
def refresh(ask: Ask) -> int:
    """Return how many cases the list of this week has, if it was not kept before."""
    return renew(ask)


def renew(ask: Ask) -> int:
    """Return the same; whoever asks, the whole chain's is worked out.

    The list of a week is made once, of the weeks before it: it does not change while it is worked
    through, whatever comes in late.
    """
    everybody = replace(ask, scope=access.local_operator(ask.db))
    everybody = replace(everybody, as_of=board.last_day(everybody))
    monday = monday_of(day_number(everybody.as_of))
    with ask.db.reading() as conn:
        last = kept.week(conn)
    if last is not None and last >= monday:
        return 0
    seen = board.vehicles(everybody).drop_duplicates("vehicle_id")
    uses = dict(zip(seen["vehicle_id"], seen["use"], strict=True))
    found = noticed(everybody, uses, as_of_day=monday - 1)
    cases = [replace(one, week_day=monday) for one in found]
    with ask.db.writing(changes_figures=False) as conn:
        kept.put_week(conn, monday, cases)
    return len(cases)


@dataclass(frozen=True, slots=True)
class Material:
    """What is looked at: frames of the pure part, and what its numbers stand for.

    `names` holds the sort and name of each subject, `litres` those of a fill, `doers` the accounts
    behind a deed.
    """

    fills: pd.DataFrame
    deeds: pd.DataFrame
    names: Sequence[str]
    litres: Mapping[int, int]
    doers: Mapping[tuple[str, int], frozenset[int]]


def noticed(everybody: Ask, uses: Mapping[int, str], *, as_of_day: int) -> list[Case]:
    """Return what is worth a look in the weeks up to a day, the least likely first.

    `uses` are those of vehicles, also as inferred: like is compared with like.
    """
    rules = everybody.settings.oddities
    with everybody.db.reading() as conn:
        seen = material(conn, uses, rules, as_of_day)
        known = kept.covered(conn)
    explained = _numbered(known.assign(who=known["sort"] + ":" + known["subject"]), seen.names)
    found = pure.find(seen.fills, rules, as_of_day=as_of_day, explained=explained, deeds=seen.deeds)
    ranks = pd.Series([one.station_id for one in found], dtype="int64").groupby(
        [one.station_id for one in found]
    )
    places = ranks.cumcount() + 1
    return [_case(one, seen, int(rank)) for one, rank in zip(found, places, strict=True)]


def _case(one: Oddity, seen: Material, rank: int) -> Case:
    sort, _, subject = seen.names[one.subject_id - 1].partition(":")
    evidence = [
        {"sign": e.sign, **e.facts, "ids": list(e.ids[:MOST_IDS]), "around": _around(one, e, seen)}
        for e in one.evidence
    ]
    ids = {id_ for e in one.evidence if e.sign not in pure.DEED_SIGNS for id_ in e.ids}
    doers = [seen.doers.get((e.sign, id_), frozenset()) for e in one.evidence for id_ in e.ids]
    return Case(
        id=0,
        station_id=one.station_id,
        sort=OdditySort(sort),
        subject=subject,
        kind=one.kind,
        week_day=0,
        rank=rank,
        chance=one.chance,
        points=one.points,
        litres_milli=sum(seen.litres.get(id_, 0) for id_ in ids),
        evidence=evidence,
        state=OddityState.OPEN,
        account_ids=frozenset().union(*doers),
    )


def _around(one: Oddity, evidence: Evidence, seen: Material) -> list[int]:
    """Return the other fills of the same days, where a sign cannot be understood without them."""
    if evidence.sign not in OF_DAYS:
        return []
    place = (seen.fills["station_id"] == one.station_id) & (
        seen.fills["subject_id"] == one.subject_id
    )
    own = seen.fills[place]
    is_odd = own["sale_id"].isin(evidence.ids[:MOST_IDS])
    return own.loc[~is_odd & own["day"].isin(own.loc[is_odd, "day"]), "sale_id"].tolist()


# --- what is looked at ----------------------------------------------------------------------------


def material(
    conn: Connection, uses: Mapping[int, str], rules: OddityRules, as_of_day: int
) -> Material:
    """Return all that is looked at, of the weeks up to a day."""
    from_day = as_of_day - rules.window_days + 1
    from_s = (from_day - 1) * DAY_S  # a day more, as days of stations begin when they do
    earned = _late(conn, facts.earned(conn, from_s))
    raw = facts.fills(conn, from_day, as_of_day)
    fills = _fills(conn, raw, uses, earned, rules)
    moves = facts.moves(conn, from_s)
    signed = facts.sign_ups(conn, from_s)
    came = _who_came(conn, fills)
    deeds = pd.concat(
        [
            _entered(earned),
            _moved(moves),
            _reversed(moves),
            *_signed_up(signed, facts.sharing(conn), came, rules),
        ],
        ignore_index=True,
    )
    names = sorted({*fills["who"], *deeds["who"]})
    milli = raw["quantity_milli"].where(raw["unit"] == Unit.LITRE.value, 0)
    per_fill = milli.groupby(_moment(raw)).sum() if len(raw) else milli
    litres = dict(zip(fills["sale_id"], fills["moment"].map(per_fill), strict=True))
    return Material(
        fills=_numbered(fills, names)[list(FILLS)].astype(dict(FILLS)),
        deeds=_numbered(deeds, names)[list(DEEDS)].astype(dict(DEEDS)),
        names=names,
        litres={int(sale): int(amount) for sale, amount in litres.items()},
        doers=_doers(conn, deeds, earned, moves),
    )


def _numbered(rows: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return the rows of subjects that have a number, with it."""
    number = pd.Series(range(1, len(names) + 1), index=list(names), dtype="int64")
    known = rows.assign(subject_id=rows["who"].map(number)).dropna(subset=["subject_id"])
    return known.astype({"subject_id": "int64"})


def _moment(raw: pd.DataFrame) -> pd.Series:
    """Return at which station, by whom and when a line was: lines of one fill are one."""
    who = raw["card_no"].where(raw["card_no"] != "", "#" + raw["key_id"].astype(str))
    parts = (raw["station_id"].astype(str), who, raw["local_at"].astype(str))
    return parts[0] + "/" + parts[1] + "/" + parts[2]


def _fills(
    conn: Connection,
    raw: pd.DataFrame,
    uses: Mapping[int, str],
    earned: pd.DataFrame,
    rules: OddityRules,
) -> pd.DataFrame:
    """Return FILLS with `who` and `moment` in place of the subject's number."""
    if raw.empty:
        return pd.DataFrame(columns=[*FILLS, "who", "moment"])
    raw = raw.assign(day=raw["local_at"] // DAY_S, moment=_moment(raw))
    raw = raw.astype({"key_id": "float64"}).fillna({"key_id": 0}).astype({"key_id": "int64"})
    lines = raw.sort_values("id").drop_duplicates("moment")
    sums = raw.groupby("moment")[["quantity_milli", "amount_minor"]].sum()
    lines = lines.drop(columns=list(sums)).merge(sums, left_on="moment", right_index=True)
    lines = _on_day(lines, facts.keys(conn).rename(columns={"vehicle_id": "seen"}), "key_id")
    cards = facts.bound(conn).rename(columns={"number": "card_no", "vehicle_id": "bound"})
    lines = _on_day(lines, cards.rename(columns={"kind": "card"}), "card_no")
    awarded = facts.awarded(conn, int(lines["day"].min()) - 1)
    awarded = awarded.merge(earned[["sale_id", "is_late"]], on="sale_id", how="left")
    lines = lines.merge(awarded, left_on="id", right_on="sale_id", how="left")
    return _as_fills(lines, uses, rules)


def _on_day(lines: pd.DataFrame, spans: pd.DataFrame, by: str) -> pd.DataFrame:
    """Return each line with the span of its key that holds on its day, blank where none does."""
    told = [name for name in spans.columns if name not in {by, "from_day", "to_day"}]
    near = lines[["id", by, "day"]].merge(spans, on=by)
    holds = near[(near["from_day"] <= near["day"]) & (near["day"] < near["to_day"])]
    return lines.merge(holds.drop_duplicates("id", keep="last")[["id", *told]], on="id", how="left")


def _as_fills(lines: pd.DataFrame, uses: Mapping[int, str], rules: OddityRules) -> pd.DataFrame:
    vehicle = lines["seen"].fillna(0).astype("int64")
    bound = lines["bound"].fillna(0).astype("int64")
    seen = vehicle.where(_is_so(lines["is_plate"]), 0)
    has_card = lines["card_no"] != ""
    minute = (lines["local_at"] % DAY_S // MINUTE_S).where(lines["has_time"] == 1, -1)
    block = (minute - rules.shift_from_hour * HOUR_MIN) % DAY_MIN // (rules.shift_hours * HOUR_MIN)
    use = bound.map(uses).astype("object").fillna(vehicle.map(uses))
    rows = lines.drop(columns="sale_id").assign(
        sale_id=lines["id"],
        who=np.where(has_card, "card:" + lines["card_no"], "vehicle:" + vehicle.astype(str)),
        minute=minute,
        shift=block.astype(str).where(minute >= 0, ""),
        hand=lines["nozzle"],
        kind=use.astype("object").fillna(Use.UNKNOWN.value),
        card=lines["card"].astype("object").fillna("").where(has_card, ""),
        is_electric=_is_so(lines["is_electric"]),
        seen_id=seen,
        bound_id=bound.where(has_card, 0),
        is_refunded=lines["is_refunded"].astype(bool),
        is_claimed=_is_so(lines["is_late"]) & has_card,
        is_multiplied=_is_so(lines["is_multiplied"]),
        points=lines["points"].fillna(0).astype("int64"),
    )
    return rows[has_card | (vehicle > 0)].reset_index(drop=True)


def _is_so(told: pd.Series) -> pd.Series:
    """Return whether it is told and so; SQLite tells 0 and 1."""
    return told.astype("float64").fillna(0) > 0


def _late(conn: Connection, earned: pd.DataFrame) -> pd.DataFrame:
    """Return what sales earned, with the station and whether it was after their import."""
    if earned.empty:
        return earned.assign(station_id=[], is_late=[])
    sold = facts.imported(conn, earned["sale_id"].tolist())
    both = earned.merge(sold, on="sale_id")
    return both.assign(is_late=both["at"] > both["ended_at"].astype("float64"))


def _deed(rows: pd.DataFrame, sign: str, sort: OdditySort, by: str) -> pd.DataFrame:
    who = f"{sort}:" + rows[by].astype("int64").astype(str)
    made = rows.assign(sign=sign, who=who, kind=sort.value)
    return made[["deed_id", "station_id", "who", "day", "kind", "sign", "is_odd", "points"]]


def _entered(earned: pd.DataFrame) -> pd.DataFrame:
    """Return for each earning of a member whether it was entered after the sale had come in."""
    rows = earned.rename(columns={"id": "deed_id", "is_late": "is_odd"})
    rows = rows.assign(day=rows["at"].astype("float64") // DAY_S)
    return _deed(rows, "entered_late", OdditySort.MEMBER, "customer_id")


def _moved(moves: pd.DataFrame) -> pd.DataFrame:
    """Return for each movement of a member's points whether it was a correction by hand."""
    rows = moves[moves["move"].isin(EARNINGS) & moves["station_id"].notna()]
    rows = rows.assign(deed_id=rows["id"], is_odd=rows["move"] == PointMove.ADJUST.value)
    return _deed(rows, "adjusted", OdditySort.MEMBER, "customer_id")


def _reversed(moves: pd.DataFrame) -> pd.DataFrame:
    """Return for each redemption that an account booked whether it was reversed later."""
    is_spent = moves["move"].isin(facts.SPENT) & (moves["account_id"] > 0)
    rows = moves[is_spent & moves["station_id"].notna()]
    rows = rows.rename(columns={"id": "deed_id", "is_reversed": "is_odd"})
    return _deed(rows, "reversed", OdditySort.ACCOUNT, "account_id")


def _who_came(conn: Connection, fills: pd.DataFrame) -> "pd.Series[int]":
    """Return by customer the last day on which a card of his was used."""
    links = facts.bound(conn)
    used = fills.assign(number=fills["who"].astype(str).str.removeprefix("card:"))
    both = used[["number", "day"]].merge(links[["number", "customer_id"]], on="number")
    return both.groupby("customer_id")["day"].max()


def _signed_up(
    signed: pd.DataFrame, sharing: "pd.Series[int]", came: "pd.Series[int]", rules: OddityRules
) -> list[pd.DataFrame]:
    """Return for each sign-up whether many share its telephone, and whether it was one of a burst.

    A burst is many of one account on one day; who came since is no part of it.
    """
    day = signed["made_at"].astype("float64") // DAY_S
    members = signed["phone_index"].map(sharing).fillna(0)
    rows = signed.rename(columns={"customer_id": "deed_id"}).assign(day=day, points=0)
    on_day = rows.groupby(["account_id", "day"])["deed_id"].transform("size")
    never = ~(signed["customer_id"].map(came).fillna(-1).astype("float64") >= day)
    shared = rows.assign(is_odd=members >= rules.shared_phone)
    many = rows.assign(is_odd=(on_day >= rules.burst_signups) & never)
    return [
        _deed(shared, "shared_phone", OdditySort.ACCOUNT, "account_id"),
        _deed(many, "burst", OdditySort.ACCOUNT, "account_id"),
    ]


def _doers(
    conn: Connection, deeds: pd.DataFrame, earned: pd.DataFrame, moves: pd.DataFrame
) -> dict[tuple[str, int], frozenset[int]]:
    """Return the accounts behind each odd deed: who booked it, and who asked for it."""
    asked = facts.askers(conn, correcting.ADJUSTMENT)
    told = {
        ("adjusted", row["id"]): {row["account_id"], asked.get(row["key"], 0)}
        for row in moves[["id", "account_id", "key"]].to_dict("records")
    }
    for row in earned[["id", "account_id"]].to_dict("records"):
        told["entered_late", row["id"]] = {row["account_id"]}
    own = deeds[deeds["kind"] == OdditySort.ACCOUNT.value]
    for row in own[["sign", "deed_id", "who"]].to_dict("records"):
        told[row["sign"], row["deed_id"]] = {int(row["who"].partition(":")[2])}
    return {(str(sign), int(id_)): frozenset(ids - {0}) for (sign, id_), ids in told.items()}
