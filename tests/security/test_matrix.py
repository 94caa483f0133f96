"""Every service × every role × own station, another station, no role: what is refused, and how."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from doc_tables import registry
from makers import make_sale
from registry import service
from security import world as worlds
from security.world import OTHER, OWN, ROLES, World
from sqlalchemy import select
from town import sell

from station.archive import oddities
from station.archive.calls import agenda, checks, plans, results, rosters, wishes
from station.archive.calls.agenda import Call, Next
from station.archive.calls.plans import CallPlan
from station.archive.calls.results import Result
from station.archive.calls.rosters import Season
from station.archive.calls.wishes import Complaint
from station.archive.customers import proposals, stalled
from station.archive.customers.proposals import Proposal
from station.archive.customers.stalled import Stall
from station.archive.customers.tables import agreements, contact_persons
from station.archive.oddities import Case
from station.archive.people import accounts as book
from station.archive.points.offer_tables import coupons
from station.archive.tables import batches, customers, grants
from station.errors import NotAllowedError, NotFoundError, StationError
from station.loyalty.ledger import Earning
from station.loyalty.programme import Version
from station.model import (
    RIGHTS,
    AgreementKind,
    CallCode,
    CallPurpose,
    Channel,
    ConsentSource,
    ContactRole,
    Grant,
    LapseReason,
    OdditySort,
    OddityState,
    PaperForm,
    PlanStatus,
    Purpose,
    Role,
    Unit,
    Use,
    day_number,
)
from station.model import Stage as LifeStage
from station.services import access, demo, reports
from station.services.ask import Ask
from station.services.calls import clock, messages
from station.services.calls.caring import Glad
from station.services.calls.recording import Report
from station.services.calls.scorecards import Outcome
from station.services.calls.wishing import Wanted
from station.services.customers import (
    attachments,
    contacts,
    fields,
    filters,
    leads,
    merging,
    notes,
    occasions,
    registering,
    tagging,
)
from station.services.customers.attachments import ScanKind
from station.services.customers.enrolling import NewCard
from station.services.customers.leads import Decision, Lead
from station.services.customers.occasions import Occasion, OccasionKind
from station.services.customers.prospects import Belongs
from station.services.customers.stages import Choice
from station.services.incoming import intake, receipts
from station.services.incoming.files import FileOptions
from station.services.people import accounts, approvals, terminals
from station.services.personal import privacy
from station.services.points import crediting, offering, spending
from station.services.points.claiming import Slip
from station.services.points.gifts import Event
from station.services.points.members import By, Named
from station.services.points.offering import Purchase

pytestmark = pytest.mark.slow
DAY = date(2026, 8, 1)
NEXT_MONTH = (access.today().replace(day=1) + timedelta(days=31)).replace(day=1)
TUESDAY = NEXT_MONTH + timedelta(days=(1 - NEXT_MONTH.weekday()) % 7 + 7)
BIRTHDAY = Occasion(OccasionKind.BIRTHDAY, 2, 28)
RECEIPT = receipts.Receipt("R1", 1_780_000_000, (receipts.Line("92#", 1_000, Unit.LITRE, 700),))
MORNING = int(datetime(2026, 8, 28, 2, tzinfo=UTC).timestamp())
"""Ten o'clock at the stations, on a Friday."""
DUE = date(2026, 8, 30)
"""When the inspection of the first customers' cars ends."""
PDF = b"%PDF-1.7\nsome words\n%%EOF\n"
CHAIN = frozenset({"administrator", "auditor"})
"""Roles that see every station."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What there is of one station: ids to ask for, and where files may be written."""

    code: str
    station_id: int
    vehicle_id: int
    customer_id: int
    batch_id: int
    grant_id: int
    request_id: int
    merge_id: int
    fleet_id: int
    person_id: int
    agreement_id: int
    complaint_id: int
    registration_id: int
    occasion_id: int
    attachment_id: int
    earned_no: int
    oddity_id: int
    list_id: int
    call_id: int
    stall_id: int
    proposal_id: int
    check_id: int
    codes: tuple[str, ...]
    folder: Path


Maker = Callable[[Facts], dict[str, Any]]


def nothing(_: Facts) -> dict[str, Any]:
    return {}


def at_station(facts: Facts) -> dict[str, Any]:
    return {"stations": [facts.code]}


def of_vehicle(facts: Facts) -> dict[str, Any]:
    return {"vehicle_id": facts.vehicle_id}


def of_list(facts: Facts) -> dict[str, Any]:
    return {"station": facts.code, "kind": Glad.INSPECTION, "way": Channel.SMS, "lang": "en"}


def of_words(facts: Facts) -> dict[str, Any]:
    return {"station": facts.code, "kind": Glad.BIRTHDAY, "lang": "en"}


def of_customer(facts: Facts) -> dict[str, Any]:
    return {"customer_id": facts.customer_id}


def of_batch(facts: Facts) -> dict[str, Any]:
    return {"batch_id": facts.batch_id}


def in_november(_: Facts) -> dict[str, Any]:
    return {"from_on": date(2026, 1, 1), "to_on": date(2099, 1, 1)}


def plain(**kwargs: object) -> Maker:
    return lambda _: dict(kwargs)


def sales_of(facts: Facts) -> dict[str, Any]:
    path = facts.folder / "more.csv"
    line = f"2026-08-01 12:00:00,粤B77777,92#,30,200,X1,{facts.code}"
    path.write_text(f"时间,车牌,油品,升数,金额,流水号,站点\n{line}\n", encoding="utf-8")
    return {"path": path, "options": intake.ImportOptions()}


