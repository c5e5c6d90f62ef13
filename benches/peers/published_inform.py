"""The published INFORM with PROSPECT-D leaves in plain torch: what a careful author would write.

A peer to compare speed with, not a part of the project. It computes the same bands of Sentinel-2A from the same
tables at the same wavelengths as `physics::ReflectanceModel`, from the same formulas (PROSPECT: Jacquemoud and Baret
1990, Feret et al. 2017; 4SAIL: Verhoef et al. 2007; INFORM: Schlerf and Atzberger 2006), vectorised over batch times
wavelengths. What can be shared is: the wavelengths without weight are left out, what depends on geometry alone is
computed once (`Geometry`), the three canopies share what depends on the leaf alone, and the transmissivity of a plate
has its derivative written out.
"""

import csv
import math
from pathlib import Path

import torch

TABLES = Path(__file__).resolve().parents[2] / "crates" / "physics" / "tables"
FIRST_NM = 400
FREE = ("N", "cab", "cw", "cm", "LAI", "LAIu", "fc")
# mid-angles of the 13 classes of leaf inclination, and their shares of a uniform distribution; degrees
CLASSES = [5.0, 15, 25, 35, 45, 55, 65, 75, 81, 83, 85, 87, 89]
EDGES = [0.0, 10, 20, 30, 40, 50, 60, 70, 80, 82, 84, 86, 88, 90]
DEEP_LAI = 15.0


def table(name):
    """Columns of a built-in table by name, float64, and nm."""
    with open(TABLES / name, newline="") as file:
        rows = list(csv.reader(line for line in file if not line.startswith("#")))
    head, values = rows[0], [[float(v) if v else 0.0 for v in row] for row in rows[1:]]
    columns = torch.tensor(values, dtype=torch.float64).T
    return {name: column for name, column in zip(head, columns)}


def uniform_leaf_angles():
    return [[(high - low) / 90.0 for low, high in zip(EDGES, EDGES[1:])]]


def ellipsoidal_leaf_angles(mean):
    """Campbell (1990), mean leaf angle in degrees."""
    e = math.exp(-1.6184e-5 * mean**3 + 2.1145e-3 * mean**2 - 1.2390e-1 * mean + 3.2491)
    a2 = e * e / abs(1.0 - e * e)

    def f(degrees):
        x = e / math.sqrt(1.0 + (e * math.tan(math.radians(degrees))) ** 2)
        if e < 1.0:
            return x * math.sqrt(a2 - x * x) + a2 * math.asin(x / math.sqrt(a2))
        root = math.sqrt(a2 + x * x)
        return x * root + a2 * math.log(x + root)

    shares = [abs(f(low) - f(high)) for low, high in zip(EDGES, EDGES[1:])]
    return [share / sum(shares) for share in shares]


def tav(degrees, n):
    """Mean transmissivity of an interface within a cone (Stern 1964, Allen 1973)."""
    s2 = math.sin(math.radians(degrees)) ** 2
    n2 = n * n
    p, q, a = n2 + 1, n2 - 1, (n + 1) ** 2 / 2
    kappa = -(q**2) / 4
    b2 = s2 - p / 2
    b1 = torch.zeros_like(n) if degrees == 90 else torch.sqrt(b2 * b2 + kappa)
    b = b1 - b2
    ts = (kappa**2 / (6 * b**3) + kappa / b - b / 2) - (kappa**2 / (6 * a**3) + kappa / a - a / 2)
    t1 = -2 * n2 * (b - a) / p**2
    t2 = -2 * n2 * p * torch.log(b / a) / q**2
    t3 = n2 * (1 / b - 1 / a) / 2
    cb, ca = 2 * p * b - q**2, 2 * p * a - q**2
    t4 = 16 * n2**2 * (n2**2 + 1) * torch.log(cb / ca) / (p**3 * q**2)
    t5 = 16 * n2**3 * (1 / cb - 1 / ca) / p**3
    return (ts + t1 + t2 + t3 + t4 + t5) / (2 * s2)


def polynomial(x, coefficients):
    """Horner, the highest power first."""
    y = torch.full_like(x, coefficients[0])
    for c in coefficients[1:]:
        y = y * x + c
    return y


