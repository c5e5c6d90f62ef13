//! Mean and scale per channel.

use crate::DataError;
use crate::error::require_size;
use crate::write::write_atomically;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use ndarray_npy::{ReadNpyError, ReadNpyExt, WriteNpyExt};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// A standard deviation below this times |mean| is rounding noise of a constant channel: the sum of
/// n equal numbers is off by some n·2⁻⁵³ relative, which is below 1e-9 for any n in memory.
const ROUNDING_NOISE: f64 = 1e-9;

/// x = (raw − mean)/scale per channel, with finite means and finite positive scales.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Standardization {
    mean: Vec<f64>,
    scale: Vec<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    mean: Vec<f64>,
    scale: Vec<f64>,
}

impl TryFrom<Unchecked> for Standardization {
    type Error = DataError;

    fn try_from(unchecked: Unchecked) -> Result<Self, DataError> {
        Self::new(unchecked.mean, unchecked.scale)
    }
}

impl Standardization {
    /// Mean and scale of d channels.
    ///
    /// # Errors
    /// Different lengths, a mean that is not finite, a scale that is not finite and positive.
    pub fn new(mean: Vec<f64>, scale: Vec<f64>) -> Result<Self, DataError> {
        require_size("the length of the scale", scale.len(), mean.len())?;
        require_mean(&mean, || "mean".into())?;
        require_scale(&scale, || "scale".into())?;
        Ok(Self { mean, scale })
    }

    /// Measures mean and standard deviation (divisor n, "ddof 0") of raw values, n × d.
    ///
    /// # Errors
    /// [`DataError::NoSpread`] with the first channel that is constant or not finite.
    pub fn measure(raw: ArrayView2<f64>, channels: &[String]) -> Result<Self, DataError> {
        require_size("the number of channels", raw.ncols(), channels.len())?;
        let rows = raw.nrows();
        let measure = |(column, channel): (ArrayView1<f64>, &String)| {
            let mean = column.sum() / rows as f64;
            let scale =
                (column.fold(0.0, |sum, x| sum + (x - mean) * (x - mean)) / rows as f64).sqrt();
            // written so that NaN is refused too
            if scale > ROUNDING_NOISE * mean.abs() && scale.is_finite() {
                return Ok((mean, scale));
            }
            Err(DataError::NoSpread {
                channel: channel.clone(),
                mean,
                scale,
                rows,
            })
        };
        let measured: Result<Vec<(f64, f64)>, DataError> =
            raw.axis_iter(Axis(1)).zip(channels).map(measure).collect();
        let (mean, scale) = measured?.into_iter().unzip();
        Self::new(mean, scale)
    }

    /// Loads two .npy files with float64 vectors of length d.
    ///
    /// # Errors
    /// A file that cannot be read, another type, number of axes or length, a mean that is not finite,
    /// a scale that is not finite and positive; each names the file.
    pub fn load(mean: &Path, scale: &Path, channels: usize) -> Result<Self, DataError> {
        let (mean_path, scale_path) = (mean, scale);
        let mean = read_vector(mean_path, channels)?;
        let scale = read_vector(scale_path, channels)?;
        require_mean(&mean, || format!("{}: mean", mean_path.display()))?;
        require_scale(&scale, || format!("{}: scale", scale_path.display()))?;
        Self::new(mean, scale)
    }

