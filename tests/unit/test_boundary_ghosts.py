"""Physical boundaries: every kind, axis and side, against what the continuum says."""

from types import SimpleNamespace

import numpy as np
import pytest

from crmpi.boundary.ghosts import Ghosts
from crmpi.boundary.layers import SIDES
from crmpi.constants import DENS, ECR, ENER, MOM1
from crmpi.errors import CrmpiError
from crmpi.mesh import BlockTree, make_pack, partition
from crmpi.mesh.pack import ECR_FIELD, HYDRO_FIELDS
from crmpi.types import Field

EOS = SimpleNamespace(gamma=5.0 / 3.0, gamma_cr=4.0 / 3.0)
FIELDS = (*HYDRO_FIELDS, ECR_FIELD, Field("dye"))
NG = 2


def make(serial, kinds, cells=(8, 6, 4), block=(4, 3, 2), **options):
    """Return (pack, ghosts) with a random positive state in the active cells and zero everywhere
    else.

    The magnetic field of the periodic box is zero on its faces, so that it suits a conducting wall.
    """
    boundaries = dict.fromkeys(SIDES, "periodic") | kinds
    periodic = [boundaries[name] == "periodic" for name in SIDES[::2]]
    user = options.pop("user", None)
    tree = BlockTree(cells, block, (0, 0, 0), (1, 1, 1), periodic)
    pack = make_pack(tree, range(tree.nblock), FIELDS, NG, **options)
    ghosts = Ghosts(serial, tree, partition(tree, 1), pack, boundaries, EOS, user=user)
    mesh = np.random.default_rng(3).uniform(0.5, 1.5, (len(FIELDS) + 2 + 3, *cells[::-1]))
    mesh[MOM1 : MOM1 + 3] -= 1.0
    mesh[ENER] += 10.0
    for b in range(pack.nblock):
        index = np.ix_(
            *(
                pack.origins[b][2 - a] + np.arange(pack.active(pack.u0).shape[2 + a])
                for a in range(3)
            )
        )
        for v in range(pack.nvar):
            pack.active(pack.u0)[b, v] = mesh[v][index]
        if pack.magnetic:
            set_faces(pack, b, mesh[pack.nvar :])
    return pack, ghosts


def set_faces(pack, b, mesh):
    """Set all active faces of a block; those on the ends of the mesh are zero."""
    for axis in range(3):
        ranges = []
        for a in (2, 1, 0):
            n, total = pack.active(pack.u0).shape[4 - a], mesh.shape[3 - a]
            count = n + 1 if a == axis and total > 1 else n
            ranges.append((pack.origins[b][a] + np.arange(count)) % total)
        face = mesh[axis][np.ix_(*ranges)].copy()
        if mesh.shape[3 - axis] > 1:
            ends = ranges[2 - axis] == 0
            face[tuple(ends if d == 2 - axis else slice(None) for d in range(3))] = 0.0
        g = pack.grid
        start = (g.ng3, g.ng2, g.ng1)
        pack.b0[(b, axis, *(slice(s, s + n) for s, n in zip(start, face.shape, strict=True)))] = (
            face
        )


def layers(pack, array, axis, extra=0):
    """Return `array` with the mesh axis first, cut to cells (or faces, `extra` = 1) with ghosts."""
    g = pack.grid
    n, ng = ((g.n1, g.ng1), (g.n2, g.ng2), (g.n3, g.ng3))[axis]
    return np.moveaxis(array, -1 - axis, 0)[: n + 2 * ng + extra]


def at_wall(pack, axis, side):
    """Return the blocks that touch the mesh's end `side` (0 lower, 1 upper) along `axis`."""
    n = (pack.grid.n1, pack.grid.n2, pack.grid.n3)[axis]
    last = pack.origins[:, axis].max()
    return [b for b in range(pack.nblock) if pack.origins[b, axis] == (0 if side == 0 else last)], n


def magnetic_energy(pack, b):
    """Return B^2/2 of all cells of a block, on the extent that holds whole cells."""
    field = pack.b0[b]
    up = [
        0.5 * (field[a] + np.roll(field[a], -1, axis=2 - a)) if field.shape[3 - a] > 1 else field[a]
        for a in range(3)
    ]
    return 0.5 * sum(f**2 for f in up)


