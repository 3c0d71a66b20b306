"""Programs around runs: benchmarks, sweeps, convergence."""
