"""The benchmark runs the real step and returns what scripts read; how fast it is, no test says."""

import json

from crmpi.bench import measure, report


def test_benchmark_has_the_names_that_scripts_read():
    results = json.loads(json.dumps(measure(n=16, repetitions=1, configurations=("mhd",))))
    assert results["mhd"]["zone_cycles_per_second"] > 0
    assert results["triad_bytes_per_second"] > 0
    assert results["cells"] == [16, 16, 16]
    assert {"fluid", "ghosts", "primitives"} <= set(results["mhd"]["seconds"])
    assert "mhd" in report(results)
