"""Does a customer agree, after all that he said so far?"""

from collections.abc import Iterable

from station.model import Channel, Consent, Purpose


def standing(words: Iterable[Consent], day: int) -> dict[tuple[Purpose, Channel], Consent]:
    """Return the word that counts on a day for each purpose and channel he spoke of.

    `words` come in the order in which they were written down. What was said on a later day counts
    more, however late it was written down; of one day the last written counts.
    """
    counting: dict[tuple[Purpose, Channel], Consent] = {}
    for word in words:
        before = counting.get((word.purpose, word.channel))
        if word.on_day <= day and (before is None or before.on_day <= word.on_day):
            counting[word.purpose, word.channel] = word
    return counting


def is_given(words: Iterable[Consent], *, purpose: Purpose, channel: Channel, day: int) -> bool:
    """Return whether the customer may be addressed on a day; silence is no consent."""
    word = standing(words, day).get((purpose, channel))
    return word is not None and word.given
