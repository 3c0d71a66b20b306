"""From files to numbers and pictures: readers, derived quantities, plots. Nothing here is imported by a run."""
