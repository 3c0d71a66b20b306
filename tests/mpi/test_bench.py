"""The benchmark on many ranks: what it counts there is what the model of weak scaling expects."""

import pytest

from crmpi.tools.bench.efficiency import measure_efficiency
from crmpi.tools.bench.predict import predict
from crmpi.tools.bench.speed import surrounded


@pytest.mark.mpi(min_size=2)
def test_measured_messages_are_the_predicted_ones(comm):
    results = measure_efficiency(comm, 8, ["mhd"], pairs=1, steps=1)
    found = results["efficiency"]["mhd"]
    expected = predict(
        {"step_seconds": 1.0, "surrounded": surrounded("mhd", (8, 8, 8), 1)}, comm.nranks
    )
    assert found["messages_per_step"] == expected["messages"]
    assert found["bytes_per_zone"] * 8**3 == expected["bytes"]
    assert found["efficiency"] > 0.0 and found["apart"] > 0.0 and found["coupled"] > 0.0
    # slower than any network of this century
    assert results["latency"] > 0.0 and results["bandwidth"] > 1e6
