"""Grade and stage of one customer, in the same colour and letter everywhere; how he got there."""

import streamlit as st

from station.model import Grade, Stage, day_date
from station.pages.parts import acts, blocks, look
from station.pages.parts.desk import Desk
from station.services.customers import grades, stages
from station.services.customers.grades import Mark

SHOWN = 12
WORKS = "prospects.work"
WHY = {"grade": "grade_why", "stage": "stage_by"}
"""The table of word.toml that says why each changed."""


def badges(desk: Desk, grade: str, stage: str) -> None:
    """Draw the grade with its letter and the stage with its word."""
    one, other = look.GRADE[Grade(grade)], look.STAGE[Stage(stage)]
    st.badge(desk.say("standing.grade", grade=grade), icon=one.icon, color=one.badge)
    st.badge(desk.say(f"word.stage.{stage}"), icon=other.icon, color=other.badge)


def of_customer(desk: Desk, customer_id: int) -> None:
    """Draw the badges of a customer in sight."""
    badges(desk, *now(desk, customer_id))


def now(desk: Desk, customer_id: int) -> tuple[str, str]:
    """Return grade and stage of a customer in sight."""
    worth = grades.history(desk.ask, customer_id=customer_id)
    life = stages.history(desk.ask, customer_id=customer_id)
    return _first(worth, Grade.D.value), _first(life, Stage.PROSPECT.value)


def _first(marks: list[Mark], blank: str) -> str:
    return marks[0].now if marks else blank


def draw(desk: Desk, *, customer_id: int) -> None:
    """Draw how a customer got his grade and his stage, and let another stage be proposed."""
    worth = grades.history(desk.ask, customer_id=customer_id)
    life = stages.history(desk.ask, customer_id=customer_id)
    st.subheader(desk.say("standing.title"), anchor=False)
    st.markdown(blocks.plain(_sentence(desk, worth, life)))
    if worth or life:
        with st.expander(desk.say("standing.history"), icon=":material/history:"):
            _marks(desk, worth, "grade")
            _marks(desk, life, "stage")
    if WORKS in desk.ask.scope.rights:
        _propose(desk, customer_id, _first(life, Stage.PROSPECT.value))


def _sentence(desk: Desk, worth: list[Mark], life: list[Mark]) -> str:
    """Return grade and stage in words, each with its day and its reason."""
    told = []
    if worth:
        why = desk.say(f"word.grade_why.{worth[0].reason}")
        day = day_date(worth[0].day)
        told.append(desk.say("standing.graded", grade=worth[0].now, day=day, why=why))
        if facts := worth[0].facts:
            told.append(_facts(desk, facts))
    if life:
        stage = desk.say(f"word.stage.{life[0].now}")
        why = desk.say(f"word.stage_by.{life[0].reason}")
        told.append(desk.say("standing.staged", stage=stage, day=day_date(life[0].day), why=why))
    return " ".join(told) if told else desk.say("standing.not_yet")


def _facts(desk: Desk, facts: "dict[str, float] | object") -> str:
    """Return what counted for a grade, in whole money."""
    told = dict(facts) if isinstance(facts, dict) else {}
    return desk.say(
        "standing.counted",
        months=int(told["months"]),
        gain=round(told["gain_minor"] / 100),
        costs=round(sum(told[f"{one}_minor"] for one in ("discount", "points", "calls")) / 100),
        years=float(told["years"]),
    )


def _marks(desk: Desk, marks: list[Mark], kind: str) -> None:
    for one in marks[:SHOWN]:
        key = "changed" if one.was else "began"
        word = f"word.{kind}."
        reason = f"word.{WHY[kind]}.{one.reason}"
        said = desk.say(
            f"standing.{key}",
            day=day_date(one.day),
            now=desk.say(word + one.now),
            was=desk.say(word + one.was) if one.was else "",
            why=desk.say(reason),
        )
        if one.proposed_by:
            said += desk.say("standing.two", one=one.proposed_by, other=one.approved_by)
        st.markdown(f"- {blocks.plain(said)}")


def _propose(desk: Desk, customer_id: int, stage: str) -> None:
    """Let a stage be proposed that figures alone cannot tell."""
    possible = stages.possible(stage)
    if not possible:
        return
    with st.popover(desk.say("standing.propose"), icon=":material/how_to_vote:"):
        st.caption(blocks.plain(desk.say("standing.propose_told")))
        with st.form(acts.fresh("standing_form"), border=False):
            chosen = st.radio(
                desk.say("standing.propose_which"),
                possible,
                format_func=lambda one: desk.say(f"word.stage.{one}"),
                key=acts.fresh("standing_stage"),
            )
            reason = acts.why(desk, key="standing_reason")
            sent = st.form_submit_button(
                desk.say("standing.propose_now"), type="primary", key=acts.fresh("standing_send")
            )

    def propose() -> str:
        to = chosen or possible[0]
        stages.propose(desk.ask, customer_id=customer_id, stage=to, reason=reason)
        return desk.say("standing.proposed")

    if sent:
        acts.do(desk, propose)
