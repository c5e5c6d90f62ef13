//! Every key of the configuration changed when a small run is resumed: refused and the run as it was, byte by byte, or
//! taken with the consequences that docs/robustness.md says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use trainer::resume::{KEYS, Standing, standing_of};

/// A small network and few epochs, of which one is Stage A.
const SMALL: [&str; 10] = [
    "phys_vae.num_units_feat=6",
    "phys_vae.hidlayers_feat=[6]",
    "phys_vae.hidlayers_z_phy=[6]",
    "phys_vae.hidlayers_z_aux=[6]",
    "phys_vae.epochs_pretrain=1",
    "phys_vae.kl_warmup_epochs=1",
    "trainer.batch_size=14",
    "trainer.epochs=3",
    "trainer.max_skipped_steps=7",
    "optimizer.lr=0.002",
];
const SIMULATED: [&str; 3] = [
    "data.train_samples=30",
    "data.valid_samples=12",
    "data.test_samples=12",
];

/// What a resumed run with a changed key does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
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

/// Runs that the changes are tried on: their settings beside the small ones, and the changes with what they do. The first
/// key of a change is the one that is tried; the others make it possible.
fn bases() -> Vec<(&'static str, Vec<&'static str>, Vec<(&'static str, Outcome)>)> {
    let quadrature = "physics.spectral.sampling=quadrature";
    vec![
        (
            "simulated",
            vec![],
            vec![
                ("name=other", Free),
                ("seed=7", Anew),
                (r#"physics={"model":"mogi","stations":{"A":{"xE":1,"yN":1}},"ranges":{"d":{"min":2,"max":20}}}"#, NotPossible),
                ("physics.variant=enmap_box", Refused),
                ("physics.sensor=s2b", Refused),
                ("physics.precision=f64", Anew),
                (quadrature, Anew),
                ("physics.fixed.tts=40", Refused),
                ("physics.fixed.psoil=0.4", Refused),
                ("physics.ranges.cab.max=90", Refused),
                (r#"data.bands=["B03","B02","B04","B05","B06","B07","B08","B8A","B09","B11","B12"]"#, Refused),
                ("data.train_samples=31", OtherSamples),
                ("data.valid_samples=13", OtherSamples),
                ("data.test_samples=13", OtherSamples),
                ("data.seed=4", OtherSamples),
                ("data.noise=false", OtherSamples),
                (r#"data.band_noise={"absolute":0.005,"relative":0.03}"#, OtherSamples),
                ("data.model_error=false", OtherSamples),
                (r#"data.geometries={"latitude":[35,60]}"#, OtherSamples),
                ("phys_vae.no_phy=true phys_vae.dim_z_phy=0 phys_vae.epochs_pretrain=0", Refused),
                ("phys_vae.dim_z_aux=3", Refused),
                ("phys_vae.dim_z_aux=0", Refused),
                ("phys_vae.sees_conditions=true", Refused),
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
                ("objective.posterior=simulation pretrain.loss=likelihood", Anew),
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
                (r#"pretrain.band_noise={"absolute":0.005,"relative":0.03}"#, Anew),
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
            vec![("lr_scheduler.min_lr=0.001", Free), ("lr_scheduler.factor=0.5", Free)],
        ),
        (
            "quadrature",
            vec![quadrature],
            vec![
                ("physics.spectral.nodes=47", NotPossible),
                ("physics.spectral.file=WORKSPACE/crates/physics/quadrature/published_s2a.json", Anew),
            ],
        ),
        (
            "no physics",
            vec!["phys_vae.no_phy=true", "phys_vae.dim_z_phy=0", "phys_vae.epochs_pretrain=0"],
            vec![
                ("phys_vae.kl_without_physics=false", Anew),
                ("phys_vae.dim_z_phy=7 phys_vae.no_phy=false", Refused),
            ],
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
                (r#"data.angles={"tts":"sun","tto":"view","psi":"psi"}"#, OtherSamples),
                (r#"data.sun={"latitude":48.15,"longitude":16.1,"time_utc":"10:00"}"#, OtherSamples),
                ("data.labels.class=kind", Free),
                ("data.labels.sample_id=id", Free),
                ("data.labels.date=null", Anew),
                ("data.truth.LAI=lai", Free),
                ("data.missing=drop_row", SameSamples),
                ("data.out_of_range=drop_row", SameSamples),
                ("data.duplicates=drop_row", OtherSamples),
                ("data.max_dropped=0.5", Free),
                ("data.max_memory_gib=3", Free),
                (r#"data.standardization={"mean":"mean.npy","scale":"scale.npy"}"#, Refused),
                (r#"objective.temporal_smoothness={"weight":1,"samples":7}"#, Anew),
                ("physics.tables=FOLDER", Refused),
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
                ("data.values=sentinel2_l2a_before_0400 data.digital_numbers=null", SameSamples),
            ],
        ),
        (
            "season",
            vec!["FOLDER", "phys_vae.residual=low_rank", "phys_vae.low_rank.use_time=true"],
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

/// A program that is started in a folder of its own.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let root = place.folder.path();
        let bands = ["B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12"];
        let table = |rows: usize, factor: f64| {
            let mut text = format!("{},B02b,sun,view,psi,kind,id,date,lai\n", bands.join(","));
            for row in 0..rows {
                // the last row says what the one before it says
                let r = row.min(rows - 2);
                let cell = |band: usize| {
                    let reflectance = 0.02 + 0.02 * band as f64 + 0.003 * ((r * 7 + band * 3) % 11) as f64;
                    format!("{:.4}", factor * (reflectance + 1e-4 * r as f64))
                };
                let cells: Vec<String> = (0..11).chain([1]).map(cell).collect();
                text += &cells.join(",");
                text += &format!(",{},{},40,oak,{r},2020-06-{:02},2\n", 30 + r, r % 9, 1 + r % 28);
            }
            text
        };
        fs::create_dir(root.join("moved")).unwrap();
        for name in ["train.csv", "valid.csv", "test.csv"] {
            fs::write(root.join(name), table(28, 1.0)).unwrap();
            fs::write(root.join("moved").join(name), table(28, 1.0)).unwrap();
        }
        fs::write(root.join("more.csv"), table(35, 1.0)).unwrap();
        fs::write(root.join("dn.csv"), table(28, 1e4)).unwrap();
        place
    }

    /// The text of `data` of its tables.
    fn tables(&self) -> String {
        format!(
            r#"{{"source":"csv","dir":"{}","values":"reflectance","labels":{{"date":"date"}}}}"#,
            self.folder.path().display()
        )
    }

    fn settings(&self, setting: &str) -> Vec<String> {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let workspace = workspace.canonicalize().unwrap();
        match setting {
            "FOLDER" => vec![format!("data={}", self.tables())],
            "VOLCANO" => {
                let file = |name: &str| workspace.join("configs").join(name);
                let read = |name: &str| fs::read_to_string(file(name)).unwrap();
                vec![
                    format!(
                        r#"physics={{"model":"mogi","stations":{},"ranges":{}}}"#,
                        read("stations/akutan.json"),
                        read("ranges/mogi.json")
                    ),
                    r#"data={"source":"synthetic"}"#.into(),
                    "phys_vae.dim_z_phy=4".into(),
                ]
            }
            other => vec![
                other
                    .replace("data=TABLES", &format!("data={}", self.tables()))
                    .replace("FOLDER", &self.folder.path().to_string_lossy())
                    .replace("WORKSPACE", &workspace.to_string_lossy()),
            ],
        }
    }

    fn trainer(&self, arguments: &[&str], settings: &[String]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trainer"));
        command.arg("train").args(["--threads", "1"]).args(arguments);
        for setting in settings {
            command.args(["--set", setting]);
        }
        command.current_dir(self.folder.path()).output().unwrap()
    }

    /// A finished run of a base.
    fn run(&self, name: &str, base: &[&str]) -> PathBuf {
        let mut settings: Vec<String> = SMALL.map(str::to_owned).to_vec();
        let has_tables = base.contains(&"FOLDER");
        settings.extend(base.iter().flat_map(|it| self.settings(it)));
        if !has_tables {
            settings.extend(SIMULATED.map(str::to_owned));
        }
        let runs = self.folder.path().join("runs").join(name);
        let output = self.trainer(&["--runs-dir", &runs.to_string_lossy()], &settings);
        assert!(output.status.success(), "{name}: {}", said(&output));
        let experiment = fs::read_dir(&runs).unwrap().next().unwrap().unwrap().path();
        fs::read_dir(experiment).unwrap().next().unwrap().unwrap().path()
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Every file below a folder with its bytes.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(contents(&path));
        } else {
            all.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    all
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// The outcome that the table of keys promises; the tables decide about samples, a check about nonsense.
fn agrees(standing: Standing, outcome: Outcome) -> bool {
    match outcome {
        NotPossible => true,
        // the σ of `learned_noise` are weights
        Refused => matches!(standing, Standing::State | Standing::Anew),
        Free => standing == Standing::Free,
        Anew => standing == Standing::Anew,
        OtherSamples | SameSamples => standing == Standing::Samples,
    }
}

#[test]
fn every_key_does_what_the_table_says() {
    let place = Place::new();
    let mut tried: BTreeMap<String, usize> = BTreeMap::new();
    let mut keys = BTreeSet::new();
    for (base, settings, changes) in bases() {
        let run = place.run(&base.replace(' ', "_"), &settings);
        let copied = place.folder.path().join("copied");
        for (change, expected) in changes {
            let what = format!("{base}, {change}: {expected:?}");
            // blanks part settings, outside of JSON
            let settings: Vec<String> = if change.contains('{') {
                place.settings(change)
            } else {
                change.split(' ').flat_map(|it| place.settings(it)).collect()
            };
            let key = change.split('=').next().unwrap().to_owned();
            if key.contains('.') || standing_of(&key) != Standing::State {
                assert!(agrees(standing_of(&key), expected), "{what}");
            }
            let _ = fs::remove_dir_all(&copied);
            copy(&run, &copied);
            let before = contents(&copied);
            let path = copied.to_string_lossy().into_owned();
            let mut arguments = vec!["--resume", &path, "--allow-changed-config"];
            if !change.starts_with("trainer.epochs") {
                arguments.extend(["--epochs", "4"]);
            }
            let mut output = place.trainer(&arguments, &settings);
            if expected == OtherSamples {
                assert_eq!(output.status.code(), Some(2), "{what}: {}", said(&output));
                assert!(said(&output).contains("--allow-changed-data"), "{what}: {}", said(&output));
                assert!(contents(&copied) == before, "{what}: the refused run is another one now");
                arguments.push("--allow-changed-data");
                output = place.trainer(&arguments, &settings);
            }
            let message = said(&output);
            if matches!(expected, Refused | NotPossible) {
                assert_eq!(output.status.code(), Some(2), "{what}: {message}");
                assert!(contents(&copied) == before, "{what}: the refused run is another one now");
                let of_state = message.contains("cannot go on with");
                assert_eq!(of_state, expected == Refused, "{what}: {message}");
            } else {
                assert!(output.status.success(), "{what}: {message}");
                let log = fs::read_to_string(copied.join("changes.jsonl")).unwrap();
                let record: serde_json::Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
                let anew = matches!(expected, Anew | OtherSamples);
                assert_eq!(record["measured_anew"], anew, "{what}: {record}");
                assert_eq!(record["other_samples"], expected == OtherSamples, "{what}: {record}");
                assert_eq!(copied.join("checkpoints/best.until-1.safetensors").exists(), anew, "{what}");
                assert_eq!(message.contains("begin anew"), anew, "{what}: {message}");
                let standardization = copied.join("standardization.json");
                assert_eq!(fs::read(&standardization).unwrap(), before[&standardization], "{what}");
            }
            for (known, _) in KEYS {
                let below = known.strip_prefix(&*key).is_some_and(|rest| rest.starts_with('.'));
                if *known == key || key.starts_with(&format!("{known}.")) || below && expected != Free {
                    keys.insert(*known);
                }
            }
            *tried.entry(format!("{expected:?}")).or_default() += 1;
        }
    }
    let missing: Vec<_> = KEYS.iter().map(|(key, _)| *key).filter(|key| !keys.contains(key)).collect();
    assert_eq!(missing, Vec::<&str>::new(), "keys that no change was tried of");
    println!("{} changes of {} keys: {tried:?}", tried.values().sum::<usize>(), keys.len());
}
