//! The most that a card can do, from what the driver says of it.

use crate::{Gpu, Version};

/// The most that a card can do in a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// Operations in single precision, a fused multiplication and addition being two; `None` where the driver tells no
    /// clock.
    pub single: Option<f64>,
    /// Operations in double precision.
    pub double: Option<f64>,
    /// Bytes to and from its memory; `None` where the driver tells no clock or width.
    pub bandwidth: Option<f64>,
}

impl Gpu {
    /// Lanes × 2 × clock, and 2 × memory clock × wires / 8 (both edges of a clock carry a bit).
    pub fn peak(&self) -> Peak {
        let told = |value: f64| (value > 0.0).then_some(value);
        let (single, double) = lanes(self.compute_capability);
        let fused = 2.0 * f64::from(self.multiprocessors) * f64::from(self.clock_mhz) * 1e6;
        let wires = f64::from(self.memory_bus_bits) / 8.0;
        Peak {
            single: told(fused * f64::from(single)),
            double: told(fused * f64::from(double)),
            bandwidth: told(2.0 * f64::from(self.memory_clock_mhz) * 1e6 * wires),
        }
    }
}

/// Results per clock and multiprocessor in single and in double precision (CUDA C++ Programming Guide, "Arithmetic
/// Instructions").
fn lanes(of: Version) -> (u32, u32) {
    match (of.major, of.minor) {
        (7, 5) => (64, 2),
        (7, _) | (8, 0) => (64, 32),
        (9 | 10, 0) => (128, 64),
        _ => (128, 2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(capability: (u32, u32), multiprocessors: u32, clock_mhz: u32) -> Gpu {
        Gpu {
            index: 0,
            name: "a card".to_owned(),
            compute_capability: Version::new(capability.0, capability.1),
            multiprocessors,
            clock_mhz,
            memory_clock_mhz: 0,
            memory_bus_bits: 0,
            memory_total: 0,
            memory_free: None,
        }
    }

    /// Data sheets: T4 8.1 TFLOP/s, A100 19.5 and 9.7 (1555 GB/s at 40 GB), RTX 3090 35.6, H100 SXM 66.9 and 33.5.
    #[test]
    fn peaks_are_those_of_data_sheets() {
        let tera = |of: Option<f64>| (of.unwrap() / 1e11).round() / 10.0;
        let t4 = card((7, 5), 40, 1590).peak();
        assert_eq!((tera(t4.single), tera(t4.double)), (8.1, 0.3));
        let a100 = Gpu {
            memory_clock_mhz: 1215,
            memory_bus_bits: 5120,
            ..card((8, 0), 108, 1410)
        };
        assert_eq!(tera(a100.peak().single), 19.5);
        assert_eq!(tera(a100.peak().double), 9.7);
        assert_eq!(a100.peak().bandwidth, Some(1555.2e9));
        assert_eq!(tera(card((8, 6), 82, 1695).peak().single), 35.6);
        let h100 = card((9, 0), 132, 1980).peak();
        assert_eq!((tera(h100.single), tera(h100.double)), (66.9, 33.5));
    }

    #[test]
    fn what_a_driver_does_not_tell_is_no_number() {
        let silent = card((9, 0), 132, 0).peak();
        assert_eq!(
            (silent.single, silent.double, silent.bandwidth),
            (None, None, None)
        );
    }
}
