"""Mapping files by name or path: how a chain's own files are to be read."""

from pathlib import Path

from station.config import read_yaml
from station.errors import MappingError
from station.ingest import records_file
from station.ingest.mapping import SALE_FIELDS, Mapping, mapping_of
from station.services.access import LOCAL_ACCOUNT, right
from station.services.ask import Ask
from station.services.incoming.files import SALES


@right("sales.import")
def find(ask: Ask, *, name: str, kind: str = SALES) -> Mapping:
    """Return a mapping by its name in the archive's folder mappings/, or by its file.

    Only whoever keeps the archive's files may name any file of the machine.

    `kind` says of what the file is, sales or one of records.KINDS: each has fields of its own.

    Raises:
        MappingError: there is no such file, or it is wrong; the sentence names the key.
        ConfigError: the file is no YAML.
    """
    path = Path(name)
    if not path.suffix or ask.scope.account != LOCAL_ACCOUNT:
        name = path.stem
        path = ask.db.folder / "mappings" / f"{name}.yaml"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MappingError("intake.no_mapping", name=name) from error
    fields = SALE_FIELDS if kind == SALES else records_file.fields_of(kind)
    return mapping_of(read_yaml(text, name=path.name), name=path.stem, fields=fields)


@right("sales.import")
def names(ask: Ask) -> list[str]:
    """Return the names of the mappings kept in the archive's folder mappings/."""
    return sorted(path.stem for path in (ask.db.folder / "mappings").glob("*.yaml"))
