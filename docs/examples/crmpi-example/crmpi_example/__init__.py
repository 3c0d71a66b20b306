"""Plug-ins for crmpi: every module of this package is imported, every folder with a problem.py is a
problem."""
