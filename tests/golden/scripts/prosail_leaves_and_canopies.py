"""Leaves and canopies by the package prosail, for crates/physics/tests/data/prosail_*.

    pip install prosail==2.0.5 numpy scipy numba
    python prosail_leaves_and_canopies.py         # writes beside the tests of the physics crate

prosail has no PROSPECT-PRO: its plates get PRO's absorption as dry matter, with the coefficients of
crates/physics/tables/prospect_pro.csv.
"""

import json
from pathlib import Path

import numpy as np
import prosail
from prosail import FourSAIL

SEED = 20261123
CRATE = Path(__file__).resolve().parents[3] / "crates" / "physics"
LEAVES, CANOPIES = 24, 24
LEAF_NM = np.round(np.linspace(400, 2500, 50)).astype(int)
CANOPY_NM = np.array([450, 550, 670, 720, 860, 1240, 1650, 2200])
CLASSES = 18

# the whole allowed ranges of physics::LeafParameters
RANGES = {
    "N": (1, 4),
    "cab": (0, 120),
    "car": (0, 30),
    "anth": (0, 40),
    "cbrown": (0, 1),
    "cw": (0, 0.1),
    "cm": (0, 0.06),
    "cp": (0, 0.005),
    "cbc": (0, 0.03),
}
FLUXES = (
    "tss too tsstoo rdd tdd rsd tsd rdo tdo rso rsos rsod "
    "rddt rsdt rdot rsodt rsost rsot"
).split()


def write(name, content):
    """Full precision, one top-level key a line."""
    lines = [f" {json.dumps(k)}: {json.dumps(v)}" for k, v in content.items()]
    path = CRATE / "tests" / "data" / name
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(path, path.stat().st_size, "bytes")


def columns(table, names):
    """The package's own coefficients as they stand in its files, by our names."""
    return {ours: getattr(table, theirs) for ours, theirs in names.items()}


def leaf(version, p, at=LEAF_NM):
    """Reflectance and transmittance of one leaf at these wavelengths."""
    common = (p["N"], p["cab"], p["car"])
    if version == "prospect_5b":
        _, rho, tau = prosail.run_prospect(
            *common, p["cbrown"], p["cw"], p["cm"], prospect_version="5"
        )
    elif version == "prospect_5":
        _, rho, tau = prosail.run_prospect(
            *common, 0.0, p["cw"], p["cm"], prospect_version="5"
        )
    elif version == "prospect_4":
        _, rho, tau = prosail.run_prospect(
            p["N"], p["cab"], 0.0, 0.0, p["cw"], p["cm"], prospect_version="5"
        )
    elif version == "prospect_d":
        _, rho, tau = prosail.run_prospect(
            *common, p["cbrown"], p["cw"], p["cm"], ant=p["anth"], prospect_version="D"
        )
    else:
        pro = np.genfromtxt(
            CRATE / "tables" / "prospect_pro.csv", delimiter=",", names=True, comments="#",
            skip_header=3,
        )
        dry = p["cp"] * pro["k_prot"] + p["cbc"] * pro["k_cbc"]
        _, rho, tau = prosail.run_prospect(
            *common, p["cbrown"], p["cw"], 1.0, ant=p["anth"], prospect_version="D",
            nr=pro["n"], kab=pro["k_cab"], kcar=pro["k_car"], kbrown=pro["k_brown"],
            kw=pro["k_w"], km=dry, kant=pro["k_anth"],
        )
    return rho[at - 400].tolist(), tau[at - 400].tolist()


def leaves(rng):
    """24 leaves over the whole ranges, all versions."""
    drawn = {k: rng.uniform(a, b, LEAVES).tolist() for k, (a, b) in RANGES.items()}
    content = {
        "about": "prosail 2.0.5: parameters[name][leaf]; <version>.reflectance[leaf][wavelength]",
        "seed": SEED,
        "wavelengths_nm": LEAF_NM.tolist(),
        "parameters": drawn,
    }
    for version in ["prospect_4", "prospect_5", "prospect_5b", "prospect_d", "prospect_pro"]:
        both = [leaf(version, {k: v[i] for k, v in drawn.items()}) for i in range(LEAVES)]
        content[version] = {
            "reflectance": [rho for rho, _ in both],
            "transmittance": [tau for _, tau in both],
        }
    # coefficients of the package at the same wavelengths, in double precision as its files give them
    d = columns(
        prosail.spectral_lib.prospectd,
        {"n": "nr", "k_cab": "kab", "k_car": "kcar", "k_anth": "kant", "k_brown": "kbrown",
         "k_w": "kw", "k_m": "km"},
    )
    five = columns(
        prosail.spectral_lib.prospect5,
        {"n": "nr", "k_cab": "kab", "k_car": "kcar", "k_brown": "kbrown", "k_w": "kw", "k_m": "km"},
    )
    for name, table in [("table_5", five), ("table_d", d)]:
        content[name] = {k: v[LEAF_NM - 400].tolist() for k, v in table.items()}
    write("prosail_leaves.json", content)