    /// Writes two .npy files with float64 vectors of length d.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn save(&self, mean: &Path, scale: &Path) -> Result<(), DataError> {
        for (path, vector) in [(mean, &self.mean), (scale, &self.scale)] {
            write_atomically(path, |file| {
                ArrayView1::from(vector.as_slice())
                    .write_npy(file)
                    .map_err(io::Error::other)
            })?;
        }
        Ok(())
    }

    /// Number of channels, d.
    pub fn channels(&self) -> usize {
        self.mean.len()
    }

    /// Mean per channel, in raw units.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// Scale per channel, in raw units.
    pub fn scale(&self) -> &[f64] {
        &self.scale
    }

    /// (raw − mean)/scale for n × d raw values.
    ///
    /// # Errors
    /// Another number of channels.
    pub fn apply(&self, raw: ArrayView2<f64>) -> Result<Array2<f64>, DataError> {
        let mut x = raw.to_owned();
        self.apply_in_place(&mut x)?;
        Ok(x)
    }

    /// The same in the memory of the raw values.
    ///
    /// # Errors
    /// Another number of channels.
    pub fn apply_in_place(&self, raw: &mut Array2<f64>) -> Result<(), DataError> {
        self.change(raw, |x, mean, scale| (x - mean) / scale)
    }

    /// x·scale + mean for n × d standardised values.
    ///
    /// # Errors
    /// Another number of channels.
    pub fn invert(&self, x: ArrayView2<f64>) -> Result<Array2<f64>, DataError> {
        let mut raw = x.to_owned();
        self.change(&mut raw, |x, mean, scale| x * scale + mean)?;
        Ok(raw)
    }

    fn change(
        &self,
        values: &mut Array2<f64>,
        f: impl Fn(f64, f64, f64) -> f64,
    ) -> Result<(), DataError> {
        require_size("the number of channels", values.ncols(), self.channels())?;
        // row by row, as they lie in memory
        for mut row in values.rows_mut() {
            for ((x, &mean), &scale) in row.iter_mut().zip(&self.mean).zip(&self.scale) {
                *x = f(*x, mean, scale);
            }
        }
        Ok(())
    }
}

fn require_mean(mean: &[f64], what: impl Fn() -> String) -> Result<(), DataError> {
    require_elements(mean, f64::is_finite, what, "a finite number")
}

fn require_scale(scale: &[f64], what: impl Fn() -> String) -> Result<(), DataError> {
    require_elements(
        scale,
        |x| x.is_finite() && x > 0.0,
        what,
        "a finite number above 0",
    )
}

fn require_elements(
    vector: &[f64],
    good: impl Fn(f64) -> bool,
    what: impl Fn() -> String,
    allowed: &'static str,
) -> Result<(), DataError> {
    match vector.iter().position(|&x| !good(x)) {
        None => Ok(()),
        Some(channel) => Err(DataError::BadStandardization {
            what: what(),
            channel,
            value: vector[channel],
            allowed,
        }),
    }
}