def every_side():
    return [(axis, side) for axis in range(3) for side in (0, 1)]


def wall(axis, kind, other=None):
    """Return the boundaries with `kind` at both ends of `axis`."""
    return {f"ix{axis + 1}": kind, f"ox{axis + 1}": other or kind}


@pytest.mark.parametrize("axis, side", every_side())
def test_outflow_copies_the_last_layer(serial, axis, side):
    pack, ghosts = make(serial, wall(axis, "outflow"))
    ghosts.fill_fluid(pack.u0, pack.b0, 0.0)
    blocks, n = at_wall(pack, axis, side)
    for b in blocks:
        gas = [v for v in range(pack.nvar) if v != ENER]
        u = layers(pack, pack.u0[b][gas], axis)
        ghost, edge = (u[:NG], u[NG]) if side == 0 else (u[NG + n :], u[NG + n - 1])
        assert np.all(ghost == edge)
        inner = layers(pack, pack.u0[b, ENER] - magnetic_energy(pack, b), axis)[
            :, NG : NG + 2, NG : NG + 2
        ]
        ghost, edge = (
            (inner[:NG], inner[NG])
            if side == 0
            else (inner[NG + n : NG + n + NG], inner[NG + n - 1])
        )
        np.testing.assert_allclose(ghost, np.broadcast_to(edge, ghost.shape), rtol=1e-14)


@pytest.mark.parametrize("axis, side", every_side())
def test_reflecting_wall_has_the_parity_of_a_mirror(serial, axis, side):
    pack, ghosts = make(serial, wall(axis, "reflect"))
    ghosts.fill_fluid(pack.u0, pack.b0, 0.0)
    blocks, n = at_wall(pack, axis, side)
    for b in blocks:
        for v in range(pack.nvar):
            u = layers(pack, pack.u0[b, v], axis)
            mirrored = u[2 * NG - 1 : NG - 1 : -1] if side == 0 else u[NG + n - 1 : n - 1 : -1]
            ghost = u[:NG] if side == 0 else u[NG + n :]
            assert np.array_equal(ghost, -mirrored if v == MOM1 + axis else mirrored)
        for a in range(3):
            f = layers(pack, pack.b0[b, a], axis, extra=1 if a == axis else 0)
            if a == axis:
                wall_face = NG if side == 0 else NG + n
                for shift in (1, 2):
                    out, inside = (
                        (wall_face - shift, wall_face + shift)
                        if side == 0
                        else (wall_face + shift, wall_face - shift)
                    )
                    assert np.array_equal(f[out], -f[inside])
            else:
                mirrored = f[2 * NG - 1 : NG - 1 : -1] if side == 0 else f[NG + n - 1 : n - 1 : -1]
                assert np.array_equal(f[:NG] if side == 0 else f[NG + n :], mirrored)


@pytest.mark.parametrize("axis, side", every_side())
def test_mirror_of_a_field_through_the_wall(serial, axis, side):
    """B is an axial vector: even through the wall, odd along it; what is measured along B turns
    around."""
    pack, ghosts = make(serial, wall(axis, "reflect"))
    pack.b0[:, axis] += 0.5
    ghosts.fill_fluid(pack.u0, pack.b0, 0.0)
    fields = (
        Field("ecr"),
        Field("fcr", turned="-"),
        Field("ewp", turned="ewm"),
        Field("ewm", turned="ewp"),
    )
    q = pack.allocate(4)
    pack.active(q)[...] = np.random.default_rng(0).standard_normal(pack.active(q).shape)
    ghosts.fill_cells(q, fields, 0.0)
    blocks, n = at_wall(pack, axis, side)
    low, high = slice(NG + n, NG + n + NG), slice(NG + n - 1, n - 1, -1)
    if side == 0:
        low, high = slice(0, NG), slice(2 * NG - 1, NG - 1, -1)
    for b in blocks:
        for c, (source, sign) in enumerate(((0, 1), (1, -1), (3, 1), (2, 1))):
            assert np.array_equal(
                layers(pack, q[b, c], axis)[low], sign * layers(pack, q[b, source], axis)[high]
            )
        for a in (a for a in range(3) if a != axis):
            field = layers(pack, pack.b0[b, a], axis)
            assert np.array_equal(field[low], -field[high])
        through = layers(pack, pack.b0[b, axis], axis, extra=1)
        wall_face, outward = (NG, -1) if side == 0 else (NG + n, 1)
        for shift in (1, 2):
            assert np.array_equal(
                through[wall_face + shift * outward], through[wall_face - shift * outward]
            )


