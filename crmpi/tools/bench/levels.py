"""Speed on a refined mesh beside that on a uniform one with blocks of the same size.

The refined mesh has three levels: 4^3 blocks, the middle 2^3 of them refined, and the middle 2^3 of
these refined once more; 56, 56 and 64 blocks. The uniform mesh has 4 x 4 x 12 blocks of cubic
cells. Both step in turns, and rates are medians: zones of all levels, times steps, over CPU
seconds.
"""

from statistics import median

from crmpi.tools.bench.boxes import Box

LEVELS = 2  # the highest
SIDE, LAYERS = 4, 12  # blocks of the meshes
STEPS = 10  # between two checks of the mesh
REGRIDDED = 16  # cells of the largest blocks of the mesh that changes, which has 960 of them
CFL = 0.3
_NANO = 1e9
_REGIONS = [
    {
        "level": level,
        "lower": [0.5 - 0.5 ** (level + 1)] * 3,
        "upper": [0.5 + 0.5 ** (level + 1)] * 3,
    }
    for level in range(1, LEVELS + 1)
]
_SMALL = {"name": "moving_box", "lower": [0.375] * 3, "upper": [0.625] * 3, "velocity": [1, 0, 0]}


def measure_levels(names=("mhd", "two_moment"), blocks=(16, 32), repetitions=5, whole=64):
    """Return {"rates": {"mhd 16": {...}, ...}, "single": {name: rate}, "regrid": {...}, ...}.

    Parameters
    ----------
    names : sequence of str
        in `crmpi.tools.bench.boxes.CONFIGURATIONS`
    blocks : sequence of int
        cells along an axis of a block
    repetitions : int
        steps of each mesh
    whole : int
        cells along an axis of a mesh of one block, for comparison
    """
    rates = {f"{name} {n}": _compare(name, n, repetitions) for name in names for n in blocks}
    single = {
        name: _rate(_turns([Box(name, (whole,) * 3, (whole,) * 3)], repetitions)[0])
        for name in names
    }
    smallest = min(blocks)
    found = {
        "rates": rates,
        "single": single,
        "block": smallest,
        "whole": whole,
        "regrid": _regrid(min(smallest, REGRIDDED)) | {"block": min(smallest, REGRIDDED)},
    }
    if "two_moment" in names:
        found["subcycle"] = _subcycle(smallest, repetitions)
    return found


def _cube(name, n, refinement=None, layers=SIDE):
    """Return a `Box` of 4 x 4 x `layers` blocks of n^3 cells."""
    more = {} if refinement is None else {"mesh.refinement": refinement}
    return Box(
        name,
        (SIDE * n, SIDE * n, layers * n),
        (n,) * 3,
        period=(SIDE * n,) * 3,
        more=more,
    )


def _turns(boxes, repetitions):
    """Step the boxes in turns; return for each a list of {phase or "all": ns per zone}."""
    found = [[] for _ in boxes]
    for box in boxes:
        box.step()  # compiles or loads the kernels
    for _ in range(repetitions):
        for box, turns in zip(boxes, found, strict=True):
            box.reset()
            seconds = {"all": box.timed_step()} | dict(box.seconds)
            turns.append({phase: _NANO * value / box.sim.zones for phase, value in seconds.items()})
    return found


def _medians(turns):
    """Return the medians of the phases."""
    return {phase: median(turn.get(phase, 0.0) for turn in turns) for phase in turns[0]}


def _rate(turns):
    """Return zone-cycles per second."""
    return _NANO / median(turn["all"] for turn in turns)


def _compare(name, n, repetitions):
    """Return rates and phases of both meshes and the median of the ratios of their turns."""
    boxes = _cube(name, n, layers=LAYERS), _cube(name, n, {"regions": _REGIONS})
    uniform, refined = _turns(boxes, repetitions)
    ratios = [one["all"] / other["all"] for one, other in zip(uniform, refined, strict=True)]
    levels = [int((boxes[1].sim.tree.levels == level).sum()) for level in range(LEVELS + 1)]
    return {
        "blocks": levels, "ratio": median(ratios), "rates": [_rate(uniform), _rate(refined)],
        "phases": [_medians(uniform), _medians(refined)],
        "substeps": [box.substeps for box in boxes],
    }  # fmt: skip


