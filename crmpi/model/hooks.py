"""Calling the hooks of a problem: every exception and wrong return becomes one sentence."""

import copy
import inspect
import re
import zlib
from collections.abc import Mapping

import numpy as np

from crmpi.diagnostics.reductions import REDUCTIONS, Total
from crmpi.errors import CrmpiError
from crmpi.plugins.mistakes import HookError, folder_of, is_own, place_of, sentence, suggestion
from crmpi.plugins.modules import helpers_of

SIDES = ("ix1", "ox1", "ix2", "ox2", "ix3", "ox3")

HOOKS = {
    "defaults": ("config",),
    "setup": ("p",),
    "initial": ("x", "p"),
    "vector_potential": ("x", "p"),
    "gravity": ("x", "p"),
    "area": ("s", "p"),
    "inject": ("x", "w", "t", "dt", "p"),
    "refine": ("x", "w", "t", "p"),
    **{f"boundary_{side}": ("w", "x", "t", "p") for side in SIDES},
    **{f"inflow_{side}": ("x", "t", "p") for side in SIDES},
    "history": ("x", "w", "p"),
    "exact": ("x", "t", "p"),
    "summary": ("history", "p"),
    "results": ("history", "p"),
}
"""What each hook is called with."""

_RETURNS = {
    "defaults": "a dict of parameters, such as {'fluid.gamma': 1.4}",
    "initial": "a dict of primitives, such as dict(dens=1.0, press=1.0)",
    "vector_potential": "a dict of a1, a2, a3",
    "gravity": "a dict of g1, g2, g3",
    **{
        f"inflow_{side}": "a dict of primitives, such as dict(dens=1.0, press=1.0)"
        for side in SIDES
    },
    "inject": "a dict of gained densities, such as {'eth': ..., 'ecr': ...}",
    "history": "a dict of columns, such as {'outflow [Msun/yr]': total(...)}",
    "exact": "a dict of primitives, such as dict(dens=...)",
    "summary": "a dict of texts, {label: text}",
    "results": "a dict of numbers, {name: number}",
}
_NOTHING = {
    "setup": "keep what other hooks need in self",
    "boundary": "it sets w in place, as in w.dens[...] = 1.0",
}


def call(problem, hook, *arguments):
    """Call a hook and return what it returns: a `Mapping` where one is due, None where nothing is.

    Parameters
    ----------
    problem : Problem, or a subclass of it for the static hook ``defaults``
    hook : str
    arguments
        as in `HOOKS`

    numpy warns of nothing meanwhile: np.where(x > 0, np.log(x), 0) is good code, and what is not
    finite in the end is refused.

    Raises
    ------
    HookError
        any exception, and a return of the wrong kind, as one sentence
    """
    problem_class = problem if inspect.isclass(problem) else type(problem)
    try:
        with (
            helpers_of(folder_of(problem_class)),
            np.errstate(divide="ignore", invalid="ignore", over="ignore"),
        ):
            returned = getattr(problem, hook)(*arguments)
    except (Exception, SystemExit) as error:
        if isinstance(error, CrmpiError) and is_own(problem_class, error):
            raise  # a sentence of the author
        subjects = dict(zip(HOOKS[hook], arguments, strict=False))
        if problem is not problem_class:
            subjects |= {
                "self": problem,
                "self.units": problem.units,
                "self.config": problem.config,
            }
        raise HookError(sentence(problem_class, hook, error, subjects)) from error
    _check_kind(problem_class, hook, returned)
    return returned


def refuse(problem, hook, what, key=None):
    """Return the error about what a hook returned; `key` is the name of the value."""
    problem_class = problem if inspect.isclass(problem) else type(problem)
    return HookError(f"{place_of(problem_class, hook, key)}: {what}")


def _check_kind(problem_class, hook, returned):
    """Require a mapping, a number or nothing, as the hook promises."""
    if hook in ("area", "refine"):
        return
    kind = "nothing" if returned is None else with_article(type(returned).__name__)
    if hook in _RETURNS:
        if not isinstance(returned, Mapping):
            raise refuse(problem_class, hook, f"returns {kind}; it must return {_RETURNS[hook]}")
        strange = next((key for key in returned if not isinstance(key, str)), None)
        if strange is not None:
            raise refuse(
                problem_class, hook, f"returns the key {strange!r}; it must return {_RETURNS[hook]}"
            )
    elif returned is not None:
        remedy = _NOTHING[hook.partition("_")[0]]
        raise refuse(problem_class, hook, f"returns {kind}, which is not used anywhere; {remedy}")


def with_article(word):
    """Return the name of a type as in 'a dict', 'an int'."""
    word = "array" if word == "ndarray" else word
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"


# ---------------------------------------------------------------------- what hooks return


