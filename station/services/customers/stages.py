"""How far has a customer come? His stage now, since when, by what; and who stands still."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from time import time

import pandas as pd

from station.analysis import lifecycle
from station.analysis.lifecycle import View as View  # noqa: PLC0414 - pages name it
from station.archive.customers import book, marks, proposals, stalled
from station.archive.customers import prospects as prospect_book
from station.archive.customers.marks import StageMark
from station.archive.customers.proposals import Proposal
from station.archive.customers.stalled import Stall
from station.archive.database import Connection
from station.contact.stalls import Choice as Choice  # noqa: PLC0414 - pages name it
from station.errors import BadValueError, NotAllowedError, NotFoundError
from station.model import Stage, day_number
from station.services import board
from station.services.access import acting, right, today
from station.services.ask import Ask
from station.services.customers import contacts, grades, naming, roll
from station.services.customers.contacts import Seen
from station.services.customers.grades import Mark

ASSIGN = "keeper.assign"
LONGEST_WAIT_DAYS = 366
LISTED = (
    *("customer_id", "who", "code", "organisation_name", "station", "keeper", "grade"),
    *("stage", "stage_was", "stage_day", "days", "trigger", "is_stalled"),
)
"""What `listing` returns of each customer."""
STALLED = (
    *("id", "customer_id", "who", "station", "keeper", "grade", "stage", "since_day", "due_day"),
    "days",
)
"""What `stalls` returns of each who stands still."""
BY_HAND: Mapping[str, tuple[Stage, ...]] = {
    Stage.PROSPECT.value: (Stage.INTENDING,),
    Stage.INTENDING.value: (Stage.PROSPECT,),
    Stage.FIRST_PURCHASE.value: (Stage.LOST,),
    Stage.RETURNING.value: (Stage.LOST,),
    Stage.MATURE.value: (Stage.LOST,),
    Stage.DECLINING.value: (Stage.LOST,),
    Stage.LOST.value: (),
}
"""Which stages people may say against the figures, and from which: those that figures cannot."""


def now(conn: Connection, customer_ids: Collection[int]) -> dict[int, str]:
    """Return the stage of each of these customers; of whom nothing is marked yet is a prospect.

    A record that was found to be another's has that one's stage.
    """
    last = marks.now(conn, marks.STAGE, customer_ids)
    by_person = dict(zip(last["customer_id"], last["stage"], strict=True))
    whole = marks.standing(conn, customer_ids)
    return {one: str(by_person.get(whole.get(one, one), Stage.PROSPECT)) for one in customer_ids}


@right("board.read")
def on_board(ask: Ask) -> tuple[dict[int, str], dict[int, str]]:
    """Return the grades and the stages of the customers whose vehicles are on the board."""
    ids = board.vehicles(ask)["customer_id"].dropna().astype("int64").unique().tolist()
    with ask.db.reading() as conn:
        return grades.now(conn, ids), now(conn, ids)


def parts(view: View) -> Mapping[str, tuple[str, ...]]:
    """Return the parts of a view in order, each with the stages that it takes together."""
    return {
        name: tuple(stage.value for stage in taken) for name, taken in lifecycle.VIEWS[view].items()
    }


@right("cards.read")
def counts(ask: Ask, *, stations: Sequence[str] = ()) -> dict[str, int]:
    """Return how many customers in sight are in each stage; `listing` names exactly as many."""
    with ask.db.reading() as conn:
        rows = roll.roll(conn, ask, stations)
    sizes = rows["stage"].value_counts()
    return {stage.value: int(sizes.get(stage.value, 0)) for stage in Stage}


@right("cards.read")
def listing(
    ask: Ask, *, stations: Sequence[str] = (), stages: Sequence[str] = (), least_days: int = 0
) -> pd.DataFrame:
    """Return LISTED of the customers in sight, those longest in their stage first.

    Only of these stages if any are named, and of whoever has been in his for so many days.
    """
    with ask.db.reading() as conn:
        rows = roll.roll(conn, ask, stations)
        days = (day_number(ask.as_of) - rows["stage_day"]).fillna(0).clip(lower=0)
        rows = rows.assign(days=days.astype("int64"))
        rows = rows[rows["stage"].isin(list(stages))] if stages else rows
        rows = rows[rows["days"] >= least_days]
        rows = roll.named(conn, ask, rows)
        open_ones = stalled.still_open(conn)
    told = rows.assign(is_stalled=rows["customer_id"].isin(open_ones["customer_id"].tolist()))
    order = ["days", "customer_id"]
    return told.sort_values(order, ascending=[False, True], ignore_index=True)[list(LISTED)]


@right("cards.read")
def dwell(ask: Ask, *, stations: Sequence[str] = ()) -> pd.DataFrame:
    """Return lifecycle.DWELL and limit_days of the customers in sight, a row a stage."""
    with ask.db.reading() as conn:
        rows = roll.roll(conn, ask, stations)
        stays = marks.stays(conn)
    mine = stays[stays["customer_id"].isin(rows["customer_id"].tolist())]
    told = lifecycle.dwell(rows, mine, day_number(ask.as_of))
    limits = {stage.value: days for stage, days in ask.settings.life.limits.items() if days}
    return told.assign(limit_days=told["stage"].map(limits))


@right("cards.read")
def history(ask: Ask, *, customer_id: int) -> list[Mark]:
    """Return every stage that a customer reached, the newest first.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
    """
    with ask.db.reading() as conn:
        seen = contacts.in_sight(conn, ask, customer_id)
        rows = marks.history(conn, marks.STAGE, seen.customer.ids)
    return [
        Mark(
            day=row["day"],
            now=row["stage"],
            was=row["was"],
            reason=row["trigger"],
            facts={},
            proposed_by=row["proposed_by"],
            approved_by=row["approved_by"],
        )
        for row in reversed(rows)
    ]


# --- stalls ---------------------------------------------------------------------------------------


@right("cards.read")
def stalls(ask: Ask, *, stations: Sequence[str] = ()) -> pd.DataFrame:
    """Return STALLED of the customers in sight who stand still and wait for a decision.

    Whoever assigns customers sees all of them, anybody else those in his own care.
    """
    day = day_number(ask.as_of)
    with ask.db.reading() as conn:
        rows = roll.roll(conn, ask, stations)
        if ASSIGN not in ask.scope.rights:
            rows = rows[rows["keeper_id"] == ask.scope.account_id]
        told = stalled.listing(conn, rows["customer_id"].tolist())
        names = rows[["customer_id", "code", "station", "grade"]]
        told = told.merge(names, on="customer_id")
        told = roll.named(conn, ask, told)
    days = (day - told["since_day"].astype("int64")).astype("int64")
    told = told.assign(days=days).sort_values(["grade", "due_day", "id"], ignore_index=True)
    return told[list(STALLED)]


@right("cards.read")
def still(ask: Ask, *, stations: Sequence[str] = ()) -> int:
    """Return how many `stalls` would name, without looking at everybody."""
    with ask.db.reading() as conn:
        told = stalled.listing(conn)
        if ASSIGN not in ask.scope.rights:
            told = told[told["keeper"] == ask.scope.account]
        return roll.count(conn, ask, told["customer_id"].tolist(), stations)


@right("prospects.work")
def decide(
    ask: Ask, *, stall_id: int, choice: Choice, until: date | None = None, reason: str
) -> None:
    """Close the alarm of a customer who stands still: push on, postpone to a day, or give up.

    What is decided of a prospect holds on his page, too. His keeper may, and whoever assigns.

    Raises:
        NotFoundError: there is no such alarm, or none in sight; both answer alike.
        NotAllowedError: another looks after him.
        BadValueError: no reason is given, it names him, or the day cannot be.
    """
    with acting(ask) as conn:
        stall = _open_stall(conn, stall_id)
        seen = contacts.there(conn, ask, stall.customer_id)
        _refuse_others(ask, seen)
        reason = contacts.impersonal(reason, contacts.of_person(ask.db, seen.customer))
        until_day = _until(choice, until)
        stalled.close(
            conn,
            [stall.id],
            decision=choice.value,
            reason=reason,
            until_day=until_day,
            decided_by=ask.scope.account,
            decided_at=int(time()),
        )
        _tell_prospect(conn, seen, choice, until_day)
        contacts.note(conn, ask, seen, f"stall:{choice}", reason=reason)


def _open_stall(conn: Connection, stall_id: int) -> Stall:
    stall = stalled.find(conn, stall_id)
    if stall is None or stall.decided_at is not None:
        raise NotFoundError("stages.no_stall")
    return stall


def _refuse_others(ask: Ask, seen: Seen) -> None:
    """Refuse whoever neither looks after a customer nor assigns customers where he is known."""
    is_own = bool(ask.scope.account_id) and seen.customer.keeper_id == ask.scope.account_id
    if not is_own and not ask.scope.rights.get(ASSIGN, frozenset()) & seen.here:
        raise NotAllowedError("contacts.not_yours")


def _until(choice: Choice, until: date | None) -> int | None:
    if choice is not Choice.POSTPONE:
        return None
    if until is None or not 0 < (until - today()).days <= LONGEST_WAIT_DAYS:
        raise BadValueError("stages.bad_day", most=LONGEST_WAIT_DAYS)
    return day_number(until)


def _tell_prospect(conn: Connection, seen: Seen, choice: Choice, until_day: int | None) -> None:
    """Let what was decided of a prospect stand on his own page."""
    prospect = prospect_book.find(conn, seen.customer.ids)
    if prospect is None or prospect.won_day is not None:
        return
    standing = {
        Choice.PUSH_ON: prospect_book.OPEN,
        Choice.POSTPONE: prospect_book.PAUSED,
        Choice.GIVE_UP: prospect_book.GIVEN_UP,
    }[choice]
    prospect_book.change(conn, prospect.customer_id, standing=standing, pause_until_day=until_day)


# --- said by hand, by two -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Waiting:
    """A stage that somebody proposed for a customer, and whether the asker may decide it."""

    id: int
    customer_id: int
    who: str
    now: str
    stage: str
    reason: str
    proposed_by: str
    proposed_at: int
    may_decide: bool


def possible(stage: str) -> tuple[Stage, ...]:
    """Return which stages may be proposed for a customer in one."""
    return BY_HAND.get(stage, ())


@right("prospects.work")
def propose(ask: Ask, *, customer_id: int, stage: Stage, reason: str) -> int:
    """Return the number of a proposal that a customer is in another stage; a second person decides.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
        NotAllowedError: he was erased, or another looks after him.
        BadValueError: the figures alone say that, one waits already, no reason is given, or it
            names him.
    """
    with acting(ask) as conn:
        seen = contacts.there(conn, ask, customer_id)
        _refuse_others(ask, seen)
        first = seen.customer.id
        if stage not in possible(now(conn, [first])[first]):
            raise BadValueError("stages.not_by_hand")
        if proposals.still_open(conn, seen.customer.ids):
            raise BadValueError("stages.waits")
        reason = contacts.impersonal(reason, contacts.of_person(ask.db, seen.customer))
        new = Proposal(first, stage.value, reason, ask.scope.account, ask.scope.person, int(time()))
        proposal_id = proposals.add(conn, new)
        contacts.note(conn, ask, seen, f"stage:{stage}:proposed", reason=reason)
    return proposal_id


@right("cards.read")
def waiting(ask: Ask) -> list[Waiting]:
    """Return the proposals about customers in sight that wait for a second person."""
    told = []
    with ask.db.reading() as conn:
        for one in proposals.still_open(conn):
            try:
                seen = contacts.in_sight(conn, ask, one.customer_id)
            except NotFoundError:
                continue
            names = naming.in_list(conn, ask, [seen.customer.id])
            told.append(
                Waiting(
                    one.id,
                    seen.customer.id,
                    names.get(seen.customer.id, seen.customer.code),
                    now(conn, [seen.customer.id])[seen.customer.id],
                    one.stage,
                    one.reason,
                    one.proposed_by,
                    one.proposed_at,
                    _may_decide(ask, seen, one),
                )
            )
    return told


def _may_decide(ask: Ask, seen: Seen, one: Proposal) -> bool:
    return one.proposer != ask.scope.person and bool(
        ask.scope.rights.get(ASSIGN, frozenset()) & seen.here
    )


@right(ASSIGN)
def approve(ask: Ask, *, proposal_id: int, is_approved: bool) -> None:
    """Decide what another proposed; approved, the customer is in that stage from today on.

    Raises:
        NotFoundError: there is no such proposal, or none in sight; both answer alike.
        NotAllowedError: it is one's own.
        BadValueError: the figures have moved him since.
    """
    with acting(ask) as conn:
        one = proposals.find(conn, proposal_id)
        if one is None or one.decided_at is not None:
            raise NotFoundError("stages.no_proposal")
        seen = contacts.there(conn, ask, one.customer_id)
        if one.proposer == ask.scope.person:
            raise NotAllowedError("stages.own_proposal")
        proposals.decide(
            conn,
            one.id,
            decided_by=ask.scope.account,
            decided_at=int(time()),
            is_approved=is_approved,
        )
        if is_approved:
            _mark(conn, ask, seen, one)
        deed = "approved" if is_approved else "declined"
        contacts.note(conn, ask, seen, f"stage:{one.stage}:{deed}", reason=one.reason)


def _mark(conn: Connection, ask: Ask, seen: Seen, one: Proposal) -> None:
    first = book.same(conn, seen.customer.id)[0]
    was = now(conn, [first])[first]
    if Stage(one.stage) not in possible(was):
        raise BadValueError("stages.not_by_hand")
    last = marks.now(conn, marks.STAGE, [first])
    mark = StageMark(
        customer_id=first,
        day=max([day_number(today()), *map(int, last["day"])]),
        stage=one.stage,
        was=was,
        trigger=lifecycle.Trigger.APPROVED.value,
        marked_at=int(time()),
        proposed_by=one.proposed_by,
        approved_by=ask.scope.account,
    )
    marks.add_stages(conn, [mark])
