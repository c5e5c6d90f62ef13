//! What is written of each observation: the columns of a table, the bands of a raster.

use super::products::{PRODUCTS, Product};
use crate::TrainerError;
use clap::ValueEnum;

/// A group of columns that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Written {
    /// The posterior median of each parameter
    Median,
    /// The posterior standard deviation of each parameter
    Sd,
    /// The 5 % and 95 % quantile of each parameter's posterior
    Interval,
    /// Canopy leaf area, chlorophyll and water per ground area, each with its standard deviation
    Products,
    /// Root mean square error of the physics alone and of the whole reconstruction
    Errors,
    /// Mean over the channels of the residual's gate
    Gate,
    /// What speaks against the estimate
    Flags,
}

impl Written {
    /// All of them, in the order of the columns.
    pub const ALL: [Self; 7] = [
        Self::Median,
        Self::Sd,
        Self::Interval,
        Self::Products,
        Self::Errors,
        Self::Gate,
        Self::Flags,
    ];

    /// As on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Median => "median",
            Self::Sd => "sd",
            Self::Interval => "interval",
            Self::Products => "products",
            Self::Errors => "errors",
            Self::Gate => "gate",
            Self::Flags => "flags",
        }
    }
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// Of the parameter of this number.
    Median(usize),
    Sd(usize),
    Low(usize),
    High(usize),
    /// Of the product of this number among those that the model has the parameters of.
    Product(usize),
    ProductSd(usize),
    PhysicsError,
    ReconstructionError,
    Gate,
    Flags,
}

/// A column: its name, unit and meaning.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Such as `LAI`, `LAI_sd`, `LAI_05`.
    pub name: String,
    /// `1` for numbers without one.
    pub unit: String,
    /// For people.
    pub description: String,
    /// Whether values may not be averaged.
    pub categorical: bool,
    pub(crate) kind: Kind,
}

/// What a model can say.
pub(super) struct Possible<'a> {
    /// Name and unit of each parameter.
    pub(super) units: &'a [(String, String)],
    pub(super) channel_unit: &'a str,
    pub(super) has_reconstruction: bool,
    pub(super) has_gate: bool,
}

