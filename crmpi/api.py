"""Everything a problem file imports: ``from crmpi.api import Problem, par, np``."""

import numpy as np

from crmpi.diagnostics.reductions import maximum, mean, minimum, total
from crmpi.errors import CrmpiError
from crmpi.model.problem import Problem
from crmpi.params import par

__all__ = ["CrmpiError", "Problem", "maximum", "mean", "minimum", "np", "par", "total"]
