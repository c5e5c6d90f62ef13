"""Writes adam_torch.json: torch.optim.Adam with torch.nn.utils.clip_grad_norm_, float64, CPU.

    python3 -m venv env && env/bin/pip install torch && env/bin/python adam_torch.py > adam_torch.json

Two parameters, 20 steps. The gradients are made up here (no network), so that the file holds everything a
test needs. The gradient of `late` is absent in the first 5 steps: its state starts at step 6. The gradients
of steps 3, 8 and 13 are large, so that clipping bites; those of steps 15 to 20 are small, so that AMSGrad's
largest second moment is above the second moment.
"""

import json
import math

import torch

SHAPES = {"early": (2, 3), "late": (1, 2)}
STEPS, ABSENT = 20, 5
CASES = [
    {"lr": 3e-4, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 1e-4, "amsgrad": True, "clip": 1.0},
    {"lr": 0.05, "beta1": 0.8, "beta2": 0.9, "eps": 1e-3, "weight_decay": 0.1, "amsgrad": True, "clip": 0.25},
    {"lr": 1e-2, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.0, "amsgrad": True, "clip": None},
    {"lr": 1e-2, "beta1": 0.9, "beta2": 0.95, "eps": 1e-8, "weight_decay": 1e-4, "amsgrad": False, "clip": 1.0},
]


def gradient(step, name, shape):
    size = 30.0 if step in (3, 8, 13) else (0.001 if step >= 15 else 0.2)
    shift = {"early": 0.3, "late": 1.7}[name]
    n = math.prod(shape)
    return [round(size * math.sin(1.3 * step + 2.1 * i + shift), 12) for i in range(n)]


def run(case):
    initial = {"early": [0.5, -0.25, 1.0, 0.125, -1.5, 0.75], "late": [2.0, -0.5]}
    parameters = {
        name: torch.nn.Parameter(torch.tensor(initial[name], dtype=torch.float64).reshape(shape))
        for name, shape in SHAPES.items()
    }
    optimiser = torch.optim.Adam(
        parameters.values(),
        lr=case["lr"],
        betas=(case["beta1"], case["beta2"]),
        eps=case["eps"],
        weight_decay=case["weight_decay"],
        amsgrad=case["amsgrad"],
        foreach=False,
    )
    steps = []
    for step in range(1, STEPS + 1):
        optimiser.zero_grad(set_to_none=True)
        for name, parameter in parameters.items():
            if name != "late" or step > ABSENT:
                values = gradient(step, name, SHAPES[name])
                parameter.grad = torch.tensor(values, dtype=torch.float64).reshape(SHAPES[name])
        infinite = float("inf")
        norm = torch.nn.utils.clip_grad_norm_(
            parameters.values(), infinite if case["clip"] is None else case["clip"], foreach=False
        )
        optimiser.step()
        steps.append([float(norm)] + [v for p in parameters.values() for v in p.detach().flatten().tolist()])
    return {"config": case, "initial": initial, "norm_then_parameters": steps}


print(
    json.dumps(
        {
            "provenance": f"torch.optim.Adam and clip_grad_norm_ of torch {torch.__version__}, float64, CPU; "
            "written by adam_torch.py beside this file",
            "shapes": SHAPES,
            "absent_until_step": ABSENT,
            "gradients": [{name: gradient(s, name, shape) for name, shape in SHAPES.items()} for s in range(1, STEPS + 1)],
            "cases": [run(case) for case in CASES],
        }
    )
)
