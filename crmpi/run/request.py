"""From what a user asks for, on the command line or in Python, to a checked configuration on every
rank: rank 0 reads and checks the parameters."""

import inspect
import json
import math
import re
from collections.abc import Mapping
from pathlib import Path

from crmpi.errors import CrmpiError
from crmpi.model.files import find_problem, load_problem, problem_file
from crmpi.model.module import check_class
from crmpi.parallel.agreement import on_first, together
from crmpi.params import Config
from crmpi.plugins.mistakes import HookError
from crmpi.run.configuration import groups_for, load_run, use_plugins
from crmpi.run.restart import check_changes, check_problem, read_origin


def configure(comm, target, overrides, restart=None, *, write=True):
    """Find the problem, read and check its parameters; collective.

    Parameters
    ----------
    comm : SerialComm or MpiComm
    target : str, Path, subclass of Problem, or None
        see `crmpi.model.files.find_problem`; None only for a restart, which knows its configuration
    overrides : sequence of str and dict
        'key=value', or {key: value}; the later ones are stronger
    restart : str, optional
        a checkpoint or the folder of a run
    write : bool
        whether a restart goes on in the folder of its run unless told otherwise

    Returns
    -------
    Config, subclass of Problem, Path of the checkpoint or None

    Raises
    ------
    CrmpiError
        on all ranks alike
    """
    named, overrides = _problem_word(comm, overrides, restart)
    origin, path = on_first(comm, lambda: _restart(target, restart, named))
    if target is not None:
        problem_class, source = together(comm, lambda: _found(target))
    else:
        problem_class = together(comm, lambda: load_problem(path))
        source = origin.configuration
    together(comm, lambda: use_plugins(problem_class, *_plugin_words(origin, source, overrides)))
    groups = groups_for(problem_class)

    def check():
        defaults = {"output.dir": f"runs/{problem_class.name}"}
        if inspect.isclass(target):  # it comes without a file that says when to end
            defaults["time.end"] = math.inf
        if origin is None:
            config = load_run(problem_class, source, overrides, defaults)
        else:
            notes = check_problem(origin, problem_class, target)
            own = own_folder(origin.path, overrides) if write else ()
            words = [*own, *overrides]
            config = load_run(problem_class, source, words, defaults, plugins=False)
            config.notes += notes
            config.notes += check_changes(origin, problem_class, config)
        check_ranks(config, comm.nranks)
        return config.state()

    state = on_first(comm, check)
    return Config.from_state(state, groups), problem_class, origin.path if origin else None


def _found(target):
    """Return (class, source of its parameters) of a problem that is named or given."""
    if not inspect.isclass(target):
        return find_problem(target)
    try:
        text = inspect.getsource(target)
    except (OSError, TypeError):  # typed into an interpreter
        text = ""
    complaint = check_class(target, text)
    if complaint is not None:
        raise HookError(complaint)
    target.name = target.name or _snake_case(target.__name__)
    return target, {}


