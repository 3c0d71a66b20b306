"""Numbers about a run: ledgers, sums, norms, summary."""