# Abramowitz and Stegun (1964) 5.1.53, error 2e-7, and 5.1.56, error 2e-8 of x e^x E1: enough for float32
SMALL = [0.00107857, -0.00976004, 0.05519968, -0.24991055, 0.99999193, -0.57721566]
UPPER = [1.0, 8.5733287401, 18.0590169730, 8.6347608925, 0.2677737343]
LOWER = [1.0, 9.5733223454, 25.6329561486, 21.0996530827, 3.9584969228]


def e1_and_exp(k):
    """E1(k) and exp(-k); float32 by rational approximations, float64 by series and continued fraction."""
    decay = torch.exp(-k)
    if k.dtype == torch.float32:
        small = polynomial(k, SMALL) - torch.log(k)
        large = decay * polynomial(k, UPPER) / (k * polynomial(k, LOWER))
        return torch.where(k < 1, small, large), decay
    low = k.clamp(max=1.0)
    term, total = torch.ones_like(k), -torch.log(low) - 0.57721566490153286061
    for i in range(1, 24):
        term = term * (-low / i)
        total = total - term / i
    high = k.clamp(min=1.0)
    fraction = high + 1 + 2 * 150
    for i in range(150, 0, -1):
        fraction = high + 2 * i - 1 - i * i / fraction
    return torch.where(k < 1, total, decay / fraction), decay


class Plate(torch.autograd.Function):
    """Transmissivity of a plate to isotropic light: (1-k) e^-k + k^2 E1(k)."""

    @staticmethod
    def forward(context, k):
        e1, decay = e1_and_exp(k)
        if context is not None:
            context.save_for_backward(2 * (k * e1 - decay))
        return (1 - k) * decay + k * k * e1

    @staticmethod
    def backward(context, gradient):
        (slope,) = context.saved_tensors
        return gradient * slope


class Spectra:
    """Constants of the wavelengths at which one of these bands of Sentinel-2A (all by default) has weight."""

    def __init__(self, dtype, names=None, device=None):
        leaf, ground = table("prospect_d.csv"), table("soil_and_sky.csv")
        response = table("srf_sentinel2a.csv")
        nm = response.pop("wavelength_nm")
        bands = torch.stack([response[name] for name in names or response])
        used = (bands > 0).any(0)
        nm, bands = nm[used], bands[:, used]
        at = (nm - FIRST_NM).long()
        leaf = {name: column[at] for name, column in leaf.items()}
        ground = {name: column[at] for name, column in ground.items()}
        n = leaf["n"]
        t12, t90 = tav(40.0, n), tav(90.0, n)
        wanted = dict(
            bands=(bands / bands.sum(1, keepdim=True)).T.contiguous(),
            t12=t12, t90=t90, t21=t90 / n**2, r21=1 - t90 / n**2,
            dry=ground["r_dry"], wet=ground["r_wet"],
            direct=ground["e_direct"], diffuse=ground["e_diffuse"],
            **{name: leaf[name] for name in ("k_cab", "k_car", "k_anth", "k_brown", "k_w", "k_m")},
        )
        self.count = len(nm)
        for name, value in wanted.items():
            setattr(self, name, value.to(device, dtype).contiguous())


def phase_of_leaves(theta, tts, tto, psi):
    """Per class: chi of sun and view, f_rho, f_tau (Verhoef 1984)."""
    cos, sin, pi = torch.cos, torch.sin, math.pi
    cs, co = cos(theta) * cos(tts), cos(theta) * cos(tto)
    ss, so = sin(theta) * sin(tts), sin(theta) * sin(tto)

    def turn(c, s):
        crossed = (s.abs() > 1e-6) & (c.abs() < s.abs())
        safe = torch.where(crossed, -c / torch.where(crossed, s, 1.0), 0.0)
        return torch.where(crossed, torch.acos(safe), pi), torch.where(crossed, s, c)

    (bs, ds), (bo, do) = turn(cs, ss), turn(co, so)
    chi_s = 2 / pi * ((bs - pi / 2) * cs + sin(bs) * ss)
    chi_o = 2 / pi * ((bo - pi / 2) * co + sin(bo) * so)
    b1, b2 = (bs - bo).abs(), pi - (bs + bo - pi).abs()
    p = psi.expand_as(b1)
    t1, t2, t3 = torch.sort(torch.stack([p, b1, b2]), dim=0).values
    first = 2 * cs * co + ss * so * cos(p)
    second = torch.where(t2 > 0, sin(t2) * (2 * ds * do + ss * so * cos(t1) * cos(t3)), 0.0)
    f_rho = (((pi - t2) * first + second) / (2 * pi**2)).clamp(min=0)
    f_tau = ((-t2 * first + second) / (2 * pi**2)).clamp(min=0)
    return chi_s, chi_o, f_rho, f_tau


