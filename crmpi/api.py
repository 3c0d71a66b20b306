"""Everything a problem file imports: ``from crmpi.api import Problem, par, np``."""

import numpy as np

from crmpi.errors import CrmpiError
from crmpi.params import par
from crmpi.problem import Problem

__all__ = ["CrmpiError", "Problem", "np", "par"]
