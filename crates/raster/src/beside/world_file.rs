//! The six numbers of a world file (`.tfw`, `.tifw`, `.wld`), one to a line.

use super::number;

/// From column and row to coordinates, in the order of GDAL.
///
/// The numbers are: change of x with the column, change of y with the column, change of x with the row, change of y with
/// the row, and x and y of the *centre* of the upper left pixel.
///
/// # Errors
/// What is wrong with the text, in words.
pub(crate) fn parse(text: &str) -> Result<[f64; 6], String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let numbers: Vec<f64> = lines
        .take(6)
        .map(|line| number(line).ok_or_else(|| format!("{line:?} is not a number")))
        .collect::<Result<_, _>>()?;
    let [xx, yx, xy, yy, x, y] = numbers[..] else {
        return Err(format!("{} numbers, expected 6 lines", numbers.len()));
    };
    let affine = [x - (xx + xy) * 0.5, xx, xy, y - (yx + yy) * 0.5, yx, yy];
    if affine.iter().any(|number| !number.is_finite()) || xx * yy - xy * yx == 0.0 {
        return Err(format!("{affine:?} has no inverse"));
    }
    Ok(affine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_a_centre() {
        let north_up = parse("20\r\n0\r\n0\r\n-20\r\n600010\r\n5339990\r\n").unwrap();
        assert_eq!(north_up, [600000.0, 20.0, 0.0, 5340000.0, 0.0, -20.0]);
        let comma = parse("20,5\n0,0\n0\n-20\n600010\n5339990").unwrap();
        assert_eq!(comma[..2], [599999.75, 20.5]);
        let rotated = parse("20\n1\n2\n-20\n600010\n5339990\n").unwrap();
        assert_eq!(rotated, [599999.0, 20.0, 2.0, 5339999.5, 1.0, -20.0]);
    }

    #[test]
    fn what_is_no_world_file_is_said() {
        for (text, words) in [
            ("", "0 numbers"),
            ("20\n1\n2", "3 numbers"),
            ("a\nb", "\"a\" is not a number"),
            ("0 20 0 -20 600010 5339990", "is not a number"),
            ("0\n0\n0\n0\n1\n1", "no inverse"),
            ("1\n0\n0\n1\ninf\n1", "no inverse"),
        ] {
            assert!(parse(text).unwrap_err().contains(words), "{text}");
        }
    }
}