def array(problem, hook, name, value, shape):
    """Return what a hook returned for a variable as an array of floats of `shape`."""
    if type(value) is np.ndarray and value.dtype == float and value.shape == shape:
        return value
    if np.ma.is_masked(value):
        what = f"'{name}' has masked cells; give them values, as in q.filled(1.0)"
        raise refuse(problem, hook, what, name)
    try:
        values = np.asarray(value)
        numeric = values.dtype.kind in "iuf"
    except ValueError:  # lists of different lengths
        numeric = False
    if not numeric:
        shown = (
            repr(value)
            if isinstance(value, (str, type(None), bool))
            else with_article(type(value).__name__)
        )
        shown = f"{shown} of {value.dtype}" if isinstance(value, np.ndarray) else shown
        raise refuse(
            problem, hook, f"'{name}' is {shown}; it must be a number or an array of numbers", name
        )
    values = values.astype(float, copy=False)
    if values.shape == tuple(shape):
        return values
    try:
        return np.broadcast_to(values, shape)
    except ValueError:
        need = f"a number or an array of the shape {tuple(shape)}, indexed [k, j, i]"
        size = f"the shape {values.shape}; it must be {need}"
        raise refuse(problem, hook, f"'{name}' has {size}", name) from None


def finite(problem, hook, name, value, x):
    """Return what a hook returned as an array on the positions `x`, finite everywhere."""
    values = array(problem, hook, name, value, x.shape)
    wrong = ~np.isfinite(values)
    if wrong.any():
        k, j, i = np.argwhere(wrong)[0]
        where = f"x1={x.x1.flat[i]:.6g}, x2={x.x2.flat[j]:.6g}, x3={x.x3.flat[k]:.6g}"
        raise refuse(
            problem, hook, f"'{name}' = {values[k, j, i]:.6g} at {where}; it must be finite", name
        )
    return values


def known_names(problem, hook, values, known, required=()):
    """Refuse names that are not `known`, and the lack of those that are `required`."""
    for name in values:
        if name not in known:
            remedy = suggestion(name, known)
            raise refuse(problem, hook, f"returns the unknown variable '{name}'; {remedy}", name)
    for name in required:
        if name not in values:
            raise refuse(problem, hook, f"must return '{name}'")


def numbers(problem, hook, values):
    """Return {name: value} of a hook that returns one real number for each name."""
    for name, value in values.items():
        if not _is_number(value):
            shown = f"an array of the shape {np.shape(value)}" if np.shape(value) else repr(value)
            raise refuse(problem, hook, f"'{name}' is {shown}; it must be one number", name)
    return values


def _is_number(value):
    return np.ndim(value) == 0 and getattr(np.asarray(value), "dtype", None).kind in "iufb"


def inject(problem, x, w, time, dt):
    """Return what ``inject`` gives to one block; it sees `w` read-only."""
    before = dict(vars(read_only(w)))
    gain = dict(call(problem, "inject", x, w, time, dt, problem.p))
    unchanged(problem, "inject", w, before)
    return gain


def history(problem, x, w):
    """Return {name: reduction} of what ``history`` has to say of one block; it sees `w`
    read-only."""
    before = dict(vars(read_only(w)))
    values = call(problem, "history", x, w, problem.p)
    unchanged(problem, "history", w, before)
    return {name: _reduction(problem, name, value, x.shape) for name, value in values.items()}


def _reduction(problem, name, value, shape):
    """Return what ``history`` returned for a column with its arrays checked; it must say how blocks
    are joined."""
    if not isinstance(value, REDUCTIONS):
        kind = repr(value) if isinstance(value, str) else with_article(type(value).__name__)
        how = (
            "say what it is over the box: total(x.integral(...)), mean(array, weight=...), "
            "minimum(array) or maximum(array)"
        )
        raise refuse(problem, "history", f"'{name}' is {kind}; {how}, from crmpi.api", name)
    if _is_checked(value, shape):
        return value
    parts = {
        part: array(problem, "history", name, given, shape)
        for part, given in value._asdict().items()
        if part in _ARRAYS
    }
    if isinstance(value, Total) and np.ndim(value.value) == 0:
        parts["value"] = float(value.value)
        if value.where is not None:
            raise refuse(
                problem,
                "history",
                f"'{name}' is a total of one number: 'where' selects cells of an array",
                name,
            )
    where = None if value.where is None else _cells(problem, name, value.where, shape)
    return value._replace(**parts, where=where)


def _cells(problem, name, where, shape):
    """Return the cells that count in a column as a bool array of `shape`."""
    where = np.asarray(where)
    if where.dtype != bool:
        what = "has numbers in 'where'; it must be True and False, as in where=w.dens > 1.0"
        raise refuse(problem, "history", f"'{name}' {what}", name)
    try:
        return np.broadcast_to(where, shape)
    except ValueError:
        what = f"has a 'where' of the shape {where.shape}; it must have the shape {tuple(shape)}"
        raise refuse(problem, "history", f"'{name}' {what}, indexed [k, j, i]", name) from None


def _is_checked(value, shape):
    """Return whether `_reduction` would leave a reduction as it is: most are numbers, or arrays
    that fit."""
    where = value.where
    if where is None and type(value.value) is float and isinstance(value, Total):
        return True
    if where is not None and not _is_array(where, bool, shape):
        return False
    return all(
        _is_array(getattr(value, part), float, shape) for part in _ARRAYS if hasattr(value, part)
    )


