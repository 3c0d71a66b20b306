"""Everything a problem file imports: ``from crmpi.api import Problem, par, np``."""

import numpy as np

from crmpi.errors import CrmpiError
from crmpi.params import par
from crmpi.problem import Problem
from crmpi.reductions import maximum, mean, minimum, total

__all__ = ["CrmpiError", "Problem", "maximum", "mean", "minimum", "np", "par", "total"]
