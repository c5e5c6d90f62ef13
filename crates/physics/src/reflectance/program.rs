//! The model as a program for a GPU.

use super::choices::{Canopy, Variant};
use super::columns::SweepSlope;
use super::model::ReflectanceModel;
use crate::canopy::{CLASS_EDGES_DEG, CLASS_MIDDLES_DEG, LeafAngles};
use crate::device::{DeviceProgram, Stage, Work, array, define, digits};
use crate::leaf::Plate;
use crate::parameters::{PARAMETERS, Parameter};
use crate::tables::Absorber;
use std::fmt::Write as _;

/// Wavelengths that a warp computes at a time.
const WARP: usize = 32;
/// Warps of a block of the spectral kernels, each with a sample of its own.
const WARPS: usize = 2;
/// Threads of a block that computes what is the same at every wavelength.
const SCALAR_THREADS: usize = 64;
/// Terms of a sweep that are there whatever is free.
const OWN_TERMS: usize = 5;
/// Rows of the spectral table before the absorptions: four of the plate, two of the soil, two of the sky.
const OWN_ROWS: usize = 8;
/// Most sums that fit the memory a block shares, at 8 bytes each.
const MOST_SUMS: usize = 2048;
/// Numbers of a layer, in doubles.
const LAYER: usize = 12;

/// How the classes of leaf angles are weighted.
#[derive(Clone, Copy, PartialEq)]
enum Weights {
    /// By tables.
    Tables,
    /// From the average leaf angle of each sample.
    Ellipsoidal,
    /// From a and b of each sample.
    Verhoef,
}

impl ReflectanceModel {
    /// Its kernels; `None` where it has more bands than a warp's sums have room for, or classes of leaf angles per sample
    /// of different kinds.
    pub(super) fn program(&self) -> Option<DeviceProgram> {
        let spectrum = Spectrum::new(self);
        let mut source = String::new();
        self.put_choices(&mut source);
        self.put_parameters(&mut source);
        self.put_leaf_angles(&mut source)?;
        spectrum.put(&mut source);
        let terms = self.put_columns(&mut source);
        if terms * self.outputs.len() > MOST_SUMS {
            return None;
        }
        for part in [
            include_str!("../device/kernels/numbers.cu"),
            include_str!("../device/kernels/leaf.cu"),
            include_str!("../device/kernels/streams.cu"),
            include_str!("../device/kernels/scene.cu"),
            include_str!("../device/kernels/stand.cu"),
            include_str!("../device/kernels/bands.cu"),
        ] {
            source.push_str(part);
        }
        let directions = self.columns.directions().len();
        let stage = |function, work, threads| Stage {
            function,
            work,
            threads,
        };
        let spectral = |function, work| stage(function, work, WARPS * WARP);
        let scalars = stage("scalars", Work::Threads(1), SCALAR_THREADS);
        let mut jacobian = vec![
            stage("scalars", Work::Threads(1 + directions), SCALAR_THREADS),
            spectral("sweep", Work::Warps(1)),
        ];
        if directions > 0 {
            jacobian.push(spectral("directions", Work::Warps(directions)));
        }
        jacobian.push(spectral("sweep_again", Work::Found));
        if directions > 0 {
            jacobian.push(spectral("directions_again", Work::Found));
        }
        Some(DeviceProgram {
            source,
            parameter_places: (0..self.free.len()).collect(),
            output_places: (0..self.outputs.len()).map(Some).collect(),
            table: spectrum.table,
            workspace: self.scalars() * (1 + directions),
            list: 1 + directions,
            values: vec![
                scalars,
                spectral("values_of", Work::Warps(1)),
                spectral("values_again", Work::Found),
            ],
            jacobian,
        })
    }

    /// Doubles of a sample's `Scalars` in scene.cu.
    fn scalars(&self) -> usize {
        let of_leaf_and_scene = 1 + self.leaf.absorbers().len() + 16;
        of_leaf_and_scene
            + match self.canopy {
                Canopy::Sail => LAYER,
                Canopy::Inform(Variant::Published) => 3 * LAYER + 10,
                Canopy::Inform(Variant::EnmapBox) => 4 * LAYER + 20,
            }
    }