def _is_array(part, kind, shape):
    return type(part) is np.ndarray and part.dtype == kind and part.shape == shape


_ARRAYS = ("value", "weight")
# a name with something visible, and perhaps one unit behind it
_LABEL = re.compile(r"[^\[\]\n\r]*[^\[\]\s][^\[\]\n\r]*(\[[^\[\]\n\r]+\]\s*)?")


def same_columns(problem, comm, blocks):
    """Refuse columns that differ from block to block, also of other ranks; `blocks`: {label:
    reduction} of each. Collective."""
    codes = [
        zlib.crc32(repr([(label, type(value).__name__) for label, value in block.items()]).encode())
        for block in blocks
    ]
    if comm.max(max(codes)) != comm.min(min(codes)):
        what = (
            "returns other columns for one block than for another; names and order may not "
            "depend on the block"
        )
        raise HookError(f"{place_of(type(problem), 'history', None)}: {what}", everywhere=True)


def labels(problem, given):
    """Refuse labels of ``history`` that are not 'name [unit]'."""
    for label in given:
        if not _LABEL.fullmatch(label):
            what = f"{label!r} names no column; write 'name' or 'name [unit]', on one line"
            raise HookError(f"{place_of(type(problem), 'history', label)}: {what}", everywhere=True)


def results(problem, history):
    """Return the numbers of ``results``, which gets a copy of the history."""
    return numbers(problem, "results", call(problem, "results", copy.deepcopy(history), problem.p))


def summary(problem, history):
    """Return the texts of ``summary``, which gets a copy of the history."""
    return call(problem, "summary", copy.deepcopy(history), problem.p)


def area(problem, position):
    """Return the cross-section of a tube that the hook ``area`` gives for one position."""
    value = call(problem, "area", position, problem.p)
    if not (
        np.size(value) == 1
        and np.asarray(value).dtype.kind in "iuf"
        and np.isfinite(value)
        and np.all(value >= 0.0)
    ):
        what = "nothing" if value is None else repr(value)
        raise refuse(
            problem,
            "area",
            f"returns {what} for s = {position:g}; it must return one number that is not negative",
        )
    return float(np.asarray(value).reshape(()))


def read_only(w):
    """Make the arrays of a namespace read-only, and return it."""
    for value in vars(w).values():
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
    return w


def unchanged(problem, hook, w, before):
    """Refuse what a hook assigned to a `w` that it may only read; `before`: what ``vars(w)``
    was."""
    for name, value in vars(w).items():
        if value is not before.get(name, None) or name not in before:
            raise refuse(
                problem,
                hook,
                f"w.{name} is assigned, which changes nothing; {hook}() returns what it has to say",
                name,
            )


_POSITIVE = ("dens", "press")


def possible(w):
    """Return whether density and pressure of a slab are positive, and no energy of cosmic rays
    negative; NaN is not."""
    gas = np.min(w.dens) > 0.0 and np.min(w.press) > 0.0
    return bool(gas and (not hasattr(w, "ecr") or np.min(w.ecr) >= 0.0))


def arriving(w):
    """Return (names of a slab, those that a boundary hook must leave finite, whether the gas is
    possible): tracers arrive as NaN, and may stay so."""
    names = tuple(vars(w))
    present = tuple(name for name in names if not np.isnan(vars(w)[name].flat[0]))
    return names, present, possible(w)


def ghost_values(problem, hook, w, arrived, shape):
    """Check what a boundary hook made of the slab `w`: names, shapes, and a possible gas if it was;
    `arrived` is what `arriving` said before.

    It checks each number once, at every sub-step: what is not finite spoils a sum.
    """
    names, present, was_possible = arrived
    total = 0.0
    for name in names:
        if name not in vars(w):
            what = f"deletes w.{name}; a variable that it does not set stays as by outflow"
            raise refuse(problem, hook, what, name)
    for name, value in vars(w).items():
        if name not in names:
            remedy = suggestion(name, names, "w has")
            raise refuse(problem, hook, f"w has no variable '{name}'; {remedy}", name)
        if not (isinstance(value, np.ndarray) and value.dtype == float and value.shape == shape):
            array(problem, hook, name, value, shape)
        if name in present:
            total += np.sum(value)
    if was_possible and not (possible(w) and np.isfinite(total)):
        for name in present:
            values = array(problem, hook, name, getattr(w, name), shape)
            _refuse_impossible(problem, hook, name, values)


def _refuse_impossible(problem, hook, name, values):
    """Name the first value that no gas has."""
    wrong, need = ~np.isfinite(values), "finite"
    if name in _POSITIVE:
        wrong, need = wrong | ~(values > 0.0), "positive"
    elif name == "ecr":
        wrong, need = wrong | ~(values >= 0.0), "finite and not negative"
    if wrong.any():
        what = f"sets w.{name} = {values[wrong][0]:.6g}; it must be {need}"
        raise refuse(problem, hook, what, name)
