"""Arrays of every layout, type and byte order: the right numbers, or an exception in the user's words."""

import subprocess
import sys
from itertools import product
from pathlib import Path

import numpy as np
import phys_smpl
import pytest

RUN = Path(__file__).resolve().parents[3] / "models" / "s2_midlatitude"
ROWS = 6
KINDS = ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "g"]


def record_field(a):
    """A field of packed records: numbers a number of bytes apart that is no multiple of their size."""
    records = np.zeros(len(a), np.dtype([("flag", "u1"), ("values", a.dtype, (a.shape[1],))]))
    records["values"] = a
    return records["values"]


def columns_of_records(a):
    """Numbers whose columns lie in packed records of their own."""
    records = np.zeros(a.shape, np.dtype([("flag", "u1"), ("value", a.dtype)]))
    records["value"] = a
    return records["value"]


def misaligned(a):
    raw = np.zeros(a.nbytes + 1, np.uint8)
    view = raw[1:].view(a.dtype).reshape(a.shape)
    view[...] = a
    return view


def wider(a):
    big = np.zeros((2 * a.shape[0], 3 * a.shape[1]), a.dtype)
    big[::2, ::3] = a
    return big[::2, ::3]


def read_only(a):
    a = a.copy()
    a.flags.writeable = False
    return a


def tiled(a):
    """Every row twice, by a stride of 0."""
    return np.lib.stride_tricks.as_strided(a, (a.shape[0], 1, a.shape[1]), (a.strides[0], 0, a.strides[1]))[:, 0]


LAYOUTS = {
    "rows": np.ascontiguousarray,
    "columns": np.asfortranarray,
    "rows upwards": lambda a: np.ascontiguousarray(a[::-1])[::-1],
    "columns backwards": lambda a: np.ascontiguousarray(a[:, ::-1])[:, ::-1],
    "both backwards": lambda a: np.asfortranarray(a[::-1, ::-1])[::-1, ::-1],
    "every other": wider,
    "every other backwards": lambda a: wider(a[::-1])[::-1],
    "field of records": record_field,
    "columns of records": columns_of_records,
    "misaligned": misaligned,
    "misaligned columns": lambda a: misaligned(np.ascontiguousarray(a.T)).T,
    "read only": read_only,
    "stride of 0": tiled,
    "matrix": np.matrix,
    "masked, nothing": np.ma.masked_array,
    "masked, none of them": lambda a: np.ma.masked_array(a, np.zeros(a.shape, bool)),
    "in a buffer": lambda a: np.frombuffer(bytes(a.tobytes()), a.dtype).reshape(a.shape),
}


def arrays(table):
    """The same whole numbers in every way."""
    for kind, order, (layout, make) in product(KINDS, "<>", LAYOUTS.items()):
        dtype = np.dtype(kind).newbyteorder(order)
        made = make(np.ascontiguousarray(table.astype(dtype)))
        assert (np.asarray(made) == table).all(), (kind, order, layout)
        yield f"{dtype.str} {layout}", made


def test_every_array_of_parameters():
    rng = np.random.default_rng(5)
    table = np.column_stack([rng.integers(low, high, ROWS) for low, high in ((1, 4), (10, 80), (1, 6), (1, 3))])
    angles = np.column_stack([rng.integers(low, high, ROWS) for low, high in ((20, 60), (0, 12), (0, 100))])
    rtm = phys_smpl.Rtm(free=["N", "cab", "LAI", "fc"])
    expected = rtm.forward_with_jacobian(table.astype(np.float64), angles.astype(np.float64))
    tried = 0
    for (what, params), (_, geometry) in zip(arrays(table), arrays(angles)):
        single = params.dtype.kind == "f" and params.dtype.itemsize <= 4
        for found, own in zip(rtm.forward_with_jacobian(params, geometry), expected):
            own = own.astype(np.float32) if single else own
            assert found.dtype == own.dtype and found.tobytes() == own.tobytes(), what
        tried += 1
    for how in (lambda a: a.tolist(), lambda a: tuple(map(tuple, a.tolist())), list):
        assert rtm.forward(how(table), how(angles)).tobytes() == expected[0].tobytes()
        tried += 1
    print(f"{tried} pairs of arrays")
    assert tried == len(KINDS) * 2 * len(LAYOUTS) + 3