def totals_of(facts: Facts) -> dict[str, Any]:
    path = facts.folder / "totals.xml"
    path.write_text(
        "<NAXML-MovementReport version='3.4'><TransmissionHeader><StoreLocationID>"
        f"{facts.code}</StoreLocationID></TransmissionHeader><FuelGradeMovement><MovementHeader>"
        "<BusinessDate>2026-08-01</BusinessDate></MovementHeader><FGMDetail><FuelGradeID>001"
        "</FuelGradeID><FGMSalesTotals><FuelGradeSalesVolume>9</FuelGradeSalesVolume>"
        "</FGMSalesTotals></FGMDetail></FuelGradeMovement></NAXML-MovementReport>",
        encoding="utf-8",
    )
    return {"path": path, "options": FileOptions()}


def vehicles_of(facts: Facts) -> dict[str, Any]:
    path = facts.folder / "vehicles.csv"
    path.write_text(f"车牌号,客户编号\n粤B77778,{facts.code}-1\n", encoding="utf-8")
    return {"kind": "vehicles", "path": path, "options": FileOptions()}


def rows(facts: Facts) -> dict[str, Any]:
    frame = pd.DataFrame({"a": [facts.code]})
    return {"frame": frame, "headings": {"a": "a"}, "kind": "csv", "name": "x", "reason": "audit"}


def report(facts: Facts) -> dict[str, Any]:
    question = reports.Question(stations=(facts.code,), reason="audit")
    return {"name": "stability", "question": question}


def told(_: Facts) -> dict[str, Any]:
    frame = reports.Report("stability", DAY, (), pd.DataFrame({"a": [1]}))
    return {"told": frame, "question": reports.Question(reason="audit")}


def at_station_only(facts: Facts) -> filters.Condition:
    return filters.Condition("station", filters.Op.ANY_OF, (facts.code,))


def of_person(facts: Facts) -> dict[str, Any]:
    return {"person_id": facts.person_id}


def of_agreement(facts: Facts) -> dict[str, Any]:
    return {"agreement_id": facts.agreement_id}


def called(facts: Facts) -> dict[str, Any]:
    """Return what is heard of a customer who calls himself."""
    who = of_customer(facts)
    report = Report(
        **who, code=CallCode.OK, purpose=CallPurpose.KEEP, opened_at=0, is_incoming=True
    )
    return {"key": f"call-{facts.code}", "report": report}


def of_fleet(facts: Facts) -> dict[str, Any]:
    return {"customer_id": facts.fleet_id}


def of_member(facts: Facts) -> dict[str, Any]:
    return {"member": Named(By.CUSTOMER, str(facts.customer_id))}


def by_key(facts: Facts, number: int = 0) -> dict[str, Any]:
    """Return a key and what was booked: earned, then spent, then set apart."""
    return {"key": f"form-{facts.code}", "number": facts.earned_no + number}


def at_counter(facts: Facts) -> dict[str, Any]:
    return of_member(facts) | {"key": f"form-{facts.code}", "station": facts.code}


def of_coupon(facts: Facts, number: int = 0) -> dict[str, Any]:
    """Return a key and the code of a coupon; then of a reward, then of a coupon that was used."""
    return {"key": f"form-{facts.code}", "code": facts.codes[number]}


def of_plan(facts: Facts) -> dict[str, Any]:
    return {"station": facts.code, "month": NEXT_MONTH}


def of_worker(facts: Facts) -> dict[str, Any]:
    return {"station": facts.code, "account": "staff"}


def of_form(facts: Facts) -> dict[str, Any]:
    return of_customer(facts) | {"kind": PaperForm.COMPLAINT, "lang": "en"}


