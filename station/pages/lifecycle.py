"""How far have our customers come, who stands still, and who is worth most?"""

from datetime import timedelta

import pandas as pd
import streamlit as st

from station.model import Grade, Stage, day_number
from station.pages.parts import acts, blocks, charts, look, rests
from station.pages.parts.blocks import Column
from station.pages.parts.desk import Desk, current
from station.services import access
from station.services.customers import grades, stages
from station.services.customers.stages import Choice, View

LIFE, STALLS, WORTH, RESTS = ("life", "stalls", "worth", "rests")
PLAN = "calls.plan"
WHOLE = "stages"
"""The view that names each stage by itself."""
DAYS = ("15", "30", "90", "182")
WAIT_DAYS = 15
WEEK, MONTH = MOVES = ("7", "31")
FELL = "fell"
MOVES_KEY, GRADE_KEY, PART_KEY = "lifecycle_moves", "lifecycle_grade", "lifecycle_part"
"""How the days of the moves, the grade and the part are called in the address."""
FIELD_PX = 260
LISTED = (
    Column("who", "page_lifecycle.who"),
    Column("stage", "page_lifecycle.stage", "stage"),
    Column("grade", "page_lifecycle.grade", "grade"),
    Column("days", "page_lifecycle.days", "count"),
    Column("trigger", "page_lifecycle.why", "stage_by"),
    Column("stage_was", "page_lifecycle.was", "stage"),
    Column("keeper", "page_lifecycle.keeper"),
    Column("station", "page_lifecycle.station"),
)
STALLED = (
    Column("who", "page_lifecycle.who"),
    Column("grade", "page_lifecycle.grade", "grade"),
    Column("stage", "page_lifecycle.stage", "stage"),
    Column("days", "page_lifecycle.days", "count"),
    Column("due_day", "page_lifecycle.due", "day"),
    Column("keeper", "page_lifecycle.keeper"),
    Column("station", "page_lifecycle.station"),
)
GRADED = (
    Column("who", "page_lifecycle.who"),
    Column("grade", "page_lifecycle.grade", "grade"),
    Column("grade_was", "page_lifecycle.grade_was", "grade"),
    Column("grade_day", "page_lifecycle.since", "day"),
    Column("reason", "page_lifecycle.why", "grade_why"),
    Column("months", "page_lifecycle.months", "count"),
    Column("amount", "page_lifecycle.amount", "money"),
    Column("gain", "page_lifecycle.gain", "money"),
    Column("costs", "page_lifecycle.costs", "money"),
    Column("years", "page_lifecycle.years", "number"),
    Column("keeper", "page_lifecycle.keeper"),
    Column("station", "page_lifecycle.station"),
)
DWELL = (
    Column("stage", "page_lifecycle.stage", "stage"),
    Column("now", "page_lifecycle.now", "count"),
    Column("median_days", "page_lifecycle.median", "count"),
    Column("longest_days", "page_lifecycle.longest", "count"),
    Column("left", "page_lifecycle.left", "count"),
    Column("left_median_days", "page_lifecycle.left_median", "count"),
    Column("limit_days", "page_lifecycle.limit", "count"),
)


def render() -> None:
    """Draw the page."""
    desk = current()
    st.title(desk.say("page_lifecycle.title"), anchor=False)
    acts.told()
    counts = stages.counts(desk.ask, stations=desk.stations)
    still = stages.stalls(desk.ask, stations=desk.stations)
    blocks.answer(_answer(desk, counts, len(still)))
    part = blocks.choose(
        desk,
        key=PART_KEY,
        label="page_lifecycle.part",
        options={
            LIFE: desk.say("page_lifecycle.part_life"),
            STALLS: f"{desk.say('page_lifecycle.part_stalls')} **{len(still):,}**",
            WORTH: desk.say("page_lifecycle.part_worth"),
        }
        | ({RESTS: desk.say("page_lifecycle.part_rests")} if PLAN in desk.ask.scope.rights else {}),
        default=LIFE,
        is_labelled=False,
    )
    if part == STALLS:
        _stalls(desk, still)
    elif part == WORTH:
        _worth(desk)
    elif part == RESTS:
        rests.draw(desk)
    else:
        _life(desk, counts)


def _answer(desk: Desk, counts: dict[str, int], still: int) -> str:
    if not sum(counts.values()):
        return desk.say("page_lifecycle.answer_none")
    said = desk.say(
        "page_lifecycle.answer",
        customers=sum(counts.values()),
        mature=counts[Stage.MATURE],
        declining=counts[Stage.DECLINING],
        lost=counts[Stage.LOST],
    )
    return said + (desk.say("page_lifecycle.answer_stalls", stalls=still) if still else "")


# --- the life -------------------------------------------------------------------------------------