class Geometry:
    """All that depends on directions and leaf angles alone, one row for the batch or one per sample.

    tts, tto, psi in degrees, hspot: G x 1; shares of the 13 classes: G x 13.
    """

    def __init__(self, tts, tto, psi, hspot, shares, dtype, device=None):
        wide = torch.float64
        to = lambda x: torch.as_tensor(x, dtype=wide).reshape(-1, 1)
        tts, tto, psi = (torch.deg2rad(to(x)) for x in (tts, tto, psi))
        f, theta = torch.tensor(shares, dtype=wide), torch.deg2rad(torch.tensor([CLASSES], dtype=wide))
        chi_s, chi_o, f_rho, f_tau = phase_of_leaves(theta, tts, tto, psi)
        cts, cto = torch.cos(tts), torch.cos(tto)
        total = lambda x: (f * x).sum(1, keepdim=True)
        ks, ko = total(chi_s) / cts, total(chi_o) / cto
        bf = total(torch.cos(theta) ** 2)
        both = math.pi / (cts * cto)
        sky = 0.847 - 1.61 * cts + 1.04 * cts**2
        tan_s, tan_o = torch.tan(tts), torch.tan(tto)
        dso = (tan_s**2 + tan_o**2 - 2 * tan_s * tan_o * torch.cos(psi)).clamp(min=0).sqrt()
        alf = (2 * dso / (to(hspot) * (ks + ko))).clamp(max=200.0)
        # nodes of the hot spot's integral; alf -> 0 is the limit of equal steps
        steps = torch.arange(21, dtype=wide).reshape(1, -1)
        safe = alf.clamp(min=1e-9)
        nodes = -torch.log1p(steps * torch.expm1(-safe) / 20) / safe
        nodes[:, 20] = 1.0
        overlap = -torch.expm1(-safe * nodes) / safe
        wanted = dict(
            cts=cts, cto=cto, ks=ks, ko=ko, sky=sky, dso=dso, nodes=nodes,
            ddb=(1 + bf) / 2, ddf=(1 - bf) / 2, sdb=(ks + bf) / 2, sdf=(ks - bf) / 2,
            dob=(ko + bf) / 2, dof=(ko - bf) / 2, sob=total(f_rho) * both, sof=total(f_tau) * both,
            # exponent of the joint gap per unit of LAI
            gap=-(ko + ks) * nodes + torch.sqrt(ko * ks) * overlap,
        )
        for name, value in wanted.items():
            setattr(self, name, value.to(device, dtype))


def phi(x):
    """(1 - e^-x)/x"""
    near = x.abs() < 1e-4
    safe = torch.where(near, 1.0, x)
    return torch.where(near, 1 - x / 2, -torch.expm1(-safe) / safe)


