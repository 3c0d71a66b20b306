"""The benchmark measures what it says, on a small box."""

import numpy as np

from crmpi.bench import cycle, measure, periodic_box, report


def test_measure_and_report():
    results = measure(n=8, repetitions=1, configurations=("mhd",))
    assert results["mhd"]["zone_cycles_per_second"] > 0.0
    assert results["triad_bytes_per_second"] > 1e8  # slower than any memory of this century
    assert {"time step", "ghosts", "primitives", "fluid"} <= set(results["mhd"]["seconds"])
    assert "mhd" in report(results) and "GB/s" in report(results)


def test_the_box_evolves():
    box = periodic_box(8, magnetic=True, cosmic_rays=False)
    before = box.pack.active(box.pack.u0).copy()
    cycle(box)
    after = box.pack.active(box.pack.u0)
    assert np.abs(after - before).max() > 1e-3
    assert np.allclose(after.sum(axis=(2, 3, 4)), before.sum(axis=(2, 3, 4)), rtol=1e-12, atol=1e-10)
    assert not box.fluid.ledger.counts.any()
