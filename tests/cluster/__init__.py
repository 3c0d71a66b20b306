"""Runs on more than one node: under Slurm, and over a network of their own."""