class Leaf:
    """Reflectance and transmittance of leaves, and what a canopy of any depth makes of them; B x W."""

    def __init__(self, s, g, p):
        n = p["N"]
        k = (p["cab"] * s.k_cab + p["cw"] * s.k_w + p["cm"] * s.k_m
             + p["car"] * s.k_car + p["anth"] * s.k_anth + p["cbrown"] * s.k_brown) / n
        tau = Plate.apply(k)
        around = 1 / (1 - (s.r21 * tau) ** 2)
        top_t = s.t12 * s.t21 * tau * around
        top_r = 1 - s.t12 + s.r21 * tau * top_t
        t = s.t90 * s.t21 * tau * around
        r = 1 - s.t90 + s.r21 * tau * t
        root = torch.sqrt((1 + r + t) * (1 + r - t) * (1 - r + t) * (1 - r - t))
        a = (1 + r * r - t * t + root) / (2 * r)
        b = (1 - r * r + t * t + root) / (2 * t)
        power = b ** (n - 1)
        a2 = a * a
        below = 1 / (a2 * power * power - 1)
        sub_r, sub_t = a * (power * power - 1) * below, power * (a2 - 1) * below
        between = 1 / (1 - sub_r * r)
        rho = top_r + top_t * sub_r * t * between
        tau = top_t * sub_t * between

        back = g.ddb * rho + g.ddf * tau
        att = 1 - (g.ddf * rho + g.ddb * tau)
        m = torch.sqrt(((att + back) * (att - back)).clamp(min=1e-10))
        sf, sb = g.sdf * rho + g.sdb * tau, g.sdb * rho + g.sdf * tau
        vf, vb = g.dof * rho + g.dob * tau, g.dob * rho + g.dof * tau
        self.w = g.sob * rho + g.sof * tau
        self.m, self.inf = m, back / (att + m)
        self.thick = (att + m) / (2 * m)  # 1/(1 - inf^2)
        self.s_down, self.s_up = sf + sb * self.inf, sf * self.inf + sb
        self.v_down, self.v_up = vf + vb * self.inf, vf * self.inf + vb
        self.inv_ks, self.inv_ko = 1 / (g.ks + m), 1 / (g.ko + m)


def diffuse(leaf, g, lai):
    """Fluxes of a canopy that a crown needs too."""
    depth = leaf.m * lai
    e = torch.exp(-depth)
    tss, too = torch.exp(-g.ks * lai), torch.exp(-g.ko * lai)
    j1s = lai * e * phi(g.ks * lai - depth)
    j1o = lai * e * phi(g.ko * lai - depth)
    j2s, j2o = (1 - tss * e) * leaf.inv_ks, (1 - too * e) * leaf.inv_ko
    ps, qs = leaf.s_down * j1s, leaf.s_up * j2s
    pv, qv = leaf.v_down * j1o, leaf.v_up * j2o
    re = leaf.inf * e
    over = 1 / (1 - re * re)
    rdd = leaf.inf * (1 - e * e) * over
    tdd = (1 - leaf.inf * leaf.inf) * e * over
    tsd, tdo = (ps - re * qs) * over, (pv - re * qv) * over
    return dict(tss=tss, too=too, j1s=j1s, j1o=j1o, ps=ps, qs=qs, pv=pv, qv=qv, re=re, over=over,
                rdd=rdd, tdd=tdd, tsd=tsd, tdo=tdo)


def canopy(leaf, g, lai, ground, sun, sky):
    """Reflectance of a canopy of depth lai over a ground; sun and sky are shares of the light."""
    d = diffuse(leaf, g, lai)
    rsd = (d["qs"] - d["re"] * d["ps"]) * d["over"]
    rdo = (d["qv"] - d["re"] * d["pv"]) * d["over"]
    z = (1 - d["tss"] * d["too"]) / (g.ks + g.ko)
    g1 = (z - d["j1s"] * d["too"]) * leaf.inv_ko
    g2 = (z - d["j1o"] * d["tss"]) * leaf.inv_ks
    twice = (leaf.v_up * g1 * leaf.s_down + leaf.v_down * g2 * leaf.s_up
             - (rdo * d["qs"] + d["tdo"] * d["ps"]) * leaf.inf) * leaf.thick
    # hot spot: B x 21, no wavelengths
    y = g.gap * lai
    f = torch.exp(y)
    steps = (g.nodes[:, 1:] - g.nodes[:, :-1])
    single = (f[:, :-1] * phi(y[:, :-1] - y[:, 1:]) * steps).sum(1, keepdim=True)
    gap = f[:, 20:]
    bounce = ground / (1 - ground * d["rdd"])
    rdot = rdo + bounce * (d["tdo"] + d["too"]) * d["tdd"]
    rsot = (leaf.w * lai * single + gap * ground + twice
            + ((d["tss"] + d["tsd"]) * d["tdo"] + (d["tsd"] + d["tss"] * ground * d["rdd"]) * d["too"]) * bounce)
    return rdot * sky + rsot * sun