NAMED: Mapping[str, Maker] = {
    "alarms.overdue": at_station,
    "caring.due": at_station,
    "caring.feasts": at_station,
    "caring.record": lambda f: (
        of_customer(f) | {"kind": Glad.INSPECTION, "about": str(DUE), "way": Channel.PHONE}
    ),
    "messages.draft": lambda f: (
        of_customer(f) | {"kind": Glad.INSPECTION, "about": str(DUE), "lang": "en"}
    ),
    "messages.export": lambda f: (
        {"list_id": f.list_id, "kind": "csv", "reason": "audit", "lang": "en"}
    ),
    "messages.lists": at_station,
    "messages.make": lambda f: of_list(f) | {"key": f"list-{f.code}-2"},
    "messages.preview": of_list,
    "messages.send": lambda f: {"list_id": f.list_id, "reason": "audit"},
    "messages.withdraw": lambda f: {"list_id": f.list_id, "reason": "audit"},
    "newcomers.third_fills": at_station,
    "escalating.coming": at_station,
    "escalating.overdue": at_station,
    "escalating.reassign": lambda f: of_customer(f) | {"to": "staff", "reason": "audit"},
    "escalating.takers": of_customer,
    "weeks.coverage": at_station,
    "weeks.week": at_station,
    "wording.change": lambda f: of_words(f) | {"words": "x", "reason": "audit"},
    "wording.words": of_words,
    "months.drop": lambda f: {"call_id": f.call_id},
    "months.month": lambda f: {"station": f.code, "first": NEXT_MONTH},
    "months.move": lambda f: (
        {"call_id": f.call_id, "on": TUESDAY, "at_min": 600, "account": "staff"}
    ),
    "planning.approve": of_plan,
    "planning.make": of_plan,
    "planning.mend": of_plan,
    "rostering.roster": lambda f: {"station": f.code},
    "rostering.set_away": lambda f: of_worker(f) | {"from_on": TUESDAY, "to_on": TUESDAY},
    "rostering.set_back": of_worker,
    "rostering.set_hours": lambda f: (
        of_worker(f) | {"weekdays": [1], "minutes": 60, "from_min": 540, "to_min": 1080}
    ),
    "rostering.set_law": lambda f: {"station": f.code, "law": "FR"},
    "rostering.set_season": lambda f: {"station": f.code, "season": "slack"},
    "accounts.station_named": lambda f: {"code": f.code},
    "agreements.add": lambda f: (
        of_customer(f) | {"kind": AgreementKind.CONTRACT, "terms": "as agreed", "since": DAY}
    ),
    "agreements.end": of_agreement,
    "agreements.of_customer": of_customer,
    "attachments.add": lambda f: (
        of_customer(f) | {"kind": ScanKind.OTHER, "name": "x", "content": PDF}
    ),
    "attachments.listing": of_customer,
    "attachments.opened": lambda f: (
        of_customer(f) | {"attachment_id": f.attachment_id, "reason": "audit"}
    ),
    "attachments.remove": lambda f: (
        of_customer(f) | {"attachment_id": f.attachment_id, "reason": "audit"}
    ),
    "backtests.replay": at_station,
    "balances.balance": of_member,
    "balances.history": of_member,
    "claiming.claim": lambda f: (
        of_member(f) | {"slip": Slip(f.code, f"CLAIM-{f.code}", date(2026, 9, 1), 22_500)}
    ),
    "correcting.adjust": lambda f: (
        of_member(f) | {"key": f"form-{f.code}", "points": 5, "reason": "audit"}
    ),
    "counter.of_today": lambda f: {"station": f.code, "limit": 5},
    "counter.present": of_member,
    "counter.slip": lambda f: {"number": f.earned_no + 1},
    "correcting.freeze": lambda f: at_counter(f) | {"reason": "audit"},
    "correcting.refund": lambda f: by_key(f) | {"points": 1, "reason": "audit"},
    "correcting.reverse": lambda f: by_key(f, 1) | {"reason": "audit"},
    "correcting.thaw": lambda f: at_counter(f) | {"reason": "audit"},
    "correcting.transfer": lambda f: (
        at_counter(f) | {"to": Named(By.CUSTOMER, str(f.fleet_id)), "points": 5, "reason": "audit"}
    ),
    "backtests.usual_calls": at_station,
    "brief.of": lambda f: of_customer(f) | {"purpose": CallPurpose.KEEP},
    "calling.claimed_by": of_customer,
    "calling.dial": lambda f: of_customer(f) | {"purpose": CallPurpose.WIN_BACK},
    "calling.mine": at_station,
    "calling.of_station": at_station,
    "claims.claim": of_customer,
    "claims.keeper_history": of_customer,
    "claims.release": of_customer,
    "complaining.close": lambda f: {"complaint_id": f.complaint_id, "reason": "mended"},
    "complaining.listing": lambda f: {"customer_id": f.fleet_id},
    "resting.put": lambda f: {"customer_ids": [f.customer_id], "reason": "audit"},
    "resting.resting": at_station,
    "resting.silent": at_station,
    "resting.wake": lambda f: {"customer_ids": [f.customer_id]},
    "wishing.counting": of_customer,
    "wishing.history": of_customer,
    "wishing.lift": lambda f: (
        of_customer(f)
        | {"channel": Channel.PHONE, "on": date(2026, 1, 2)}
        | {"source": ConsentSource.COUNTER, "why": "he asked"}
    ),
    "wishing.wish": lambda f: (
        of_customer(f)
        | {"wanted": Wanted(Channel.PHONE, most=2), "on": date(2026, 1, 1)}
        | {"source": ConsentSource.COUNTER}
    ),
    "recording.record": called,
    "reminding.due": at_station,
    "reminding.next_of": of_customer,
    "reminding.set_next": lambda f: (
        of_customer(f) | {"on": access.today() + timedelta(days=3), "why": CallPurpose.KEEP}
    ),
    "reminding.undated": at_station,
    "watching.watched": lambda f: at_station(f) | {"limit": 9},
    "board.capture": at_station,
    "board.daily": at_station,
    "board.held": at_station,
    "board.main_unit": at_station,
    "board.months": at_station,
    "board.movement": at_station,
    "board.seen": at_station,
    "board.traffic": at_station,
    "board.vehicles": at_station,
    "board.vehicle": of_vehicle,
    "cards.card": of_vehicle,
    "cards.confirm_use": lambda f: of_vehicle(f) | {"use": Use.TAXI},
    "completeness.cards": at_station,
    "completeness.overview": at_station,
    "completeness.score": of_customer,
    "completeness.stale": at_station,
    "completeness.unfinished": at_station,
    "contacts.assign": lambda f: of_customer(f) | {"keeper": ""},
    "contacts.by_code": lambda f: {"code": f"{f.code}-1"},
    "contacts.keepers": of_customer,
    "contacts.of_customer": of_customer,
    "contacts.of_vehicle": of_vehicle,
    "contacts.reveal": lambda f: of_customer(f) | {"purpose": Purpose.SERVICE, "reason": "lost"},
    "duplicates.set_apart": lambda f: ({"one_id": f.customer_id, "other_id": f.customer_id + 1}),
    "erasure.erase": lambda f: of_customer(f) | {"reason": "asked"},
    "holding.bind_card": lambda f: of_vehicle(f) | {"number": worlds.card(f.code, 2), "on": DAY},
    "holding.leave": lambda f: of_customer(f) | {"on": DAY, "reason": LapseReason.PRICE},
    "holding.move_plate": lambda f: of_vehicle(f) | {"plate": worlds.plate(f.code, 1), "on": DAY},
    "holding.of_vehicle": of_vehicle,
    "holding.sell": lambda f: of_vehicle(f) | {"on": DAY},
    "enrolling.add": lambda f: {"new": NewCard(station=f.code, name="丙丁")},
    "fields.change": lambda f: of_customer(f) | {"values": {"channel": "event"}},
    "fields.check": lambda f: of_customer(f) | {"field": "phone", "is_good": True},
    "fields.history": of_customer,
    "fields.known": of_customer,
    "fields.reveal": lambda f: (
        of_customer(f) | {"field": "phone", "purpose": Purpose.SERVICE, "reason": "lost"}
    ),
    "fleets.fleet": of_fleet,
    "scorecards.check": lambda f: {"check_id": f.check_id, "outcome": Outcome.CONFIRMED},
    "scorecards.fast": at_station,
    "scorecards.of_staff": at_station,
    "scorecards.waiting": at_station,
    "grades.falls": lambda f: at_station(f) | {"days": 7},
    "grades.history": of_customer,
    "grades.listing": at_station,
    "stages.approve": lambda f: {"proposal_id": f.proposal_id, "is_approved": True},
    "stages.counts": at_station,
    "stages.decide": lambda f: (
        {"stall_id": f.stall_id, "choice": Choice.PUSH_ON, "reason": "audit"}
    ),
    "stages.dwell": at_station,
    "stages.history": of_customer,
    "stages.listing": at_station,
    "stages.propose": lambda f: of_customer(f) | {"stage": LifeStage.INTENDING, "reason": "audit"},
    "stages.stalls": at_station,
    "stages.still": at_station,
    "forms.blank": of_form,
    "forms.filled": lambda f: of_form(f) | {"reason": "asked"},
    "gaps.compare": at_station,
    "gifts.grant": lambda f: of_member(f) | {"event": Event.SIGN_IN, "station": f.code},
    "gaps.find": at_station,
    "gaps.tell": at_station,
    "intake.rejected": of_batch,
    "intake.undo": of_batch,
    "levels.overview": lambda f: at_station(f) | {"lang": "en"},
    "levels.standing": lambda f: of_member(f) | {"lang": "en"},
    "leads.add_lead": lambda f: {"lead": Lead(f.code, "fair", "x")},
    "leads.decide": lambda f: of_customer(f) | {"decision": Decision.CONTINUE},
    "leads.enlist": lambda f: of_customer(f) | {"belongs": Belongs.OURS},
    "leads.hand_over": lambda f: of_customer(f) | {"keeper": "staff"},
    "leads.owners": of_customer,
    "leads.set_belongs": lambda f: of_customer(f) | {"belongs": Belongs.OURS},
    "leads.take_up": of_vehicle,
    "leads.write_opportunity": lambda f: of_customer(f) | {"field": "need", "words": "x"},
    "lapses.record": lambda f: (
        of_vehicle(f) | {"station": f.code, "reason": LapseReason.PRICE, "note": ""}
    ),
    "merging.history": of_customer,
    "merging.merge": lambda f: (
        {"kept_id": f.customer_id, "gone_id": f.customer_id + 1, "reason": "one telephone"}
    ),
    "merging.undo": lambda f: {"merge_id": f.merge_id},
    "persons.add": lambda f: of_fleet(f) | {"role": ContactRole.OWNER, "name": "丙示"},
    "persons.change": lambda f: of_person(f) | {"role": ContactRole.OWNER},
    "persons.end": of_person,
    "persons.of_organisation": of_fleet,
    "persons.reveal": lambda f: of_person(f) | {"purpose": Purpose.SERVICE, "reason": "lost"},
    "persons.verify": of_person,
    "notes.add": lambda f: of_customer(f) | {"words": "x"},
    "notes.listing": of_customer,
    "occasions.add": lambda f: of_customer(f) | {"occasion": BIRTHDAY},
    "occasions.listing": of_customer,
    "occasions.remove": lambda f: (
        of_customer(f) | {"occasion_id": f.occasion_id, "reason": "audit"}
    ),
    "occasions.reveal": lambda f: of_customer(f) | {"reason": "audit"},
    "offering.hand_out": lambda f: of_coupon(f, 1) | {"station": f.code},
    "offering.held": of_member,
    "offering.offers": lambda f: of_member(f) | {"station": f.code},
    "offering.refund": lambda f: of_coupon(f, 2) | {"back_minor": 500, "reason": "audit"},
    "offering.take": lambda f: at_counter(f) | {"offer": worlds.REWARD.name},
    "offering.use": lambda f: (
        of_coupon(f) | {"station": f.code, "purchase": Purchase(500, receipt="1")}
    ),
    "offering.withdraw": lambda f: of_coupon(f) | {"reason": "audit"},
    "portrait.happened": of_customer,
    "portrait.portrait": of_customer,
    "privacy.consents": of_customer,
    "privacy.has_consent": lambda f: (
        of_customer(f) | {"purpose": Purpose.SERVICE, "channel": Channel.PHONE}
    ),
    "privacy.person_file": lambda f: of_customer(f) | {"identity": "card", "reason": "asked"},
    "privacy.record_consent": lambda f: (
        of_customer(f)
        | {"purpose": Purpose.SERVICE, "channel": Channel.PHONE, "given": True}
        | {"source": next(iter(ConsentSource))}
    ),
    "registering.confirm": lambda f: {"registration_id": f.registration_id},
    "registering.counter_code": lambda f: {"station": f.code, "server": "http://localhost"},
    "registering.decline": lambda f: {"registration_id": f.registration_id, "reason": "audit"},
    "reports.report": report,
    "tagging.put": lambda f: of_customer(f) | {"tag": "early bird"},
    "tagging.tags_of": of_vehicle,
    "tagging.take": lambda f: of_customer(f) | {"tag": "OTHERTAG"},
    "filters.matches": lambda f: {"conditions": [at_station_only(f)], "stations": [f.code]},
    "oddities.opened": lambda f: {"oddity_id": f.oddity_id},
    "oddities.review": lambda f: (
        {"oddity_id": f.oddity_id, "state": OddityState.EXPLAINED, "words": "audit"}
    ),
    "oddities.week": at_station,
    "settling.of_organisation": of_fleet,
    "astray.coupons": lambda f: at_station(f) | {"lang": "en"},
    "effects.effect": at_station,
    "reporting.expiring": at_station,
    "reporting.liability": at_station,
    "reporting.movements": at_station,
    "trying.trial": lambda f: at_station(f) | {"version": Version(name="tried", starts=DAY)},
    "spending.confirm": lambda f: by_key(f, 2) | {"points": 5},
    "spending.hold": lambda f: at_counter(f) | {"points": 5},
    "spending.redeem": lambda f: at_counter(f) | {"points": 5},
    "spending.release": lambda f: by_key(f, 2),
    "spending.terms": lambda f: of_member(f) | {"station": f.code},
    "settling.settle": lambda f: of_fleet(f) | {"period_end": date(2026, 7, 31)},
    "settling.unsettle": lambda f: of_fleet(f) | {"period_end": date(2026, 7, 31)},
    "sites.candidates": lambda f: {"station": f.code},
    "sites.change": lambda f: (
        {"station": f.code, "field": "name", "new": "x", "from_on": DAY, "reason": "audit"}
    ),
    "sites.history": lambda f: {"station": f.code},
    "sites.setting_on": lambda f: {"station": f.code, "field": "name", "day": DAY},
}
"""Services that are asked for something of one station; of another it is not there."""
LISTS: Mapping[str, Maker] = {
    "agreements.ending": nothing,
    "alarms.calls_per_week": nothing,
    "calling.callers": plain(words=worlds.plate(OTHER, 1)),
    "claims.keepers": nothing,
    "claims.mine": plain(limit=9),
    "claims.pool": plain(limit=9),
    "claims.who_may_keep": nothing,
    "recording.of_form": plain(key="form-unknown"),
    "watching.expected": plain(labels=[worlds.plate(OTHER, 1)]),
    "answers.heard": nothing,
    "answers.mistakes": nothing,
    "judging.effect": nothing,
    "audit.events": in_november,
    "audit.limits_reached": nothing,
    "audit.sums": in_november,
    "audit.unusual": plain(month=DAY),
    "board.compare": nothing,
    "board.is_empty": nothing,
    "board.last_day": nothing,
    "board.stations_known": nothing,
    "board.some": lambda f: {"vehicle_ids": (f.vehicle_id, f.vehicle_id + 1)},
    "cards.find": plain(words=worlds.plate(OTHER, 1)),
    "enrolling.homes": nothing,
    "contacts.find_by_phone": plain(phone=worlds.person(OTHER, 1)[1]),
    "duplicates.pairs": nothing,
    "duplicates.similar": lambda _: {
        "name": worlds.person(OTHER, 1)[0],
        "phone": worlds.person(OTHER, 1)[1],
        "plate": worlds.plate(OTHER, 1),
    },
    "intake.listing": nothing,
    "lapses.history": lambda f: {"vehicle_id": f.vehicle_id},
    "lapses.newest": nothing,
    "counter.meet": lambda _: {"words": f"{OWN}-1"},
    "counter.slip_of_form": plain(key="form-unknown"),
    "members.find": lambda _: {"member": Named(By.CODE, f"{OWN}-1")},
    "merging.recent": nothing,
    "offering.find": lambda f: {"code": f.codes[0]},
    "filters.choices": nothing,
    "filters.saved": nothing,
    "tagging.suggestions": nothing,
    "fleets.fleets": nothing,
    "settling.calendar": plain(month=DAY),
    "settling.overdue": nothing,
    "scorecards.own": nothing,
    "stages.on_board": nothing,
    "stages.waiting": nothing,
    "prospects.candidates": nothing,
    "prospects.due": nothing,
    "prospects.listing": nothing,
    "prospects.opportunities": nothing,
    "registering.waiting": nothing,
    "sites.archivists": nothing,
    "sites.listing": nothing,
}
"""Services that tell of all that is in sight, and so of nothing else."""
CHAINWIDE: Mapping[str, Maker] = {
    "calendars.renew": plain(lang="en"),
    "calendars.revoke": nothing,
    "calendars.subscribed": nothing,
    "messages.has_gateway": nothing,
    "claims.hand_over": plain(leaver="staff", to=["manager"], reason="left"),
    "counter.read_as": plain(words="粤B12345"),
    "ruling.in_force": plain(lang="en", day=DAY),
    "filters.delete": lambda _: {"filter_id": 1},
    "filters.rename": lambda _: {"filter_id": 1, "name": "others"},
    "filters.save": lambda f: {"name": "mine", "conditions": [at_station_only(f)]},
    "filters.share": lambda _: {"filter_id": 1, "is_shared": True},
    "accounts.add": plain(name="newcomer"),
    "accounts.ask_grant": lambda f: (
        {"name": "nobody", "given": Grant(Role.STAFF, f.station_id), "reason": "new"}
    ),
    "accounts.ask_reset": plain(name="nobody", reason="forgot"),
    "accounts.change_password": plain(old="no", new="no"),
    "accounts.own_changes": nothing,
    "alarms.refresh": nothing,
    "approvals.decided": nothing,
    "accounts.disable": plain(name="nobody", reason="left"),
    "accounts.end_grant": lambda f: {"grant_id": f.grant_id, "reason": "left"},
    "accounts.grants": nothing,
    "accounts.listing": nothing,
    "accounts.make_token": plain(name="nobody"),
    "accounts.signed_in": nothing,
    "approvals.decide": lambda f: {"request_id": f.request_id, "approve": False},
    "approvals.waiting": nothing,
    "demo.fill": lambda f: {"network": demo.Network(1, 30, calls=False), "out": f.folder / "demo"},
    "astray.count": nothing,
    "gifts.birthdays": nothing,
    "intake.import_sales": sales_of,
    "keeping.backup": lambda f: {"path": f.folder / "copy.backup"},
    "keeping.backup_here": nothing,
    "keeping.backups": nothing,
    "keeping.condition": nothing,
    "keeping.nightly": nothing,
    "lapsing.expire": nothing,
    "noticing.refresh": nothing,
    "offering.lapse": nothing,
    "keeping.verify": nothing,
    "keys.forget": nothing,
    "keys.rotate": nothing,
    "mappings.find": plain(name="none"),
    "mappings.names": nothing,
    "records.import_records": vehicles_of,
    "reports.as_csv": told,
    "totals.import_totals": totals_of,
    "sheets.export": rows,
    "receipts.quote": lambda _: {"receipt": RECEIPT},
    "receipts.take": lambda _: {"key": "a1-000001", "receipt": RECEIPT},
    "terminals.add": lambda f: {"name": "a1", "station": f.code, "number": "", "reason": "new"},
    "terminals.collect": plain(name="t1"),
    "terminals.listing": nothing,
    "terminals.revoke": plain(name="t1", reason="lost"),
    "terminals.rotate": plain(name="t1", reason="lost"),
    "tills.confirm": lambda _: {"key": "a1-000001", "of": 3, "points": 5},
    "tills.member": of_member,
    "tills.release": lambda _: {"key": "a1-000001", "of": 3},
    "tills.reserve": lambda f: of_member(f) | {"key": "a1-000001", "points": 5},
    "tills.reverse": lambda _: {"key": "a1-000001", "of": 2, "reason": "other"},
}
"""Services of no one station, and imports, whose rows are refused one by one (tests/services)."""
FOR_TILLS = (
    *("receipts.quote", "receipts.take"),
    *("tills.confirm", "tills.member", "tills.release", "tills.reserve", "tills.reverse"),
)
"""Services for terminals alone; tests/api asks them as one."""
HARD: Mapping[tuple[str, str], type[StationError]] = {
    **{(name, role): NotAllowedError for name in FOR_TILLS for role in ROLES},
    **{("claims.release", role): NotAllowedError for role in ("staff", "manager")},  # not claimed
    ("claims.claim", "manager"): NotAllowedError,  # the staff's own
    ("accounts.make_token", "administrator"): NotAllowedError,  # only at the command line
    ("persons.reveal", "staff"): NotAllowedError,  # the organisation is in nobody's care
    ("reports.report", "auditor"): NotAllowedError,  # may take out the log, not the analyses
}
"""What a role is refused for another reason than its rights."""
CASES = NAMED | LISTS | CHAINWIDE


