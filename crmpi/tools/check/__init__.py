"""Trying plug-ins: does a model, solver, source ... do what the code expects of it."""

from crmpi.tools.check.checks import Outcome, check_all, check_problem

__all__ = ["Outcome", "check_all", "check_problem"]
