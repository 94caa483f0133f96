"""Every service function of the house, by the name under which it is guarded."""

import importlib
import pkgutil
from collections.abc import Callable
from types import ModuleType
from typing import Any

from station import services


def rooms() -> dict[str, ModuleType]:
    """Return every module of the services by its own name, imported; no two share one."""
    found: dict[str, ModuleType] = {}
    for module in pkgutil.walk_packages(services.__path__, "station.services."):
        name = module.name.rpartition(".")[2]
        if module.ispkg:
            continue
        assert name not in found, f"two modules of the services are called {name}"
        found[name] = importlib.import_module(module.name)
    return found


def service(name: str) -> Callable[..., Any]:
    """Return the service function with a name such as `cards.find`."""
    room, _, verb = name.partition(".")
    function: Callable[..., Any] = getattr(rooms()[room], verb)
    return function
