//! A volcano's deformation: the point source of Mogi.

use crate::device::{DeviceProgram, Stage, Work, define, digits};
use crate::forward_model::check_ranges;
use crate::quantities::Range;
use crate::{ForwardModel, PhysicsError, Quantity};
use ndarray::{ArrayView2, ArrayViewMut2, ArrayViewMut3};
use std::f64::consts::PI;

/// Largest distance of anything from the origin, km: beyond it the earth is not flat.
const FAR_KM: f64 = 1000.0;
const PARAMETERS: [Range; 4] = [
    Range::new("xcen", "km", (-FAR_KM, FAR_KM), 0.0),
    Range::new("ycen", "km", (-FAR_KM, FAR_KM), 0.0),
    Range::new("d", "km", (0.1, 100.0), 5.0),
    Range::new("dV", "1e5 m3 above -1e7 m3", (-1e5, 1e5), 100.0),
];
/// East, north, up, as the names of the outputs begin.
const AXES: [&str; 3] = ["ux", "uy", "uz"];
/// m per km.
const KM: f64 = 1e3;
/// mm per m.
const MM: f64 = 1e3;
/// ΔV = `dV`·VOLUME_UNIT + VOLUME_OFFSET, m³.
const VOLUME_UNIT: f64 = 1e5;
const VOLUME_OFFSET: f64 = -1e7;
/// Threads of a block on a GPU.
const THREADS: usize = 128;
/// From nothing that widens to incompressible.
const POISSON_RATIO: std::ops::RangeInclusive<f64> = 0.0..=0.5;

/// A point on the ground where displacements are measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Station {
    /// Name, such as `AKGG`.
    pub name: String,
    /// East of the origin, m.
    pub x_m: f64,
    /// North of the origin, m.
    pub y_m: f64,
}

/// A point source of volume change in an elastic half-space.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MogiSource {
    /// East of the origin, m.
    pub x_m: f64,
    /// North of the origin, m.
    pub y_m: f64,
    /// Depth below the ground, m, above 0.
    pub depth_m: f64,
    /// Change of volume ΔV, m³; negative for deflation.
    pub volume_change_m3: f64,
}

