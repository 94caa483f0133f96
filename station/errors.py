"""Everything that can be refused, as one tree.

StationError                     a refusal that a person can act on
├── InputError                   a file or a value is not as it must be
│   ├── UnreadableFileError        nothing of a file could be read
│   ├── FileRefusedError           the file is readable but was refused as a whole
│   ├── MappingError               a mapping file is wrong
│   └── BadValueError              one value is out of its range
├── NotFoundError                what was named does not exist, or is not in sight
│   └── GoneError                  it was there and was taken back
├── NotAllowedError              the right or the scope is missing
│   ├── RightsChangedError         the rights changed since the page was drawn
│   └── LimitReachedError          allowed, but not so often or so much in a day
├── PointsError                  points cannot move as asked
│   └── KeyReusedError             a key came again with something else
├── SignInError                  nobody is signed in, or the sign-in was refused
├── ConfigError                  config.yaml names an unknown or impossible value
├── ArchiveError                 the store cannot be used as it is
│   ├── ArchiveBusyError           another process holds it
│   └── ArchiveDamagedError        verification found a bad row
└── BackupError                  a backup cannot be made or restored

Callers pass a key of locale/*/error.toml and its facts; the sentence is made by `station.text` in
the reader's language. `str(error)` is for developers and holds no personal data.
"""


class StationError(Exception):
    """A refusal with the key of its sentence and the facts that fill it."""

    def __init__(self, key: str, /, **facts: object) -> None:
        self.key = key
        self.facts = facts
        super().__init__(key, facts)


class InputError(StationError):
    """A file or a value is not as it must be."""


class UnreadableFileError(InputError):
    """Nothing of a file could be read."""


class FileRefusedError(InputError):
    """The file is readable but was refused as a whole."""


class MappingError(InputError):
    """A mapping file is wrong."""


class BadValueError(InputError):
    """One value is out of its range."""


class NotFoundError(StationError):
    """What was named does not exist, or is not in the asker's sight."""


class GoneError(NotFoundError):
    """What was named was there, and was taken back."""


class NotAllowedError(StationError):
    """The right or the scope is missing."""


class RightsChangedError(NotAllowedError):
    """The rights changed since the page was drawn."""


class LimitReachedError(NotAllowedError):
    """Allowed, but not so often or so much in a day."""


class PointsError(StationError):
    """Points cannot move as asked."""


class KeyReusedError(PointsError):
    """A key came again with something else than what it stood for."""


class SignInError(StationError):
    """Nobody is signed in, or the sign-in was refused."""


class ConfigError(StationError):
    """config.yaml names an unknown or impossible value."""


class ArchiveError(StationError):
    """The store cannot be used as it is."""


class ArchiveBusyError(ArchiveError):
    """Another process holds the archive."""


class ArchiveDamagedError(ArchiveError):
    """Verification found a bad row."""


class BackupError(StationError):
    """A backup cannot be made or restored."""