@pytest.mark.parametrize("axis, side", every_side())
def test_diode_lets_gas_out_only(serial, axis, side):
    pack, ghosts = make(serial, wall(axis, "diode"), magnetic=False)
    reference, outflow = make(serial, wall(axis, "outflow"), magnetic=False)
    ghosts.fill_fluid(pack.u0, pack.b0, 0.0)
    outflow.fill_fluid(reference.u0, reference.b0, 0.0)
    blocks, n = at_wall(pack, axis, side)
    for b in blocks:
        new, old = (layers(pack, p.u0[b], axis) for p in (pack, reference))
        new, old = (q[:NG] if side == 0 else q[NG + n :] for q in (new, old))
        normal = old[:, MOM1 + axis]
        inward = normal > 0.0 if side == 0 else normal < 0.0
        assert inward.any() and not inward.all()
        assert np.array_equal(new[:, MOM1 + axis], np.where(inward, 0.0, normal))
        doubled = [
            2.0 * q[:, DENS] * q[:, ENER] - (q[:, MOM1 : MOM1 + 3] ** 2).sum(1) for q in (new, old)
        ]
        np.testing.assert_allclose(*doubled, rtol=1e-14)  # internal energy times 2 rho


@pytest.mark.parametrize("axis, side", every_side())
def test_hydrostatic_ghosts_balance_gravity(serial, axis, side):
    pack, ghosts = make(serial, wall(axis, "hydrostatic"), gravity=True, magnetic=False)
    pack.grav[:, axis] = np.random.default_rng(1).uniform(-3.0, 3.0, pack.grav[:, axis].shape)
    ghosts.fill_fluid(pack.u0, pack.b0, 0.0)
    width = (pack.grid.dx1, pack.grid.dx2, pack.grid.dx3)[axis]
    blocks, n = at_wall(pack, axis, side)
    for b in blocks:
        u = pack.u0[b]
        kinetic = 0.5 * (u[MOM1 : MOM1 + 3] ** 2).sum(0) / np.where(u[DENS] > 0.0, u[DENS], 1.0)
        gas, cosmic = (EOS.gamma - 1.0) * (u[ENER] - kinetic), (EOS.gamma_cr - 1.0) * u[ECR]
        inner = (slice(None), slice(NG, NG + 2), slice(NG, NG + 2))
        dens, gas, cosmic, grav, dye = (
            layers(pack, q, axis)[inner]
            for q in (u[DENS], gas, cosmic, pack.grav[b, axis], u[ECR + 1])
        )
        total = gas + cosmic
        for low in (0, 1) if side == 0 else (NG + n - 1, NG + n):
            slope = (total[low + 1] - total[low]) / width
            weight = 0.5 * (dens[low] * grav[low] + dens[low + 1] * grav[low + 1])
            np.testing.assert_allclose(slope, weight, atol=2e-12 * total.max() / width)
            for ratio in (gas / dens, dye / dens):
                np.testing.assert_allclose(ratio[low], ratio[low + 1], rtol=1e-12)