def test_every_array_of_observations():
    model = phys_smpl.Model.load(RUN, write=["median", "flags"], parameters=["LAI", "cab"])
    rng = np.random.default_rng(6)
    table = rng.integers(1, 60, (ROWS, len(model.channels)))
    angles = np.column_stack([rng.integers(low, high, ROWS) for low, high in ((20, 60), (0, 12), (0, 100))])
    scaling = {"digital_numbers": (0.01, 0.0)}
    expected = model.infer(table.astype(np.float64), angles.astype(np.float64), **scaling)
    assert np.isfinite(expected["LAI"]).all()
    tried = 0
    for (what, x), (_, at) in zip(arrays(table), arrays(angles)):
        found = model.infer(x, at, **scaling)
        assert all(found[name].tobytes() == own.tobytes() for name, own in expected.items()), what
        tried += 1
    print(f"{tried} pairs of arrays")
    assert tried == len(KINDS) * 2 * len(LAYOUTS)


def test_a_vector_is_one_row():
    rtm = phys_smpl.Rtm(free=["N", "cab"])
    one = rtm.forward([[1.5, 40.0]], [[30.0, 0.0, 0.0]])
    assert rtm.forward([1.5, 40]).tobytes() == one.tobytes()
    assert rtm.forward(np.array([1.5, 40.0]), (30, 0, 0)).shape == (1, 13)
    with pytest.raises(ValueError, match="params has 3 columns; allowed: 2"):
        rtm.forward([1.5, 40.0, 3.0])
    model = phys_smpl.Model.load(RUN, write=["median"], parameters=["LAI"])
    found = model.infer(np.full(10, 0.2))["LAI"]
    assert found.shape == (1,) and found.tobytes() == model.infer(np.full((1, 10), 0.2))["LAI"].tobytes()


def test_no_rows():
    rtm = phys_smpl.Rtm(free=["N", "cab"])
    values, jacobian = rtm.forward_with_jacobian(np.zeros((0, 2)))
    assert values.shape == (0, 13) and jacobian.shape == (0, 13, 2)
    model = phys_smpl.Model.load(RUN, write=["median"], parameters=["LAI"])
    assert model.infer(np.zeros((0, 10)))["LAI"].shape == (0,)


def test_masked_numbers():
    model = phys_smpl.Model.load(RUN, write=["median", "flags"], parameters=["LAI"])
    for kind in (np.float32, np.float64, np.int16, np.int32, ">f4", ">u2"):
        x = np.ma.masked_array(np.full((3, 10), 2000).astype(kind), np.zeros((3, 10), bool))
        x[1, 4] = np.ma.masked
        for given in (x, list(x), x[::-1][::-1]):
            found = model.infer(given, digital_numbers=(1e-4, 0.0))
            assert list(found["flags"] & 1) == [0, 1, 0] and list(np.isnan(found["LAI"])) == [False, True, False]
    rtm = phys_smpl.Rtm(free=["N", "cab"])
    params = np.ma.masked_array([[1.5, 40.0], [1.5, 30.0]], [[False, False], [False, True]])
    for given in (params, list(params)):
        with pytest.raises(ValueError, match="params has 1 masked numbers"):
            rtm.forward(given)
    with pytest.raises(ValueError, match="tts has masked numbers"):
        model.infer(np.full((2, 10), 0.2), {"tts": np.ma.masked_array([30.0, 40.0], [False, True])})


