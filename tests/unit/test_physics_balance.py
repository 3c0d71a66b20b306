"""Heating that balances cooling in every layer."""

from types import SimpleNamespace

import numpy as np
import pytest

from crmpi.constants import DENS, ENER
from crmpi.errors import CrmpiError
from crmpi.mesh.pack import Pack, make_grid
from crmpi.parallel.comm import SerialComm
from crmpi.params import make
from crmpi.physics.balance import spread_over_layers
from crmpi.physics.cooling import Cooling
from crmpi.physics.cooling_curve import cooling_function, power_law_curve
from crmpi.types import EOS
from crmpi.units import Units

UNITS = Units("galactic")
GAS = EOS(gamma=5 / 3, gamma_cr=4 / 3, mu=0.6)
CELLS = (8, 4, 6)
MESH = SimpleNamespace(cells=CELLS, lower=(0, 0, 0), upper=(1, 1, 1), periodic=(True,) * 3)


def pack_of(block):
    """Return a pack of random gas in blocks of this shape; the same state whatever the blocks."""
    counts = [n // m for n, m in zip(CELLS, block, strict=True)]
    origins = [
        [i * block[0], j * block[1], k * block[2]]
        for k in range(counts[2])
        for j in range(counts[1])
        for i in range(counts[0])
    ]
    pack = Pack(
        make_grid(block, CELLS, MESH.lower, MESH.upper, 2),
        list(range(len(origins))),
        origins,
        MESH.lower,
    )
    random = np.random.default_rng(3)
    dens, temp = random.uniform(0.5, 2.0, CELLS[::-1]), random.uniform(1e5, 1e7, CELLS[::-1])
    energy = dens * temp * UNITS.k_B / (GAS.mu * UNITS.m_p) / (GAS.gamma - 1)
    for b, window in enumerate(windows(pack)):
        u = pack.active(pack.u0)[b]
        u[DENS], u[ENER] = dens[window], energy[window]
    return pack


def windows(pack):
    """Return the slices of the blocks in the whole mesh."""
    g = pack.grid
    return [
        (slice(k, k + g.n3), slice(j, j + g.n2), slice(i, i + g.n1)) for i, j, k in pack.origins
    ]


def whole(pack):
    """Return the energy on the whole mesh."""
    energy = np.empty(CELLS[::-1])
    for b, window in enumerate(windows(pack)):
        energy[window] = pack.active(pack.u0)[b, ENER]
    return energy


def balanced(pack):
    source = Cooling(
        make(Cooling.Params, UNITS, enabled=True, balance="layers", temp_floor=1e4),
        pack,
        GAS,
        UNITS,
        MESH,
    )
    source.comm = SerialComm()
    return source


def test_layers_keep_their_energy_and_cells_do_not():
    pack = pack_of(CELLS)
    before = whole(pack)
    source = balanced(pack)
    source.apply(0.0, UNITS("1 Myr"))
    after = whole(pack)
    assert np.allclose(after.sum(axis=(1, 2)), before.sum(axis=(1, 2)), rtol=1e-9)
    assert np.abs(after / before - 1).max() > 0.01
    heated, radiated = source.account["heated"].sum(), source.account["radiated"].sum()
    assert heated == pytest.approx(radiated, rel=1e-9)
    assert heated > 0


@pytest.mark.parametrize("block", [(4, 2, 3), (8, 2, 2), (2, 4, 6)])
def test_same_bits_for_all_blocks(block):
    results = []
    for shape in (CELLS, block):
        pack = pack_of(shape)
        balanced(pack).apply(0.0, UNITS("1 Myr"))
        results.append(whole(pack))
    assert np.array_equal(*results)


def test_heat_is_the_mean_of_the_layer():
    pack = pack_of(CELLS)
    before, radiated = whole(pack), np.zeros((1, *CELLS[::-1]))
    radiated[0, 2, 1, 3] = 32.0
    assert spread_over_layers(pack, MESH, SerialComm(), radiated) == pytest.approx([32.0])
    gain = whole(pack) - before
    assert np.allclose(gain[2], 1.0, rtol=1e-12)
    assert np.abs(np.delete(gain, 2, axis=0)).max() == 0.0


def test_lower_end_of_a_power_law():
    ended, plain = power_law_curve(1e-22, 1e6, -2 / 3, 5e4), power_law_curve(1e-22, 1e6, -2 / 3)
    assert cooling_function(1e6, ended) == pytest.approx(cooling_function(1e6, plain), rel=1e-4)
    assert cooling_function(1e4, ended) < 1e-20 * cooling_function(1e4, plain)


def test_refused_on_a_tube():
    mesh = SimpleNamespace(**vars(MESH), geometry=SimpleNamespace(axis=0))
    with pytest.raises(CrmpiError, match="planes"):
        Cooling(
            make(Cooling.Params, UNITS, enabled=True, balance="layers"),
            pack_of(CELLS),
            GAS,
            UNITS,
            mesh,
        )