impl MogiSource {
    /// Displacement in m (east, north, up) of the ground at (`x_m`, `y_m`), and its derivatives to the
    /// source's x, y and depth (1) and to ΔV (m⁻²).
    ///
    /// Mogi (1958, Bulletin of the Earthquake Research Institute 36:99–134): with the station at (Δx, Δy)
    /// from the point above the source, d its depth and ν Poisson's ratio,
    ///
    /// ```math
    /// \begin{pmatrix} u_x \\ u_y \\ u_z \end{pmatrix}
    ///   = \frac{1-\nu}{\pi}\, \frac{\Delta V}{R^3}
    ///     \begin{pmatrix} \Delta x \\ \Delta y \\ d \end{pmatrix},
    /// \qquad R^2 = \Delta x^2 + \Delta y^2 + d^2 .
    /// ```
    ///
    /// Mogi writes it with the pressure ΔP in a sphere of radius a in rock of shear modulus G, whose
    /// volume changes by ΔV = π a³ ΔP/G. The derivatives, with A = (1−ν) ΔV/(π R³):
    ///
    /// ```math
    /// \begin{aligned}
    /// \frac{\partial u_x}{\partial x} &= A\left(\frac{3\Delta x^2}{R^2} - 1\right), &
    /// \frac{\partial u_x}{\partial y} &= \frac{3A\,\Delta x\,\Delta y}{R^2}, &
    /// \frac{\partial u_x}{\partial d} &= -\frac{3A\,\Delta x\, d}{R^2}, \\
    /// \frac{\partial u_z}{\partial x} &= \frac{3A\, d\,\Delta x}{R^2}, &
    /// \frac{\partial u_z}{\partial d} &= A\left(1 - \frac{3d^2}{R^2}\right), &
    /// \frac{\partial \mathbf{u}}{\partial \Delta V} &= \frac{1-\nu}{\pi R^3}
    ///   \,(\Delta x, \Delta y, d)
    /// \end{aligned}
    /// ```
    ///
    /// and those of u_y with x and y exchanged.
    ///
    /// Limits: right above the source u = (0, 0, (1−ν) ΔV/(π d²)); far away the horizontal displacement
    /// falls as 1/R², the vertical one as d/R³; u is proportional to ΔV; the ground rises by the volume
    /// 2(1−ν) ΔV in all, whatever the depth. A point stands for a sphere that is small against its depth,
    /// in rock that is homogeneous, isotropic and elastic below flat ground. Cartesian throughout, so
    /// that a station right above the source has a derivative.
    ///
    /// Everything is finite where x, y, ΔV are finite and the depth is above 0; this function does not
    /// check that, [`Mogi`] does.
    pub fn displacement_m(
        &self,
        poisson_ratio: f64,
        x_m: f64,
        y_m: f64,
    ) -> ([f64; 3], [[f64; 4]; 3]) {
        let (dx, dy, d) = (x_m - self.x_m, y_m - self.y_m, self.depth_m);
        let r2 = dx * dx + dy * dy + d * d;
        let per_volume = (1.0 - poisson_ratio) / PI / (r2 * r2.sqrt());
        let a = per_volume * self.volume_change_m3;
        let along = [dx, dy, d];
        let displacement = along.map(|v| a * v);
        // Δx and Δy fall as the source moves east and north, d grows with the depth
        let towards = [-1.0, -1.0, 1.0];
        let slopes = std::array::from_fn(|i| {
            let mut row = [0.0; 4];
            for (j, slope) in row.iter_mut().take(3).enumerate() {
                let own = if i == j { 1.0 } else { 0.0 };
                *slope = towards[j] * a * (own - 3.0 * along[i] * along[j] / r2);
            }
            row[3] = per_volume * along[i];
            row
        });
        (displacement, slopes)
    }
}

/// Displacements of stations by a Mogi source, as a [`ForwardModel`].
///
/// Parameters in the units of configurations: `xcen`, `ycen`, `d` (depth) in km, and `dV` in 10⁵ m³ above
/// −10⁷ m³, so that 0 to 200 spans −10⁷ to 10⁷ m³ and 100 is no change:
///
/// ```math
/// \Delta V = \mathrm{dV}\cdot 10^5\,\mathrm{m^3} - 10^7\,\mathrm{m^3}
/// ```
///
/// Accepted are −1000 to 1000 km for xcen and ycen, 0.1 to 100 km for d and −10⁵ to 10⁵ for dV
/// ([`Mogi::free_parameters`]). Outputs in mm: east (`ux_…`) of all s stations, then north (`uy_…`), then
/// up (`uz_…`), so values are n × 3s and Jacobians n × 3s × 4, in mm/km and mm per unit of dV. The formula
/// is that of [`MogiSource::displacement_m`]. No conditions.
///
/// # Example
/// ```
/// use ndarray::{Array2, array};
/// use physics::{ForwardModel, Mogi, Station};
///
/// let summit = Station { name: "AV07".into(), x_m: 0.0, y_m: 0.0 };
/// let mogi = Mogi::new(vec![summit], 0.25)?;
/// let source = array![[0.0, 0.0, 4.0, 110.0]]; // 4 km below, 1e6 m³ more
/// let mut values = Array2::zeros((1, 3));
/// mogi.evaluate(source.view(), None, values.view_mut())?;
/// assert!((values[[0, 2]] - 14.92).abs() < 0.01); // mm up
/// # Ok::<(), physics::PhysicsError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Mogi {
    stations: Vec<Station>,
    poisson_ratio: f64,
    parameters: Vec<Quantity>,
    outputs: Vec<String>,
}