def test_data_frames_and_records_go_by_name():
    pd = pytest.importorskip("pandas", reason="skipped: pandas is not installed")
    rtm = phys_smpl.Rtm(free=["N", "cab", "LAI"])
    table = np.array([[1.5, 40.0, 3.0], [1.8, 30.0, 2.0]])
    expected = rtm.forward(table).tobytes()
    frame = pd.DataFrame(table, columns=["N", "cab", "LAI"])
    for given in (frame, frame[["LAI", "N", "cab"]], frame.to_records(index=False), frame.convert_dtypes(), pd.DataFrame(table)):
        assert rtm.forward(given).tobytes() == expected
    assert rtm.forward(frame[["cab", "LAI", "N"]].iloc[0]).tobytes() == rtm.forward(table[:1]).tobytes()
    with pytest.raises(ValueError, match="params has no column 'N'"):
        rtm.forward(frame[["cab", "LAI"]])
    with pytest.raises(ValueError, match="not the model's: fc"):
        rtm.forward(frame.assign(fc=0.5))
    with pytest.raises(ValueError, match="did you mean 'lai'"):
        rtm.forward(frame.rename(columns={"LAI": "lai"}))
    with pytest.raises(TypeError, match="object|str"):
        rtm.forward(frame.assign(cab=["a", "b"]))
    model = phys_smpl.Model.load(RUN, write=["median", "flags"], parameters=["LAI"])
    spectra = pd.DataFrame(np.full((2, 10), 0.2), columns=model.channels)[model.channels[::-1]]
    spectra.loc[1, "B8A"] = None
    sun = pd.DataFrame({"tts": [30.0, 40.0], "tto": 0.0, "psi": 0.0})
    assert list(model.infer(spectra, sun)["flags"] & 1) == [0, 1]
    assert list(model.infer(spectra.convert_dtypes(), {"tts": pd.Series([30.0, 40.0])})["flags"] & 1) == [0, 1]


class WithAttributes:
    """As files of HDF and Zarr are: an array with attributes beside it."""

    def __init__(self, values, **attributes):
        self.values, self.attrs = values, attributes

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype)


class WithUnit(np.ndarray):
    """As of astropy: an array that knows its unit."""

    unit = "%"


REFUSED = [
    (np.ones((2, 2), bool), TypeError, "params holds bool"),
    (np.ones((2, 2), complex), TypeError, "params holds complex128"),
    (np.array([["a", "b"]]), TypeError, "params holds str"),
    (np.array([[1.5, None]], object), TypeError, "params holds Python objects"),
    (np.array([["2024-01-01", "2024-01-02"]], "M8[D]"), TypeError, "params holds datetime64"),
    (None, TypeError, "params holds Python objects"),
    ({"N": 1.5}, TypeError, "params holds Python objects"),
    ([[1.5, 40.0], [1.5]], ValueError, "params is no table"),
    (np.ones((2, 2, 2)), ValueError, "params has 3 dimensions; allowed: 2, a row a sample"),
    (1.5, ValueError, "params has 0 dimensions"),
    (WithAttributes([[1.5, 40]], scale_factor=0.01), ValueError, "attributes that say scale_factor = 0.01"),
    (WithAttributes([[1.5, 40]], _FillValue=-1), ValueError, "attributes that say _FillValue = -1"),
    (np.ones((2, 2)).view(WithUnit), TypeError, "a unit of its own"),
]


@pytest.mark.parametrize(("given", "kind", "words"), REFUSED, ids=range(len(REFUSED)))
def test_what_would_be_wrong_is_refused(given, kind, words):
    rtm = phys_smpl.Rtm(free=["N", "cab"])
    with pytest.raises(kind, match=words):
        rtm.forward(given)
    if given is not None:  # no geometry is that of the defaults
        with pytest.raises(kind, match=words.replace("params", "geometry")):
            rtm.forward([[1.5, 40.0]], given)
    model = phys_smpl.Model.load(RUN, write=["median"], parameters=["LAI"])
    with pytest.raises(kind, match=words.replace("params", "x")):
        model.infer(given)


def test_attributes_that_change_nothing_are_no_matter():
    rtm = phys_smpl.Rtm(free=["N", "cab"])
    given = WithAttributes([[1.5, 40.0]], scale_factor=1.0, add_offset=0.0, title="leaves")
    assert rtm.forward(given).tobytes() == rtm.forward([[1.5, 40.0]]).tobytes()


