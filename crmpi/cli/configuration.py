"""From the words of the command line to a checked configuration on every rank: files are read and checked by rank 0 alone."""

from pathlib import Path

import yaml

from crmpi.cli.library import Target, find_target
from crmpi.errors import CrmpiError
from crmpi.params import Config, Selector, load


def configure(comm, target, overrides, restart=None):
    """Find the problem, read and check its parameters; collective.

    Parameters
    ----------
    comm : SerialComm or MpiComm
    target : str or None
        see `crmpi.cli.library.find_target`; None only for a restart, which knows its configuration
    overrides : sequence of str
        'key=value'
    restart : str, optional
        a checkpoint or the folder of a run

    Returns
    -------
    Config, subclass of Problem, Path of the checkpoint or None

    Raises
    ------
    CrmpiError
        on all ranks alike
    """
    from crmpi.problem import load_problem_class
    from crmpi.simulation import GROUPS

    found, source, restart = together(comm, lambda: _locate(target, overrides, restart) if comm.rank == 0 else None)
    problem_class = together(comm, lambda: {"class": load_problem_class(found.problem_file)}, share=False)["class"]
    groups = GROUPS | {"problem": Selector("name", {found.name: problem_class}, doc="name of the problem, or path of its Python file")}
    defaults = {"problem.name": found.name, "output.dir": f"runs/{problem_class.name}"}

    def check():
        config = load(source, overrides, groups, defaults=defaults)
        check_ranks(config, comm.nranks)
        return config.state()

    state = together(comm, lambda: check() if comm.rank == 0 else None)
    return Config.from_state(state, groups), problem_class, restart


def together(comm, function, *, share=True):
    """Call `function` on every rank and return rank 0's result (`share`), or each rank's own; an error of any rank is raised on all."""
    result, error = None, None
    try:
        result = function()
    except CrmpiError as problem:
        error = problem
    first = next((e for e in comm.allgather_object(error) if e is not None), None)
    if first is not None:
        first.everywhere = True
        raise first
    return comm.bcast(result) if share else result


def check_ranks(config, nranks):
    """Every rank needs a block."""
    cells, block = config.mesh.cells, list(config.mesh.block)
    nblock = _count(cells, block)
    if nranks > nblock:
        smaller = _smaller_blocks(cells, block, nranks)
        advice = f"or choose mesh.block=[{','.join(map(str, smaller))}]" if smaller else "or more mesh.cells"
        raise CrmpiError(
            f"'mesh.block' = {block} makes {nblock} block{'s' if nblock > 1 else ''} of 'mesh.cells' = {list(cells)} "
            f"for {nranks} ranks, and every rank needs one; start at most {nblock} rank{'s' if nblock > 1 else ''}, {advice}"
        )


def _count(cells, block):
    return (cells[0] // block[0]) * (cells[1] // block[1]) * (cells[2] // block[2])


def _smaller_blocks(cells, block, nranks):
    """Return `block` with its longest even edges halved until there is a block for every rank, or None."""
    block = list(block)
    while _count(cells, block) < nranks:
        edges = [n for n in block if n % 2 == 0 and n >= 8]
        if not edges:
            return None
        axis = max(axis for axis, n in enumerate(block) if n == max(edges))
        block[axis] //= 2
    return block


def _locate(target, overrides, restart):
    """Return (Target, source of the configuration, checkpoint or None)."""
    checkpoint = _checkpoint(Path(restart)) if restart is not None else None
    if target is not None:
        found = find_target(target, overrides)
        return found, found.yaml_file or {}, checkpoint
    if checkpoint is None:
        raise CrmpiError("nothing to run; name a problem or a YAML file, for example crmpi run galactic_wind (crmpi problems lists them)")
    stored = _stored_configuration(checkpoint)
    name = str(stored["problem"]["name"])
    return Target(find_target(name).problem_file, name, None), stored, checkpoint


def _checkpoint(path):
    """Return the checkpoint that `path` means: the file, or the newest in the folder of a run."""
    if not path.is_dir():
        if not path.is_file():
            raise CrmpiError(f"cannot find the checkpoint '{path}'")
        return path
    found = sorted([*path.glob("checkpoints/checkpoint_*.h5"), *path.glob("checkpoint_*.h5")])
    if not found:
        raise CrmpiError(f"there is no checkpoint in '{path}'")
    return found[-1]


def _stored_configuration(checkpoint):
    """Return the configuration kept in a checkpoint, as nested dictionaries of text."""
    import h5py

    try:
        with h5py.File(checkpoint, "r") as file:
            return yaml.load(file["config"][()].decode(), Loader=yaml.BaseLoader)
    except (OSError, KeyError) as problem:
        raise CrmpiError(f"'{checkpoint}' is not a readable checkpoint: {problem}") from None