    fn put_choices(&self, source: &mut String) {
        for (i, name) in ["SAIL", "PUBLISHED", "ENMAP_BOX"].iter().enumerate() {
            define(source, name, i);
        }
        let stand = match self.canopy {
            Canopy::Sail => "SAIL",
            Canopy::Inform(Variant::Published) => "PUBLISHED",
            Canopy::Inform(Variant::EnmapBox) => "ENMAP_BOX",
        };
        define(source, "STAND", stand);
        define(source, "FREE", self.free.len());
        define(source, "CONDITIONS", self.conditions.len());
        define(source, "OUTPUTS", self.outputs.len());
        define(source, "THREADS", WARPS * WARP);
        let measured = self.data.measured_diffuse_share.is_some();
        define(source, "MEASURED_SKY", i32::from(measured));
        for (name, parameter) in [
            ("GIVEN_CD", Parameter::Cd),
            ("GIVEN_H", Parameter::H),
            ("GIVEN_SKYL", Parameter::Skyl),
        ] {
            let given = self.base.get(parameter).is_some();
            define(source, name, i32::from(given));
        }
    }

    /// Where each parameter of a sample comes from.
    fn put_parameters(&self, source: &mut String) {
        let names: Vec<String> = Parameter::ALL.iter().map(|p| symbol(*p)).collect();
        let _ = writeln!(source, "enum {{ {} }};", names.join(", "));
        define(source, "PARAMETERS", PARAMETERS);
        source.push_str(
            "__device__ inline int load_parameters(double *at, const double *free, const double *conditions) {\n",
        );
        for parameter in Parameter::ALL {
            let is = |other: &Parameter| *other == parameter;
            let from = if let Some(i) = self.free.iter().position(is) {
                format!("free[{i}]")
            } else if let Some(i) = self.per_sample.iter().position(is) {
                format!("conditions[{i}]")
            } else {
                digits(self.base.get(parameter).unwrap_or(0.0))
            };
            let _ = writeln!(source, "    at[{}] = {from};", symbol(parameter));
        }
        let class = if self.leaf_angle_classes.is_empty() {
            "0".to_owned()
        } else {
            format!("(int)conditions[{}]", self.per_sample.len())
        };
        let _ = writeln!(source, "    return {class};\n}}");
    }

    fn put_leaf_angles(&self, source: &mut String) -> Option<()> {
        let varies =
            |parameter| self.free.contains(&parameter) || self.per_sample.contains(&parameter);
        let weights = if varies(Parameter::Ala) {
            Weights::Ellipsoidal
        } else if varies(Parameter::LidfA) || varies(Parameter::LidfB) {
            Weights::Verhoef
        } else {
            Weights::Tables
        };
        for (i, name) in ["IN_CLASSES", "ELLIPSOIDAL", "VERHOEF"].iter().enumerate() {
            define(source, name, i);
        }
        let name = match weights {
            Weights::Tables => "IN_CLASSES",
            Weights::Ellipsoidal => "ELLIPSOIDAL",
            Weights::Verhoef => "VERHOEF",
        };
        define(source, "LEAF_ANGLES", name);
        let own = [self.base.leaf_angles.clone()];
        let distributions: &[LeafAngles] = match &self.leaf_angle_classes[..] {
            [] => &own,
            classes => classes,
        };
        let classes: Vec<Vec<(f64, f64)>> = match weights {
            Weights::Tables => distributions.iter().map(LeafAngles::classes).collect(),
            _ => vec![CLASS_MIDDLES_DEG.iter().map(|m| (*m, 0.0)).collect()],
        };
        let middles = |of: &[(f64, f64)]| of.iter().map(|(m, _)| *m).collect::<Vec<f64>>();
        let first = middles(&classes[0]);
        if classes.iter().any(|other| middles(other) != first) {
            return None;
        }
        define(source, "CLASSES", first.len());
        let radians = |deg: &f64| deg.to_radians();
        let weights = classes.iter().flatten().map(|(_, weight)| digits(*weight));
        array(source, "double", "CLASS_WEIGHTS", weights);
        let sines = first.iter().map(|m| digits(radians(m).sin()));
        array(source, "double", "CLASS_SINES", sines);
        let cosines = first.iter().map(|m| digits(radians(m).cos()));
        array(source, "double", "CLASS_COSINES", cosines);
        let edges = CLASS_EDGES_DEG.iter().map(|e| digits(radians(e)));
        array(source, "double", "CLASS_EDGES", edges);
        Some(())
    }

