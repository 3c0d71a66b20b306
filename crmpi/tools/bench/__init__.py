"""Speed, memory and traffic of the production code path: what ``crmpi bench`` prints, and a model
of runs on many ranks."""

from crmpi.tools.bench.report import report
from crmpi.tools.bench.speed import measure

__all__ = ["measure", "report"]
