"""Forms that lie on the server: one press of a form at a time, and nobody waits for another's."""

from threading import Event, Thread

from opened import desk_of

from station.pages.parts import drafts
from station.services.ask import Ask

SOON_S = 5.0


def pressed(ask: Ask, form: str) -> tuple[Event, Thread]:
    """Return what is set once a press of a form had its turn, and who presses."""
    had, desk = Event(), desk_of(ask)

    def press() -> None:
        with drafts.alone(desk, form):
            drafts.put(desk, form, "saved")
            had.set()

    other = Thread(target=press)
    other.start()
    return had, other


def test_two_tellers_do_not_wait_for_each_other(demo_ask: Ask) -> None:
    with drafts.alone(desk_of(demo_ask), "form-of-one"):
        had, other = pressed(demo_ask, "form-of-another")
        assert had.wait(SOON_S)
    other.join()

    assert drafts.find(desk_of(demo_ask), "form-of-another") == "saved"


def test_the_second_press_of_a_form_waits_for_the_first(demo_ask: Ask) -> None:
    with drafts.alone(desk_of(demo_ask), "form-pressed-twice"):
        had, other = pressed(demo_ask, "form-pressed-twice")
        assert not had.wait(0.1)
    other.join()

    assert had.is_set()