    /// What is free: columns of the sweep and directions. The number of terms that a sweep adds up.
    fn put_columns(&self, source: &mut String) -> usize {
        let columns = &self.columns;
        let terms = OWN_TERMS + columns.absorbers().len();
        define(source, "TERMS", terms.max(2));
        let place = |absorber: &Absorber| {
            let known = self.leaf.absorbers();
            known.iter().position(|a| a == absorber).unwrap_or(0)
        };
        let free = columns.absorbers().iter().map(|a| place(a).to_string());
        array(source, "int", "FREE_ABSORBERS", free);
        define(source, "SWEEP_COLUMNS", columns.of_sweep().len());
        let term = |slope: &SweepSlope| match slope {
            SweepSlope::N => 1,
            SweepSlope::Lai => 2,
            SweepSlope::LaiU => 3,
            SweepSlope::Fc => 4,
            SweepSlope::Absorber(k) => OWN_TERMS + k,
        };
        let sweep = || columns.of_sweep().iter();
        array(
            source,
            "int",
            "SWEEP_TERMS",
            sweep().map(|(s, _)| term(s).to_string()),
        );
        array(
            source,
            "int",
            "SWEEP_AT",
            sweep().map(|(_, at)| at.to_string()),
        );
        define(source, "DIRECTIONS", columns.directions().len());
        let directions = || columns.directions().iter();
        array(
            source,
            "int",
            "DIRECTION_PARAMETERS",
            directions().map(|(p, _)| symbol(*p)),
        );
        array(
            source,
            "int",
            "DIRECTION_AT",
            directions().map(|(_, at)| at.to_string()),
        );
        terms
    }
}

/// The wavelengths of a model in whole warps: constants and weights, and which bands have weight in which warp.
struct Spectrum {
    nodes: usize,
    absorbers: Vec<Parameter>,
    /// Rows of constants, then rows of weights, one number per wavelength.
    table: Vec<f64>,
    /// Per warp the bands, each with its first wavelength and the one after its last within the warp.
    entries: Vec<Vec<(usize, usize, usize)>>,
}

impl Spectrum {
    fn new(model: &ReflectanceModel) -> Self {
        let (data, quadrature) = (&model.data, &model.quadrature);
        let count = quadrature.places.len();
        let nodes = count.next_multiple_of(WARP);
        // the last warp is filled with copies of the last wavelength, of weight 0
        let places: Vec<usize> = (0..nodes)
            .map(|i| quadrature.places[i.min(count - 1)])
            .collect();
        let plates: Vec<[f64; 4]> = places
            .iter()
            .map(|place| Plate::<f64>::new(&[data.refractive_index(*place)]).transmissivities())
            .collect();
        let mut table: Vec<f64> = (0..4)
            .flat_map(|row| plates.iter().map(move |plate| plate[row]))
            .collect();
        let soil = &data.soil;
        let mut row = |of: &dyn Fn(usize) -> f64| table.extend(places.iter().map(|p| of(*p)));
        row(&|place| soil.wet[place]);
        row(&|place| soil.dry[place] - soil.wet[place]);
        row(&|place| data.direct[place]);
        match &data.measured_diffuse_share {
            Some(share) => row(&|place| share[place]),
            None => row(&|place| data.diffuse[place]),
        }
        for absorber in model.leaf.absorbers() {
            row(&|place| data.coefficient(*absorber, place));
        }
        debug_assert_eq!(
            table.len(),
            nodes * (OWN_ROWS + model.leaf.absorbers().len())
        );
        let mut entries = vec![vec![]; nodes / WARP];
        for (band, weights) in quadrature.weights.iter().enumerate() {
            let mut weights = weights.clone();
            weights.resize(nodes, 0.0);
            for (of_warp, weights) in entries.iter_mut().zip(weights.chunks_exact(WARP)) {
                let used = |w: &f64| *w != 0.0;
                if let (Some(first), Some(last)) = (
                    weights.iter().position(used),
                    weights.iter().rposition(used),
                ) {
                    of_warp.push((band, first, last + 1));
                }
            }
            table.extend(weights);
        }
        let content = |absorber: &Absorber| {
            let holds = |p: &Parameter| p.absorber() == Some(*absorber);
            Parameter::ALL.into_iter().find(holds)
        };
        Self {
            nodes,
            absorbers: model.leaf.absorbers().iter().filter_map(content).collect(),
            table,
            entries,
        }
    }

    fn put(&self, source: &mut String) {
        define(source, "NODES", self.nodes);
        define(source, "ABSORBERS", self.absorbers.len());
        let contents = self.absorbers.iter().map(|p| symbol(*p));
        array(source, "int", "ABSORBER_PARAMETERS", contents);
        let mut from = vec![0];
        for of_warp in &self.entries {
            from.push(from[from.len() - 1] + of_warp.len());
        }
        array(
            source,
            "int",
            "CHUNK_FROM",
            from.iter().map(usize::to_string),
        );
        let all = || self.entries.iter().flatten();
        array(source, "int", "ENTRY_BAND", all().map(|e| e.0.to_string()));
        array(source, "int", "ENTRY_FROM", all().map(|e| e.1.to_string()));
        array(source, "int", "ENTRY_TO", all().map(|e| e.2.to_string()));
    }
}

/// A parameter's name in the source.
fn symbol(parameter: Parameter) -> String {
    format!("P_{}", parameter.symbol().to_uppercase())
}