impl Mogi {
    /// Stations and Poisson's ratio ν (0 to 0.5; 0.25 where nothing is known).
    ///
    /// # Errors
    /// No station, a station further than 1000 km from the origin or with a name twice, ν outside its
    /// range.
    pub fn new(stations: Vec<Station>, poisson_ratio: f64) -> Result<Self, PhysicsError> {
        if !POISSON_RATIO.contains(&poisson_ratio) {
            return Err(PhysicsError::Inconsistent {
                what: "Poisson ratio",
                problem: format!("{poisson_ratio}, expected 0 to 0.5"),
            });
        }
        let wrong = |problem: String| PhysicsError::Inconsistent {
            what: "stations",
            problem,
        };
        if stations.is_empty() {
            return Err(wrong("none, expected at least 1".into()));
        }
        for (i, station) in stations.iter().enumerate() {
            for (axis, value) in [("x", station.x_m), ("y", station.y_m)] {
                // a NaN is not within either
                if !(-FAR_KM * KM..=FAR_KM * KM).contains(&value) {
                    return Err(wrong(format!(
                        "{axis} of {} is {value} m, expected -1e6 to 1e6",
                        station.name
                    )));
                }
            }
            if stations[..i].iter().any(|s| s.name == station.name) {
                return Err(wrong(format!("{} appears twice", station.name)));
            }
        }
        let outputs = Self::output_names(stations.iter().map(|s| s.name.as_str()));
        Ok(Self {
            stations,
            poisson_ratio,
            parameters: Self::free_parameters(),
            outputs,
        })
    }

    /// The parameters with the limits that the model accepts, whatever the stations.
    pub fn free_parameters() -> Vec<Quantity> {
        PARAMETERS.iter().map(Range::quantity).collect()
    }

    /// Names of the outputs for stations of these names: `ux_…` of all, then `uy_…`, then `uz_…`.
    pub fn output_names<'a>(stations: impl IntoIterator<Item = &'a str>) -> Vec<String> {
        let stations: Vec<&str> = stations.into_iter().collect();
        AXES.iter()
            .flat_map(|axis| stations.iter().map(move |name| format!("{axis}_{name}")))
            .collect()
    }

    /// Name of the station of an output; `None` where the output does not begin with `ux_`, `uy_` or
    /// `uz_`.
    pub fn station_of(output: &str) -> Option<&str> {
        let (axis, station) = output.split_once('_')?;
        AXES.contains(&axis).then_some(station)
    }

    /// The stations.
    pub fn stations(&self) -> &[Station] {
        &self.stations
    }

    /// Its kernels: one thread for each sample and station.
    fn program(&self) -> DeviceProgram {
        let mut source = String::new();
        define(&mut source, "STATIONS", self.stations.len());
        define(&mut source, "POISSON_RATIO", digits(self.poisson_ratio));
        source.push_str(include_str!("device/kernels/mogi.cu"));
        let stage = |function| Stage {
            function,
            work: Work::Threads(self.stations.len()),
            threads: THREADS,
        };
        let places = self.stations.iter().flat_map(|s| [s.x_m, s.y_m]);
        DeviceProgram {
            source,
            parameter_places: (0..PARAMETERS.len()).collect(),
            output_places: (0..self.outputs.len()).map(Some).collect(),
            table: places.collect(),
            workspace: 0,
            list: 0,
            values: vec![stage("values_of")],
            jacobian: vec![stage("sweep")],
        }
    }

    /// The source of one row of parameters.
    fn source(row: &[f64; 4]) -> MogiSource {
        MogiSource {
            x_m: row[0] * KM,
            y_m: row[1] * KM,
            depth_m: row[2] * KM,
            volume_change_m3: row[3] * VOLUME_UNIT + VOLUME_OFFSET,
        }
    }
}

