"""What is kept of calls stands in a person's file and leaves with him."""

from services.calls.ward import LI, TODAY, Ward
from sqlalchemy import func, select
from town import one

from station.archive.customers.erasing import CALLED
from station.model import CallCode, CallPurpose
from station.services.calls import claims, resting
from station.services.personal import erasure, privacy, retention


def busy(ward: Ward) -> None:
    """Let everything be kept of somebody that calls can leave behind."""
    claims.claim(ward.clerk, customer_id=ward.who(LI))
    ward.plan(LI, ward.clerk, CallPurpose.KEEP)
    ward.save(ward.clerk, LI, CallCode.COMPLAINT, words="加错了油", competitor="甲示油站")
    ward.plan(LI, ward.clerk, CallPurpose.KEEP, day=TODAY + 9)
    ward.save(ward.clerk, LI, CallCode.DNC_REQUEST, purpose=CallPurpose.SERVICE)
    resting.put(ward.manager, customer_ids=[ward.who(LI)], reason="moved away")


def test_a_persons_file_tells_of_his_calls_and_of_nobody_else(ward: Ward) -> None:
    busy(ward)

    told = privacy.person_file(
        ward.ask, customer_id=ward.who(LI), identity="card", reason="asked for it"
    )

    assert [one["words"] for one in told["call_results"]] == ["", "加错了油"]
    assert told["call_results"][1]["competitor"] == "甲示油站"
    assert [one["status"] for one in told["calls"]] == ["cancelled", "done"]
    assert told["complaints"][0]["said"] == "加错了油"
    assert (told["wishes"][0]["barred"], told["next_contact"]) == (True, None)
    assert told["kept_by"][0]["how"] == "claimed"
    assert told["rests"][0]["reason"] == "moved away"
    assert "clerk" not in str([told[name] for name in ("calls", "call_results", "kept_by")])


def test_whoever_is_erased_leaves_nothing_of_his_calls(anywhere: Ward) -> None:
    busy(anywhere)

    erasure.erase(anywhere.ask, customer_id=anywhere.who(LI), reason="asked for it")

    with anywhere.ask.db.reading() as conn:
        left = [conn.execute(select(func.count()).select_from(table)).scalar() for table in CALLED]
    assert left == [0] * len(CALLED)


def test_words_are_forgotten_in_time_and_results_stay(ward: Ward) -> None:
    busy(ward)
    years = ward.ask.settings.privacy.notes_years + 1
    later = ward.now + years * 366 * 86_400

    retention.forget_old(ward.ask.db, ward.ask.settings, later)

    assert one(ward.ask, "SELECT count(*) FROM call_results WHERE words_sealed IS NOT NULL") == 0
    assert one(ward.ask, "SELECT count(*) FROM call_results") == 2
