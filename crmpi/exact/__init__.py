"""Exact solutions that problems and tests compare with: plain numpy functions of position and time,
no mesh, no units.

Modules are imported when they are first used: ``from crmpi.api import exact`` gives
``exact.sedov.Sedov`` and all others.
"""

import importlib
import pkgutil


def __getattr__(name):
    if name not in __dir__():
        raise AttributeError(f"crmpi.exact has no module '{name}'")
    return importlib.import_module(f"crmpi.exact.{name}")


def __dir__():
    return sorted(module.name for module in pkgutil.iter_modules(__path__))
