"""From files and running simulations to numbers and pictures: readers, derived quantities, observables, plots."""
