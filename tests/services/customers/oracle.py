"""What a merge means, told a second time: records, edges between them, and facts that name one."""

from dataclasses import dataclass, field

Day = int


@dataclass
class Oracle:
    """Facts as they were told; who is one with whom is looked up anew at every question."""

    names: dict[int, str]
    phones: dict[int, str]
    keepers: dict[int, str] = field(default_factory=dict)
    edges: dict[int, tuple[int, int]] = field(default_factory=dict)
    owners: dict[str, list[tuple[Day, int]]] = field(default_factory=dict)
    consents: list[tuple[int, bool]] = field(default_factory=list)
    notes: list[tuple[int, str]] = field(default_factory=list)

    def stands(self, one: int) -> int:
        """Return who stands for a record."""
        for gone, kept in self.edges.values():
            if gone == one:
                return self.stands(kept)
        return one

    def group(self, one: int) -> list[int]:
        """Return all records of a customer, the one that stands first."""
        stands = self.stands(one)
        others = [other for other in sorted(self.names) if other != stands]
        return [stands, *(other for other in others if self.stands(other) == stands)]

    def first(self, told: dict[int, str], one: int) -> str:
        """Return what the first of his records tells that tells anything."""
        return next((told[row] for row in self.group(one) if told.get(row)), "")

    def agrees(self, one: int) -> bool:
        """Return whether his last word was a yes."""
        words = [given for row, given in self.consents if row in self.group(one)]
        return bool(words) and words[-1]

    def told_of(self, one: int) -> list[str]:
        """Return what was noted of him."""
        return [words for row, words in self.notes if row in self.group(one)]

    def held(self, one: int) -> set[tuple[str, Day]]:
        """Return every plate on every day of change from which on it was his."""
        return {
            (plate, day)
            for plate, changes in self.owners.items()
            for day, owner in changes
            if self.stands(owner) == self.stands(one)
        }

    def holder(self, plate: str) -> list[int]:
        """Return whose a plate is now."""
        changes = self.owners.get(plate, [])
        return [self.stands(changes[-1][1])] if changes else []