# two leaves that show each coefficient where it is smallest: many layers, little else that absorbs
EVERY_NM = {
    "N": (3.8, 1.4),
    "cab": (118, 15),
    "car": (28, 3),
    "anth": (0.5, 38),
    "cbrown": (0.0, 0.9),
    "cw": (0.09, 0.001),
    "cm": (0.0005, 0.02),
    "cp": (0.0002, 0.004),
    "cbc": (0.0003, 0.016),
}


def every_nm():
    """Two leaves of every version at all wavelengths, in units of 1e-9."""
    at = np.arange(400, 2501)
    columns = {"wavelength_nm": at}
    for version in ["prospect_4", "prospect_5", "prospect_5b", "prospect_d", "prospect_pro"]:
        for i in range(2):
            both = leaf(version, {k: v[i] for k, v in EVERY_NM.items()}, at)
            for what, values in zip(("reflectance", "transmittance"), both):
                columns[f"{version} {i} {what}"] = np.round(np.array(values) * 1e9).astype(int)
    rows = [",".join(columns), *(",".join(map(str, row)) for row in zip(*columns.values()))]
    path = CRATE / "tests" / "data" / "prosail_every_nm.csv"
    path.write_text("\n".join(rows) + "\n")
    print(path, path.stat().st_size, "bytes")


def canopies(rng):
    """24 canopies, half with ellipsoidal, half with Verhoef's leaf angles; every flux of 4SAIL."""
    cases = []
    for i in range(CANOPIES):
        leaf_angles = {}
        if i % 2 == 0:
            a, b, kind = rng.uniform(20, 80), 0.0, 2
            leaf_angles = {"typelidf": 2, "average_angle_deg": a}
            weights = FourSAIL.campbell(a, CLASSES)
        else:
            a = rng.uniform(-0.9, 0.9)
            b = rng.uniform(-1, 1) * (0.95 - abs(a))
            kind = 1
            leaf_angles = {"typelidf": 1, "a": a, "b": b}
            weights = FourSAIL.verhoef_bimodal(a, b, CLASSES)
        lai = 10 ** rng.uniform(-1, 0.9)
        hspot = rng.choice([0.0, 0.01, 0.05, 0.2, 0.5])
        tts, tto, psi = rng.uniform(5, 75), rng.uniform(0, 60), rng.uniform(0, 180)
        if i == 3:
            tto, psi = tts, 0.0  # the hot spot itself
        elif i == 6:
            tto = 0.0
        p = {k: rng.uniform(lo, hi) for k, (lo, hi) in RANGES.items()}
        _, rho, tau = prosail.run_prospect(
            p["N"], p["cab"], p["car"], p["cbrown"], p["cw"], p["cm"], ant=p["anth"]
        )
        rho, tau = rho[CANOPY_NM - 400], tau[CANOPY_NM - 400]
        soil = rng.uniform(0.02, 0.5, len(CANOPY_NM))
        out = FourSAIL.foursail(rho, tau, a, b, kind, lai, hspot, tts, tto, psi, soil)
        fluxes = {
            name: np.broadcast_to(np.asarray(value, dtype=float), soil.shape).tolist()
            for name, value in zip(FLUXES, out)
        }
        cases.append(
            {
                "leaf_angles": leaf_angles,
                "class_weights": np.asarray(weights).tolist(),
                "lai": lai,
                "hspot": float(hspot),
                "tts_deg": tts,
                "tto_deg": tto,
                "psi_deg": psi,
                "rho": rho.tolist(),
                "tau": tau.tolist(),
                "soil": soil.tolist(),
                "fluxes": fluxes,
            }
        )
    write(
        "prosail_fluxes.json",
        {
            "about": (
                "prosail 2.0.5, FourSAIL.foursail: per case the inputs and 18 fluxes at 8 wavelengths; "
                "leaf angles are 18 classes of class_mid_angles_deg with class_weights (sum 1), made "
                "by the package from typelidf 2 (ellipsoidal, average_angle_deg) or 1 (Verhoef, a, b); "
                "rho, tau, soil and each flux have one number per wavelength"
            ),
            "keys": {
                "tss": "direct transmittance, sun path",
                "too": "direct transmittance, view path",
                "tsstoo": "direct transmittance, both paths, with the hot spot",
                "rdd": "reflectance, diffuse to diffuse",
                "tdd": "transmittance, diffuse to diffuse",
                "rsd": "reflectance, sun to diffuse",
                "tsd": "transmittance, sun to diffuse",
                "rdo": "reflectance, diffuse to view",
                "tdo": "transmittance, diffuse to view",
                "rso": "reflectance, sun to view, = rsos + rsod",
                "rsos": "its single scattering",
                "rsod": "its multiple scattering",
                "rddt": "with soil: diffuse to diffuse",
                "rsdt": "with soil: sun to diffuse",
                "rdot": "with soil: diffuse to view",
                "rsodt": "with soil: what the soil adds to rsot beyond tsstoo * soil",
                "rsost": "with soil: rso + tsstoo * soil",
                "rsot": "with soil: sun to view, = rsost + rsodt",
            },
            "seed": SEED + 1,
            "wavelengths_nm": CANOPY_NM.tolist(),
            "class_mid_angles_deg": ((np.arange(CLASSES) + 0.5) * 90 / CLASSES).tolist(),
            "cases": cases,
        },
    )


leaves(np.random.default_rng(SEED))
every_nm()
canopies(np.random.default_rng(SEED + 1))
