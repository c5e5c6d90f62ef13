//! Limits and ticks of an axis.

/// Larger values are not drawn: differences of what is drawn must stay finite.
const LARGEST: f64 = 1e300;

/// Where the largest positive value is that many times the smallest, decades show more.
const LOGARITHMIC_FROM: f64 = 30.0;

/// How values become lengths.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scale {
    /// From 0, or from the smallest value below it.
    Linear,
    /// Decades, if all values are positive and far enough apart; else linear.
    Automatic,
}

/// An axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Axis {
    low: f64,
    high: f64,
    logarithmic: bool,
    /// Values with a mark, rising.
    pub(super) ticks: Vec<f64>,
}

impl Axis {
    /// The axis that shows the values; `None` where none of them can be shown.
    pub(super) fn of(values: impl Iterator<Item = f64>, scale: Scale) -> Option<Self> {
        let mut shown = values.filter(|v| is_drawable(*v)).peekable();
        shown.peek()?;
        let (low, high) = shown.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
            (low.min(v), high.max(v))
        });
        let decades = scale == Scale::Automatic && low > 1e-300 && high / low >= LOGARITHMIC_FROM;
        Some(if decades {
            Self::logarithmic(low, high)
        } else {
            Self::linear(low, high)
        })
    }

    /// Epochs with half an epoch on both sides.
    pub(super) fn epochs(low: f64, high: f64) -> Self {
        let step = nice((high - low) / 7.0).max(1.0);
        // 2.5 epochs do not exist
        let step = if step == 2.5 { 5.0 } else { step };
        Self {
            low: low - 0.5,
            high: high + 0.5,
            logarithmic: false,
            ticks: multiples(step, low, high),
        }
    }

    /// From the first to the last, without a margin; whole years where there are enough of them.
    pub(super) fn years(first: f64, last: f64) -> Self {
        // of a single moment, a day
        let last = last.max(first + 1.0 / 366.0);
        let step = match nice((last - first) / 7.0) {
            2.5 => 5.0,
            step if last - first >= 2.5 => step.max(1.0),
            step => step,
        };
        Self {
            low: first,
            high: last,
            logarithmic: false,
            ticks: multiples(step, first, last),
        }
    }

    /// From one end to the other; `None` where nothing lies between them.
    pub(super) fn between([low, high]: [f64; 2]) -> Option<Self> {
        let drawable = is_drawable(low) && is_drawable(high) && high - low > 1e-300;
        drawable.then(|| Self {
            low,
            high,
            logarithmic: false,
            ticks: multiples(nice((high - low) / 5.0), low, high),
        })
    }

    fn linear(low: f64, high: f64) -> Self {
        let (low, mut high) = (low.min(0.0), high.max(0.0));
        if high - low < 1e-300 {
            high = 1.0;
        }
        let step = nice((high - low) / 5.0);
        let (low, high) = ((low / step).floor() * step, (high / step).ceil() * step);
        Self {
            low,
            high,
            logarithmic: false,
            ticks: multiples(step, low, high),
        }
    }

    fn logarithmic(low: f64, high: f64) -> Self {
        let (from, to) = (low.log10(), high.log10());
        let margin = 0.03 * (to - from);
        let (low, high) = (from - margin, to + margin);
        let ticks = if high - low < 2.5 {
            let decades = low.floor() as i32..=high.floor() as i32;
            let in_decade = |e: i32| [1.0, 2.0, 5.0].map(|m: f64| m * 10_f64.powi(e));
            let within = |v: &f64| (low..=high).contains(&v.log10());
            decades.flat_map(in_decade).filter(within).collect()
        } else {
            let step = ((high - low) / 6.0).ceil();
            multiples(step, low, high)
                .iter()
                .map(|e| 10_f64.powi(*e as i32))
                .collect()
        };
        Self {
            low,
            high,
            logarithmic: true,
            ticks,
        }
    }

    /// Whether it has decades.
    pub(super) fn is_logarithmic(&self) -> bool {
        self.logarithmic
    }

    /// Where a value lies: 0 at the lower end, 1 at the upper one, not outside; `None` where it cannot
    /// be drawn.
    pub(super) fn place(&self, value: f64) -> Option<f64> {
        let value = if self.logarithmic {
            value.log10()
        } else {
            value
        };
        let place = (value - self.low) / (self.high - self.low);
        (is_drawable(value) && place.is_finite()).then(|| place.clamp(0.0, 1.0))
    }
}

fn is_drawable(value: f64) -> bool {
    value.abs() < LARGEST
}

/// The next 1, 2, 2.5 or 5 times a power of ten.
fn nice(step: f64) -> f64 {
    let decade = 10_f64.powi(step.log10().floor() as i32);
    let next = [1.0, 2.0, 2.5, 5.0]
        .into_iter()
        .find(|m| step <= m * decade * (1.0 + 1e-9));
    next.unwrap_or(10.0) * decade
}