@pytest.mark.parametrize("axis, side", every_side())
def test_hydrostatic_ghosts_continue_a_magnetised_atmosphere(serial, axis, side):
    """Gas, cosmic rays and a field along the boundary in proportion: rho ~ exp(-s/H), H = (p + P +
    M)/(rho g)."""
    pack, ghosts = make(
        serial, wall(axis, "hydrostatic"), cells=(8, 8, 8), block=(8, 8, 8), gravity=True
    )
    for inward in (1.0, -1.0):  # gravity into the mesh, and out of it
        outward = -1 if side == 0 else 1
        pack.grav[:, axis] = -inward * outward
        s = layers(pack, np.zeros_like(pack.u0[0, 0]), axis)
        # outward, from the last active cell
        distance = (np.arange(len(s)) - (NG if side == 0 else NG + 7)) * outward / 8.0
        rho = np.exp(-inward * distance / 3.0)[:, None, None] * np.ones_like(s)
        along = (axis + 1) % 3
        pack.u0[...], pack.b0[...] = 0.0, 0.0
        for v, value in ((DENS, rho), (ENER, 1.5 * rho + rho), (ECR, 3.0 * rho), (ECR + 1, rho)):
            layers(pack, pack.u0[0, v], axis)[...] = value
        layers(pack, pack.b0[0, along], axis)[...] = np.sqrt(2.0 * rho)
        active = pack.u0.copy(), pack.b0.copy()
        ghosts.fill_fluid(pack.u0, pack.b0, 0.0)
        new, old = layers(pack, pack.u0[0, DENS], axis), layers(pack, active[0][0, DENS], axis)
        field, field0 = (
            layers(pack, pack.b0[0, along], axis),
            layers(pack, active[1][0, along], axis),
        )
        ghost = slice(0, NG) if side == 0 else slice(NG + 8, NG + 8 + NG)
        inside = (ghost, slice(NG, NG + 8), slice(NG, NG + 8))
        # without a gradient it would be 8%
        np.testing.assert_allclose(new[inside], old[inside], rtol=1e-2)
        np.testing.assert_allclose(field[inside], field0[inside], rtol=2e-3)


def test_hydrostatic_lets_nothing_in(serial):
    pack, ghosts = make(serial, wall(2, "hydrostatic"), gravity=True)
    # towards the middle
    pack.grav[:, 2] = np.where(pack.origins[:, 2] == 0, 1.0, -1.0)[:, None, None, None]
    ghosts.fill_fluid(pack.u0, pack.b0, 0.0)
    for side in (0, 1):
        blocks, n = at_wall(pack, 2, side)
        for b in blocks:
            momentum = (
                pack.u0[b, MOM1 + 2, :NG]
                if side == 0
                else pack.u0[b, MOM1 + 2, NG + n : 2 * NG + n]
            )
            assert np.all(momentum <= 0.0 if side == 0 else momentum >= 0.0)
            assert np.any(momentum != 0.0)


def test_corners_of_three_walls(serial):
    pack, ghosts = make(serial, dict.fromkeys(SIDES, "outflow"))
    ghosts.fill_fluid(pack.u0, pack.b0, 0.0)
    g = pack.grid
    corner = pack.u0[0, DENS, : g.ng3, : g.ng2, : g.ng1]
    assert np.all(corner == pack.u0[0, DENS, g.ng3, g.ng2, g.ng1])


@pytest.mark.parametrize("kind", ["outflow", "reflect", "diode", "hydrostatic"])
def test_blocks_do_not_change_ghosts(serial, kind):
    """Ghost cells of the mesh are bitwise identical in one block and in eight."""
    kinds = wall(0, kind) | wall(2, kind)
    split, ghosts = make(serial, kinds, gravity=True)
    whole, single = make(serial, kinds, block=(8, 6, 4), gravity=True)
    for pack in (split, whole):
        pack.grav[:, 0], pack.grav[:, 2] = 0.3, -0.7
    ghosts.fill_fluid(split.u0, split.b0, 0.0)
    single.fill_fluid(whole.u0, whole.b0, 0.0)
    g = split.grid
    for b in range(split.nblock):
        o1, o2, o3 = split.origins[b]
        n = (g.n3 + 2 * NG, g.n2 + 2 * NG, g.n1 + 2 * NG)
        part = whole.u0[0][:, o3 : o3 + n[0], o2 : o2 + n[1], o1 : o1 + n[2]]
        assert np.array_equal(split.u0[b][:, : n[0], : n[1], : n[2]], part)


