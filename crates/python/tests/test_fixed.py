"""`fixed=` takes what the model has and looks at, and nothing else."""

import numpy as np
import phys_smpl
import pytest

X = np.array([[40.0]])


def bands(at=None, **options):
    return phys_smpl.Rtm(free=["cab"], **options).forward(X, at)


def test_a_fixed_angle_is_used():
    sun = bands(np.array([[60.0, 0.0, 0.0]]))
    assert (bands(fixed={"tts": 60}) == sun).all()
    assert (bands(np.array([[0.0, 0.0]]), fixed={"tts": 60}) == sun).all()
    assert [name for name, *_ in phys_smpl.Rtm(free=["cab"], fixed={"tts": 60}).geometry] == ["tto", "psi"]
    with pytest.raises(ValueError, match="geometry has 3 columns; allowed: 2"):
        bands(np.zeros((1, 3)), fixed={"tts": 60})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"fixed": {"tts": 60}, "geometry": ["tts"]}, "tts is given per sample"),
        ({"fixed": {"cab": 10}}, "cab is free"),
        ({"fixed": {"ALA": 57, "LIDFa": 0.2, "LIDFb": 0.1}}, "only one can be there"),
        ({"fixed": {"LIDFa": -0.35}}, "together with LIDFb, which is missing"),
        ({"fixed": {"LIDFb": -0.15}}, "together with LIDFa, which is missing"),
        ({"fixed": {"fc": 0.8, "cd": 2}}, "leaves fc without effect"),
        ({"fixed": {"fc": 0.1}, "variant": "sail"}, "unknown parameter 'fc'"),
        ({"fixed": {"cp": 0.001}, "leaf": "prospect_d"}, "unknown parameter 'cp'"),
        ({"fixed": {"anth": 10}, "leaf": "prospect_5b"}, "unknown parameter 'anth'"),
        ({"fixed": {"car": 30}, "leaf": "prospect_4"}, "unknown parameter 'car'"),
        ({"fixed": {"LAI": 20.0}}, "LAI = 20 m2/m2 is outside the allowed range 0 to 15"),
        ({"fixed": {"LAI": float("nan")}}, "LAI = NaN"),
        ({"fixed": {"lai": 2.0}}, "did you mean 'LAI'"),
        ({"fixed": {"chlorophyll": 2.0}}, "unknown parameter 'chlorophyll'"),
        ({"leaf": "PROSPECT-D"}, "did you mean 'prospect_d'"),
        ({"leaf": "D"}, "did you mean 'prospect_d'"),
        ({"leaf": "prospectd"}, "did you mean 'prospect_d'"),
        ({"leaf": "prospect_D"}, "did you mean 'prospect_d'"),
        ({"variant": "EnMAP-Box"}, "did you mean 'enmap_box'"),
        ({"variant": "4SAIL"}, "published, enmap_box, sail"),
        ({"sensor": "S2A"}, "did you mean 's2a'"),
        ({"precision": "Double"}, "did you mean 'double'"),
        ({"bands": ["b04"]}, "unknown band 'b04'.*did you mean 'B04'"),
        ({"geometry": ["sza"]}, "unknown parameter 'sza'"),
    ],
)
def test_what_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        bands(**options)


def test_what_is_taken_changes_the_bands():
    """Every parameter at two values under every leaf and canopy: refused, or the bands differ."""
    values = {
        "N": (1.4, 1.6), "cab": (30, 40), "car": (6, 9), "anth": (2, 4), "cbrown": (0.1, 0.2), "cw": (0.01, 0.012),
        "cm": (0.005, 0.007), "cp": (0.001, 0.002), "cbc": (0.005, 0.007), "LAI": (2, 3), "LAIu": (0.3, 0.6),
        "fc": (0.5, 0.6), "sd": (400, 500), "cd": (4, 5), "h": (15, 20), "hspot": (0.02, 0.05), "psoil": (0.4, 0.6),
        "rsoil": (0.7, 0.9), "skyl": (0.1, 0.2), "tts": (35, 40), "tto": (8, 12), "psi": (60, 90), "ALA": (45, 55),
        "LIDFa": (-0.3, -0.2), "LIDFb": (-0.1, 0.1),
    }  # fmt: skip
    angles = {"tts": 30.0, "tto": 10.0, "psi": 50.0}
    tried = refused = 0
    for variant in ("published", "enmap_box", "sail"):
        for leaf in ("prospect_4", "prospect_5", "prospect_5b", "prospect_d", "prospect_pro"):
            for name, pair in values.items():
                found = []
                for value in pair:
                    free = "LAI" if name != "LAI" else "cab"
                    try:
                        rtm = phys_smpl.Rtm(free=[free], variant=variant, leaf=leaf, fixed={name: value}, threads=1)
                    except ValueError:
                        refused += 1
                        break
                    at = [[angles[angle] for angle, *_ in rtm.geometry]]
                    found.append(rtm.forward([[2.5 if free == "LAI" else 35.0]], at))
                assert not found or np.abs(found[0] - found[1]).max() > 1e-10, (variant, leaf, name)
                tried += 1
    print(f"{tried} combinations, {refused} refused")
    assert tried == 375 and 30 < refused < 150
