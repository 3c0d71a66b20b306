"""Streams: further series of files of a run, each with its own cadence, variables, precision,
compression and shape. docs/output.md says what users can ask for."""
