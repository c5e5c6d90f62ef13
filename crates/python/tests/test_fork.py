"""Processes that are forked off, and models that are sent to others."""

import copy
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import phys_smpl
import pytest

RUN = Path(__file__).resolve().parents[3] / "models" / "s2_midlatitude"

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="skipped: this system does not fork")

# each way that a child comes to be, after the parent's pools have worked
FORKED = """
import gc, multiprocessing as mp, os, sys, threading
import numpy as np, phys_smpl
how, what, threads = sys.argv[1], sys.argv[2], eval(sys.argv[3])
if what == "rtm":
    given = np.repeat([[1.5, 40, 3, .8]], 100, 0)
    model = phys_smpl.Rtm(free=["N", "cab", "LAI", "fc"], threads=threads)
    work = lambda model=model: float(model.forward_with_jacobian(given)[1].sum())
else:
    given = np.repeat([np.linspace(.03, .4, 10)], 100, 0)
    model = phys_smpl.Model.load(sys.argv[4], threads=threads, refine=1)
    work = lambda model=model: float(np.nansum(model.infer(given)["LAI"]))
expected = work()

def in_a_child(work):
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if work() == expected else 2
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

def let_go():
    "What the parent made is dropped in the child, and another is made."
    global model, work
    found = work()
    del model
    work.__defaults__ = (None,)
    gc.collect()
    again = phys_smpl.Rtm(free=["cab"], threads=3)
    again.forward(np.full((500, 1), 40.0))
    del again
    gc.collect()
    return found

def while_others_work(work):
    stop = threading.Event()
    def others():
        while not stop.is_set():
            work()
    many = [threading.Thread(target=others, daemon=True) for _ in range(3)]
    for one in many: one.start()
    codes = [in_a_child(work) for _ in range(5)]
    stop.set()
    for one in many: one.join()
    return max(codes)

def pooled(i): return work()

ways = {
    "child": lambda: in_a_child(work),
    "grandchild": lambda: in_a_child(lambda: expected if in_a_child(work) == 0 else None),
    "let go": lambda: in_a_child(let_go),
    "while others work": lambda: while_others_work(work),
    "child and parent again": lambda: in_a_child(work) or int(work() != expected),
}
if how == "multiprocessing":
    with mp.get_context("fork").Pool(2) as pool:
        code = int(pool.map(pooled, range(4)) != [expected] * 4)
else:
    code = ways[how]()
sys.exit(code)
"""
WAYS = ["child", "grandchild", "let go", "while others work", "child and parent again", "multiprocessing"]


@pytest.mark.parametrize("threads", [None, 1, 3])
@pytest.mark.parametrize("what", ["rtm", "model"])
@pytest.mark.parametrize("how", WAYS)
def test_a_child_goes_on(how, what, threads):
    line = [sys.executable, "-W", "ignore", "-c", FORKED, how, what, repr(threads), str(RUN)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]


LOADER = """
import numpy as np, torch, phys_smpl
rtm = phys_smpl.Rtm(free=["cab"])
class Spectra(torch.utils.data.Dataset):
    def __len__(self): return 8
    def __getitem__(self, i): return torch.from_numpy(rtm.forward(np.full((100, 1), 20.0 + i))[0])
alone = torch.stack([Spectra()[i] for i in range(8)])
loader = torch.utils.data.DataLoader(Spectra(), batch_size=2, num_workers=2, multiprocessing_context="fork")
assert torch.equal(torch.cat(list(loader)), alone)
"""


def test_a_data_loader_of_torch():
    pytest.importorskip("torch", reason="skipped: torch is not installed")
    subprocess.run([sys.executable, "-W", "ignore", "-c", LOADER], check=True, timeout=300)


ALONE = """
import os, numpy as np, phys_smpl, sys
threads = lambda: len(os.listdir("/proc/self/task"))
before = threads()
x = np.full((5000, 1), 40.0)
rtm = phys_smpl.Rtm(free=["cab"], threads=1)
rtm.forward(x); rtm.forward_with_jacobian(x)
model = phys_smpl.Model.load(sys.argv[1], threads=1, refine=1)
model.infer(np.full((5000, 10), .2))
alone = threads()
phys_smpl.Rtm(free=["cab"], threads=3).forward(x)
phys_smpl.Rtm(free=["cab"]).forward(x)
phys_smpl.Model.load(sys.argv[1]).infer(np.full((5000, 10), .2))
print(alone - before, threads() - alone <= 3 + os.cpu_count())
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="skipped: this system does not list threads")
def test_one_thread_needs_no_other():
    done = subprocess.run([sys.executable, "-c", ALONE, str(RUN)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "True"]


SENT = """
import pickle, sys
rtm = pickle.loads(sys.stdin.buffer.read())
sys.stdout.buffer.write(rtm.forward([[1.5, 40.0]]).tobytes())
"""


def test_the_physics_is_pickled_and_copied():
    options = dict(variant="enmap_box", sensor="s2b", bands=["B04", "B8A"], leaf="prospect_pro", fixed={"cp": 0.002}, threads=2)
    rtm = phys_smpl.Rtm(free=["N", "cab"], geometry=["tts"], **options)
    expected = rtm.forward([[1.5, 40.0]]).tobytes()
    for again in (pickle.loads(pickle.dumps(rtm)), copy.copy(rtm), copy.deepcopy(rtm), copy.deepcopy([rtm])[0]):
        assert again.forward([[1.5, 40.0]]).tobytes() == expected
        assert (again.parameters, again.geometry, again.bands) == (rtm.parameters, rtm.geometry, rtm.bands)
        assert repr(again) == repr(rtm)
    done = subprocess.run([sys.executable, "-c", SENT], input=pickle.dumps(rtm), capture_output=True, check=True)
    assert done.stdout == expected


def test_a_trained_model_is_copied():
    model = phys_smpl.Model.load(RUN, write=["median"], parameters=["LAI"], threads=1)
    x = np.full((1, 10), 0.2)
    for again in (copy.copy(model), copy.deepcopy(model)):
        assert again.infer(x)["LAI"].tobytes() == model.infer(x)["LAI"].tobytes()
