//! How well a linear classifier tells the classes of the rows by what was inferred of them.

use crate::cholesky::solve;
use data::LabelColumn;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use serde::{Deserialize, Serialize};

/// A linear classifier judged on rows that it was not fitted on. Shares are from 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Separation {
    /// Classes with rows.
    pub classes: usize,
    /// Share of the rows whose class is named.
    pub accuracy: f64,
    /// The same of each class by itself, mean over the classes.
    pub balanced_accuracy: f64,
    /// Share of the commonest class: the accuracy of always naming that one.
    pub chance: f64,
}

/// Parts that the rows are cut into; each is judged by what was fitted on the others.
const FOLDS: usize = 5;
/// Added to the variance within the classes, in units of a feature's variance over all rows: with features that say
/// the same, or do not vary within a class, the equations can be solved. Above the rounding of what f32 inferred,
/// below what any class could be told by.
const RIDGE: f64 = 1e-6;
/// A feature that varies by less than this share of its mean is constant but for rounding and is left out.
const CONSTANT: f64 = 1e-9;

/// Fisher's linear discriminant for any number of classes, with a pooled covariance, the classes' shares as priors
/// and cross-validation in five folds (Fisher 1936, doi:10.1111/j.1469-1809.1936.tb02137.x; Rao 1948, J. R. Stat.
/// Soc. B 10, 159):
///
/// δ_c(x) = μ_cᵀ Σ⁻¹ x − ½ μ_cᵀ Σ⁻¹ μ_c + ln π_c, the class with the largest δ is named
///
/// It does not depend on the features' units or on any other affine map of them: of z and of the physical values it
/// is the same.
///
/// * `features`: n × p, finite
/// * `class`: of each row; rows with an empty one are left out
/// * `group`: rows of one group are in one fold, such as all dates of a place; `None`: each row by itself
///
/// Which fold is whose follows from the labels alone, and each class is spread over all of them: groups (or rows)
/// sorted by class and name are dealt out in turn. A class that only one fold holds is never named.
///
/// `None` with fewer than two classes or two groups, or where no feature varies or one is not finite.
pub fn separation(
    features: ArrayView2<f64>,
    class: &LabelColumn,
    group: Option<&LabelColumn>,
) -> Option<Separation> {
    let rows = Rows::of(class)?;
    let fold = rows.folds(group);
    let parts = fold.iter().max()? + 1;
    if parts < 2 {
        return None;
    }
    let mut named = vec![0_usize; rows.sizes.len()];
    for part in 0..parts {
        let fitted = rows.known.iter().zip(&fold).filter(|(_, f)| **f != part);
        let fitted: Vec<(usize, usize)> = fitted.map(|(row, _)| *row).collect();
        let classifier = Discriminant::fit(features, &fitted, rows.sizes.len())?;
        let judged = rows.known.iter().zip(&fold).filter(|(_, f)| **f == part);
        for (&(row, class), _) in judged {
            named[class] += usize::from(classifier.class_of(features.row(row)) == class);
        }
    }
    let (n, classes) = (rows.known.len() as f64, rows.sizes.len());
    let shares = named.iter().zip(&rows.sizes);
    let shares: f64 = shares
        .map(|(named, size)| *named as f64 / *size as f64)
        .sum();
    Some(Separation {
        classes,
        accuracy: named.iter().sum::<usize>() as f64 / n,
        balanced_accuracy: shares / classes as f64,
        chance: *rows.sizes.iter().max()? as f64 / n,
    })
}

/// The rows whose class is known.
struct Rows {
    /// Row and class; classes are numbered in the order of their texts.
    known: Vec<(usize, usize)>,
    /// Rows of each class.
    sizes: Vec<usize>,
}

impl Rows {
    /// `None` with fewer than two classes.
    fn of(class: &LabelColumn) -> Option<Self> {
        let texts: Vec<&str> = class.distinct().collect();
        let mut counts = vec![0_usize; texts.len()];
        for &code in class.codes() {
            counts[code as usize] += 1;
        }
        // a text may be there without rows: those that held it were left out
        let mut held: Vec<usize> = (0..texts.len())
            .filter(|&code| counts[code] > 0 && !texts[code].is_empty())
            .collect();
        held.sort_by_key(|&code| texts[code]);
        if held.len() < 2 {
            return None;
        }
        let number = |code: u32| held.iter().position(|&h| h == code as usize);
        let numbers: Vec<_> = (0..texts.len() as u32).map(number).collect();
        let classes = class.codes().iter().map(|&code| numbers[code as usize]);
        Some(Self {
            known: classes
                .enumerate()
                .filter_map(|(row, class)| Some((row, class?)))
                .collect(),
            sizes: held.iter().map(|&code| counts[code]).collect(),
        })
    }

