"""From snapshots to numbers and pictures."""
