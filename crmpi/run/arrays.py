"""Quantities of a running simulation as labelled arrays, and arrays given back to its cells;
importing this module needs xarray.

An array holds copies of the cells of this rank, in the units in which the field reads them. It is
the smallest box around the blocks of this rank, in cells of one refinement level: means over volume
of smaller cells, copies of larger ones, NaN where other ranks have the cells.
"""

import math

import numpy as np
import xarray

from crmpi.analysis.read.cells import facts_of, running
from crmpi.analysis.read.derived import DERIVED, shown_in, title
from crmpi.analysis.read.resampled import spread
from crmpi.errors import CrmpiError
from crmpi.model.changes import change, changeable, require_changeable
from crmpi.output.snapshot import face_variables
from crmpi.output.unit_names import portable
from crmpi.units import parse_unit, split_value

DIMENSIONS = ("x3", "x2", "x1")
LARGEST = 2**28
"""Cells of the largest array that is made: 2 GiB."""

_READ_ONLY = (
    "this array is a copy of cells, and a change of it would be lost: give the simulation a whole "
    "array, as in sim['dens'] = 2 * sim['dens'], or change array.copy()"
)


class CellArray(xarray.DataArray):
    """A `xarray.DataArray` that refuses to be changed in place as long as it shows cells; results
    of arithmetic are ordinary."""

    __slots__ = ()

    def __setitem__(self, key, value):
        if not np.asarray(self.data).flags.writeable:
            raise CrmpiError(_READ_ONLY)
        super().__setitem__(key, value)

    # sim["dens"] *= 2 is the assignment of a new array
    __iadd__ = xarray.DataArray.__add__
    __isub__ = xarray.DataArray.__sub__
    __imul__ = xarray.DataArray.__mul__
    __itruediv__ = xarray.DataArray.__truediv__
    __ipow__ = xarray.DataArray.__pow__


def array_of(sim, name, level=None):
    """Return a quantity in the cells of this rank, dimensions (x3, x2, x1).

    Parameters
    ----------
    sim : crmpi.run.simulation.Simulation
    name : str
        a variable or a derived quantity of `crmpi.analysis.read.derived`
    level : int, optional
        the refinement level whose cells the array has; by default the highest of the mesh

    Raises
    ------
    CrmpiError
        no such quantity or level, or an array larger than `LARGEST`
    """
    level = _level(sim, level)
    lower, shape = _box(sim, level)
    unit, factor = _unit(sim, name)
    total, weight = np.zeros(shape), np.zeros(shape)
    for b, cells in enumerate(running(sim)):
        index, values = _on(sim, b, np.broadcast_to(cells[name], cells.shape), level, lower)
        total[index] += values
        weight[index] += _on(sim, b, np.ones(cells.shape), level, lower)[1]
    with np.errstate(invalid="ignore"):
        whole = np.where(weight == 1.0, total, total / np.where(weight > 0.0, weight, np.nan))
    return _labelled(sim, name, whole * factor, level, lower, unit)


def block_array_of(sim, b, name):
    """Return a quantity in the cells of block `b` of this rank."""
    cells = next(cells for n, cells in enumerate(running(sim)) if n == b)
    unit, factor = _unit(sim, name)
    values = np.broadcast_to(cells[name], cells.shape) * factor
    level = int(sim.pack.levels[b])
    return _labelled(sim, name, values, level, sim.pack.origins[b][::-1], unit)


def assign(sim, name, value):
    """Set a variable in all cells of this rank.

    Parameters
    ----------
    value : number, 'number unit', array or DataArray
        in the unit of ``array_of(sim, name)`` unless it says another; its shape is that of the
        array of a level, or one that numpy spreads over that of the highest level

    Raises
    ------
    CrmpiError
        the variable cannot be changed, the array does not fit, or cells are finer than the array
    """
    require_changeable(name, sim.pack, DERIVED)
    value = _plain(sim, name, value)
    if np.ndim(value) == 0:
        for b in range(sim.pack.nblock):
            _set(sim, b, name, np.broadcast_to(value, sim.tree.block[::-1]))
        return
    level = _level_of(sim, name, value)
    lower, shape = _box(sim, level)
    if level < (finest := int(np.max(sim.pack.levels))):
        raise CrmpiError(
            f"an array of level {level} cannot be given to '{name}', which has cells of level "
            f"{finest}: their values are not in it; start from sim['{name}'], which has the "
            "finest cells, or change sim.blocks() one by one"
        )
    whole = np.broadcast_to(_at_own_coordinates(sim, name, value, level, lower), shape)
    for b in range(sim.pack.nblock):
        steps, first = _steps(sim, b, level), sim.pack.origins[b][::-1]
        index = tuple(
            slice((start << step) - low, ((start + n) << step) - low)
            for start, step, n, low in zip(first, steps, sim.tree.block[::-1], lower, strict=True)
        )
        _set(sim, b, name, _mean(whole[index], steps))


