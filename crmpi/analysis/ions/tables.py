"""Tables of ion fractions over density and temperature: computed from rates and kept, or read from
a file of the user."""

import functools
import hashlib
import os
from pathlib import Path

import h5py
import numpy as np

from crmpi.analysis.ions.background import Background
from crmpi.analysis.ions.coefficients import FOLDER
from crmpi.analysis.ions.equilibrium import Gas
from crmpi.analysis.ions.names import ELEMENTS, parse_ion
from crmpi.constants import HYDROGEN_FRACTION
from crmpi.eos import ionisation
from crmpi.errors import CrmpiError
from crmpi.jit import cache_folder

LOG_NH = np.linspace(-8.0, 4.0, 121)
LOG_TEMP = np.linspace(3.0, 9.0, 241)
LOWEST = -30.0  # log10 of a share that stands for none, as in the tables of Trident


class IonTable:
    """Shares of ions over log10 of hydrogen density (cm^-3) and of temperature (K), interpolated
    linearly in logarithms.

    Parameters
    ----------
    log_nh, log_temp : arrays
        increasing
    shares : dict
        {element: array (ion from neutral to bare, density, temperature)} of log10 of the share
    source : str
        what it was made from, for messages and files
    """

    def __init__(self, log_nh, log_temp, shares, source):
        self.log_nh, self.log_temp, self.shares, self.source = log_nh, log_temp, shares, source

    @classmethod
    def read(cls, path, redshift=0.2):
        """Read a file in the layout of Trident and of the ion tables of Cloudy: one data set per
        element, see docs/ions.md."""
        path = Path(path)
        if not path.is_file():
            raise CrmpiError(f"cannot read the ion table {path}: there is no such file")
        try:
            with h5py.File(path, "r") as file:
                elements = {
                    name: _element(path, file[name], redshift)
                    for name in file
                    if isinstance(file[name], h5py.Dataset)
                }
        except OSError as error:
            raise CrmpiError(
                f"cannot read the ion table {path}: it is damaged, or not an HDF5 file"
            ) from error
        if not elements:
            raise CrmpiError(
                f"{path} is no ion table: it has no data set of an element, such as /O"
            )
        log_nh, log_temp, _ = next(iter(elements.values()))
        for name, (nh, temp, _) in elements.items():
            if not (np.array_equal(nh, log_nh) and np.array_equal(temp, log_temp)):
                raise CrmpiError(
                    f"{path} has other densities or temperatures for /{name} than for the rest; "
                    "use one file for each"
                )
        return cls(
            log_nh, log_temp, {name: shares for name, (_, _, shares) in elements.items()}, str(path)
        )

    def fraction(self, ion, temp, nh):
        """Return the share of its element that is in `ion` at `temp` (K) and `nh` (cm^-3), arrays
        that broadcast; 1 for a whole element.

        Beyond the table the value at its edge is taken: see `outside`.
        """
        ion = parse_ion(ion)
        temp, nh = np.broadcast_arrays(np.asarray(temp, float), np.asarray(nh, float))
        if ion.charge is None:
            return np.ones(temp.shape)
        shares = self._shares(ion)
        (k, a), (i, b) = _place(self.log_nh, nh), _place(self.log_temp, temp)
        low = (1.0 - b) * shares[k, i] + b * shares[k, i + 1]
        high = (1.0 - b) * shares[k + 1, i] + b * shares[k + 1, i + 1]
        log = (1.0 - a) * low + a * high
        return np.where(log > LOWEST, 10.0**log, 0.0)

    def outside(self, temp, nh):
        """Return where a temperature or a density is not in the table; what is not positive or not
        finite is outside."""
        inside = _within(self.log_temp, temp) & _within(self.log_nh, nh)
        return ~inside

    def reach(self):
        """Return in words where the table is valid."""
        ends = [
            f"{10.0**v:.3g}"
            for v in (self.log_temp[0], self.log_temp[-1], self.log_nh[0], self.log_nh[-1])
        ]
        return f"{ends[0]} to {ends[1]} K and {ends[2]} to {ends[3]} cm^-3 of hydrogen"

    def _shares(self, ion):
        if ion.element not in self.shares:
            have = ", ".join(self.shares)
            raise CrmpiError(
                f"the ion table {self.source} has no '{ion.element}', only {have}; make a table "
                "that has it"
            )
        shares = self.shares[ion.element]
        if ion.charge >= len(shares):
            raise CrmpiError(
                f"the ion table {self.source} has {len(shares)} ions of {ion.element}; "
                f"{ion.name} is not one of them"
            )
        return shares[ion.charge]


def ion_fraction(ion, temp, nh, redshift=0.2):
    """Return the share of its element that is in `ion` ("O VI"), from the table that comes with
    crmpi.

    Parameters
    ----------
    ion : str
    temp, nh : float or array
        K, and hydrogen atoms and ions per cm^3
    redshift : float
        of the ultraviolet background

    Raises
    ------
    CrmpiError
        values outside of the table: how many, and where it is valid
    """
    table = computed_table(redshift)
    outside = table.outside(temp, nh)
    if outside.any():
        raise CrmpiError(
            f"{outside.sum()} of {outside.size} values are outside of the ion table, which is "
            f"valid for {table.reach()}"
        )
    return table.fraction(ion, temp, nh)