CHANGES = frozenset(
    {
        "accounts.add",
        "alarms.refresh",
        "accounts.ask_grant",
        "accounts.ask_reset",
        "accounts.change_password",
    }
    | {"accounts.disable", "accounts.end_grant", "accounts.make_token", "approvals.decide"}
    | {"filters.save", "filters.share", "filters.rename", "filters.delete"}
    | {"tagging.put", "tagging.take"}
    | {"caring.record", "calendars.renew", "calendars.revoke", "escalating.reassign"}
    | {f"messages.{verb}" for verb in ("export", "make", "send", "withdraw")}
    | {"wording.change"}
    | {"months.drop", "months.move", "planning.approve", "planning.make", "planning.mend"}
    | {f"rostering.set_{what}" for what in ("away", "back", "hours", "law", "season")}
    | {"cards.confirm_use", "contacts.assign", "demo.fill", "erasure.erase", "intake.undo"}
    | {"intake.import_sales", "keeping.nightly", "keys.forget", "keys.rotate", "lapses.record"}
    | {"holding.bind_card", "holding.leave", "holding.move_plate", "holding.sell"}
    | {"duplicates.set_apart", "merging.merge", "merging.undo"}
    | {"enrolling.add", "fields.change", "fields.check"}
    | {"agreements.add", "agreements.end", "persons.add", "persons.change", "persons.end"}
    | {"persons.verify", "settling.settle", "settling.unsettle"}
    | {"calling.dial", "claims.claim", "claims.hand_over", "claims.release", "recording.record"}
    | {"complaining.close", "reminding.set_next", "wishing.lift", "wishing.wish"}
    | {"resting.put", "resting.wake"}
    | {"privacy.record_consent", "records.import_records", "sites.change"}
    | {"leads.add_lead", "leads.decide", "leads.enlist", "leads.hand_over", "leads.set_belongs"}
    | {"scorecards.check", "stages.approve", "stages.decide", "stages.propose"}
    | {"leads.take_up", "leads.write_opportunity", "registering.confirm", "registering.decline"}
    | {"attachments.add", "attachments.remove", "notes.add", "occasions.add", "occasions.remove"}
    | {"totals.import_totals", "lapsing.expire", "noticing.refresh", "oddities.review"}
    | {"terminals.add", "terminals.collect", "terminals.revoke", "terminals.rotate"}
    | {f"offering.{verb}" for verb in ("hand_out", "lapse", "refund", "take", "use", "withdraw")}
    | {"totals.import_totals", "lapsing.expire", "claiming.claim", "gifts.birthdays", "gifts.grant"}
    | {f"spending.{verb}" for verb in ("confirm", "hold", "redeem", "release")}
    | {"correcting.adjust", "correcting.freeze", "correcting.refund", "correcting.reverse"}
    | {"correcting.thaw", "correcting.transfer"}
)
"""Services that are given an archive of their own to change."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A world to ask in, and what there is of its two stations."""

    world: World
    own: Facts
    other: Facts

    def ask(self, role: str) -> Ask:
        """Return a new question of a role."""
        return worlds.ask_of(self.world, role)


