"""How an answer depends on the reduced speed of light: the same problem at several vmax
(verification case V14)."""

import time
from typing import NamedTuple

import numpy as np

from crmpi.constants import ECR
from crmpi.errors import CrmpiError
from crmpi.run.inline import run_inline
from crmpi.run.norms import error_norms


class Row(NamedTuple):
    """One run of a table.

    ``vmax`` as the user gave it; ``error``: L1 norm of e against the problem's exact solution over
    the mean of e, None without one; ``change``: the same of the difference from the run with the
    largest vmax; ``order``, ``change_order``: observed orders in 1/vmax between this run and the
    last; ``steps``, ``substeps`` of the last step; ``seconds``.
    """

    vmax: str
    error: float | None
    change: float
    order: float | None
    change_order: float | None
    steps: int
    substeps: int
    seconds: float


def converge(values, configure, comm, report=None):
    """Run a problem at each vmax; collective.

    Parameters
    ----------
    values : sequence of str
        vmax, code units or with unit, ascending; the last is the reference of ``change``
    configure : callable
        override -> (Config, problem class)
    comm : SerialComm or MpiComm
    report : callable, optional
        is called with a `Row` without orders and change as soon as its run has ended

    Returns
    -------
    list of Row

    Raises
    ------
    CrmpiError
        fewer than two values, or not ascending; a solver without vmax; a mesh that changes during a
        run
    """
    runs = []
    for text in values:
        config, problem_class = configure(f"transport.vmax={text}")
        if config.mesh.refinement.criteria:
            raise CrmpiError(
                "runs are compared cell by cell: give mesh.refinement regions, and no criteria",
                everywhere=True,
            )
        _require_ascending(text, config.transport.vmax, [run["vmax"] for run in runs])
        started = time.perf_counter()
        sim, history = run_inline(config, problem_class, comm)
        seconds = time.perf_counter() - started
        volumes = sim.pack.cell_volumes if sim.pack.refined else sim.pack.pool.numbers(fill=1.0)
        norms, mean = error_norms(sim), _mean(comm, sim.pack.active(sim.pack.u0)[:, ECR], volumes)
        error = norms["ecr"]["L1"] / mean if "ecr" in norms else None
        substeps = int(history.get("cr_substeps", [0])[-1])
        e = sim.pack.active(sim.pack.u0)[:, ECR].copy()
        made = {
            "text": text,
            "vmax": config.transport.vmax,
            "error": error,
            "e": e,
            "volumes": volumes,
        }
        runs.append(made | {"cost": (sim.clock.step, substeps, seconds)})
        if report is not None:
            report(Row(text, error, 0.0, None, None, *runs[-1]["cost"]))
    return _table(runs, comm)


def _require_ascending(text, vmax, before):
    if before and not vmax > before[-1]:
        raise CrmpiError(
            f"--vmax must ascend, and {text} does not; give two or more values such as 30,100,300",
            everywhere=True,
        )


def _mean(comm, values, volumes):
    """Return the mean over the mesh of an array (nblock, n3, n2, n1); `volumes` (nblock,) weight
    its blocks."""
    partials = np.stack(
        [
            np.abs(values).sum(axis=(1, 2, 3)),
            np.full(len(values), float(values[0].size) if len(values) else 0.0),
        ],
        axis=1,
    )
    total, count = comm.block_sums(partials * volumes[:, None])
    return total / count


def _table(runs, comm):
    """Return the rows, with changes and orders."""
    finest = runs[-1]["e"]
    scale = _mean(comm, finest, runs[-1]["volumes"])
    rows = []
    for number, run in enumerate(runs):
        change = _mean(comm, run["e"] - finest, run["volumes"]) / scale
        last = rows[-1] if rows else None
        ratio = run["vmax"] / runs[number - 1]["vmax"] if rows else None
        order = _order(last.error, run["error"], ratio) if rows else None
        change_order = _order(last.change, change, ratio) if rows else None
        rows.append(Row(run["text"], run["error"], change, order, change_order, *run["cost"]))
    return rows


def _order(coarse, fine, ratio):
    """Return the order in 1/vmax, or None where there is nothing to compare."""
    if not coarse or not fine:
        return None
    return float(np.log(coarse / fine) / np.log(ratio))


HEADINGS = ("vmax", "error", "order", "change", "order", "steps", "sub-steps", "seconds")


def format_table(rows):
    """Return the table as Markdown."""
    body = []
    for r in rows:
        answers = (_number(r.error), _short(r.order), _number(r.change), _short(r.change_order))
        body.append((r.vmax, *answers, str(r.steps), str(r.substeps), f"{r.seconds:.1f}"))
    widths = [max(len(line[n]) for line in [HEADINGS, *body]) for n in range(len(HEADINGS))]
    lines = [
        " | ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        for line in [HEADINGS, *body]
    ]
    lines.insert(1, " | ".join("-" * (width - 1) + ":" for width in widths))
    return "\n".join(f"| {line} |" for line in lines)


def _number(value):
    return "-" if value is None else f"{value:.3e}"


def _short(value):
    return "-" if value is None else f"{value:.2f}"
