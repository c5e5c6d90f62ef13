//! Exact derivatives of a leaf to its structure and contents.

use super::contents::{LeafParameters, range_of, ranges};
use super::plates::{Plate, keep_off_zero_with_slope, stack_of_plates};
use super::prospect::{LeafOptics, Prospect};
use crate::PhysicsError;
use crate::Quantity;
use crate::numbers::{Dual, Real};
use crate::tables::grid_places;
use ndarray::Array2;

/// Derivatives of a leaf's optical properties, wavelengths × parameters.
///
/// The columns are [`LeafVersion::parameters`](crate::LeafVersion::parameters): N and the contents the
/// version knows. The unit of a column is one over that of its parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct LeafJacobian {
    /// The parameters, one per column.
    pub parameters: Vec<Quantity>,
    /// Derivatives of the reflectance ρ.
    pub reflectance: Array2<f64>,
    /// Derivatives of the transmittance τ.
    pub transmittance: Array2<f64>,
    /// Derivatives of the absorptance 1 − ρ − τ, without cancellation.
    pub absorptance: Array2<f64>,
}

impl LeafJacobian {
    /// The column of the parameter with this symbol (`N`, `cab`, …).
    ///
    /// # Errors
    /// The version has no such parameter.
    pub fn column(&self, name: &str) -> Result<usize, PhysicsError> {
        let found = self.parameters.iter().position(|q| q.name == name);
        found.ok_or_else(|| PhysicsError::UnknownName {
            what: "parameter",
            name: name.to_owned(),
            known: self.parameters.iter().map(|q| q.name.clone()).collect(),
        })
    }
}

impl Prospect {
    /// Optical properties as [`Prospect::leaf`], and their exact derivatives.
    ///
    /// With A = Σ C·K(λ) and k = A/N, dual numbers carry ∂/∂N and ∂/∂k through the stack of plates; then
    ///
    /// ```math
    /// \frac{d\rho}{dN} = \frac{\partial\rho}{\partial N} - \frac{k}{N}\,\frac{\partial\rho}{\partial k},
    /// \qquad \frac{d\rho}{dC_j} = \frac{K_j(\lambda)}{N}\,\frac{\partial\rho}{\partial k}
    /// ```
    ///
    /// and the same for τ. A leaf whose k is below 1e-10 is computed with k = 1e-10, so that its derivatives
    /// to the contents are 0 there.
    ///
    /// # Errors
    /// A parameter outside its range or a wavelength off the grid.
    pub fn leaf_with_jacobian(
        &self,
        leaf: &LeafParameters,
        wavelengths_nm: &[u32],
    ) -> Result<(Vec<LeafOptics>, LeafJacobian), PhysicsError> {
        leaf.check()?;
        let places = grid_places(wavelengths_nm)?;
        let (version, constants) = (self.version(), self.constants());
        let absorbers = version.absorbers();
        let n = Dual::<f64, 2>::variable(leaf.n, 1.0, 0);
        let zeros = Array2::zeros((places.len(), 1 + absorbers.len()));
        let mut jacobian = LeafJacobian {
            parameters: version.parameters(),
            reflectance: zeros.clone(),
            transmittance: zeros.clone(),
            absorptance: zeros,
        };
        let mut optics = Vec::with_capacity(places.len());
        for (row, place) in places.into_iter().enumerate() {
            let k = self.layer_absorption(leaf, place);
            let plate = Plate::<f64>::new(&[constants.refractive_index()[place]]);
            let off_zero = keep_off_zero_with_slope(Dual::<f64, 2>::variable(k, 1.0, 1));
            let (rho, tau, absorbed) = stack_of_plates(&plate, n, off_zero);
            optics.push(LeafOptics {
                reflectance: rho.value(),
                transmittance: tau.value(),
                absorptance: absorbed.value(),
            });
            for (of, to) in [
                (rho, &mut jacobian.reflectance),
                (tau, &mut jacobian.transmittance),
                (absorbed, &mut jacobian.absorptance),
            ] {
                to[[row, 0]] = of.partial(0) - of.partial(1) * k / leaf.n;
                for (column, absorber) in absorbers.iter().enumerate() {
                    let specific = constants.coefficient(*absorber, place);
                    to[[row, 1 + column]] = of.partial(1) * specific / leaf.n;
                }
            }
        }
        Ok((optics, jacobian))
    }
}

impl super::LeafVersion {
    /// N and the contents this version knows, with their units and allowed ranges: the columns of a
    /// [`LeafJacobian`].
    pub fn parameters(self) -> Vec<Quantity> {
        let contents = self.absorbers().iter().map(|a| range_of(*a).quantity());
        std::iter::once(ranges::N.quantity())
            .chain(contents)
            .collect()
    }
}
