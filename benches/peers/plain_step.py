"""The training steps of the built-in experiment in plain torch: what a careful author would write.

A peer to compare speed with, not a part of the project. Sizes, bands, ranges, weights of the losses and the optimiser
are read from the configuration that is built in, configs/rtm_c_synthetic.json: an encoder, the published INFORM
(`published_inform.py`) at the wavelengths of the eleven bands, one geometry for the batch, and the gated residual;
float32. As in crates/trainer/examples/step_cost.rs the batch, the epoch (for the weight of the KL) and the learning
rate stay the same.

A step draws what it needs, computes the loss and its gradient, clips and updates (Adam with AMSGrad, one call for all
parameters); step_cost.rs draws the z of Stage A before the clock starts, which here is 0.01 ms. Left out is what our
step does besides: it guards single elements of the gradient that are not finite, and it sums up what is monitored.

    python3 benches/peers/plain_step.py        checks it and says what a step takes on one thread
"""

import json
import math
from pathlib import Path

import published_inform as physics
import torch
from torch import nn

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
CONFIG = json.loads((CONFIGS / "rtm_c_synthetic.json").read_text())
BATCH = 256
# of the model with these sizes in the project
PARAMETERS = 124_392
WAVELENGTHS = 772
# as in step_cost.rs; at this epoch the KL's weight is 0.4
EPOCH, LEARNING_RATE = 40, 1e-3
# what the configuration leaves at its default; crown diameter and height follow from fc at 500 trees/ha
FIXED, PSOIL, HSPOT = dict(car=10.0, anth=2.0, cbrown=0.25), 0.8, 0.01
LNVAR = (-9.0, 5.0)
MARGIN = 1e-4
GATE_BIAS = -4.6
# widths of the decoder, which no configuration changes
CONTEXT, DELTA, GATE = (64, 128), 128, 64
# nominal centres of the bands, for the error of the simulated observations
CENTRES_NM = dict(B02=490, B03=560, B04=665, B05=705, B06=740, B07=783, B08=842, B8A=865, B09=945, B11=1610, B12=2190)
# to measure mean and scale from
SIMULATED = 2048


class Physics:
    """z in (0, 1), B x 7 -> standardised bands, B x 11."""

    def __init__(self):
        c = CONFIG["physics"]
        wanted = dict(model="inform", variant="published", sensor="s2a", precision="f32")
        assert {key: c[key] for key in wanted} == wanted, f"another physics than {wanted}"
        self.spectra = physics.Spectra(torch.float32, CONFIG["data"]["bands"])
        angles = [[c["fixed"][name]] for name in ("tts", "tto", "psi")]
        self.geometry = physics.Geometry(*angles, [HSPOT], physics.uniform_leaf_angles(), torch.float32)
        ranges = json.loads((CONFIGS / c["ranges"]).read_text())
        assert tuple(ranges) == physics.FREE, f"other free parameters than {physics.FREE}"
        self.low = torch.tensor([range["min"] for range in ranges.values()])
        self.width = torch.tensor([range["max"] for range in ranges.values()]) - self.low
        self.fixed = {name: torch.full((1, 1), value) for name, value in FIXED.items()}
        self.psoil = torch.full((1, 1), PSOIL)
        self.mean, self.scale = torch.zeros(len(CENTRES_NM)), torch.ones(len(CENTRES_NM))

    def bands(self, z):
        values = self.low + self.width * z
        p = dict(zip(physics.FREE, values.split(1, dim=1)))
        return physics.inform(self.spectra, self.geometry, {**p, **self.fixed}, self.psoil)

    def __call__(self, z):
        return (self.bands(z) - self.mean) / self.scale

    @torch.no_grad()
    def observations(self):
        """Simulated spectra with model error and noise, standardised by their own mean and scale from now on."""
        z = torch.rand(SIMULATED, len(physics.FREE))
        clean = torch.cat([self.bands(part) for part in z.split(BATCH)])
        centres = torch.tensor([CENTRES_NM[name] for name in CONFIG["data"]["bands"]])
        angle = 2 * math.pi * (centres - 443) / 1747
        wrong = clean * (1 + 0.05 * torch.sin(angle + 0.7)) + 0.01 * torch.cos(angle)
        x = (wrong + (0.002 + 0.01 * clean) * torch.randn_like(clean)).clamp(min=1e-4)
        self.mean, self.scale = x.mean(0), x.std(0, correction=0)
        return (x - self.mean) / self.scale


class Clamp(torch.autograd.Function):
    """Clamps log-variances; outside, the gradient passes only where a descent step leads back in."""

    @staticmethod
    def forward(context, x):
        context.save_for_backward(x)
        return x.clamp(*LNVAR)

    @staticmethod
    def backward(context, gradient):
        (x,) = context.saved_tensors
        away = ((x > LNVAR[1]) & (gradient <= 0)) | ((x < LNVAR[0]) & (gradient >= 0))
        return gradient.masked_fill(away, 0)


def mlp(*sizes):
    """Linear layers with ELU in between, none after the last."""
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        layers += [nn.Linear(inputs, outputs), nn.ELU()]
    return nn.Sequential(*layers[:-1])


def draw(mean, lnvar):
    return mean + torch.exp(0.5 * lnvar) * torch.randn_like(mean)


def kl(mean, lnvar):
    """Of each sample to N(0, I), summed over dimensions; averaged over samples."""
    return 0.5 * (lnvar.exp() - 1 - lnvar + mean.square()).sum(1).mean()


def row_squares(x):
    return x.square().sum(1).mean()