    /// The fold of each known row.
    fn folds(&self, group: Option<&LabelColumn>) -> Vec<usize> {
        // what is dealt out: its class, its name, and its number among the groups or rows
        let mut dealt: Vec<(usize, &str, usize)> = match group {
            None => (self.known.iter().enumerate())
                .map(|(i, &(_, class))| (class, "", i))
                .collect(),
            Some(group) => {
                let names: Vec<&str> = group.distinct().collect();
                let mut classes = vec![usize::MAX; names.len()];
                for &(row, class) in &self.known {
                    let code = group.codes()[row] as usize;
                    classes[code] = classes[code].min(class);
                }
                let held = (0..names.len()).filter(|&code| classes[code] < usize::MAX);
                held.map(|code| (classes[code], names[code], code))
                    .collect()
            }
        };
        dealt.sort_unstable();
        let mut fold = vec![0; dealt.iter().map(|d| d.2 + 1).max().unwrap_or(0)];
        for (i, &(_, _, number)) in dealt.iter().enumerate() {
            fold[number] = i % FOLDS;
        }
        let of = |(i, &(row, _)): (usize, &(usize, usize))| {
            fold[group.map_or(i, |group| group.codes()[row] as usize)]
        };
        self.known.iter().enumerate().map(of).collect()
    }
}

/// A fitted discriminant. Features are centred and scaled before they are weighed.
struct Discriminant {
    centre: Array1<f64>,
    /// Of each feature; 0 for one that is left out.
    factor: Array1<f64>,
    /// Classes × features.
    weights: Array2<f64>,
    /// −∞ for a class without rows.
    offsets: Vec<f64>,
}

impl Discriminant {
    /// From rows with their class. `None` where nothing can be fitted.
    fn fit(features: ArrayView2<f64>, rows: &[(usize, usize)], classes: usize) -> Option<Self> {
        let (n, p) = (rows.len() as f64, features.ncols());
        let mut centre = Array1::<f64>::zeros(p);
        for &(row, _) in rows {
            centre += &features.row(row);
        }
        centre /= n;
        let mut variance = Array1::<f64>::zeros(p);
        for &(row, _) in rows {
            variance += &(&features.row(row) - &centre).mapv(|v| v * v);
        }
        variance /= n;
        let mut factor = Array1::<f64>::zeros(p);
        for (factor, (variance, centre)) in factor.iter_mut().zip(variance.iter().zip(&centre)) {
            if !variance.is_finite() {
                return None;
            }
            let sd = variance.sqrt();
            if sd > CONSTANT * centre.abs() {
                *factor = 1.0 / sd;
            }
        }
        if factor.iter().all(|f| *f == 0.0) {
            return None;
        }
        let scaled = |row: usize| (&features.row(row) - &centre) * &factor;
        let mut means = Array2::<f64>::zeros((classes, p));
        let mut sizes = vec![0_usize; classes];
        for &(row, class) in rows {
            sizes[class] += 1;
            let mut mean = means.row_mut(class);
            mean += &scaled(row);
        }
        for (mut mean, &size) in means.rows_mut().into_iter().zip(&sizes) {
            mean /= size.max(1) as f64;
        }
        let mut within = Array2::<f64>::zeros((p, p));
        for &(row, class) in rows {
            let from_mean = scaled(row) - means.row(class);
            for (i, a) in from_mean.iter().enumerate() {
                let mut line = within.row_mut(i);
                line.scaled_add(*a, &from_mean);
            }
        }
        let present = sizes.iter().filter(|size| **size > 0).count() as f64;
        within /= (n - present).max(1.0);
        for diagonal in within.diag_mut() {
            *diagonal += RIDGE;
        }
        let mut weights = Array2::<f64>::zeros((classes, p));
        let mut offsets = vec![f64::NEG_INFINITY; classes];
        for (class, mean) in means.rows().into_iter().enumerate() {
            if sizes[class] == 0 {
                continue;
            }
            let weight = Array1::from(solve(within.clone(), mean.to_vec())?);
            offsets[class] = (sizes[class] as f64 / n).ln() - 0.5 * weight.dot(&mean);
            weights.row_mut(class).assign(&weight);
        }
        Some(Self {
            centre,
            factor,
            weights,
            offsets,
        })
    }