def assign_block(sim, b, name, value):
    """Set a variable in the cells of block `b` of this rank; arguments as for `assign`."""
    require_changeable(name, sim.pack, DERIVED)
    shape = tuple(sim.tree.block[::-1])
    value, lower = _plain(sim, name, value), sim.pack.origins[b][::-1]
    level = int(sim.pack.levels[b])
    try:
        values = np.broadcast_to(_at_own_coordinates(sim, name, value, level, lower), shape)
    except ValueError:
        raise CrmpiError(_misfit(name, value, [shape])) from None
    _set(sim, b, name, values)


def names_of(sim):
    """Return the names of what `array_of` can show: variables, then derived quantities."""
    from crmpi.analysis.read.derived import available

    names = facts_of(sim).names
    return [*names, *available(names, sim.units)]


def _set(sim, b, name, values):
    """Set the cells of a block whose value, as it is shown, differs from the present one."""
    variable = changeable(sim.pack)[name]
    own = sim.pack.active(getattr(sim.pack, variable.array))[b, variable.component]
    _, factor = _unit(sim, name)
    where = values != own * factor
    if where.any():
        change(sim, b, name, values / factor, where)


def _unit(sim, name):
    """Return (unit, factor from code units) in which a quantity is shown."""
    variables = [*changeable(sim.pack).values(), *face_variables(sim.pack)]
    dimensions = {variable.name: variable.unit for variable in variables}
    dimensions |= dict.fromkeys(("fecr1", "fecr2", "fecr3"), "energy_flux")
    dimension = dimensions.get(name) or (DERIVED[name].dimension if name in DERIVED else "none")
    return shown_in(dimension, sim.units)


def _level(sim, level):
    """Return the level of an array, the highest of the mesh by default."""
    highest = int(sim.tree.max_level)
    level = highest if level is None else level
    if not 0 <= level <= highest:
        raise CrmpiError(
            f"level = {level} is not one of this mesh, whose levels are 0 to {highest}"
        )
    return level


def _steps(sim, b, level):
    """Return for x3, x2, x1 how many levels finer an array is than block `b`; 0 on missing
    axes."""
    step = level - int(sim.pack.levels[b])
    return [0 if sim.tree.missing[axis] else step for axis in (2, 1, 0)]


def _box(sim, level):
    """Return (first cell, shape) of the smallest box around the blocks of this rank, axes x3, x2,
    x1, in cells of a level."""
    lower, upper = [], []
    for b in range(sim.pack.nblock):
        ends = zip(
            sim.pack.origins[b][::-1], sim.tree.block[::-1], _steps(sim, b, level), strict=True
        )
        first = [(int(o), int(o) + n, s) for o, n, s in ends]
        lower.append([lo << s if s >= 0 else lo >> -s for lo, _, s in first])
        upper.append([hi << s if s >= 0 else ((hi - 1) >> -s) + 1 for _, hi, s in first])
    lower, upper = np.min(lower, axis=0), np.max(upper, axis=0)
    shape = tuple((upper - lower).tolist())
    if math.prod(shape) > LARGEST:
        raise CrmpiError(
            f"{' x '.join(map(str, shape))} cells of level {level} do not fit into one array: "
            "choose a lower level, sim.array(name, level=...), or take sim.blocks() one by one"
        )
    return lower.tolist(), shape


def _on(sim, b, values, level, lower):
    """Return (index, values) of what a block adds to an array."""
    first, steps = [int(o) for o in sim.pack.origins[b][::-1]], _steps(sim, b, level)
    index, values = spread(values, first, steps)
    return tuple(
        slice(part.start - low, part.stop - low) for part, low in zip(index, lower, strict=True)
    ), values


def _mean(values, steps):
    """Return means over pairs of cells, `steps` times along each axis: exact where all are
    equal."""
    for axis, step in enumerate(steps):
        for _ in range(step):
            even, odd = (
                values[(slice(None),) * axis + (slice(start, None, 2),)] for start in (0, 1)
            )
            values = 0.5 * (even + odd)
    return values


