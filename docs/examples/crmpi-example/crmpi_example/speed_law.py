"""Diffusion that grows with the Alfven speed."""

from crmpi.api import B1, B3, DENS, KAPPA_PAR, KAPPA_PERP, ScatteringModel, np, par


class SpeedLaw(ScatteringModel):
    """kappa_par = length times the Alfven speed."""

    name = "speed_law"
    doc = "kappa_par = length v_A"
    equation = "kappa_par = length |B|/sqrt(rho)"
    reference = "docs/plugins.md"
    needs_field = True

    class Params:
        length: float = par("1 kpc", unit="length", gt=0, doc="scattering length")

    def has_perpendicular(self):
        return False

    def kappa(self, pack, out, rigidity):
        dens = pack.w0[:, DENS]
        field = np.sqrt((pack.bcc[:, B1 : B3 + 1] ** 2).sum(axis=1))
        present = dens > 0.0  # padding holds no gas
        out[:, KAPPA_PAR] = 0.0
        out[:, KAPPA_PAR][present] = self.params.length * field[present] / np.sqrt(dens[present])
        out[:, KAPPA_PERP] = 0.0
