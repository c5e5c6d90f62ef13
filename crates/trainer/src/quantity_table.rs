//! A table whose columns are the parameters of a physical model.

use crate::TrainerError;
use crate::csv_rows::CsvRows;
use ndarray::Array2;
use physics::Quantity;
use std::path::Path;

/// Reads a CSV with a column for each of `quantities`, in any order: n × p, in their order and units.
///
/// # Errors
/// The file cannot be read, a column is missing, unknown or there twice, there are no rows, a cell is not
/// a number or outside its range; with file, line and column.
pub fn read_quantities(path: &Path, quantities: &[Quantity]) -> Result<Array2<f64>, TrainerError> {
    let mut cells = vec![];
    let own = |names: &[&str]| places(names, quantities);
    CsvRows::open(path)?.each(own, |places, record| {
        for (quantity, &place) in quantities.iter().zip(places) {
            let cell = record.get(place).unwrap_or_default();
            let value =
                number(cell, quantity).map_err(|why| format!("column {}: {why}", quantity.name))?;
            cells.push(value);
        }
        Ok(())
    })?;
    let rows = cells.len() / quantities.len().max(1);
    Array2::from_shape_vec((rows, quantities.len()), cells)
        .map_err(|e| TrainerError::Internal(e.to_string()))
}

/// Where the column of each quantity is.
fn places(names: &[&str], quantities: &[Quantity]) -> Result<Vec<usize>, String> {
    let needed = || {
        let known: Vec<_> = quantities.iter().map(|q| q.name.as_str()).collect();
        format!("needed {}", known.join(", "))
    };
    for (i, name) in names.iter().enumerate() {
        if quantities.iter().all(|q| q.name != *name) {
            return Err(format!("column {name:?} is unknown; {}", needed()));
        }
        if names[..i].contains(name) {
            return Err(format!("column {name} is there twice"));
        }
    }
    let place = |q: &Quantity| {
        let found = names.iter().position(|name| *name == q.name);
        found.ok_or_else(|| format!("column {} is missing; {}", q.name, needed()))
    };
    quantities.iter().map(place).collect()
}

fn number(cell: &str, quantity: &Quantity) -> Result<f64, String> {
    let value: f64 = cell
        .parse()
        .map_err(|_| format!("{cell:?} is not a number"))?;
    let (min, max) = (quantity.min, quantity.max);
    if (min..=max).contains(&value) {
        return Ok(value);
    }
    let unit = &quantity.unit;
    Err(format!(
        "{value} {unit} is outside the allowed range {min} to {max}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use physics::Mogi;

    fn read(text: &str) -> Result<Array2<f64>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sources.csv");
        std::fs::write(&path, text).unwrap();
        read_quantities(&path, &Mogi::free_parameters()).map_err(|error| {
            error
                .to_string()
                .replace(&format!("{}/", folder.path().display()), "")
        })
    }

    #[test]
    fn columns_stand_in_any_order() {
        let table = read("# sources\nd, dV ,xcen,ycen\n4,110,1,-2\n8,90,0,0.5\n").unwrap();
        let expected = ndarray::array![[1.0, -2.0, 4.0, 110.0], [0.0, 0.5, 8.0, 90.0]];
        assert_eq!(table, expected);
    }

    #[test]
    fn bad_tables() {
        let message = |text: &str| read(text).unwrap_err();
        insta::assert_snapshot!(message("xcen,ycen,d\n1,2,3\n"), @"sources.csv: line 1: column dV is missing; needed xcen, ycen, d, dV");
        insta::assert_snapshot!(message("xcen,ycen,d,volume\n1,2,3,4\n"), @r#"sources.csv: line 1: column "volume" is unknown; needed xcen, ycen, d, dV"#);
        insta::assert_snapshot!(message("xcen,ycen,d,d\n1,2,3,4\n"), @"sources.csv: line 1: column d is there twice");
        insta::assert_snapshot!(message("xcen,ycen,d,dV\n1,2,-3,4\n"), @"sources.csv: line 2, column d: -3 km is outside the allowed range 0.1 to 100");
        insta::assert_snapshot!(message("xcen,ycen,d,dV\n1,2,3,NaN\n"), @"sources.csv: line 2, column dV: NaN 1e5 m3 above -1e7 m3 is outside the allowed range -100000 to 100000");
        insta::assert_snapshot!(message("xcen,ycen,d,dV\n1,2,3,deep\n"), @r#"sources.csv: line 2, column dV: "deep" is not a number"#);
        insta::assert_snapshot!(message("xcen,ycen,d,dV\n"), @"sources.csv: there are no rows below the header");
    }
}
