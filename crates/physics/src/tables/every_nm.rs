//! A response function between the rows of its table.

/// Rows further apart do not say what lies between them, nm.
pub(super) const LARGEST_STEP_NM: u32 = 25;
/// Share of its top below which a response has died out.
pub(super) const DIED_OUT: f64 = 0.05;
/// A jump is so many times as wide as the steps beside it.
const JUMP: u32 = 3;

/// The response at every nm from the first to the last row, linear between the rows.
///
/// Tables often leave out the wavelengths that no band sees: a band that is 0 on one side of a jump of the table and
/// below 5 % of its top on the other has died out there, and is 0 in between.
///
/// # Errors
/// The row that ends a step of more than 25 nm in which the band does not vanish.
pub(super) fn on_every_nm(wavelengths: &[u32], values: &[f64]) -> Result<Vec<(u32, f64)>, usize> {
    let top = values.iter().fold(0.0_f64, |top, v| top.max(*v));
    let step = |row: usize| wavelengths[row + 1] - wavelengths[row];
    let mut all = Vec::new();
    for row in 0..wavelengths.len() {
        all.push((wavelengths[row], values[row]));
        if row + 1 == wavelengths.len() || step(row) == 1 {
            continue;
        }
        let (from, to) = (values[row], values[row + 1]);
        let before = row.checked_sub(1).map_or(1, step);
        let after = if row + 2 < wavelengths.len() {
            step(row + 1)
        } else {
            1
        };
        let jumps = step(row) >= JUMP * before.max(after);
        let died_out = jumps && from.min(to) == 0.0 && from.max(to) <= DIED_OUT * top;
        if died_out || (from == 0.0 && to == 0.0) {
            continue;
        }
        if step(row) > LARGEST_STEP_NM {
            return Err(row + 1);
        }
        for nm in 1..step(row) {
            let share = f64::from(nm) / f64::from(step(row));
            all.push((wavelengths[row] + nm, from + share * (to - from)));
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_one_nm_apart_are_taken_as_they_are() {
        let all = on_every_nm(&[400, 401, 402], &[0.1, 0.3, 0.0]).unwrap();
        assert_eq!(all, [(400, 0.1), (401, 0.3), (402, 0.0)]);
    }

    #[test]
    fn between_rows_it_is_linear() {
        let all = on_every_nm(&[400, 404, 406], &[0.0, 1.0, 0.5]).unwrap();
        let expected = [0.0, 0.25, 0.5, 0.75, 1.0, 0.75, 0.5];
        assert_eq!(all.len(), 7);
        for (i, ((nm, found), expected)) in all.into_iter().zip(expected).enumerate() {
            assert_eq!((nm, found), (400 + i as u32, expected));
        }
    }

    #[test]
    fn what_has_died_out_before_a_jump_is_0_in_it() {
        let nm = [400, 401, 402, 420, 421, 500, 501];
        let all = on_every_nm(&nm, &[0.5, 1.0, 0.04, 0.0, 0.0, 0.03, 1.0]).unwrap();
        assert_eq!(all.len(), nm.len());
        // a slope that has not
        let all = on_every_nm(&nm, &[0.5, 1.0, 0.06, 0.0, 0.0, 0.03, 1.0]).unwrap();
        assert_eq!(all.len(), nm.len() + 17);
    }

    #[test]
    fn a_hole_that_is_too_wide_is_named() {
        assert_eq!(on_every_nm(&[400, 425, 451], &[1.0, 1.0, 0.0]), Err(2));
        assert!(on_every_nm(&[400, 425, 450], &[1.0, 1.0, 0.0]).is_ok());
        assert!(on_every_nm(&[400, 425, 900], &[1.0, 0.0, 0.0]).is_ok());
    }
}
