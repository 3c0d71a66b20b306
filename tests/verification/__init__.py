"""Verification against exact solutions: cases, the tests that run them, and the table of their
numbers."""
