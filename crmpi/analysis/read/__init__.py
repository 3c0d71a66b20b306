"""Snapshots and running simulations as cells."""