def _subcycle(n, repetitions):
    """Return the seconds of the transport with one number of sub-steps over those by level."""
    boxes = [
        _cube("two_moment", n, {"regions": _REGIONS, "subcycle": way})
        for way in ("global", "level")
    ]
    for box in boxes:
        box.step()
    ratios = []
    for _ in range(repetitions):
        for box in boxes:
            box.reset()
            box.step()
        ratios.append(boxes[0].transport_seconds / boxes[1].transport_seconds)
    return median(ratios)


def _regrid(n):
    """Return the seconds of ten steps, of a check that leaves the mesh as it is, and of one that
    moves its finest level by one block.
    """
    refinement = {"max_level": LEVELS, "interval": STEPS, "min_age": 0, "criteria": [_SMALL]}
    box = _cube("mhd", n, refinement)
    sim = box.sim
    sim.remesher.settle()
    for _ in range(2):  # compiles or loads the kernels
        sim.clock.tick(1.0 / (SIDE << LEVELS))
        sim.remesher.adapt()
        box.step()
    walking = STEPS * min(box.timed_step() for _ in range(2))
    resting = min(_seconds(box, sim.remesher.adapt) for _ in range(3))
    sim.clock.tick(1.0 / (SIDE << LEVELS))
    return {"steps": walking, "look": resting, "change": _seconds(box, sim.remesher.adapt)}


def _seconds(box, function):
    """Return the CPU seconds of a call."""
    start = box.clock()
    function()
    return box.clock() - start


def levels_report(found):
    """Return the results of `measure_levels` as lines of text."""
    lines = [
        f"{'':16}{'uniform':>10}{'3 levels':>10}{'ratio':>8}   million zone-cycles/s, one core"
    ]
    for name, case in found["rates"].items():
        uniform, refined = (rate / 1e6 for rate in case["rates"])
        steps = "   {} and {} sub-steps".format(*case["substeps"]) if any(case["substeps"]) else ""
        lines.append(f"{name + '^3':16}{uniform:10.3f}{refined:10.3f}{case['ratio']:8.1%}{steps}")
    for name, rate in found["single"].items():
        share = found["rates"][f"{name} {found['block']}"]["rates"][0] / rate
        text = f"   one block; uniform {found['block']}^3 has {share:.1%} of it"
        label = f"{name} {found['whole']}^3"
        lines.append(f"{label:16}{rate / 1e6:10.3f}{text}")
    for name, case in found["rates"].items():
        lines += ["", f"{name}^3, ns per zone and cycle"]
        for mesh, phases in zip(("uniform", "3 levels"), case["phases"], strict=True):
            lines.append(
                f"{mesh:10}" + "".join(f"{phase} {value:.1f}  " for phase, value in phases.items())
            )
    if "subcycle" in found:
        text = "transport with sub-steps by level: {:.2f} times as fast as with one number"
        lines += ["", text.format(found["subcycle"])]
    block = found["regrid"]["block"]
    shares = regrid_shares(found["regrid"], block)
    text = (
        "a check of the mesh every {} steps, blocks of {}^3: {:.1%} of the run if nothing changes, "
        "{:.1%}\nif a layer of blocks does every time, {:.1%} if that moves with the fastest signal"
    )
    return "\n".join([*lines, "", text.format(STEPS, block, *shares)])


def regrid_shares(regrid, n):
    """Return the shares of a run that checks take: none changes the mesh, all do, or as many as
    when a structure moves with the fastest signal, `CFL` cells of the finest level in a step.
    """
    often = min(1.0, CFL * STEPS / n)
    mixed = (1.0 - often) * regrid["look"] + often * regrid["change"]
    costs = regrid["look"], regrid["change"], mixed
    return [cost / (regrid["steps"] + cost) for cost in costs]