def test_masks_and_angles_of_the_wrong_kind():
    model = phys_smpl.Model.load(RUN, write=["median"], parameters=["LAI"])
    x = np.full((3, 10), 0.2)
    with pytest.raises(TypeError, match="mask is int64; allowed: bool"):
        model.infer(x, mask=np.array([4, 5, 8]))
    assert np.isnan(model.infer(x, mask=[True, False, False])["LAI"][0])
    with pytest.raises(ValueError, match="tts has the shape"):
        model.infer(x, {"tts": [30.0, 40.0]})
    with pytest.raises(ValueError, match="angles has 2 rows and x 3"):
        model.infer(x, np.zeros((2, 3)))
    with pytest.raises(TypeError, match="digital_numbers is 0.0001"):
        model.infer(x, digital_numbers=0.0001)
    with pytest.raises(TypeError, match="nodata is 'nan'"):
        model.infer(x, nodata="nan")


@pytest.mark.parametrize("nodata", [-9999.9, 0.1, -3.4028235e38, 1e20])
def test_nodata_is_found_as_it_is_held(nodata):
    model = phys_smpl.Model.load(RUN, write=["median", "flags"], parameters=["LAI"])
    for kind in (np.float32, np.float64):
        x = np.full((2, 10), 0.2, kind)
        x[1, 3] = nodata
        found = model.infer(x, nodata=nodata)
        assert list(found["flags"] & 1) == [0, 1], kind
        assert np.isnan(found["LAI"][1])


HUGE = """
import numpy as np, phys_smpl, sys
def refused(work):
    try:
        work()
    except MemoryError as error:
        return 1
    sys.exit("no MemoryError")
rtm = phys_smpl.Rtm(free=["N", "cab", "LAI", "fc"])
model = phys_smpl.Model.load(sys.argv[1])
tried = 0
for n in (10**10, 10**12, 2**60):
    for kind in (np.float64, np.float32, np.int32):
        params = np.broadcast_to(np.array([1.5, 40, 3, 1], kind), (n, 4)) if n < 2**50 else None
        if params is not None:
            tried += refused(lambda: rtm.forward(params)) + refused(lambda: rtm.forward_with_jacobian(params))
            tried += refused(lambda: model.infer(np.broadcast_to(np.full(10, 1, kind), (n, 10))))
print(tried, len(rtm.forward([[1.5, 40.0, 3.0, 0.8]])))
"""


def test_a_batch_beyond_memory():
    """`MemoryError`, and the interpreter goes on."""
    done = subprocess.run([sys.executable, "-c", HUGE, str(RUN)], capture_output=True, text=True, timeout=300)
    assert done.stdout.split() == ["18", "1"], (done.returncode, done.stdout, done.stderr[-2000:])


@pytest.mark.parametrize("threads", [0, -1, 100_000, 2**70, -(2**70)])
def test_numbers_of_threads_that_cannot_be(threads):
    with pytest.raises(ValueError, match=r"threads is -?\d+; allowed: 1 to 1024, or None for one per core"):
        phys_smpl.Rtm(free=["cab"], threads=threads)
    with pytest.raises(ValueError, match="allowed: 1 to 1024"):
        phys_smpl.Model.load(RUN, threads=threads)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"threads": 2.5}, "threads is 2.5; allowed: a whole number"),
        ({"threads": "4"}, "threads is '4'; allowed: a whole number"),
        ({"threads": True}, "threads is True; allowed: a whole number"),
        ({"free": "cab"}, "free is 'cab'; allowed: a sequence of names"),
        ({"free": [1]}, "free has 1 in it; allowed: names"),
        ({"fixed": ["LAI"]}, "fixed is .*; allowed: a mapping of names to numbers"),
        ({"fixed": {"LAI": "3"}}, "fixed\\['LAI'\\] is '3'; allowed: a number"),
        ({"leaf": 5}, "leaf is 5; allowed: a name"),
    ],
)
def test_arguments_of_the_wrong_kind(arguments, words):
    with pytest.raises(TypeError, match=words):
        phys_smpl.Rtm(**{"free": ["cab"], **arguments})
