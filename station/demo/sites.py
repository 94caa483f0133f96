"""The stations of a demo network."""

from dataclasses import dataclass

from station.demo.parameters import Network, StationTemplate


@dataclass(frozen=True, slots=True)
class Site:
    """One station: its place in the network, its code and what is true of its type."""

    index: int
    code: str
    name: str
    template: StationTemplate


def make_sites(network: Network, count: int) -> tuple[Site, ...]:
    """Return `count` stations, one of each type in turn."""
    return tuple(_site(network, index) for index in range(count))


def _site(network: Network, index: int) -> Site:
    again, kind = divmod(index, len(network.stations))
    template = network.stations[kind]
    ordinal = f"{again + 1}" if again else ""
    return Site(index, f"A{index + 1:04d}", f"{template.name}{ordinal}加油站", template)