    /// δ of each class.
    fn discriminants(&self, x: ArrayView1<f64>) -> Vec<f64> {
        let x = (&x - &self.centre) * &self.factor;
        let weighed = self.weights.dot(&x);
        weighed
            .iter()
            .zip(&self.offsets)
            .map(|(w, o)| w + o)
            .collect()
    }

    fn class_of(&self, x: ArrayView1<f64>) -> usize {
        let all = self.discriminants(x);
        let mut best = 0;
        for (class, value) in all.iter().enumerate() {
            if *value > all[best] {
                best = class;
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data::{Purpose, draw_unit_parameters, stream};
    use ndarray::{Axis, array, concatenate};

    fn column(texts: &[&str]) -> LabelColumn {
        texts.iter().collect()
    }

    /// One feature, a at 0 and 2, b at 4 and 8: pooled variance (1 + 1 + 4 + 4)/(4 − 2) = 5, means 1 and 6, so that
    /// δ_b − δ_a = (x − 3.5)·(6 − 1)/5 = x − 3.5; with a third a at 1, the variance is 10/3 and ln(2/3) is added.
    #[test]
    fn discriminants_by_hand() {
        let x = array![[0.0], [2.0], [4.0], [8.0], [1.0]];
        let difference = |rows: &[(usize, usize)], x_at: f64| {
            let fitted = Discriminant::fit(x.view(), rows, 2).unwrap();
            let d = fitted.discriminants(array![x_at].view());
            d[1] - d[0]
        };
        // the ridge is 1e-6 of a variance of 8.75 beside one of 5
        let tolerance = 5e-5;
        let rows = [(0, 0), (1, 0), (2, 1), (3, 1), (4, 0)];
        for at in [-3.0, 0.0, 3.5, 7.0] {
            assert!(
                (difference(&rows[..4], at) - (at - 3.5)).abs() < tolerance,
                "{at}"
            );
            let expected = 1.5 * (at - 3.5) + (2.0_f64 / 3.0).ln();
            assert!((difference(&rows, at) - expected).abs() < tolerance, "{at}");
        }
    }

    /// Five a near −1, of which one lies among the ten b near 1: 14 of 15, and (4/5 + 10/10)/2.
    #[test]
    fn shares_by_hand() {
        let x = [
            -1.2, -1.1, -1.0, -0.9, 1.0, 0.8, 0.9, 1.0, 1.1, 1.2, 0.8, 0.9, 1.0, 1.1, 1.2,
        ];
        let x = Array2::from_shape_vec((15, 1), x.to_vec()).unwrap();
        let class: Vec<&str> = (0..15).map(|i| if i < 5 { "a" } else { "b" }).collect();
        let found = separation(x.view(), &column(&class), None).unwrap();
        let expected = Separation {
            classes: 2,
            accuracy: 14.0 / 15.0,
            balanced_accuracy: 0.9,
            chance: 10.0 / 15.0,
        };
        assert_eq!(found, expected);
        // rows without a class change nothing
        let x = concatenate![Axis(0), x, array![[50.0], [-50.0]]];
        let class = [&class[..], &["", ""]].concat();
        let again = separation(x.view(), &column(&class), None);
        assert_eq!(again, Some(expected));
    }

    /// Three classes around the corners of a triangle, whatever the features' units, with a feature that is the sum of
    /// two others and one that is constant.
    #[test]
    fn what_can_be_separated_is() {
        let mut rng = stream(3, Purpose::Baseline, 0, 0);
        let noise = draw_unit_parameters(90, 2, &mut rng);
        let corners = [[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]];
        let class: Vec<&str> = (0..90).map(|i| ["oak", "beech", "fir"][i % 3]).collect();
        let x = Array2::from_shape_fn((90, 4), |(i, k)| {
            let at = |k: usize| noise[[i, k]] + corners[i % 3][k];
            match k {
                0 => 1e-7 * at(0) + 40.0,
                1 => 1e5 * at(1),
                2 => at(0) + at(1),
                _ => 0.1,
            }
        });
        let found = separation(x.view(), &column(&class), None).unwrap();
        assert_eq!(
            (found.classes, found.accuracy, found.balanced_accuracy),
            (3, 1.0, 1.0)
        );
        assert!((found.chance - 1.0 / 3.0).abs() < 1e-15);
        // without noise nothing varies within a class
        let x = Array2::from_shape_fn((90, 2), |(i, k)| corners[i % 3][k]);
        assert_eq!(
            separation(x.view(), &column(&class), None)
                .unwrap()
                .accuracy,
            1.0
        );
    }

    #[test]
    fn without_a_relation_it_is_chance() {
        let mut rng = stream(4, Purpose::Baseline, 0, 0);
        let x = draw_unit_parameters(2000, 7, &mut rng);
        let drawn = draw_unit_parameters(2000, 1, &mut rng);
        let class: Vec<&str> = drawn
            .iter()
            .map(|v| if *v < 0.5 { "a" } else { "b" })
            .collect();
        let found = separation(x.view(), &column(&class), None).unwrap();
        // 4 standard deviations of a mean of 2,000 coins
        assert!(
            (found.accuracy - 0.5).abs() < 4.0 * 0.5 / 2000_f64.sqrt(),
            "{found:?}"
        );
    }

    /// Each place has a feature of its own, which says nothing of another place's class but all of its own.
    #[test]
    fn dates_of_a_place_are_not_on_both_sides() {
        // eleven places a class: no multiple of the folds, so that rows dealt out one by one spread each place
        let (places, dates) = (22, 10);
        let x = Array2::from_shape_fn((places * dates, places), |(i, k)| {
            f64::from(u8::from(i % places == k))
        });
        let names: Vec<String> = (0..places * dates)
            .map(|i| format!("p{}", i % places))
            .collect();
        let place: LabelColumn = names.iter().collect();
        let class: Vec<&str> = (0..places * dates)
            .map(|i| ["a", "b"][i % places % 2])
            .collect();
        let class = column(&class);
        let leaking = separation(x.view(), &class, None).unwrap();
        assert_eq!(leaking.accuracy, 1.0);
        let honest = separation(x.view(), &class, Some(&place)).unwrap();
        assert!(honest.accuracy <= 0.5, "{honest:?}");
    }

    #[test]
    fn folds_follow_the_labels_not_the_order_of_the_rows() {
        let class = ["b", "a", "a", "b", "a", "b", "a", "a"];
        let place = ["1", "2", "2", "3", "4", "1", "5", "6"];
        let rows = Rows::of(&column(&class)).unwrap();
        let folds = rows.folds(Some(&column(&place)));
        // sorted: a2 a4 a5 a6 b1 b3
        assert_eq!(folds, [4, 0, 0, 0, 1, 4, 2, 3]);
        let backwards = |of: &[&str]| of.iter().rev().copied().collect::<LabelColumn>();
        let rows = Rows::of(&backwards(&class)).unwrap();
        let mut again = rows.folds(Some(&backwards(&place)));
        again.reverse();
        assert_eq!(again, folds);
        let rows = Rows::of(&column(&class)).unwrap();
        assert_eq!(rows.folds(None), [0, 0, 1, 1, 2, 2, 3, 4]);
        assert_eq!(rows.sizes, [5, 3]);
    }

    #[test]
    fn nothing_is_said_where_nothing_can_be() {
        let x = array![[1.0], [2.0], [3.0], [4.0]];
        let two = column(&["a", "a", "b", "b"]);
        assert!(separation(x.view(), &two, None).is_some());
        assert_eq!(separation(x.view(), &column(&["a"; 4]), None), None);
        assert_eq!(
            separation(x.view(), &column(&["a", "a", "", ""]), None),
            None
        );
        assert_eq!(separation(x.view(), &two, Some(&column(&["p"; 4]))), None);
        let constant = array![[0.1], [0.1], [0.1], [0.1]];
        assert_eq!(separation(constant.view(), &two, None), None);
        let broken = array![[1.0], [f64::NAN], [3.0], [4.0]];
        assert_eq!(separation(broken.view(), &two, None), None);
    }
}
