//! Which number each stage of a stand runs in.

use crate::numbers::{Dual, Lane, Real};

/// The number each stage runs in. A leaf has two variables (N, k), a layer a third (its leaf area index), a
/// forest four (N, k, LAIu, LAI); each stage carries no more partial derivatives than that.
pub(crate) trait Stages {
    type L: Lane;
    /// What is the same at every wavelength.
    type Scene: Real<L = Self::L>;
    /// A leaf by itself.
    type Plates: Real<L = Self::L>;
    /// A leaf in a canopy.
    type Leaf: Real<L = Self::L>;
    type Layer: Real<L = Self::L>;
    type Forest: Real<L = Self::L>;

    /// The variable of scalars that have no variable of their own.
    const SCENE: usize;
    /// The layer's own variable.
    const LENGTH: usize;
    /// The forest's variable of the crown's leaf area index.
    const FOREST_LAI: usize;
    const PLATES_TO_LEAF: &'static [usize];
    const LEAF_TO_LAYER: &'static [usize];
    const CROWN_TO_FOREST: &'static [usize];
    const UNDERSTOREY_TO_FOREST: &'static [usize];
}

/// No variable: the derivative is dropped.
const NONE: usize = usize::MAX;

/// Values only.
pub(crate) struct Values<L>(std::marker::PhantomData<L>);

impl<L: Lane + Real<L = L>> Stages for Values<L> {
    type L = L;
    type Scene = L;
    type Plates = L;
    type Leaf = L;
    type Layer = L;
    type Forest = L;
    const SCENE: usize = NONE;
    const LENGTH: usize = NONE;
    const FOREST_LAI: usize = NONE;
    const PLATES_TO_LEAF: &'static [usize] = &[];
    const LEAF_TO_LAYER: &'static [usize] = &[];
    const CROWN_TO_FOREST: &'static [usize] = &[];
    const UNDERSTOREY_TO_FOREST: &'static [usize] = &[];
}

/// Values with exact derivatives to N, k, LAIu and LAI in one sweep; the scene stands still.
pub(crate) struct Derivatives<L>(std::marker::PhantomData<L>);

impl<L: Lane + Real<L = L>> Stages for Derivatives<L> {
    type L = L;
    type Scene = L;
    type Plates = Dual<L, 2>;
    type Leaf = Dual<L, 2>;
    type Layer = Dual<L, 3>;
    type Forest = Dual<L, 4>;
    const SCENE: usize = NONE;
    const LENGTH: usize = 2;
    const FOREST_LAI: usize = 3;
    const PLATES_TO_LEAF: &'static [usize] = &[0, 1];
    const LEAF_TO_LAYER: &'static [usize] = &[0, 1];
    const CROWN_TO_FOREST: &'static [usize] = &[0, 1, 3];
    const UNDERSTOREY_TO_FOREST: &'static [usize] = &[0, 1, 2];
}

/// Values with the derivative along one direction of the scene (an angle, the hot spot, the soil, …); the
/// leaf stands still.
pub(crate) struct Direction<L>(std::marker::PhantomData<L>);

impl<L: Lane + Real<L = L>> Stages for Direction<L> {
    type L = L;
    type Scene = Dual<L, 1>;
    type Plates = L;
    type Leaf = Dual<L, 1>;
    type Layer = Dual<L, 1>;
    type Forest = Dual<L, 1>;
    const SCENE: usize = 0;
    const LENGTH: usize = 0;
    const FOREST_LAI: usize = 0;
    const PLATES_TO_LEAF: &'static [usize] = &[];
    const LEAF_TO_LAYER: &'static [usize] = &[0];
    const CROWN_TO_FOREST: &'static [usize] = &[0];
    const UNDERSTOREY_TO_FOREST: &'static [usize] = &[0];
}
