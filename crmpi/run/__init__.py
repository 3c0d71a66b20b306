"""One run: its parts assembled, the step, the loop."""
