"""Parameters: declaration, reading, checking, conversion to code units.

A room declares what it can be told (`par`, `group`); `load` reads YAML and the command line,
reports every mistake at once, and hands each room its group in code units.
"""

from crmpi.params.config import Config
from crmpi.params.fields import REQUIRED, SameAs, group, par, records
from crmpi.params.loader import load, make
from crmpi.params.selector import Selector

__all__ = ["REQUIRED", "Config", "SameAs", "Selector", "group", "load", "make", "par", "records"]