/// The columns of the groups, for the parameters of these names; `None`: for all.
///
/// # Errors
/// A parameter that the model does not infer, or nothing to write.
pub(super) fn columns(
    possible: &Possible,
    written: &[Written],
    parameters: Option<&[String]>,
) -> Result<(Vec<Column>, Vec<Product>), TrainerError> {
    let names: Vec<&str> = possible
        .units
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    let chosen: Vec<usize> = match parameters {
        None => (0..names.len()).collect(),
        Some(wanted) => {
            let place = |name: &String| {
                names.iter().position(|it| it == name).ok_or_else(|| {
                    TrainerError::argument("parameters", name, &format!("{names:?}"))
                })
            };
            wanted.iter().map(place).collect::<Result<_, _>>()?
        }
    };
    let mut all = vec![];
    let mut add = |name: String, unit: &str, description: String, kind| {
        all.push(Column {
            name,
            unit: unit.to_owned(),
            description,
            categorical: kind == Kind::Flags,
            kind,
        });
    };
    let mut products = vec![];
    for group in Written::ALL {
        if !written.contains(&group) {
            continue;
        }
        match group {
            Written::Median | Written::Sd | Written::Interval => {
                for &k in &chosen {
                    let (name, unit) = &possible.units[k];
                    let mut of = |suffix: &str, what: &str, kind| {
                        add(
                            format!("{name}{suffix}"),
                            unit,
                            format!("{name}, {what}"),
                            kind,
                        );
                    };
                    match group {
                        Written::Median => of("", "posterior median", Kind::Median(k)),
                        Written::Sd => of("_sd", "posterior standard deviation", Kind::Sd(k)),
                        _ => {
                            of("_05", "5 % quantile of the posterior", Kind::Low(k));
                            of("_95", "95 % quantile of the posterior", Kind::High(k));
                        }
                    }
                }
            }
            Written::Products => {
                for definition in &PRODUCTS {
                    let Some(product) = definition.of(&names) else {
                        continue;
                    };
                    let (name, unit, about) = (definition.name, definition.unit, definition.about);
                    let number = products.len();
                    products.push(product);
                    add(
                        name.to_owned(),
                        unit,
                        format!("{about}, at the posterior medians"),
                        Kind::Product(number),
                    );
                    let what = format!("{about}, posterior standard deviation");
                    add(format!("{name}_sd"), unit, what, Kind::ProductSd(number));
                }
            }
            Written::Errors => {
                let unit = possible.channel_unit;
                let of = "root mean square error over the channels of";
                add(
                    "error_physics".into(),
                    unit,
                    format!("{of} the physics alone"),
                    Kind::PhysicsError,
                );
                if possible.has_reconstruction {
                    let what = format!("{of} physics and residual");
                    add(
                        "error_reconstruction".into(),
                        unit,
                        what,
                        Kind::ReconstructionError,
                    );
                }
            }
            Written::Gate if possible.has_gate => {
                let what = "mean gate of the residual over the channels, 0 closed, 1 open";
                add("gate".into(), "1", what.into(), Kind::Gate);
            }
            Written::Gate => {}
            Written::Flags => {
                let what = super::flags::explained();
                add("flags".into(), "1", what, Kind::Flags);
            }
        }
    }
    if all.is_empty() {
        return Err(TrainerError::argument(
            "write",
            "nothing",
            "at least one group that this model has",
        ));
    }
    Ok((all, products))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_of(written: &[Written], parameters: Option<&[&str]>) -> Result<Vec<String>, String> {
        let units = [
            ("N", "1"),
            ("cab", "ug/cm2"),
            ("cw", "cm"),
            ("LAI", "m2/m2"),
            ("fc", "1"),
        ];
        let units: Vec<_> = units.map(|(a, b)| (a.to_owned(), b.to_owned())).to_vec();
        let possible = Possible {
            units: &units,
            channel_unit: "reflectance",
            has_reconstruction: true,
            has_gate: false,
        };
        let parameters: Option<Vec<String>> =
            parameters.map(|names| names.iter().map(|&it| it.to_owned()).collect());
        columns(&possible, written, parameters.as_deref())
            .map(|(columns, _)| {
                columns
                    .into_iter()
                    .map(|c| format!("{} {}", c.name, c.unit))
                    .collect()
            })
            .map_err(|error| error.to_string())
    }

    #[test]
    fn names_are_those_of_the_command_line() {
        for group in Written::ALL {
            let possible = group.to_possible_value().unwrap();
            assert_eq!(possible.get_name(), group.name());
        }
    }

    #[test]
    fn all_of_a_model_in_one_order() {
        let all = names_of(&Written::ALL, Some(&["LAI", "cab"])).unwrap();
        insta::assert_snapshot!(all.join("\n"), @r"
        LAI m2/m2
        cab ug/cm2
        LAI_sd m2/m2
        cab_sd ug/cm2
        LAI_05 m2/m2
        LAI_95 m2/m2
        cab_05 ug/cm2
        cab_95 ug/cm2
        LAI_canopy m2/m2
        LAI_canopy_sd m2/m2
        CCC g/m2
        CCC_sd g/m2
        CWC g/m2
        CWC_sd g/m2
        error_physics reflectance
        error_reconstruction reflectance
        flags 1
        ");
    }

    #[test]
    fn what_a_model_does_not_infer_is_refused() {
        insta::assert_snapshot!(names_of(&[Written::Median], Some(&["lai"])).unwrap_err(), @r#"parameters lai is not allowed: ["N", "cab", "cw", "LAI", "fc"]"#);
        insta::assert_snapshot!(names_of(&[Written::Gate], None).unwrap_err(), @"write nothing is not allowed: at least one group that this model has");
    }
}