impl ForwardModel for Mogi {
    fn name(&self) -> &'static str {
        "mogi"
    }

    fn parameters(&self) -> &[Quantity] {
        &self.parameters
    }

    fn conditions(&self) -> &[Quantity] {
        &[]
    }

    fn outputs(&self) -> &[String] {
        &self.outputs
    }

    fn output_unit(&self) -> &'static str {
        "mm"
    }

    fn device_program(&self) -> Option<DeviceProgram> {
        Some(self.program())
    }

    fn compute(
        &self,
        parameters: ArrayView2<f64>,
        _: Option<ArrayView2<f64>>,
        mut values: ArrayViewMut2<f64>,
        mut jacobian: Option<ArrayViewMut3<f64>>,
    ) -> Result<(), PhysicsError> {
        check_ranges(&self.parameters, &parameters)?;
        let count = self.stations.len();
        let units = [KM, KM, KM, VOLUME_UNIT];
        for (row, parameters) in parameters.rows().into_iter().enumerate() {
            let source = Self::source(&std::array::from_fn(|i| parameters[i]));
            for (j, station) in self.stations.iter().enumerate() {
                let (u, slopes) =
                    source.displacement_m(self.poisson_ratio, station.x_m, station.y_m);
                for axis in 0..3 {
                    let output = axis * count + j;
                    values[[row, output]] = u[axis] * MM;
                    if let Some(jacobian) = &mut jacobian {
                        for (k, unit) in units.iter().enumerate() {
                            jacobian[[row, output, k]] = slopes[axis][k] * MM * unit;
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: MogiSource = MogiSource {
        x_m: 100.0,
        y_m: -200.0,
        depth_m: 2000.0,
        volume_change_m3: 1e6,
    };

    #[test]
    fn right_above_the_ground_moves_up_only() {
        let (u, slopes) = SOURCE.displacement_m(0.25, 100.0, -200.0);
        let expected = 0.75 / PI * 1e6 / (2000.0 * 2000.0);
        assert_eq!((u[0], u[1]), (0.0, 0.0));
        assert!((u[2] / expected - 1.0).abs() < 1e-14);
        assert!(slopes.iter().flatten().all(|v| v.is_finite()));
        assert!((slopes[2][2] / (-2.0 * expected / 2000.0) - 1.0).abs() < 1e-14);
    }

    #[test]
    fn far_away_it_falls_as_the_square() {
        let at = |r: f64| SOURCE.displacement_m(0.25, 100.0 + r, -200.0).0;
        let (near, far) = (at(1e6), at(2e6));
        assert!((near[0] / far[0] - 4.0).abs() < 1e-4);
        assert!((near[2] / far[2] - 8.0).abs() < 1e-4);
    }

    #[test]
    fn slopes_are_the_differences() {
        let at = |i: usize, step: f64| {
            let mut s = SOURCE;
            match i {
                0 => s.x_m += step,
                1 => s.y_m += step,
                2 => s.depth_m += step,
                _ => s.volume_change_m3 += step,
            }
            s.displacement_m(0.3, 1500.0, 700.0).0
        };
        let slopes = SOURCE.displacement_m(0.3, 1500.0, 700.0).1;
        for (i, step) in [1e-2, 1e-2, 1e-2, 10.0].into_iter().enumerate() {
            let (up, down) = (at(i, step), at(i, -step));
            for axis in 0..3 {
                let difference = (up[axis] - down[axis]) / (2.0 * step);
                let scale = slopes.iter().fold(0.0_f64, |m, row| m.max(row[i].abs()));
                assert!((difference - slopes[axis][i]).abs() < 1e-8 * scale);
            }
        }
    }

    #[test]
    fn impossible_stations_are_refused() {
        let station = |name: &str, x_m: f64| Station {
            name: name.into(),
            x_m,
            y_m: 0.0,
        };
        assert!(Mogi::new(vec![], 0.25).is_err());
        assert!(Mogi::new(vec![station("A", f64::NAN)], 0.25).is_err());
        assert!(Mogi::new(vec![station("A", 0.0), station("A", 1.0)], 0.25).is_err());
        assert!(Mogi::new(vec![station("A", 0.0)], 0.6).is_err());
    }
}
