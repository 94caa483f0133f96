"""When one thinks of a customer, and that grief is written of without an offer."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.contact import care
from station.contact.care import CareRules, Condolence, Glad, Greeting, Grief, Time
from station.contact.occasions import Calendar, Occasion, OccasionKind
from station.errors import BadValueError

RULES = CareRules()
TODAY = date(2026, 9, 1)
BIRTHDAY = OccasionKind.BIRTHDAY
mornings = st.dates(date(1990, 1, 1), date(2090, 12, 31))


@st.composite
def birthdays(draw: st.DrawFn) -> Occasion:
    calendar = draw(st.sampled_from(Calendar))
    month = draw(st.integers(1, 12))
    most = 30 if calendar is Calendar.LUNAR else (31, 29, 31, 30, 31, 30)[(month - 1) % 6 or 0]
    day = draw(st.integers(1, min(most, 29 if month == 2 else 30)))
    is_leap = calendar is Calendar.LUNAR and draw(st.booleans())
    return Occasion(BIRTHDAY, month, day, calendar=calendar, in_leap_month=is_leap)


def due(occasion: Occasion, today: date = TODAY, written: date = TODAY) -> list[Time]:
    told = care.times(occasion, written, today, RULES)
    return [one for one in told if one.is_due(today, RULES.ahead_days)]


@pytest.mark.parametrize(("year", "day"), [(2027, 28), (2028, 29), (2100, 28), (2000, 29)])
def test_29_february_is_the_28th_in_a_year_without_it(year: int, day: int) -> None:
    assert care.day_in(Occasion(BIRTHDAY, 2, 29), year) == date(year, 2, day)


def test_a_birthday_is_due_a_week_ahead_and_on_its_day_and_no_longer() -> None:
    birthday = Occasion(BIRTHDAY, 9, 8)

    on = {shift: bool(due(birthday, TODAY + timedelta(shift))) for shift in (-1, 0, 7, 8)}

    assert on == {-1: False, 0: True, 7: True, 8: False}


def test_a_birthday_of_january_is_due_in_december() -> None:
    (one,) = due(Occasion(BIRTHDAY, 1, 2), date(2026, 12, 28))

    assert (one.day, one.about) == (date(2027, 1, 2), "2027")


def test_a_birthday_by_the_moon_belongs_to_the_year_of_the_moon() -> None:
    birthday = Occasion(BIRTHDAY, 12, 8, calendar=Calendar.LUNAR)

    (one,) = due(birthday, date(2027, 1, 12))

    assert (one.day, one.about) == (date(2027, 1, 15), "2026")


@given(birthdays(), mornings)
def test_no_birthday_is_due_twice_at_once(birthday: Occasion, today: date) -> None:
    assert len(due(birthday, today, today)) <= 1


@given(birthdays(), mornings)
def test_every_birthday_comes_within_thirteen_months_and_a_leap_month(
    birthday: Occasion, today: date
) -> None:
    near = care.nearest(birthday, today)

    assert near is not None
    assert abs((near - today).days) <= 207


def test_an_exam_is_once_and_a_wedding_comes_round() -> None:
    exam = Occasion(OccasionKind.CHILD_EXAM, 9, 5, year=2025)
    wedding = Occasion(OccasionKind.WEDDING, 9, 5, year=2025)

    assert due(exam) == []
    assert [one.day for one in due(wedding)] == [date(2026, 9, 5)]


def test_a_grief_that_is_heard_of_late_is_still_a_grief() -> None:
    grief = Occasion(OccasionKind.BEREAVEMENT, 8, 20)

    (one,) = due(grief)

    assert one.kind is Grief.BEREAVEMENT
    assert (one.day, one.until) == (date(2026, 8, 20), TODAY + timedelta(days=RULES.grief_days))


def test_festivals_are_those_of_the_config_and_their_days_those_of_the_moon() -> None:
    (one,) = care.festivals(date(2026, 9, 20), RULES)

    assert (one.kind, one.day) == (Glad.MID_AUTUMN, date(2026, 9, 25))


def test_no_festival_is_one_of_mourning() -> None:
    assert not set(care.FESTIVALS) & {kind.value for kind in Grief}


def test_a_first_purchase_is_thanked_for_within_three_days() -> None:
    (first,) = care.starting((TODAY,), RULES)
    both = list(care.starting((TODAY, TODAY, TODAY + timedelta(9)), RULES))

    assert (first.kind, first.until) == (Glad.FIRST_PURCHASE, TODAY + timedelta(days=3))
    assert [one.kind for one in both] == [Glad.FIRST_PURCHASE, Glad.THIRD_VISIT]
    assert list(care.starting((), RULES)) == []


@pytest.mark.parametrize(
    ("kind", "day"),
    [
        (Glad.OIL, TODAY + timedelta(days=RULES.oil_days)),
        (Glad.WASH, TODAY + timedelta(days=RULES.wash_days)),
        (Glad.INSPECTION, TODAY),
    ],
)
def test_services_are_due_by_what_the_card_says(kind: Glad, day: date) -> None:
    assert care.reminder(kind, TODAY, RULES).day == day
    assert kind in care.REMINDERS


# --- words ----------------------------------------------------------------------------------------


def test_grief_has_no_place_for_an_offer() -> None:
    assert not hasattr(care.template(Grief.BEREAVEMENT, "节哀"), "offer")
    with pytest.raises(BadValueError, match="no_offer_in_grief"):
        care.template(Grief.BEREAVEMENT, "节哀", "满 200 减 20")


@pytest.mark.parametrize("words", ["{offer}", "节哀。{points}", "[您有 {points} 积分]"])
def test_words_of_grief_name_nothing_that_is_sold(words: str) -> None:
    with pytest.raises(BadValueError, match="no_place_in_grief"):
        care.template(Grief.BEREAVEMENT, words)


def test_one_cannot_be_made_of_the_other() -> None:
    with pytest.raises(TypeError):
        Greeting(Grief.BEREAVEMENT, "节哀")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Condolence(Glad.BIRTHDAY, "生日快乐")  # type: ignore[arg-type]


@given(st.sampled_from([*Glad, *Grief]), st.text(max_size=40), st.text(min_size=1, max_size=40))
def test_whatever_is_written_grief_never_comes_with_an_offer(
    kind: care.Kind, words: str, offer: str
) -> None:
    try:
        made = care.template(kind, words, offer)
    except BadValueError:
        return
    assert isinstance(made, Greeting) or not offer.strip()


@pytest.mark.parametrize(
    "words",
    [
        "{",
        "}",
        "{name!r}",
        "{name:>9}",
        "{name.x}",
        "{0}",
        "{}",
        "[",
        "]",
        "[a[b]]",
        "a\x00",
        "[{]",
    ],
)
def test_nothing_but_a_plain_name_stands_in_braces(words: str) -> None:
    with pytest.raises(BadValueError, match="odd_braces"):
        care.template(Glad.BIRTHDAY, words)


def test_an_offer_follows_the_words_and_brackets_are_left_out_where_nothing_is_known() -> None:
    told = care.template(
        Glad.BIRTHDAY, "{name}您好，生日快乐。[您爱喝的{tea}已备好。]", "到站送{gift}。"
    )

    whole = care.written(told, {"name": "甲示川", "tea": "龙井", "gift": "玻璃水"})
    less = care.written(told, {"name": "甲示川"})

    assert whole.text == "甲示川您好，生日快乐。您爱喝的龙井已备好。到站送玻璃水。"
    assert less.text == "甲示川您好，生日快乐。"
    assert care.written(told, {}).missing == ("name",)


@given(st.text(max_size=30), st.text(max_size=30))
def test_what_a_card_says_is_never_read_as_words_of_ours(name: str, tea: str) -> None:
    told = care.template(Glad.OTHER, "a{name}b[{tea}]")

    text = care.written(told, {"name": name, "tea": tea}).text

    assert text == (f"a{name}b{tea}" if name else tea)


def test_words_are_bounded() -> None:
    with pytest.raises(BadValueError, match="too_long"):
        care.template(Glad.BIRTHDAY, "好" * (care.LONGEST_WORDS + 1))
    with pytest.raises(BadValueError, match="no_words"):
        care.template(Glad.BIRTHDAY, " ")
