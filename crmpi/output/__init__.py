"""Files of a run: snapshots, checkpoints, history, progress. `docs/output.md` describes every
format."""
