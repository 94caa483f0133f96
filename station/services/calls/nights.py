"""What is done for revisit calls once a night."""

from station.services.ask import Ask
from station.services.calls import calling, claims, escalating, reminding, scorecards


def look_after(ask: Ask, now_s: int) -> dict[str, int]:
    """Return how many calls became needless, claims ran out, dates were set, and dates passed.

    To be done once the alarms are worked out anew: they tell what became needless.
    """
    needless = calling.cancel_needless(ask, now_s)
    with ask.db.writing(changes_figures=False) as conn:
        recycled = claims.recycle(conn, ask, now_s)
    dated = reminding.fill(ask, now_s)
    drawn, late = scorecards.draw(ask, now_s), escalating.escalate(ask, now_s)
    return {
        "needless": needless,
        "recycled": recycled,
        "dated": dated,
        "drawn": drawn,
        "overdue": late,
    }