def _coordinates(sim, level, lower, shape):
    """Return {name: (positions, unit)} of an array, centres of its cells."""
    unit, factor = shown_in("length", sim.units)
    places = sim.pack.positions(lower[::-1], shape[::-1], level)
    return {f"x{a + 1}": (places[a] * factor, unit or "1") for a in range(3)}


def _labelled(sim, name, values, level, lower, unit):
    """Return the `CellArray` of values in the box that begins at cell `lower` of a level."""
    values.flags.writeable = False
    coordinates = {
        axis: (axis, places, {"units": portable(length)})
        for axis, (places, length) in _coordinates(sim, level, lower, values.shape).items()
    }
    time_unit, time_factor = shown_in("time", sim.units)
    coordinates["time"] = ((), sim.time * time_factor, {"units": time_unit or "1"})
    attributes = {"units": portable(unit or "1"), "long_name": title(name)}
    if sim.tree.max_level:
        attributes["level"] = level
    return CellArray(values, coords=coordinates, dims=DIMENSIONS, name=name, attrs=attributes)


def _plain(sim, name, value):
    """Return what was given as numbers in the unit in which the variable is shown, with the
    coordinates of a `xarray.DataArray`."""
    unit = _unit(sim, name)[0]
    given = None
    if isinstance(value, str):
        try:
            value, given = split_value(value.strip())
        except ValueError:
            raise CrmpiError(f"'{name}' = '{value}' is not a number with a unit") from None
    elif isinstance(value, xarray.DataArray):
        given = value.attrs.get("units")
        others = set(map(str, value.dims)) - set(DIMENSIONS)
        if others:
            raise CrmpiError(f"'{name}' has no dimension {', '.join(sorted(others))}")
        value = value.transpose(*(d for d in DIMENSIONS if d in value.dims))
    elif np.ma.is_masked(value):
        raise CrmpiError(f"'{name}' has masked cells: give them values, as in array.filled(1.0)")
    else:
        try:
            value = np.asarray(value, dtype=float)
        except (TypeError, ValueError):
            raise CrmpiError(f"'{name}' must be set to numbers, not to {value!r:.80}") from None
    return value * _conversion(name, given, unit)


def _conversion(name, given, unit):
    """Return what a value in the unit `given`, None if it says none, is multiplied by."""
    if not given or portable(given) == portable(unit or "1"):
        return 1.0
    try:
        one, other = parse_unit(given), parse_unit(unit or "1")
    except ValueError as problem:
        raise CrmpiError(f"'{name}' {problem}") from None
    if one.dims != other.dims:
        raise CrmpiError(f"'{name}' is given in {given}; it is in {unit or 'code units'}")
    return one.value / other.value


def _level_of(sim, name, value):
    """Return the level of the mesh that has the shape of an array."""
    highest = int(sim.tree.max_level)
    shapes = [_box(sim, level)[1] for level in range(highest + 1)]
    dims = getattr(value, "dims", DIMENSIONS[-np.ndim(value) :])
    sizes = dict(zip(dims, np.shape(value), strict=True))
    full = tuple(sizes.get(axis, 1) for axis in DIMENSIONS)
    for level in range(highest, -1, -1):
        if full == shapes[level]:
            return level
    if all(n in (1, m) for n, m in zip(full, shapes[highest], strict=True)):
        return highest
    raise CrmpiError(_misfit(name, value, shapes))


def _misfit(name, value, shapes):
    has = " or ".join(str(shape) for shape in dict.fromkeys(shapes))
    return (
        f"an array of shape {np.shape(value)} does not fit '{name}', which has {has}: start from "
        f"sim['{name}']"
    )


def _at_own_coordinates(sim, name, value, level, lower):
    """Return the numbers of an array, one axis for each dimension; coordinates that are not those
    of the cells are refused."""
    if not isinstance(value, xarray.DataArray):
        return value
    shape = tuple(value.sizes.get(axis, 1) for axis in DIMENSIONS)
    own = _coordinates(sim, level, lower, shape)
    for axis in value.dims:
        places, unit = own[axis]
        if axis in value.coords and len(places) > 1:
            width = abs(places[1] - places[0])
            if np.max(np.abs(value.coords[axis].values - places)) > 1e-6 * width:
                raise CrmpiError(
                    f"the coordinates {axis} of the array are not those of the cells of '{name}' "
                    f"({places[0]:g} to {places[-1]:g} {unit}): align it first, or give .values"
                )
    return np.asarray(value.data).reshape(shape)