def inform(s, g, p, psoil):
    """Bands, one row a forest. `p`: B x 1 each; car, anth and cbrown too; cd and h follow from fc at 500 trees/ha."""
    leaf = Leaf(s, g, p)
    soil = psoil * s.dry + (1 - psoil) * s.wet
    direct, diff = (1 - g.sky) * s.direct, g.sky * s.diffuse
    sun = direct / (direct + diff)
    sky = 1 - sun
    under = canopy(leaf, g, p["LAIu"], soil, sun, sky)
    deep = canopy(leaf, g, torch.full_like(p["N"][:1], DEEP_LAI), under, sun, sky)
    d = diffuse(leaf, g, p["LAI"])
    bounce = 1 / (1 - under * d["rdd"])
    from_sky = g.sky * d["tdd"] * bounce
    back = under * d["rdd"]
    crown_s = (1 - g.sky) * (d["tss"] + (d["tsd"] + d["tss"] * back) * bounce) + from_sky
    # with the sun at the view's zenith t_ss and t_sd are t_oo and t_do
    crown_o = (1 - g.sky) * (d["too"] + (d["tdo"] + d["too"] * back) * bounce) + from_sky

    fc = p["fc"]
    cd = 2 * torch.sqrt(1e4 * fc / (math.pi * 500.0))
    h = torch.exp(2.117 + 0.507 * torch.log(cd))
    x_o, x_s = fc / g.cto, fc / g.cts
    co, cs = -torch.expm1(-x_o), -torch.expm1(-x_s)
    shared = torch.exp(-g.dso * h / cd) * torch.sqrt(co * torch.exp(-x_o) * cs * torch.exp(-x_s))
    both = crown_s * crown_o
    lit = ((co * cs + shared) * both + (co * (1 - cs) - shared) * crown_o
           + ((1 - co) * cs - shared) * crown_s + (1 - co) * (1 - cs) + shared)
    return (deep * (1 - both) * (co * cs) + under * lit) @ s.bands


def check(golden):
    """Largest errors of bands (float64 and float32) and Jacobian (float64) against the golden data."""
    import json

    data = json.loads(Path(golden).read_text())
    p = data["params"]
    shares = []
    for kind in p["lidf"]:
        if kind == "uniform":
            shares += uniform_leaf_angles()
        elif kind == "spherical":
            shares.append([math.cos(math.radians(a)) - math.cos(math.radians(b)) for a, b in zip(EDGES, EDGES[1:])])
        else:
            shares.append(ellipsoidal_leaf_angles(float(kind)))
    errors = {}
    for dtype in (torch.float64, torch.float32):
        column = lambda name: torch.tensor(p[name], dtype=torch.float64).to(dtype).reshape(-1, 1)
        s = Spectra(dtype)
        g = Geometry(p["tts"], p["tto"], p["psi"], p["hspot"], shares, dtype)
        values = {name: column(name).requires_grad_(name in FREE) for name in FREE + ("car", "anth", "cbrown")}
        bands = inform(s, g, values, column("psoil"))
        assert bands.dtype == dtype, f"{bands.dtype} in the place of {dtype}"
        wanted = torch.tensor(data["bands_s2a"], dtype=torch.float64)
        name = str(dtype).removeprefix("torch.")
        errors[f"bands {name}"] = (bands.double() - wanted).abs().max().item()
        slopes = torch.tensor(data["jacobian_s2a"], dtype=torch.float64)
        found = full_jacobian(bands, [values[name] for name in FREE]).double()
        worst = slopes.abs().amax((0, 1))
        errors[f"Jacobian {name}"] = ((found - slopes).abs().amax((0, 1)) / worst).max().item()
    return errors


def full_jacobian(bands, free):
    """B x 13 x 7, one backward pass per band."""
    last = bands.shape[1] - 1
    rows = [torch.autograd.grad(bands[:, i].sum(), free, retain_graph=i < last) for i in range(last + 1)]
    return torch.stack([torch.cat(row, 1) for row in rows], 1)


# limits of `check`: float64 is the series of phi, float32 is that of the format at these formulas
LIMITS = {"bands float64": 1e-8, "Jacobian float64": 1e-6, "bands float32": 1e-5, "Jacobian float32": 1e-3}

if __name__ == "__main__":
    root = Path(__file__).resolve().parents[2]
    found = check(root / "tests" / "golden" / "inform_published_s2.json")
    for name, error in found.items():
        print(f"{name}: {error:.1e} (limit {LIMITS[name]:.0e})")
    if any(not error <= LIMITS[name] for name, error in found.items()):
        raise SystemExit("published_inform.py disagrees with the golden data")