def test_transport_register(serial):
    fields = (Field("ecr"), Field("flux", 3, vector=True))
    pack, ghosts = make(serial, wall(0, "reflect") | wall(1, "diode"))
    q = pack.allocate(4)
    pack.active(q)[...] = np.random.default_rng(0).standard_normal(pack.active(q).shape)
    ghosts.fill_cells(q, fields, 0.0)
    g = pack.grid
    inner = (slice(g.ng3, g.ng3 + g.n3), slice(g.ng2, g.ng2 + g.n2))
    for c, sign in enumerate((1.0, -1.0, 1.0, 1.0)):
        assert np.array_equal(
            q[0, c][inner][..., :NG], sign * q[0, c][inner][..., 2 * NG - 1 : NG - 1 : -1]
        )
        assert np.all(
            q[0, c, g.ng3 : g.ng3 + g.n3, :NG, NG] == q[0, c, g.ng3 : g.ng3 + g.n3, NG, NG][:, None]
        )


class Inflow:
    """A hook that blows gas in at ox2 and remembers what it was given."""

    def __init__(self):
        self.calls = []

    def check(self, side):
        if side != "ox2":
            raise CrmpiError(f"no method boundary_{side}")

    def __call__(self, side, w, box, time, faces=None):
        assert all(np.isfinite(value).all() for value in vars(w).values())
        assert w.dens.shape == box.count[::-1]
        self.calls.append((side, box, time))
        w.dens[...] = 2.0
        w.vel2 = np.full_like(w.dens, -3.0)
        w.vel1[...] = w.vel3[...] = 0.0
        w.press[...] = 0.5
        w.ecr[...] = 0.25
        w.dye[...] = np.arange(box.first[1], box.first[1] + box.count[1])[None, :, None]


def test_user_boundary_sets_primitives(serial):
    hook = Inflow()
    pack, ghosts = make(serial, wall(0, "outflow") | wall(1, "reflect", "user"), user=hook)
    ghosts.fill_fluid(pack.u0, pack.b0, 1.5)
    blocks, n = at_wall(pack, 1, 1)
    assert [call[0] for call in hook.calls] == ["ox2"] * len(blocks)
    assert {call[2] for call in hook.calls} == {1.5}
    assert {call[1].first[1] for call in hook.calls} == {6}
    for b in blocks:
        cells = np.s_[: 2 * NG + pack.grid.n3, NG + n : 2 * NG + n, : 2 * NG + pack.grid.n1]
        u = pack.u0[b]
        assert np.all(u[DENS][cells] == 2.0)
        assert np.all(u[MOM1 + 1][cells] == -6.0)
        np.testing.assert_allclose(
            (u[ENER] - magnetic_energy(pack, b))[cells], 0.75 + 9.0, rtol=1e-13
        )
        assert np.all(u[ECR + 1][cells] == np.array([6.0, 7.0])[None, :, None])


def test_user_boundary_of_a_transport_register(serial):
    pack, ghosts = make(serial, wall(1, "reflect", "user"), user=Inflow())
    ghosts.fill_fluid(pack.u0, pack.b0, 0.0)
    pack.w0[...] = 1.0
    q = pack.u0[:, ECR : ECR + 2].copy()
    q[:, :, :, NG + 3 : 2 * NG + 3] = -1.0
    ghosts.fill_cells(q[:, :2], (Field("dye"), Field("unknown")), 0.0)
    blocks, n = at_wall(pack, 1, 1)
    for b in blocks:
        cells = np.s_[: 2 * NG + pack.grid.n3, NG + n : 2 * NG + n, : 2 * NG + pack.grid.n1]
        assert np.all(q[b, 0][cells] == np.array([6.0, 7.0])[None, :, None])
        assert np.all(q[b, 1][cells] == q[b, 1, cells[0], NG + n - 1 : NG + n, cells[2]])


@pytest.mark.parametrize(
    "kinds, words",
    [
        ({"ix1": "outflow", "ox1": "periodic"}, "periodic boundaries come in pairs"),
        (wall(0, "open"), "use one of periodic, outflow"),
        (wall(0, "hydrostatic"), "needs gravity"),
        (wall(0, "user"), "boundary_ix1"),
    ],
)
def test_impossible_boundaries_are_refused(serial, kinds, words):
    with pytest.raises(CrmpiError, match=words):
        make(serial, kinds)