def _life(desk: Desk, counts: dict[str, int]) -> None:
    """Draw how many are in each part of a view; a tap lists exactly these."""
    _waiting(desk)
    view = blocks.choose(
        desk,
        key="lifecycle_view",
        label="page_lifecycle.view",
        options={
            name: desk.say(f"page_lifecycle.view_{name}") for name in (WHOLE, *map(str, View))
        },
        default=WHOLE,
    )
    parts = _parts(view or WHOLE)
    sizes = {name: sum(counts[stage] for stage in taken) for name, taken in parts.items()}
    clicked = _chart(desk, view or WHOLE, parts, sizes)
    chosen = _chosen(desk, view or WHOLE, sizes) or clicked
    least = blocks.choose(
        desk,
        key="lifecycle_days",
        label="page_lifecycle.least",
        options={days: desk.say("page_lifecycle.least_days", days=int(days)) for days in DAYS},
    )
    rows = stages.listing(
        desk.ask,
        stations=desk.stations,
        stages=parts.get(chosen or "", ()),
        least_days=int(least or 0),
    )
    title = _title(desk, view or WHOLE, chosen if chosen in parts else None, len(rows))
    blocks.names(desk, rows, LISTED, key="lifecycle_list", title=title)
    _dwell(desk)


def _parts(view: str) -> dict[str, tuple[str, ...]]:
    if view == WHOLE:
        return {stage.value: (stage.value,) for stage in Stage}
    return dict(stages.parts(View(view)))


def _word(desk: Desk, view: str, part: str) -> str:
    """Return what a part of a view is called; most are called like their stage."""
    return desk.say(f"word.stage.{part}" if view == WHOLE else f"page_lifecycle.{view}_{part}")


def _chart(
    desk: Desk, view: str, parts: dict[str, tuple[str, ...]], sizes: dict[str, int]
) -> str | None:
    most = max(sizes, key=lambda name: sizes[name])
    title = desk.say(
        "page_lifecycle.chart",
        part=_word(desk, view, most),
        share=sizes[most] / max(sum(sizes.values()), 1),
    )
    figure = charts.bars(
        [_word(desk, view, name) for name in parts],
        list(sizes.values()),
        title=title,
        colours=[look.STAGE[Stage(taken[0])].colour for taken in parts.values()],
        keys=list(parts),
    )
    return blocks.clicked(figure, key=f"lifecycle_chart_{view}", alt=title)


def _chosen(desk: Desk, view: str, sizes: dict[str, int]) -> str | None:
    """Return the part chosen by a tap on its word, for whoever cannot tap a bar."""
    return blocks.choose(
        desk,
        key=f"lifecycle_{view}",
        label="page_lifecycle.which",
        options={name: f"{_word(desk, view, name)} **{size:,}**" for name, size in sizes.items()},
    )


def _title(desk: Desk, view: str, part: str | None, rows: int) -> str:
    if part is None:
        return desk.say("page_lifecycle.list", customers=rows)
    return desk.say("page_lifecycle.list_of", part=_word(desk, view, part), customers=rows)


def _dwell(desk: Desk) -> None:
    """Tell how long customers stay in each stage, those in it and those who left it."""
    rows = stages.dwell(desk.ask, stations=desk.stations)
    title = desk.say("page_lifecycle.dwell")
    st.subheader(title, anchor=False)
    st.caption(blocks.plain(desk.say("page_lifecycle.dwell_told")))
    blocks.table(desk, rows, DWELL, key="lifecycle_dwell", alt=title)


def _waiting(desk: Desk) -> None:
    """Let a second person decide what somebody proposed."""
    for one in stages.waiting(desk.ask):
        with st.container(border=True):
            said = desk.say(
                "page_lifecycle.proposed",
                by=one.proposed_by,
                who=one.who,
                now=desk.say(f"word.stage.{one.now}"),
                stage=desk.say(f"word.stage.{one.stage}"),
                reason=one.reason,
            )
            st.markdown(blocks.plain(said))
            if one.may_decide:
                _decide_proposal(desk, one.id)


def _decide_proposal(desk: Desk, proposal_id: int) -> None:
    def act(*, is_approved: bool) -> str:
        stages.approve(desk.ask, proposal_id=proposal_id, is_approved=is_approved)
        return desk.say(f"page_lifecycle.{'approved' if is_approved else 'declined'}")

    with st.container(horizontal=True):
        if st.button(
            desk.say("page_lifecycle.approve"), key=f"lifecycle_yes_{proposal_id}", type="primary"
        ):
            acts.do(desk, lambda: act(is_approved=True))
        if st.button(desk.say("page_lifecycle.decline"), key=f"lifecycle_no_{proposal_id}"):
            acts.do(desk, lambda: act(is_approved=False))


# --- stalls ---------------------------------------------------------------------------------------


def _stalls(desk: Desk, still: pd.DataFrame) -> None:
    """List who stands still, and let one be decided: no alarm goes away by itself."""
    st.caption(blocks.plain(desk.say("page_lifecycle.stalls_told")))
    title = desk.say("page_lifecycle.stalls", customers=len(still))
    page = blocks.names(
        desk, still, STALLED, key="lifecycle_stalls", title=title, empty="page_lifecycle.no_stalls"
    )
    if len(page) and "prospects.work" in desk.ask.scope.rights:
        _decide(desk, page)


