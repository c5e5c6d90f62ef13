//! The runs that changes are tried on, and the changes with what they do.

/// What a resumed run with a changed key does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// Refused because of the state.
    Refused,
    /// Refused by a check of the configuration or of the samples.
    NotPossible,
    Free,
    Anew,
    /// Other samples: refused, with `--allow-changed-data` measured anew.
    OtherSamples,
    /// The same samples from elsewhere.
    SameSamples,
}
use Outcome::{Anew, Free, NotPossible, OtherSamples, Refused, SameSamples};

/// A change and what it does.
pub type Change = (&'static str, Outcome);
/// A run's name and settings, and the changes that are tried on it.
pub type Base = (&'static str, Vec<&'static str>, Vec<Change>);

/// Runs that the changes are tried on: their settings beside the small ones, and the changes with what they do. The first
/// key of a change is the one that is tried; the others make it possible.
pub fn bases() -> Vec<Base> {
    let quadrature = "physics.spectral.sampling=quadrature";
    vec![
        (
            "simulated",
            vec![],
            vec![
                ("name=other", Free),
                ("seed=7", Anew),
                (
                    r#"physics={"model":"mogi","stations":{"A":{"xE":1,"yN":1}},"ranges":{"d":{"min":2,"max":20}}}"#,
                    NotPossible,
                ),
                ("physics.variant=enmap_box", Refused),
                ("physics.sensor=s2b", Refused),
                // the samples are simulated in that precision
                ("physics.precision=f64", NotPossible),
                (quadrature, Anew),
                ("physics.fixed.tts=40", Refused),
                ("physics.fixed.psoil=0.4", Refused),
                ("physics.ranges.cab.max=90", Refused),
                (
                    r#"data.bands=["B03","B02","B04","B05","B06","B07","B08","B8A","B09","B11","B12"]"#,
                    Refused,
                ),
                ("data.train_samples=31", OtherSamples),
                ("data.valid_samples=13", OtherSamples),
                ("data.test_samples=13", OtherSamples),
                ("data.seed=4", OtherSamples),
                ("data.noise=false", OtherSamples),
                (
                    r#"data.band_noise={"absolute":0.005,"relative":0.03}"#,
                    OtherSamples,
                ),
                ("data.model_error=false", OtherSamples),
                (r#"data.geometries={"latitude":[35,60]}"#, OtherSamples),
                (
                    "phys_vae.no_phy=true phys_vae.dim_z_phy=0 phys_vae.epochs_pretrain=0 phys_vae.hidlayers_z_phy=[128]",
                    Refused,
                ),
                ("phys_vae.dim_z_aux=3", Refused),
                (
                    "phys_vae.dim_z_aux=0 phys_vae.hidlayers_z_aux=[128]",
                    Refused,
                ),
                ("phys_vae.sees_conditions=true", Refused),
                ("phys_vae.deterministic_latents=true", Refused),
                ("phys_vae.residual=low_rank", Refused),
                ("phys_vae.calibration=offset", Refused),
                ("phys_vae.activation=relu", Refused),
                ("phys_vae.activation=prelu", Refused),
                ("phys_vae.num_units_feat=7", Refused),
                ("phys_vae.hidlayers_feat=[6,6]", Refused),
                ("phys_vae.hidlayers_z_phy=[]", Refused),
                ("phys_vae.hidlayers_z_aux=[7]", Refused),
                ("phys_vae.epochs_pretrain=2", Anew),
                ("phys_vae.kl_warmup_epochs=2", Anew),
                ("phys_vae.balance_gate=0.1", Anew),
                ("phys_vae.balance_residual=0.1", Anew),
                ("phys_vae.balance_data_aug=0.5", Anew),
                ("phys_vae.detach_x_p=true", Anew),
                ("objective.likelihood=l1", Anew),
                ("objective.likelihood=learned_noise", Refused),
                ("objective.physics_weight=1", Anew),
                (
                    "objective.posterior=simulation pretrain.loss=likelihood",
                    Anew,
                ),
                ("objective.beta_max_z_phy=0.1", Anew),
                ("objective.beta_max_z_aux=0.1", Anew),
                ("objective.free_bits=0.5", Anew),
                ("objective.capacity=5", Anew),
                ("objective.ema_prior_momentum=0.9", Anew),
                ("objective.edge_penalty_weight=0.1", Anew),
                ("optimizer.lr=0.004", Free),
                ("optimizer.betas=[0.8,0.99]", Refused),
                ("optimizer.eps=1e-6", Free),
                ("optimizer.weight_decay=0", Free),
                ("optimizer.amsgrad=false", Refused),
                ("optimizer.type=SGD", NotPossible),
                (r#"lr_scheduler={"type":"StepLR","step_size":2}"#, Free),
                ("pretrain.spectra_per_epoch=40", Anew),
                ("pretrain.loss=likelihood", Anew),
                ("pretrain.draw=normal_u", Anew),
                ("pretrain.noise=0.1", Anew),
                (
                    r#"pretrain.band_noise={"absolute":0.005,"relative":0.03}"#,
                    Anew,
                ),
                ("pretrain.model_error=0.1", Anew),
                ("trainer.epochs=5", Free),
                ("trainer.epochs=2", NotPossible),
                ("trainer.batch_size=15", Anew),
                ("trainer.pretrain_lr=0.001", Free),
                ("trainer.early_stop=3", Free),
                ("trainer.grad_clip_norm=null", Free),
                ("trainer.stablize_grad=false", Free),
                ("trainer.max_skipped_steps=8", Free),
            ],
        ),
        (
            "fixed noise",
            vec!["objective.likelihood=fixed_noise"],
            vec![("objective.noise=0.3", Anew)],
        ),
        (
            "huber",
            vec!["objective.likelihood=huber"],
            vec![("objective.huber_delta=0.5", Anew)],
        ),
        (
            "learned noise",
            vec!["objective.likelihood=learned_noise"],
            vec![("objective.likelihood=sum_of_squares", Refused)],
        ),
        (
            "capacity",
            vec!["objective.capacity=4"],
            vec![
                ("objective.capacity=null", Anew),
                ("objective.capacity_weight=3", Anew),
            ],
        ),
        (
            "edge",
            vec!["objective.edge_penalty_weight=0.1"],
            vec![("objective.edge_penalty_power=2", Anew)],
        ),
        (
            "low rank",
            vec!["phys_vae.residual=low_rank"],
            vec![
                ("phys_vae.low_rank.rank=1", Refused),
                ("phys_vae.low_rank.tau_init=2", Refused),
                ("phys_vae.low_rank.tau_final=2", Refused),
                ("phys_vae.low_rank.tau_warmup_epochs=2", Refused),
                ("phys_vae.low_rank.r_init=0.5", Refused),
                ("phys_vae.low_rank.r_final=0.5", Refused),
                ("phys_vae.low_rank.r_warmup_epochs=2", Refused),
                ("phys_vae.low_rank.ortho_penalty_weight=0.2", Anew),
                ("phys_vae.low_rank.coeff_penalty_weight=0.2", Anew),
            ],
        ),
        (
            "plateau",
            vec![r#"lr_scheduler={"type":"ReduceLROnPlateau","patience":0}"#],
            vec![
                ("lr_scheduler.min_lr=0.001", Free),
                ("lr_scheduler.factor=0.5", Free),
            ],
        ),
        (
            "quadrature",
            vec![quadrature],
            vec![
                ("physics.spectral.nodes=47", NotPossible),
                (
                    "physics.spectral.file=WORKSPACE/crates/physics/quadrature/published_s2a.json",
                    Anew,
                ),
            ],
        ),
        (
            "no physics",
            vec![
                "phys_vae.no_phy=true",
                "phys_vae.hidlayers_z_phy=[128]",
                "phys_vae.dim_z_phy=0",
                "phys_vae.epochs_pretrain=0",
            ],
            vec![
                ("phys_vae.kl_without_physics=false", Anew),
                ("phys_vae.dim_z_phy=7 phys_vae.no_phy=false", Refused),
            ],
        ),
        (
            "left out rows",
            vec!["FOLDER", "data.missing=drop_row"],
            vec![("data.max_dropped=0.5", Free)],
        ),
        (
            "tables",
            vec!["FOLDER"],
            vec![
                ("data.dir=FOLDER/moved", SameSamples),
                ("data.train=more.csv", OtherSamples),
                ("data.train=moved/train.csv", SameSamples),
                ("data.valid=more.csv", OtherSamples),
                ("data.test=more.csv", OtherSamples),
                ("data.columns.B02=B02b", OtherSamples),
                ("data.values=percent", NotPossible),
                (
                    r#"data.angles={"tts":"sun","tto":"view","psi":"psi"}"#,
                    OtherSamples,
                ),
                (
                    r#"data.sun={"latitude":48.15,"longitude":16.1,"time_utc":"10:00"}"#,
                    OtherSamples,
                ),
                ("data.labels.class=kind", Free),
                ("data.labels.sample_id=id", Free),
                ("data.labels.date=null", Anew),
                ("data.truth.LAI=lai", Free),
                ("data.missing=drop_row", SameSamples),
                ("data.out_of_range=drop_row", SameSamples),
                ("data.duplicates=drop_row", OtherSamples),
                ("data.max_memory_gib=3", Free),
                (
                    r#"data.standardization={"mean":"mean.npy","scale":"scale.npy"}"#,
                    Refused,
                ),
                (
                    r#"objective.temporal_smoothness={"weight":1,"samples":7}"#,
                    Anew,
                ),
                ("physics.tables=FOLDER", Refused),
                ("physics.precision=f64", Anew),
            ],
        ),
        (
            "digital numbers",
            vec![
                "FOLDER",
                "data.values=digital_numbers",
                r#"data.digital_numbers={"offset":0}"#,
                "data.train=dn.csv",
                "data.valid=dn.csv",
                "data.test=dn.csv",
            ],
            vec![
                ("data.digital_numbers.offset=-100", OtherSamples),
                (
                    "data.values=sentinel2_l2a_before_0400 data.digital_numbers=null",
                    SameSamples,
                ),
            ],
        ),
        (
            "season",
            vec![
                "FOLDER",
                "phys_vae.residual=low_rank",
                "phys_vae.low_rank.use_time=true",
            ],
            vec![("phys_vae.low_rank.use_time=false", Refused)],
        ),
        (
            "volcano",
            vec!["VOLCANO"],
            vec![
                ("physics.poisson_ratio=0.3", Refused),
                ("physics.stations.AV07.xE=-7", Refused),
                ("physics.ranges.d.max=21", Refused),
                (r#"data.channels=["ux_AV07","uy_AV07","uz_AV07"]"#, Refused),
            ],
        ),
        (
            "from simulations to tables",
            vec![],
            vec![("data=TABLES", OtherSamples)],
        ),
    ]
}