@functools.cache
def computed_table(
    redshift=0.2, background="hm12", scale=1.0, shielded=True, hydrogen=HYDROGEN_FRACTION
):
    """Return the `IonTable` of equilibrium in a background ("hm12", "ks19", "none"); made once and
    kept in the user's cache folder.

    With `shielded` dense gas dims the light as in Rahmati et al. 2013; without, the gas is
    optically thin. `hydrogen`: its share of the mass, the rest is helium.
    """
    light = (
        "collisions alone"
        if background == "none"
        else f"{background} x {scale:g} at z = {redshift:g}"
    )
    source = f"computed for {light}{', shielded' if shielded and background != 'none' else ''}"
    if hydrogen != HYDROGEN_FRACTION:
        source += f", X = {hydrogen:g}"
    path = _cached(source)
    if path is not None and path.is_file():
        table = IonTable.read(path, redshift)
        return IonTable(table.log_nh, table.log_temp, table.shares, source)
    table = _compute(Background(background, redshift, scale), shielded, hydrogen, source)
    if path is not None:
        _keep(path, redshift, table)
    return table


def write_table(path, tables):
    """Write `IonTable`s of the same shape, {redshift: table}, in the layout of Trident."""
    redshifts = sorted(tables)
    first = tables[redshifts[0]]
    with h5py.File(path, "w") as file:
        file.attrs["source"] = first.source
        for element in first.shares:
            dataset = file.create_dataset(
                element, data=np.stack([tables[z].shares[element] for z in redshifts], axis=2)
            )
            dataset.attrs["Parameter1"], dataset.attrs["Parameter1_Name"] = first.log_nh, "hden"
            dataset.attrs["Parameter2"], dataset.attrs["Parameter2_Name"] = (
                np.array(redshifts, float),
                "redshift",
            )
            dataset.attrs["Temperature"] = first.log_temp


def _compute(background, shielded, hydrogen, source):
    nh, temp = np.meshgrid(10.0**LOG_NH, 10.0**LOG_TEMP, indexing="ij")
    gas = Gas(nh, temp, background, helium_of(hydrogen), shielded)
    with np.errstate(divide="ignore"):
        shares = {
            element: np.maximum(np.log10(gas.fractions(element)), LOWEST) for element in ELEMENTS
        }
    return IonTable(LOG_NH, LOG_TEMP, shares, source)


def helium_of(hydrogen_fraction):
    """Return helium atoms per hydrogen atom when all that is not hydrogen is helium."""
    return 0.25 * (1.0 - hydrogen_fraction) / hydrogen_fraction


def _cached(source):
    """Return the file that keeps a table: its name changes with the rates, with this code and with
    what the table is for."""
    folder = cache_folder()
    if folder is None:
        return None
    digest = hashlib.sha256(source.encode())
    shielding = Path(ionisation.__file__)
    for file in [
        *sorted([*Path(__file__).parent.glob("*.py"), *Path(str(FOLDER)).glob("*.csv")]),
        shielding,
    ]:
        digest.update(file.read_bytes())
    return Path(folder) / f"ions_{digest.hexdigest()[:16]}.h5"


def _keep(path, redshift, table):
    """Write a table for later; a cache folder that cannot be written costs time only."""
    scratch = path.with_name(f"{path.stem}.{os.getpid()}.tmp")
    try:
        write_table(scratch, {redshift: table})
        scratch.replace(path)
    except OSError:
        scratch.unlink(missing_ok=True)


def _element(path, dataset, redshift):
    """Return (log nh, log T, log shares) of a data set (ion, density, redshift, temperature), or
    without redshift, at a redshift."""
    name, values = dataset.name.strip("/"), dataset[:].astype(float)
    axes = [key for key in ("Parameter1", "Parameter2", "Temperature") if key in dataset.attrs]
    axes = [np.asarray(dataset.attrs[key], float) for key in axes]
    if [len(axis) for axis in axes] != list(values.shape[1:]) or len(axes) < 2:
        wanted = "the attributes Parameter1, Parameter2 and Temperature"
        raise CrmpiError(
            f"/{name} in {path} is no table of ions: {wanted} do not give its shape "
            f"{values.shape[1:]}"
        )
    values = np.maximum(values, LOWEST)
    if len(axes) == 3:
        values = _at_redshift(path, values, axes.pop(1), redshift)
    log_nh, temp = axes
    return log_nh, temp if temp.max() < 20.0 else np.log10(temp), values


def _at_redshift(path, values, redshifts, redshift):
    if len(redshifts) == 1 and np.isclose(redshifts[0], redshift):
        return values[:, :, 0]
    if not redshifts.min() <= redshift <= redshifts.max():
        raise CrmpiError(
            f"the ion table {path} is there for redshifts {redshifts.min():g} to "
            f"{redshifts.max():g}, not {redshift:g}"
        )
    k = min(int(np.searchsorted(redshifts, redshift, side="right")) - 1, len(redshifts) - 2)
    share = (redshift - redshifts[k]) / (redshifts[k + 1] - redshifts[k])
    return (1.0 - share) * values[:, :, k] + share * values[:, :, k + 1]


def _place(axis, values):
    """Return (index, share of the way to the next) of values on an axis of logarithms, at the ends
    beyond them."""
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.nan_to_num(np.log10(values), nan=axis[0], neginf=axis[0])
    log = np.clip(log, axis[0], axis[-1])
    index = np.clip(np.searchsorted(axis, log, side="right") - 1, 0, len(axis) - 2)
    return index, (log - axis[index]) / (axis[index + 1] - axis[index])


def _within(axis, values):
    values = np.asarray(values, float)
    return (values >= 10.0 ** (axis[0] - 1e-9)) & (values <= 10.0 ** (axis[-1] + 1e-9))
