//! Which number each stage of INFORM runs in.

use crate::numbers::{Dual, Lane, Real};

/// The number each stage runs in. A leaf has two variables (N, k), a layer a third (its leaf area index),
/// the forest four (N, k, LAIu, LAI); each stage carries no more partial derivatives than that.
pub(super) trait Stages {
    type L: Lane;
    type Leaf: Real<L = Self::L>;
    type Layer: Real<L = Self::L>;
    type Forest: Real<L = Self::L>;

    /// The layer's own variable.
    const LENGTH: usize = 2;
    /// The forest's variable of the crown's leaf area index.
    const FOREST_LAI: usize = 3;
    const LEAF_TO_LAYER: [usize; 2] = [0, 1];
    const CROWN_TO_FOREST: [usize; 3] = [0, 1, 3];
    const UNDERSTOREY_TO_FOREST: [usize; 3] = [0, 1, 2];
}

/// Values only.
pub(super) struct Values<L>(std::marker::PhantomData<L>);

impl<L: Lane + Real<L = L>> Stages for Values<L> {
    type L = L;
    type Leaf = L;
    type Layer = L;
    type Forest = L;
}

/// Values with exact derivatives.
pub(super) struct Derivatives<L>(std::marker::PhantomData<L>);

impl<L: Lane> Stages for Derivatives<L> {
    type L = L;
    type Leaf = Dual<L, 2>;
    type Layer = Dual<L, 3>;
    type Forest = Dual<L, 4>;
}
