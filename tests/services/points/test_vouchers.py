"""A coupon follows the purchases that stand: one a receipt, free when it is gone, never both."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from services.points.counter import ANNA, TODAY, Counter
from services.points.shelf import SOME, refund, shelf, take, use
from sqlalchemy.exc import IntegrityError
from town import at, one

from station.archive.verify import verify
from station.errors import PointsError
from station.loyalty.programme import Offer
from station.model import DAY_S, CouponState, Role
from station.services.incoming import intake
from station.services.incoming.intake import ImportOptions
from station.services.points import astray, offering, vouchers

TILL = "流水号,交易时间,枪号,油品,数量,金额,车牌号,交易类型,备注"


@dataclass
class Shop:
    """A counter with a coupon at hand, and the till of S1 whose files come in later."""

    counter: Counter
    folder: Path
    files: int = 0

    def sold(self, receipt: str, yuan: int = 200, day: str = "2026-09-01") -> int:
        """Return the import that brought a purchase."""
        return self.take(f"{receipt},{day} 11:58:00,1,92#,20,{yuan},粤B00001,正常,")

    def returned(self, receipt: str, yuan: int = 200, day: str = "2026-09-01") -> int:
        """Return the import that took all of it back."""
        number = 200_000 + self.files
        return self.take(f"{number},{day} 12:30:00,1,92#,-20,-{yuan},粤B00001,冲销,撤单{receipt}")

    def take(self, line: str) -> int:
        self.files += 1
        path = self.folder / f"{self.files}.csv"
        path.write_text(f"{TILL}\n{line}\n", encoding="utf-8")
        options = ImportOptions(station="S1", lang="en")
        report = intake.import_sales(self.counter.ask, path=path, options=options)
        assert report.batch_id is not None
        return report.batch_id

    def undo(self, batch_id: int) -> None:
        intake.undo(self.counter.ask, batch_id=batch_id)

    def used(self, receipt: str = "100001", offer: str = "ten") -> str:
        """Return the code of a coupon that was used for a receipt of 200 yuan."""
        code = take(self.counter, offer).code
        use(self.counter, code, replace(SOME, receipt=receipt))
        return code

    def state(self, code: str) -> CouponState:
        return offering.find(self.counter.ask, code=code).state

    def astray(self) -> list[tuple[str, str]]:
        """Return receipt and reason of each coupon that is worth a look."""
        told = astray.coupons(self.counter.ask, lang="en")
        return list(zip(told["receipt"], told["why"], strict=True))


@pytest.fixture
def shop(anywhere: Counter, tmp_path: Path) -> Shop:
    anywhere.earn(ANNA, 1_000)
    return Shop(shelf(anywhere), tmp_path)


@pytest.fixture
def stall(counter: Counter, tmp_path: Path) -> Shop:
    counter.earn(ANNA, 1_000)
    return Shop(shelf(counter), tmp_path)


def test_a_receipt_takes_one_coupon_a_day(shop: Shop) -> None:
    first, second = shop.used(), take(shop.counter, "ten").code

    with pytest.raises(PointsError, match="receipt_taken"):
        use(shop.counter, second, replace(SOME, receipt=" 100001 "))

    assert (shop.state(first), shop.state(second)) == (CouponState.USED, CouponState.ISSUED)


def test_with_the_service_blind_the_archive_still_lets_a_receipt_take_one(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vouchers, "refuse_taken", lambda *_: None)
    shop.used()

    with pytest.raises(IntegrityError):
        shop.used()


def test_a_coupon_brought_back_by_hand_leaves_its_receipt_to_another(stall: Shop) -> None:
    refund(stall.counter, stall.used())

    assert stall.state(stall.used()) is CouponState.USED


def test_an_undone_return_uses_the_coupon_again_and_comes_again(shop: Shop) -> None:
    code = shop.used()
    shop.sold("100001")

    for _ in range(2):
        back = shop.returned("100001")
        assert shop.state(code) is CouponState.ISSUED
        shop.undo(back)
        assert shop.state(code) is CouponState.USED

    assert one(shop.counter.ask, "SELECT off_minor FROM coupons") == 1_000
    assert verify(shop.counter.ask.db).ok


def test_an_undone_sale_frees_the_coupon_until_it_comes_again(shop: Shop) -> None:
    code = shop.used()
    first = shop.sold("100001")

    shop.undo(first)
    assert shop.state(code) is CouponState.ISSUED
    assert verify(shop.counter.ask.db).ok

    shop.sold("100001")
    assert shop.state(code) is CouponState.USED
    assert verify(shop.counter.ask.db).ok


def test_what_stands_beside_an_undone_import_keeps_its_coupon(stall: Shop) -> None:
    code = stall.used()
    other = stall.sold("100002", 50)
    stall.sold("100001")

    stall.undo(other)

    assert stall.state(code) is CouponState.USED


def test_a_coupon_used_elsewhere_meanwhile_stays_there_and_is_told_of(shop: Shop) -> None:
    code = shop.used()
    shop.sold("100001")
    back = shop.returned("100001")
    use(shop.counter, code, replace(SOME, receipt="100005"))
    shop.sold("100005")

    shop.undo(back)

    assert one(shop.counter.ask, "SELECT receipt FROM coupons") == "100005"
    assert shop.astray() == [("100001", "twice")]
    shop.returned("100005")
    assert one(shop.counter.ask, "SELECT receipt FROM coupons") == "100001"
    assert shop.astray() == []
    assert verify(shop.counter.ask.db).ok


def test_where_the_budget_is_spent_meanwhile_the_coupon_stays_free_and_is_told_of(
    stall: Shop,
) -> None:
    budget = Offer("tight", points=1, off_minor=1_000, budget_station_minor=1_000)
    shelf(stall.counter, budget)
    code = stall.used(offer="tight")
    stall.sold("100001")
    back = stall.returned("100001")
    stall.used("100005", "tight")

    stall.undo(back)

    assert stall.state(code) is CouponState.ISSUED
    assert ("100001", "twice") in stall.astray()
    assert verify(stall.counter.ask.db).ok


def test_the_same_number_of_the_next_day_is_another_purchase(stall: Shop) -> None:
    code = stall.used()
    stall.sold("100001")
    stall.sold("100001", day="2026-09-02")

    stall.returned("100001", day="2026-09-02")

    assert stall.state(code) is CouponState.USED


def later(shop: Shop, days: int) -> None:
    shop.counter.now += days * DAY_S


def test_a_coupon_whose_receipt_never_comes_is_told_of_for_its_time(shop: Shop) -> None:
    shop.used()
    later(shop, 6)
    assert shop.astray() == []

    later(shop, 1)
    assert shop.astray() == [("100001", "missing")]
    later(shop, 53)

    assert shop.astray() == []


def test_a_receipt_of_its_price_bears_a_coupon_out_and_one_of_another_does_not(
    shop: Shop,
) -> None:
    for number in (1, 2, 3):
        shop.used(f"10000{number}")
    shop.sold("100001")
    shop.sold("100002", 190)  # the till wrote down what was paid
    shop.sold("100003", 50)
    later(shop, 7)

    assert shop.astray() == [("100003", "price")]


def test_two_coupons_do_not_lean_on_one_purchase_over_midnight(stall: Shop) -> None:
    stall.used()
    stall.sold("100001")
    stall.counter.now = int(
        datetime(2026, 9, 2, 0, 5, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()
    )
    stall.used()
    later(stall, 7)

    (told,) = astray.coupons(stall.counter.ask, lang="en").to_dict("records")

    assert (told["receipt"], told["day"], told["why"]) == ("100001", TODAY + 1, "missing")
    assert (told["station"], told["offer"], told["off"]) == ("S1", "ten", 10.0)


def test_a_manager_sees_those_of_his_stations_and_the_night_counts_all(stall: Shop) -> None:
    stall.used()
    later(stall, 7)
    (here,) = stall.counter.staff(chief=Role.MANAGER)
    at(stall.counter.ask.db, "S2", Role.MANAGER)

    assert len(astray.coupons(replace(here, settings=stall.counter.ask.settings), lang="zh")) == 1
    assert astray.count(stall.counter.ask) == 1
