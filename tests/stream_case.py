"""Streams of a state with recognisable numbers on a refined mesh, without a simulation behind
it."""

from types import SimpleNamespace

from crmpi.analysis.streams.writing import Stream
from crmpi.output.snapshot import write_snapshot
from crmpi.parallel.comm import SerialComm
from crmpi.params.loader import make
from crmpi.params.streams import StreamParams
from tests.output_case import make_case
from tests.refined_case import random_tree

SHAPES = {
    "whole": dict(variables=["pcr", "vel2"]),
    "coarse": dict(coarsen=2),
    "slice": dict(shape="slice", axis="x2", position=0.4),
    "box": dict(shape="box", lower=[0.1, 0.3, 0.55], upper=[0.3, 0.9, 0.7], coarsen=2),
    "projection": dict(shape="projection", axis="x3", variables=["dens", "ecr"]),
    "mean": dict(shape="projection", axis="x1", variables=["temp", "b2"], weight="dens"),
    "packed": dict(shape="slice", axis="x1", compression=4),
}
"""Name of a stream: what it asks for."""


def stream_of(sim, name="cut", **asked):
    """Return the `Stream` of a stand-in of a simulation."""
    return Stream(make(StreamParams, name=name, steps=1, **asked), sim)


def make_sim(comm=None, mesh="3d", seed=3, ranks_per_file=64, tree=None):
    """Return (sim, state, record, writer): what a stream asks of a simulation, and what writes its
    snapshots."""
    comm = comm or SerialComm()
    tree = tree or random_tree(mesh, seed)
    state, record, writer, owner = make_case(comm, tree=tree, ranks_per_file=ranks_per_file)
    config = SimpleNamespace(
        mesh=SimpleNamespace(
            cells=tree.cells,
            block=tree.block,
            lower=tree.lower,
            upper=tree.upper,
            geometry="cartesian",
            spacing="uniform",
        ),
        fluid=SimpleNamespace(gamma=record.gamma, gamma_cr=record.gamma_cr, mu=record.mu),
        output=SimpleNamespace(streams=(), ranks_per_file=ranks_per_file),
        resolved=dict,
    )
    sim = SimpleNamespace(
        comm=comm,
        tree=tree,
        owner=owner,
        pack=state.pack,
        config=config,
        units=record.units,
        transport=None,
    )
    return sim, state, record, writer


def write_with_snapshot(folder, sim, state, record, writer, **asked):
    """Write a snapshot and a file of a stream beside it; return their paths."""
    snapshot, path = folder / "snapshot.athdf", folder / "stream.athdf"
    write_snapshot(snapshot, state, record, writer, "f8")
    stream_of(sim, **({"precision": "f8"} | asked)).write(path, state, record)
    return snapshot, path