/// The multiples of a step between two values, both included.
fn multiples(step: f64, low: f64, high: f64) -> Vec<f64> {
    let (first, last) = ((low / step - 1e-9).ceil(), (high / step + 1e-9).floor());
    // a handful by the choice of the step; the limit holds where rounding has eaten the range
    let count = (last - first + 1.0).clamp(0.0, 20.0) as usize;
    (0..count).map(|i| (first + i as f64) * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounded(axis: &Axis) -> Vec<String> {
        axis.ticks
            .iter()
            .map(|t| super::super::text::number(*t))
            .collect()
    }

    #[test]
    fn ticks_are_round_numbers_from_zero() {
        let axis = Axis::of([3e-4, 1e-4].into_iter(), Scale::Linear).unwrap();
        assert_eq!(rounded(&axis), ["0", "1e-4", "2e-4", "3e-4"]);
        let axis = Axis::of([1.0].into_iter(), Scale::Linear).unwrap();
        assert_eq!(rounded(&axis), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
        let axis = Axis::of([-3.0, 4.0].into_iter(), Scale::Automatic).unwrap();
        assert_eq!(rounded(&axis), ["-4", "-2", "0", "2", "4"]);
        assert_eq!(axis.place(-4.0), Some(0.0));
        assert_eq!(axis.place(0.0), Some(0.5));
    }

    #[test]
    fn epochs_have_whole_ticks() {
        assert_eq!(
            rounded(&Axis::epochs(0.0, 149.0)),
            ["0", "25", "50", "75", "100", "125"]
        );
        assert_eq!(rounded(&Axis::epochs(0.0, 0.0)), ["0"]);
        assert_eq!(rounded(&Axis::epochs(0.0, 16.0)), ["0", "5", "10", "15"]);
    }

    #[test]
    fn years_are_whole_where_there_are_enough_of_them() {
        let ticks = |first, last| Axis::years(first, last).ticks;
        assert_eq!(ticks(2006.0, 2009.574), [2006.0, 2007.0, 2008.0, 2009.0]);
        assert_eq!(ticks(2009.577, 2021.7).len(), 6);
        assert!(ticks(2009.577, 2021.7).iter().all(|year| year % 2.0 == 0.0));
        let fifths: Vec<f64> = ticks(2007.9, 2009.0)
            .iter()
            .map(|t| (5.0 * t).round())
            .collect();
        assert_eq!(
            fifths,
            [10040.0, 10041.0, 10042.0, 10043.0, 10044.0, 10045.0]
        );
        let day = Axis::years(2008.0, 2008.0);
        assert!(day.ticks.len() < 20 && day.place(2008.0) == Some(0.0));
    }

    #[test]
    fn between_two_ends_there_is_no_margin() {
        let axis = Axis::between([5.0, 80.0]).unwrap();
        assert_eq!(rounded(&axis), ["20", "40", "60", "80"]);
        assert_eq!((axis.place(5.0), axis.place(80.0)), (Some(0.0), Some(1.0)));
        for ends in [[1.0, 1.0], [2.0, 1.0], [f64::NAN, 1.0], [0.0, f64::MAX]] {
            assert_eq!(Axis::between(ends), None);
        }
    }

    #[test]
    fn decades_where_values_are_far_apart() {
        let axis = Axis::of([0.02, 300.0].into_iter(), Scale::Automatic).unwrap();
        assert!(axis.is_logarithmic());
        assert_eq!(rounded(&axis), ["0.1", "1", "10", "100"]);
        let axis = Axis::of([1.0, 40.0].into_iter(), Scale::Automatic).unwrap();
        assert_eq!(rounded(&axis), ["1", "2", "5", "10", "20"]);
        assert_eq!(axis.place(0.0), None);
        let axis = Axis::of([0.0, 300.0].into_iter(), Scale::Automatic).unwrap();
        assert!(!axis.is_logarithmic());
    }

    #[test]
    fn no_values_break_an_axis() {
        assert_eq!(
            Axis::of([f64::NAN, f64::INFINITY].into_iter(), Scale::Linear),
            None
        );
        let ends = [
            0.0,
            -0.0,
            5e-324,
            1e-310,
            1e-299,
            1.0,
            1.0 + f64::EPSILON,
            1e17,
            1e299,
        ];
        for a in ends {
            for b in ends {
                for (a, b) in [(a, b), (-a, b), (-a, -b)] {
                    for scale in [Scale::Linear, Scale::Automatic] {
                        let axis = Axis::of([a, b].into_iter(), scale).unwrap();
                        assert!(axis.ticks.len() <= 20, "{a:e} {b:e}");
                        assert!(
                            axis.ticks.iter().all(|t| axis.place(*t).is_some()),
                            "{a:e} {b:e}"
                        );
                        assert!(
                            axis.place(a).is_some() && axis.place(b).is_some(),
                            "{a:e} {b:e}"
                        );
                    }
                }
            }
        }
    }
}