def _snake_case(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def given_keys(overrides):
    """Yield the dotted keys that overrides name; a mapping may be nested."""
    for item in overrides:
        if isinstance(item, str):
            yield item.partition("=")[0].strip()
            continue
        for key, value in item.items():
            inner = given_keys([value]) if isinstance(value, Mapping) else ()
            yield from (str(key), *(f"{key}.{name}" for name in inner))


def asks_for_folder(overrides):
    """Return whether overrides name the folder of the output."""
    return any(key in ("output", "output.dir") for key in given_keys(overrides))


def _problem_word(comm, overrides, restart):
    """Return (problem that a restart is told to go on with, or None, the other overrides)."""
    texts = [text for text in overrides if isinstance(text, str)]
    words = [text for text in texts if _names_problem(*text.partition("=")[::2])]
    if words and restart is None:
        remedy = "cannot be changed there; name the problem to run instead"
        raise CrmpiError(f"command line: 'problem.name' {remedy}", everywhere=True)
    named = words[-1].partition("=")[2].strip() if words else None
    return named, [text for text in overrides if text not in words]


def _plugin_words(origin, source, overrides):
    """Return (source, overrides) that say which plug-ins a run has; those of a checkpoint only
    where code may be taken from them."""
    named = any(key.partition(".")[0] == "plugins" for key in given_keys(overrides))
    if origin is None or source is not origin.configuration:
        return source, overrides
    return ({}, overrides) if named else ({"plugins": {"paths": origin.plugin_paths()}}, ())


def _names_problem(key, value):
    """Return whether an override says which problem to run, unlike problem={...}, which sets its
    parameters."""
    parameters = value.lstrip().startswith("{") and not re.search(r"[{,]\s*name\s*:", value)
    return key.strip() == "problem.name" or (key.strip() == "problem" and not parameters)


def check_ranks(config, nranks):
    """Every rank needs a block."""
    cells, block = config.mesh.cells, list(config.mesh.block)
    nblock = _count(cells, block)
    if nranks > nblock:
        smaller = _smaller_blocks(cells, block, nranks)
        advice = (
            f"or choose mesh.block=[{','.join(map(str, smaller))}]"
            if smaller
            else "or more mesh.cells"
        )
        raise CrmpiError(
            f"'mesh.block' = {block} makes {nblock} block{'s' if nblock > 1 else ''} of "
            f"'mesh.cells' = {list(cells)} "
            f"for {nranks} ranks, and every rank needs one; start at most {nblock} "
            f"rank{'s' if nblock > 1 else ''}, {advice}"
        )


def _count(cells, block):
    return (cells[0] // block[0]) * (cells[1] // block[1]) * (cells[2] // block[2])


def _smaller_blocks(cells, block, nranks):
    """Return `block` with its longest even edges halved until there is a block for every rank, or
    None."""
    block = list(block)
    while _count(cells, block) < nranks:
        edges = [n for n in block if n % 2 == 0 and n >= 8]
        if not edges:
            return None
        axis = max(axis for axis, n in enumerate(block) if n == max(edges))
        block[axis] //= 2
    return block


def _restart(target, restart, named):
    """Return (Origin or None, path of the problem file where the command line names no problem or
    file to run)."""
    if restart is None:
        if target is None:
            raise CrmpiError(
                "nothing to run: name a problem or a YAML file, as in crmpi run galactic_wind "
                "(crmpi problems lists them)"
            )
        return None, None
    if target is not None and named is not None:
        raise CrmpiError(f"'{target}' and problem={named} exclude each other: leave one out")
    origin = read_origin(_checkpoint(Path(restart)))
    if target is not None:
        return origin, None
    return origin, problem_file(named) if named else origin.problem_path()


def _checkpoint(path):
    """Return the checkpoint that `path` means: the file, or the newest in the folder of a run."""
    if not path.is_dir():
        if not path.is_file():
            raise CrmpiError(
                f"cannot find the checkpoint '{path}'; name a checkpoint, or the folder of a run"
            )
        return path
    from crmpi.output.directory import checkpoint_files

    found = checkpoint_files(path)
    if not found:
        raise CrmpiError(f"there is no checkpoint in '{path}'")
    return found[-1]


def own_folder(checkpoint, overrides):
    """Return the override that lets a restart go on in the folder where its checkpoint lies, weaker
    than those of the user.

    Raises
    ------
    CrmpiError
        the checkpoint lies in no folder of a run, and the user names none
    """
    from crmpi.output.directory import folder_of

    folder = folder_of(checkpoint)
    if folder is not None:
        return [f"output.dir={json.dumps(str(folder))}"]
    if not asks_for_folder(overrides):
        raise CrmpiError(
            f"'{checkpoint}' does not lie in the folder of a run: say with output.dir=... where "
            "to go on"
        )
    return []
