"""Observables: what is measured from cells."""