fn read_vector(path: &Path, expected: usize) -> Result<Vec<f64>, DataError> {
    let unread = |source| DataError::Read {
        path: path.into(),
        source,
    };
    let wrong = |reason: String| DataError::Npy {
        path: path.into(),
        reason,
        expected,
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unread)?;
    file.take(LARGEST_NPY_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(unread)?;
    declares_what_it_holds(&bytes).map_err(wrong)?;
    match Array1::<f64>::read_npy(bytes.as_slice()) {
        Ok(vector) if vector.len() == expected => Ok(vector.to_vec()),
        Ok(vector) => Err(wrong(format!("the vector has length {}", vector.len()))),
        Err(ReadNpyError::Io(source)) => Err(unread(source)),
        Err(ReadNpyError::WrongDescriptor(found)) => {
            Err(wrong(format!("the element type is {found}")))
        }
        Err(ReadNpyError::WrongNdim(_, found)) => Err(wrong(format!("the array has {found} axes"))),
        Err(error) => Err(wrong(error.to_string())),
    }
}

/// Larger than a mean of any sensor.
const LARGEST_NPY_BYTES: u64 = 1 << 20;

/// Refuses an npy file whose header speaks of more than there is: its reader would make room for all of it first.
fn declares_what_it_holds(bytes: &[u8]) -> Result<(), String> {
    if bytes.len() as u64 > LARGEST_NPY_BYTES {
        return Err(format!("it has more than {LARGEST_NPY_BYTES} bytes"));
    }
    // magic (6 bytes), version (2), length of the header (2 in version 1, 4 later)
    let start = if bytes.get(6) == Some(&1) { 10 } else { 12 };
    let Some(length) = bytes.get(8..start) else {
        return Ok(());
    };
    let length = (length.iter().rev()).fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
    let Some(header) = bytes.get(start..).and_then(|rest| rest.get(..length)) else {
        return Err(format!("its header of {length} bytes is cut off"));
    };
    // a plain header is one dictionary with one tuple; its parser takes time without end over nested ones
    let opening = |byte: &u8| matches!(byte, b'{' | b'[' | b'(');
    if header.iter().filter(|byte| opening(byte)).count() > 2 {
        return Err("its header is not that of a vector of numbers".to_owned());
    }
    // whatever stands for the shape: the product of all numbers; that of the element type's size is among them
    let mut numbers = 1_usize;
    for word in header.split(|byte| !byte.is_ascii_alphanumeric()) {
        if word.first().is_some_and(u8::is_ascii_digit) {
            let text = String::from_utf8_lossy(word);
            let number: usize = text
                .parse()
                .map_err(|_| format!("its header has the number {text}"))?;
            numbers = numbers.saturating_mul(number.max(1));
        }
    }
    if numbers > bytes.len() {
        return Err(format!(
            "it declares {numbers} numbers and has {} bytes",
            bytes.len()
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array, array};
    use proptest::prelude::*;
    use std::fs;

    fn names(n: usize) -> Vec<String> {
        (0..n).map(|i| format!("band {i}")).collect()
    }

    #[test]
    fn measures_with_divisor_n() {
        let s =
            Standardization::measure(array![[1.0, 10.0], [3.0, 10.5]].view(), &names(2)).unwrap();
        assert_eq!(s.mean(), [2.0, 10.25]);
        assert_eq!(s.scale(), [1.0, 0.25]);
        assert_eq!(
            s.apply(array![[1.0, 10.0]].view()).unwrap(),
            array![[-1.0, -1.0]]
        );
        assert_eq!(
            s.invert(array![[-1.0, 2.0]].view()).unwrap(),
            array![[1.0, 10.75]]
        );
    }

    #[test]
    fn a_channel_without_spread_is_named() {
        // 0.1 is not exact in binary: the measured spread is rounding noise, not 0
        for constant in [0.0, 0.1, -7.3e5] {
            let raw =
                Array::from_shape_fn((1000, 2), |(i, j)| if j == 0 { i as f64 } else { constant });
            let message = Standardization::measure(raw.view(), &names(2))
                .unwrap_err()
                .to_string();
            assert!(
                message.starts_with("channel \"band 1\" has mean"),
                "{message}"
            );
            assert!(message.contains("over 1000 training rows"), "{message}");
        }
        assert!(Standardization::measure(array![[f64::NAN], [1.0]].view(), &names(1)).is_err());
        assert!(Standardization::measure(array![[1e300], [-1e300]].view(), &names(1)).is_err());
    }

    #[test]
    fn saved_and_loaded_is_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let (mean, scale) = (
            folder.path().join("mean.npy"),
            folder.path().join("scale.npy"),
        );
        let s = Standardization::new(vec![0.1, -3.0], vec![0.3, 1e-7]).unwrap();
        s.save(&mean, &scale).unwrap();
        assert_eq!(Standardization::load(&mean, &scale, 2).unwrap(), s);
        let message = Standardization::load(&mean, &scale, 3)
            .unwrap_err()
            .to_string();
        assert!(
            message.ends_with(
                "mean.npy: the vector has length 2, expected a float64 vector of length 3"
            )
        );
    }

    #[test]
    fn bad_files_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let good = folder.path().join("good.npy");
        let bad = folder.path().join("bad.npy");
        array![1.0, 2.0]
            .write_npy(File::create(&good).unwrap())
            .unwrap();
        let message = || {
            let error = Standardization::load(&good, &bad, 2).unwrap_err();
            let message = error.to_string();
            assert!(message.contains("bad.npy"), "{message}");
            message
        };
        assert!(message().starts_with("cannot read"));
        array![1.0_f32, 2.0]
            .write_npy(File::create(&bad).unwrap())
            .unwrap();
        assert!(message().contains("element type is"), "{}", message());
        array![[1.0, 2.0]]
            .write_npy(File::create(&bad).unwrap())
            .unwrap();
        assert!(message().contains("the array has 2 axes"), "{}", message());
        array![1.0, 0.0]
            .write_npy(File::create(&bad).unwrap())
            .unwrap();
        assert!(
            message().ends_with("scale of channel 1 is 0, expected a finite number above 0"),
            "{}",
            message()
        );
        array![f64::INFINITY, 1.0]
            .write_npy(File::create(&bad).unwrap())
            .unwrap();
        assert!(message().ends_with("scale of channel 0 is inf, expected a finite number above 0"));
        for bytes in [
            &b""[..],
            b"mean,scale\n1,2\n",
            b"\x93NUMPY\x01\x00\xff\xff{",
        ] {
            fs::write(&bad, bytes).unwrap();
            message();
        }
        let mut long = fs::read(&good).unwrap();
        long.extend([0; 8]);
        fs::write(&bad, &long).unwrap();
        message();
        fs::write(&bad, &long[..long.len() - 12]).unwrap();
        message();
    }

    #[test]
    fn json_is_checked_too() {
        let parse =
            |text: &str| serde_json::from_str::<Standardization>(text).map_err(|e| e.to_string());
        let s = Standardization::new(vec![0.1], vec![0.3]).unwrap();
        assert_eq!(parse(&serde_json::to_string(&s).unwrap()), Ok(s));
        assert!(
            parse(r#"{"mean": [1], "scale": [0]}"#)
                .unwrap_err()
                .contains("scale of channel 0 is 0")
        );
        assert!(
            parse(r#"{"mean": [1], "scale": [1, 2]}"#)
                .unwrap_err()
                .contains("length of the scale is 2")
        );
    }

    proptest! {
        #[test]
        fn standardised_columns_have_mean_0_and_scale_1_and_come_back(
            rows in proptest::collection::vec(proptest::array::uniform3(-1e3_f64..1e3), 3..60),
        ) {
            let raw = Array::from_shape_fn((rows.len(), 3), |(i, j)| rows[i][j]);
            let s = Standardization::measure(raw.view(), &names(3)).unwrap();
            let x = s.apply(raw.view()).unwrap();
            for column in x.columns() {
                prop_assert!(column.mean().unwrap().abs() < 1e-9);
                prop_assert!((column.std(0.0) - 1.0).abs() < 1e-9);
            }
            let back = s.invert(x.view()).unwrap();
            prop_assert!(back.iter().zip(&raw).all(|(a, b)| (a - b).abs() <= 1e-12 * 1e3));
        }
    }

    #[test]
    fn npy_files_that_declare_more_than_they_hold_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mean.npy");
        let file = |version: u8, length: &[u8], header: &str| {
            let start = [b"\x93NUMPY".as_slice(), &[version, 0], length].concat();
            fs::write(&path, [&start, header.as_bytes(), &[0; 16]].concat()).unwrap();
            read_vector(&path, 2).unwrap_err().to_string()
        };
        // found by fuzzing: minutes of parsing, and four gigabytes of header
        let nested = format!("{{'descr': '<f4', [ {} '\n", "{".repeat(16));
        let message = file(1, &[nested.len() as u8, 0], &nested);
        assert!(message.contains("its header is not that of"), "{message}");
        let message = file(3, &[0x27, 0x7b, 0x64, 0xf6], "e");
        assert!(message.contains("is cut off"), "{message}");
        for shape in ["(900000000000,)", "(70000,70000)", "(0xffffffffff,)"] {
            let header =
                format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n");
            let message = file(1, &[header.len() as u8, 0], &header);
            assert!(
                message.contains("it declares") || message.contains("its header has the number"),
                "{message}"
            );
        }
    }
}
