"""Runs inside a program on a mesh that changes."""

from crmpi.parallel.comm import SerialComm
from crmpi.run.configuration import configure
from crmpi.run.inline import run_inline

BOX = "{name: moving_box, lower: [-0.3, -0.1, -1], upper: [-0.1, 0.1, 1], velocity: [40, 0, 0]}"


def test_a_run_inside_a_program_refines_its_start_and_follows_changes():
    words = [
        "mesh.cells=[32,32,1]",
        "mesh.block=[8,8,1]",
        "transport.solver=none",
        "problem.beta=1",
        "time.max_steps=8",
    ]
    words.append(f"mesh.refinement={{max_level: 1, interval: 2, min_age: 0, criteria: [{BOX}]}}")
    levels = []
    sim, history = run_inline(
        *configure("blast", words), SerialComm(), watch=lambda sim: levels.append(sim.tree.leaves)
    )
    assert sim.clock.step == 8 and history["blocks"][0] > 16
    assert len({leaves.tobytes() for leaves in levels}) > 1
