"""My account: who I am, and a new password that only I know."""

import pytest
from people import token_for

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("lang", "role"), [("zh", "管理员"), ("en", "Administrator")])
def test_the_page_says_who_is_signed_in(
    open_page: object, demo_archive: str, lang: str, role: str
) -> None:
    page = open_page(demo_archive, "account", lang)  # type: ignore[operator]

    assert not page.exception
    said = "".join(str(part.value) for part in page.markdown).replace("\\", "")
    assert "tester" in said
    assert role in said


def test_every_password_is_masked(open_page: object, demo_archive: str) -> None:
    page = open_page(demo_archive, "account")  # type: ignore[operator]

    fields = [field.proto.type for field in page.text_input]
    assert len(fields) == 3
    assert set(fields) == {page.text_input[0].proto.PASSWORD}


def test_a_wrong_password_and_two_that_differ_are_refused_in_words(
    open_page: object, own_archive: str
) -> None:
    token_for(own_archive)
    page = open_page(own_archive, "account", "en")  # type: ignore[operator]

    for typed, said in (
        (("x", "one two three four", "other words here"), "differ"),
        (("x", "one two three four", "one two three four"), "present password"),
    ):
        for field, words in zip(page.text_input, typed, strict=True):
            field.set_value(words)
        next(b for b in page.button if b.label == "Change the password").click().run()
        assert said in page.error[0].value
