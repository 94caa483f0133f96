"""What can be decided about somebody who stands still?"""

from enum import StrEnum


class Choice(StrEnum):
    """What is done about a customer who stood still for too long."""

    PUSH_ON = "push_on"
    POSTPONE = "postpone"
    GIVE_UP = "give_up"