@pytest.fixture(scope="module")
def asked(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The world with a request that waits."""
    with world.copied(tmp_path_factory.mktemp("matrix") / "asked") as copy:
        ask = worlds.ask_of(copy, "administrator")
        given = Grant(Role.STAFF, copy.ids[OWN])
        accounts.ask_grant(ask, name="nobody", given=given, reason="new")
        _merge(copy)
        operator = worlds.operator_of(copy)
        made = terminals.add(ask, name="t1", station=OWN, number="", reason="new")
        approvals.decide(operator, request_id=made.request, approve=True)
        ask.db.close()
        _notice(copy)
        _stall(copy)
        for code in (OWN, OTHER):
            customer_id = facts_of(copy, code).customer_id
            tagging.put(operator, customer_id=customer_id, tag="OTHERTAG")
            confide(copy, code)
            _complain(copy, code)
            _plan(copy, code)
            _earn(operator, facts_of(copy, code))
            _write_to(operator, facts_of(copy, code))
        operator.db.close()
        yield Stage(copy, facts_of(copy, OWN), facts_of(copy, OTHER))


def _write_to(ask: Ask, facts: Facts) -> None:
    """Let there be a list of messages to a station's second customer, and a date with its first."""
    fields.change(ask, customer_id=facts.customer_id + 1, values={"wash_on": str(DAY)})
    date_ = Next(facts.customer_id, facts.station_id, None, 1, CallPurpose.KEEP, "local", 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "time", lambda: MORNING)
        wanted = of_list(facts) | {"kind": Glad.WASH}
        messages.make(ask, **wanted, key=f"list-{facts.code}")
    with ask.db.writing(changes_figures=False) as conn:
        agenda.put_next(conn, date_)


def _earn(ask: Ask, facts: Facts) -> None:
    """Let a first customer have points, spent and set apart, and coupons; nobody a receipt."""
    lost = make_sale(station=facts.code, vehicle=None, receipt_no=f"CLAIM-{facts.code}")
    sell(ask.db, [lost])
    earning = Earning(100, None, facts.code)
    with ask.db.writing() as conn:
        credit = crediting.Credit(facts.customer_id, facts.station_id, earning)
        crediting.credit(conn, ask, [credit])
    how = of_member(facts) | {"points": 10, "station": facts.code}
    spending.redeem(ask, key=f"redeem-{facts.code}", **how)
    spending.hold(ask, key=f"setapart-{facts.code}", **how)
    for at, offer in enumerate((worlds.COUPON, worlds.REWARD, worlds.COUPON)):
        free = of_member(facts) | {"offer": offer.name, "station": facts.code}
        slip = offering.take(ask, key=f"given-{at}-{facts.code}", **free)
    paid = {"station": facts.code, "purchase": Purchase(500, receipt="1")}
    offering.use(ask, key=f"used-{facts.code}", code=slip.code, **paid)


def _plan(world: World, code: str) -> None:
    """Let a station plan to ask its first customer how his complaint stands, law permitting."""
    ask, station_id = worlds.operator_of(world), world.ids[code]
    month_day, day = day_number(NEXT_MONTH), day_number(TUESDAY)
    told = {"value_minor": 0, "bound_minor": 0, "currency": "CNY", "prices": {}, "late": []}
    with ask.db.writing() as conn:
        wanted = select(customers.c.id).where(customers.c.code == f"{code}-1")
        staff = book.find(conn, name="staff")
        new = CallPlan(station_id, month_day, PlanStatus.DRAFT, "manager", 0, told | {"unfit": []})
        call = Call(
            customer_id=int(conn.execute(wanted).scalar_one()),
            station_id=station_id,
            account_id=staff.id if staff else None,
            day=day + 1,
            at_min=600,
            minutes=8,
            purpose=CallPurpose.AFTERCARE,
            channel=Channel.PHONE,
            why="planning.why_aftercare",
            made_by="manager",
            made_at=0,
            plan_id=plans.add(conn, new),
        )
        agenda.add(conn, call)
        season = Season(station_id, 0, "peak", "US")  # calls on holidays too, whenever this runs
        rosters.put_season(conn, season, made_by="manager", made_at=0)
    ask.db.close()


def _notice(world: World) -> None:
    """Let a card of each station be worth a look."""
    ask = worlds.operator_of(world)
    sign = {"sign": "large", "found": 2, "of": 5, "usual": 0.1, "hand": "", "ids": [], "around": []}
    cases = [
        Case(0, world.ids[code], OdditySort.CARD, f"CARD-{code}", "taxi", 0, 1, 1e-3, 0, 0, [sign],
             OddityState.OPEN)
        for code in (OWN, OTHER)
    ]  # fmt: skip
    with ask.db.writing() as conn:
        oddities.put_week(conn, 0, cases)
    ask.db.close()


def _stall(world: World) -> None:
    """Let the first customer of each station stand still, and his second be proposed."""
    ask = worlds.operator_of(world)
    for code in (OWN, OTHER):
        his, others = (contacts.by_code(ask, code=f"{code}-{number}") for number in (1, 2))
        with ask.db.writing() as conn:
            stalled.open_new(conn, [Stall(his, "prospect", 0, 0, None, 0)])
            said = Proposal(others, "intending", "asked twice", "somebody", "somebody", 0)
            proposals.add(conn, said)
            heard = Result(his, world.ids[code], "nobody", 1, 0, CallPurpose.CARE, Channel.PHONE,
                           CallCode.OK, f"heard-{code}")  # fmt: skip
            checks.draw(conn, 20_600, [(results.add(conn, heard), his)])
    ask.db.close()


def _complain(world: World, code: str) -> None:
    """Let a fleet of a station have complained."""
    ask = worlds.operator_of(world)
    fleet_id = contacts.by_code(ask, code=f"{code}-0")
    with ask.db.writing(changes_figures=False) as conn:
        wishes.complain(conn, Complaint(fleet_id, world.ids[code], None, "staff", 0))
    ask.db.close()


def _merge(world: World) -> None:
    """Let two records of each station be one."""
    ask = worlds.operator_of(world)
    for code in (OWN, OTHER):
        kept, gone = (contacts.by_code(ask, code=f"{code}-{number}") for number in (3, 4))
        merging.merge(ask, kept_id=kept, gone_id=gone, reason="one telephone")
    ask.db.close()


def confide(world: World, code: str) -> None:
    """Let a station's first customer be a prospect with all that is told in confidence."""
    ask, (name, phone) = worlds.operator_of(world), worlds.person(code, 2)
    with ask.db.reading() as conn:
        wanted = select(customers.c.id).where(customers.c.code == f"{code}-1")
        his = {"customer_id": int(conn.execute(wanted).scalar_one())}
    form = {"name": name, "phone": phone}
    registering.register(ask.db, ask.settings, station=code, form=form, address="192.0.2.1")
    agreed = {"purpose": Purpose.CARE, "channel": Channel.SMS, "given": True}
    privacy.record_consent(ask, **his, **agreed, source=ConsentSource.PAPER)
    occasions.add(ask, **his, occasion=BIRTHDAY)
    attachments.add(ask, **his, kind=ScanKind.OTHER, name=f"{name}.pdf", content=PDF)
    notes.add(ask, **his, words=worlds.NOTES[code])
    fields.change(ask, **his, values={"inspection_until": str(DUE)})
    leads.enlist(ask, **his, belongs=Belongs.RIVALS)
    leads.write_opportunity(ask, **his, field="need", words=worlds.NOTES[code])
    ask.db.close()


@pytest.fixture
def stage(
    asked: Stage, tmp_path: Path, name: str, role: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stage]:
    """The world itself, or a copy for whoever may change it; it is dialled in the morning."""
    if name == "calling.dial" or name.startswith(("caring.", "messages.")):
        monkeypatch.setattr(clock, "time", lambda: MORNING)
    if name not in CHANGES or not is_allowed(name, role):
        yield asked
        return
    with asked.world.copied(tmp_path / "own") as copy:
        own, other = (replace(f, folder=copy.folder) for f in (asked.own, asked.other))
        yield Stage(copy, own, other)


def facts_of(world: World, code: str) -> Facts:
    ask = worlds.operator_of(world)
    with ask.db.reading() as conn:
        customer = select(customers.c.id).where(customers.c.code == f"{code}-1")
        batch = select(batches.c.id).where(batches.c.kind == "sales")
        staff = book.find(conn, name="staff")
        grant = select(grants.c.id).where(grants.c.account_id == (staff.id if staff else 0))
        fleet = select(customers.c.id).where(customers.c.code == f"{code}-0")
        fleet_id = int(conn.execute(fleet).scalar_one())
        person = select(contact_persons.c.id).where(contact_persons.c.customer_id == fleet_id)
        agreement = select(agreements.c.id).where(agreements.c.customer_id == fleet_id)
        given = select(coupons.c.code).where(coupons.c.station_id == world.ids[code])
        given = given.order_by(coupons.c.id)
        found = Facts(
            code=code,
            station_id=world.ids[code],
            vehicle_id=worlds.vehicle(ask, code, 1),
            customer_id=int(conn.execute(customer).scalar_one()),
            batch_id=int(
                conn.execute(batch.where(batches.c.file_name.contains(code))).scalar_one()
            ),
            grant_id=int(conn.execute(grant).scalar_one()),
            request_id=1,
            merge_id=1 if code == OWN else 2,
            fleet_id=fleet_id,
            person_id=int(conn.execute(person).scalar_one()),
            agreement_id=int(conn.execute(agreement).scalar_one()),
            registration_id=1 if code == OWN else 2,
            occasion_id=1 if code == OWN else 2,
            attachment_id=1 if code == OWN else 2,
            earned_no=1 if code == OWN else 4,
            oddity_id=1 if code == OWN else 2,
            list_id=1 if code == OWN else 2,
            call_id=1 if code == OWN else 2,
            stall_id=1 if code == OWN else 2,
            complaint_id=1 if code == OWN else 2,
            proposal_id=1 if code == OWN else 2,
            check_id=1 if code == OWN else 2,
            codes=tuple(conn.execute(given).scalars()),
            folder=world.folder,
        )
    ask.db.close()
    return found


def outcome(ask: Ask, name: str, kwargs: dict[str, Any]) -> object:
    """Return what a service answers; a refusal is its answer, any other error is as good as one."""
    try:
        return service(name)(ask, **kwargs)
    except (NotAllowedError, NotFoundError) as error:
        return type(error)
    except StationError as error:
        return error.key


def is_allowed(name: str, role: str) -> bool:
    has_right = role != "nobody" and registry()[name] in RIGHTS[Role(role)]
    return has_right and (name, role) not in HARD


def is_refused(answer: object) -> bool:
    return isinstance(answer, type) and issubclass(answer, (NotAllowedError, NotFoundError))


def words_of(answer: object) -> str:
    """Return everything that an answer says."""
    if isinstance(answer, pd.DataFrame):
        return answer.to_csv()
    if is_dataclass(answer) and not isinstance(answer, type):
        return repr({name: words_of(value) for name, value in vars_of(answer).items()})
    return repr(answer)


def vars_of(answer: Any) -> dict[str, Any]:
    return {name: getattr(answer, name) for name in answer.__dataclass_fields__}


def test_every_service_has_its_rule() -> None:
    assert set(CASES) == set(registry())
    assert len(CASES) == len(NAMED) + len(LISTS) + len(CHAINWIDE)


@pytest.mark.parametrize("role", [*ROLES, "nobody"])
@pytest.mark.parametrize("name", sorted(CASES))
def test_a_role_is_given_what_its_right_gives_and_no_more(
    stage: Stage, name: str, role: str
) -> None:
    allowed = is_allowed(name, role)
    ask = stage.ask(role)

    at_home = outcome(ask, name, CASES[name](stage.own))

    if not allowed:
        assert at_home is NotAllowedError
    else:
        assert not is_refused(at_home), at_home
    if name in LISTS and allowed and role not in CHAIN:
        said = words_of(at_home)
        assert [word for word in worlds.markers() if word in said] == []
    if name in NAMED:
        abroad = outcome(again(ask), name, NAMED[name](stage.other))
        assert is_refused(abroad) == (not allowed or role not in CHAIN), abroad
    ask.db.close()


def again(ask: Ask) -> Ask:
    """Return the question with the rights as they are after what was done."""
    with ask.db.reading() as conn:
        return replace(ask, scope=replace(ask.scope, version=book.rights_version(conn)))