class PhysVae(nn.Module):
    def __init__(self, decoder):
        super().__init__()
        c = CONFIG["phys_vae"]
        assert c["activation"] == "elu" and not c["no_phy"], "another model than the one written out here"
        d, p, a = len(CONFIG["data"]["bands"]), c["dim_z_phy"], c["dim_z_aux"]
        width, physical, auxiliary = c["num_units_feat"], c["hidlayers_z_phy"], c["hidlayers_z_aux"]
        self.physics = decoder
        self.features = mlp(d, *c["hidlayers_feat"], width)
        self.u_phy_mean, self.u_phy_lnvar = mlp(width, *physical, p), mlp(width, *physical, p)
        self.z_aux_mean, self.z_aux_lnvar = mlp(width, *auxiliary, a), mlp(width, *auxiliary, a)
        self.context = mlp(p + a, *CONTEXT)
        self.delta = mlp(d + CONTEXT[-1], DELTA, d)
        self.gate = mlp(d + CONTEXT[-1], GATE, d)
        nn.init.constant_(self.gate[-1].bias, GATE_BIAS)

    def encode(self, x):
        """Mean and log-variance of the physical and of the auxiliary latents."""
        h = self.features(x)
        return ((self.u_phy_mean(h), Clamp.apply(self.u_phy_lnvar(h))),
                (self.z_aux_mean(h), Clamp.apply(self.z_aux_lnvar(h))))

    def physical_mean(self, x):
        return self.u_phy_mean(self.features(x))

    def decode(self, u_phy, z_aux):
        """Reconstruction, gate and correction before the gate, B x 11 each."""
        z_phy = torch.sigmoid(u_phy)
        x_p = self.physics(z_phy)
        context = self.context(torch.cat([z_phy.detach(), z_aux], 1))
        h = torch.cat([x_p, context], 1)
        delta, gate = self.delta(h), torch.sigmoid(self.gate(h))
        return x_p + gate * delta, gate, delta


class Steps:
    """Model, optimiser, and observations to train on."""

    def __init__(self, seed=CONFIG["seed"]):
        torch.manual_seed(seed)
        decoder = Physics()
        self.x = decoder.observations()[:BATCH]
        self.model = PhysVae(decoder)
        c, v = CONFIG["optimizer"], CONFIG["phys_vae"]
        self.optimiser = torch.optim.Adam(
            self.model.parameters(), lr=LEARNING_RATE, betas=c["betas"], eps=c["eps"],
            weight_decay=c["weight_decay"], amsgrad=c["amsgrad"], foreach=True)
        self.clip = CONFIG["trainer"]["grad_clip_norm"]
        self.beta = min(1.0, (EPOCH - v["epochs_pretrain"]) / v["kl_warmup_epochs"])
        self.weights = v["balance_gate"], v["balance_residual"], v["balance_data_aug"]

    def update(self, loss):
        """One update, unless the loss is not finite; parameters without part in it stay alone. Returns the loss."""
        value = loss.item()
        if math.isfinite(value):
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), self.clip, foreach=True)
            self.optimiser.step()
        return value

    def step_a(self):
        """Of pretraining: what spectra of drawn parameters were drawn from."""
        with torch.no_grad():
            z = torch.rand(BATCH, len(physics.FREE)).clamp(MARGIN, 1 - MARGIN)
            x, target = self.model.physics(z), torch.logit(z)
        return self.update(self.weights[2] * row_squares(self.model.physical_mean(x) - target))

    def step_b(self):
        """Of training: reconstruction, KL, gate and correction before it."""
        physical, auxiliary = self.model.encode(self.x)
        x_pb, gate, delta = self.model.decode(draw(*physical), draw(*auxiliary))
        loss = (row_squares(x_pb - self.x) + self.beta * (kl(*physical) + kl(*auxiliary))
                + self.weights[0] * gate.mean() + self.weights[1] * row_squares(delta))
        return self.update(loss)


def losses(step, count):
    """Of `count` steps with the same draws each."""
    found = []
    for _ in range(count):
        torch.manual_seed(1)
        found.append(step())
    return found


def check(count=20):
    """Raises SystemExit unless sizes are the project's and both losses fall; returns their first and last values."""
    steps = Steps()
    model, found = steps.model, {}
    for name, size, wanted in [
        ("parameters", sum(p.numel() for p in model.parameters()), PARAMETERS),
        ("wavelengths", model.physics.spectra.count, WAVELENGTHS),
    ]:
        if size != wanted:
            raise SystemExit(f"plain_step.py has {size} {name}, the project {wanted}: nothing to compare with")
    for name, step in [("step A", Steps().step_a), ("step B", steps.step_b)]:
        values = losses(step, count)
        if not (all(map(math.isfinite, values)) and values[-1] < values[0]):
            raise SystemExit(f"plain_step.py, {name}: the loss does not fall, {values}")
        found[name] = values[0], values[-1]
    return found


def main():
    import statistics
    import time

    torch.set_num_threads(1)
    print(f"{PARAMETERS} parameters, {WAVELENGTHS} wavelengths, batch {BATCH}")
    for name, (first, last) in check().items():
        print(f"{name}: loss {first:.4f}, after 20 steps {last:.4f}")
    steps = Steps()
    for name, step in [("step A", steps.step_a), ("step B", steps.step_b)]:
        times = []
        for _ in range(10):
            start = time.perf_counter()
            step()
            times.append(time.perf_counter() - start)
        print(f"{name}: median {statistics.median(times) * 1e3:.1f} ms, best {min(times) * 1e3:.1f} ms")


if __name__ == "__main__":
    main()