def _decide(desk: Desk, page: pd.DataFrame) -> None:
    """Let one of the page be decided: what now, until when, and why."""
    names = {
        int(row["id"]): f"{row['who']} · {desk.say('word.stage.' + str(row['stage']))}"
        for row in page.to_dict("records")
    }
    with st.container(border=True), st.form(acts.fresh("lifecycle_form"), border=False):
        which = st.selectbox(
            desk.say("page_lifecycle.stall_which"),
            list(names),
            format_func=names.__getitem__,
            key=acts.fresh("lifecycle_which"),
        )
        choice = st.radio(
            desk.say("page_lifecycle.what_now"),
            list(Choice),
            format_func=lambda one: desk.say(f"word.stall_choice.{one}"),
            captions=[desk.say(f"page_lifecycle.choice_{one}") for one in Choice],
            key=acts.fresh("lifecycle_choice"),
        )
        until = st.date_input(
            desk.say("page_lifecycle.until"),
            value=access.today() + timedelta(days=WAIT_DAYS),
            min_value=access.today(),
            key=acts.fresh("lifecycle_until"),
            width=FIELD_PX,
        )
        reason = acts.why(desk, key="lifecycle_reason")
        sent = st.form_submit_button(
            desk.say("page_lifecycle.decide"), type="primary", key=acts.fresh("lifecycle_decide")
        )

    def decide() -> str:
        chosen = choice or Choice.PUSH_ON
        day = until if chosen is Choice.POSTPONE else None
        stages.decide(desk.ask, stall_id=which or 0, choice=chosen, until=day, reason=reason)
        return desk.say("page_lifecycle.decided")

    if sent:
        acts.do(desk, decide)


# --- worth ----------------------------------------------------------------------------------------


def _worth(desk: Desk) -> None:
    """Draw how many have which grade and who moved, and list them with what counted."""
    rows = grades.listing(desk.ask, stations=desk.stations)
    rows = rows.assign(costs=rows[["discount", "points", "calls"]].sum(axis=1))
    sizes = {grade.value: int((rows["grade"] == grade.value).sum()) for grade in Grade}
    total = rows["amount"].sum()
    best = rows.loc[rows["grade"] == Grade.A.value, "amount"].sum()
    title = desk.say(
        "page_lifecycle.worth_chart", customers=sizes["A"], share=float(best / (total or 1))
    )
    figure = charts.bars(
        list(sizes),
        list(sizes.values()),
        title=title,
        colours=[look.GRADE[grade].colour for grade in Grade],
        keys=list(sizes),
    )
    clicked = blocks.clicked(figure, key="lifecycle_grades", alt=title)
    options = {
        grade.value: f"{look.GRADE[grade].icon} {grade.value} **{sizes[grade.value]:,}**"
        for grade in Grade
    }
    moved = _moved(desk, rows)
    for name, part in moved.items():
        options[name] = f"{desk.say(f'page_lifecycle.{name}')} **{len(part):,}**"
    chosen = (
        blocks.choose(desk, key=GRADE_KEY, label="page_lifecycle.grades", options=options)
        or clicked
    )
    st.caption(blocks.plain(_rule(desk)))
    shown = moved[chosen] if chosen in moved else rows[rows["grade"] == chosen] if chosen else rows
    title = desk.say("page_lifecycle.worth_list", customers=len(shown))
    columns = GRADED if (rows["gain"] != rows["amount"]).any() else _without_gain()
    blocks.names(desk, shown, columns, key="lifecycle_worth", title=title)


def _without_gain() -> tuple[Column, ...]:
    """Return the columns where no margin is known: it would repeat the money."""
    return tuple(column for column in GRADED if column.name != "gain")


def _moved(desk: Desk, rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return who rose and who fell within the days chosen."""
    days = blocks.choose(
        desk,
        key=MOVES_KEY,
        label="page_lifecycle.moves",
        options={days: desk.say("page_lifecycle.moves_days", days=int(days)) for days in MOVES},
        default=MONTH,
    )
    return grades.moves(rows, day_number(desk.ask.as_of) - int(days or MONTH))


def _rule(desk: Desk) -> str:
    """Return in words by what the grades are given."""
    rules = desk.ask.settings.value
    by = "margin" if rules.knows_margins else "money"
    return desk.say(
        f"page_lifecycle.rule_{rules.cut}",
        days=rules.days,
        months=rules.least_months,
        a=rules.a_share if rules.cut == "share" else rules.a_least,
        b=rules.b_share if rules.cut == "share" else rules.b_least,
        c=rules.c_least,
        what=desk.say(f"page_lifecycle.by_{by}"),
    )


if __name__ == "__main__":
    render()
