//! The declared layout of a table on disk.

use crate::error::require;
use crate::{CheckedOverpass, DataError, Overpass, RowRules, Values};
use physics::Quantity;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the columns of a CSV are. Columns that are not declared are not read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableLayout {
    /// The column of each channel, in the order of the model's outputs.
    pub columns: Vec<String>,
    /// In which numbers the channels are.
    pub values: Values,
    /// Condition of the model (tts, tto, psi) → column with it, in the model's unit (degrees). If some
    /// are declared or `sun` is, the others are at the model's defaults; if none, all are.
    #[serde(default)]
    pub conditions: BTreeMap<String, String>,
    /// The sun zenith angle (tts) is that over this place on the date of the row.
    #[serde(default)]
    pub sun: Option<Overpass>,
    /// Column with the class.
    #[serde(default)]
    pub class: Option<String>,
    /// Column with the identifier of the sample.
    #[serde(default)]
    pub sample_id: Option<String>,
    /// Column with the date; any text, unless `sun` needs it.
    #[serde(default)]
    pub date: Option<String>,
    /// Parameter of the model (N, cab, …) → column with its known value, in the model's unit.
    #[serde(default)]
    pub truth: BTreeMap<String, String>,
    /// Which rows are taken.
    #[serde(default)]
    pub rows: RowRules,
}

impl TableLayout {
    /// Only channels, no other columns; rows that cannot be used are refused.
    pub fn new(columns: Vec<String>, values: Values) -> Self {
        Self {
            columns,
            values,
            conditions: BTreeMap::new(),
            sun: None,
            class: None,
            sample_id: None,
            date: None,
            truth: BTreeMap::new(),
            rows: RowRules::default(),
        }
    }

    /// Compares the layout with the conditions and parameters of the physical model.
    ///
    /// # Errors
    /// No columns, a column declared twice, a condition or parameter the model does not have, a scale
    /// that is not finite and positive, an offset that is not finite, a share of dropped rows outside 0 to 1; a
    /// sun for a model without one, without a column of dates, beside a column of its angle, over no place of the
    /// earth or at no time of day.
    pub fn check(
        self,
        conditions: &[Quantity],
        parameters: &[Quantity],
    ) -> Result<CheckedLayout, DataError> {
        require(
            !self.columns.is_empty(),
            "columns",
            "[]",
            "at least one channel",
        )?;
        let mut seen = BTreeMap::new();
        let numbers = (self.columns.iter().map(|column| ("columns", column)))
            .chain(
                self.conditions
                    .values()
                    .map(|column| ("conditions", column)),
            )
            .chain(self.truth.values().map(|column| ("truth", column)));
        for (declared_in, column) in numbers {
            if let Some(first) = seen.insert(column, declared_in) {
                return Err(DataError::NotAllowed {
                    name: declared_in.into(),
                    value: format!("{column:?}"),
                    allowed: format!(
                        "a column that is not yet declared, and this one is in {first}"
                    ),
                });
            }
        }
        require_known("conditions", &self.conditions, conditions)?;
        require_known("truth", &self.truth, parameters)?;
        if let Values::DigitalNumbers { scale, offset } = self.values {
            require(
                scale.is_finite() && scale > 0.0,
                "scale of digital_numbers",
                scale,
                "finite and above 0",
            )?;
            require(
                offset.is_finite(),
                "offset of digital_numbers",
                offset,
                "finite, 0 or -1000",
            )?;
        }
        self.rows.check()?;
        let sun = self.check_sun(conditions)?;
        let truth = parameters
            .iter()
            .filter(|p| self.truth.contains_key(&p.name))
            .cloned()
            .collect();
        Ok(CheckedLayout {
            layout: self,
            conditions: conditions.to_vec(),
            sun,
            truth,
        })
    }

    fn check_sun(&self, conditions: &[Quantity]) -> Result<Option<CheckedOverpass>, DataError> {
        let Some(overpass) = &self.sun else {
            return Ok(None);
        };
        let name = "sun";
        let value = "a place and time";
        require(
            conditions.iter().any(|quantity| quantity.name == SUN),
            name,
            value,
            "null, for the physical model has no sun zenith angle tts",
        )?;
        require(
            !self.conditions.contains_key(SUN),
            name,
            value,
            "null, for conditions declares a column of tts",
        )?;
        require(
            self.date.is_some(),
            name,
            value,
            "null, or a column of dates declared as date",
        )?;
        overpass.check().map(Some)
    }
}

/// The condition that is computed from the date.
const SUN: &str = "tts";

fn require_known(
    declared_in: &'static str,
    declared: &BTreeMap<String, String>,
    known: &[Quantity],
) -> Result<(), DataError> {
    match declared
        .keys()
        .find(|name| !known.iter().any(|quantity| quantity.name == **name))
    {
        None => Ok(()),
        Some(name) => Err(DataError::NotAllowed {
            name: declared_in.into(),
            value: format!("{name:?}"),
            allowed: format!(
                "the physical model knows {:?}",
                known
                    .iter()
                    .map(|quantity| quantity.name.as_str())
                    .collect::<Vec<_>>()
            ),
        }),
    }
}

/// A [`TableLayout`] that fits the physical model.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedLayout {
    layout: TableLayout,
    /// All conditions of the model, in its order.
    conditions: Vec<Quantity>,
    sun: Option<CheckedOverpass>,
    /// The parameters with a declared column, in the order of the model.
    truth: Vec<Quantity>,
}

impl CheckedLayout {
    /// What was declared.
    pub fn layout(&self) -> &TableLayout {
        &self.layout
    }

    /// All conditions of the model in its order, or none if no row gives any.
    pub(crate) fn conditions(&self) -> &[Quantity] {
        if self.layout.conditions.is_empty() && self.sun.is_none() {
            &[]
        } else {
            &self.conditions
        }
    }

    /// The conditions that a row gives, in the order of the model, and how.
    pub(crate) fn given_conditions(&self) -> impl Iterator<Item = (&Quantity, Given<'_>)> {
        self.conditions()
            .iter()
            .filter_map(|quantity| Some((quantity, self.given(&quantity.name)?)))
    }

    /// How a row gives a condition; `None` if it does not.
    pub(crate) fn given(&self, condition: &str) -> Option<Given<'_>> {
        match (
            self.layout.conditions.get(condition),
            self.sun,
            &self.layout.date,
        ) {
            (Some(column), ..) => Some(Given::Column(column)),
            (None, Some(overpass), Some(date)) if condition == SUN => {
                Some(Given::Sun { overpass, date })
            }
            _ => None,
        }
    }

    /// The parameters with a declared column, in the order of the model.
    pub(crate) fn truth(&self) -> &[Quantity] {
        &self.truth
    }
}

/// How a row gives a condition.
#[derive(Clone, Copy)]
pub(crate) enum Given<'a> {
    /// The number is in this column.
    Column(&'a str),
    /// The sun's angle follows from the date in this column.
    Sun {
        overpass: CheckedOverpass,
        date: &'a str,
    },
}

impl<'a> Given<'a> {
    /// The column, and the part of the layout that names it.
    pub(crate) fn column(self) -> (&'static str, &'a str) {
        match self {
            Self::Column(column) => ("conditions", column),
            Self::Sun { date, .. } => ("date", date),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantity(name: &str) -> Quantity {
        Quantity {
            name: name.into(),
            unit: "1".into(),
            min: 0.0,
            max: 80.0,
            default: 30.0,
        }
    }

    fn layout() -> TableLayout {
        TableLayout::new(vec!["a".into(), "b".into()], Values::Reflectance)
    }

    fn message(layout: TableLayout) -> String {
        let parameters = [quantity("N"), quantity("cab")];
        layout
            .check(&[quantity("tts"), quantity("tto")], &parameters)
            .unwrap_err()
            .to_string()
    }

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|&(a, b)| (a.into(), b.into())).collect()
    }

    #[test]
    fn truth_is_in_the_order_of_the_model() {
        let layout = TableLayout {
            truth: map(&[("cab", "x"), ("N", "y")]),
            ..layout()
        };
        let checked = layout
            .check(&[], &[quantity("N"), quantity("cab"), quantity("cw")])
            .unwrap();
        let names: Vec<&str> = checked.truth().iter().map(|q| q.name.as_str()).collect();
        assert_eq!(names, ["N", "cab"]);
    }

    #[test]
    fn what_the_model_does_not_know_is_refused() {
        assert_eq!(
            message(TableLayout {
                conditions: map(&[("sza", "sun")]),
                ..layout()
            }),
            "conditions = \"sza\" is not allowed: the physical model knows [\"tts\", \"tto\"]"
        );
        assert_eq!(
            message(TableLayout {
                truth: map(&[("lai", "LAI")]),
                ..layout()
            }),
            "truth = \"lai\" is not allowed: the physical model knows [\"N\", \"cab\"]"
        );
    }

    #[test]
    fn nonsense_is_refused() {
        assert_eq!(
            message(TableLayout {
                columns: vec![],
                ..layout()
            }),
            "columns = [] is not allowed: at least one channel"
        );
        assert_eq!(
            message(TableLayout {
                conditions: map(&[("tts", "b")]),
                ..layout()
            }),
            "conditions = \"b\" is not allowed: a column that is not yet declared, and this one is in columns"
        );
        for values in [
            Values::DigitalNumbers {
                scale: 0.0,
                offset: 0.0,
            },
            Values::DigitalNumbers {
                scale: 1e-4,
                offset: f64::NAN,
            },
        ] {
            assert!(message(TableLayout { values, ..layout() }).contains("of digital_numbers = "));
        }
    }

    #[test]
    fn a_sun_needs_a_model_with_one_and_a_date_and_no_column() {
        let over_vienna = TableLayout {
            date: Some("date".into()),
            sun: Some(Overpass {
                latitude: 48.15,
                longitude: 16.1,
                time_utc: "10:00".into(),
            }),
            ..layout()
        };
        assert_eq!(
            message(TableLayout {
                conditions: map(&[("tts", "sun")]),
                ..over_vienna.clone()
            }),
            "sun = a place and time is not allowed: null, for conditions declares a column of tts"
        );
        assert_eq!(
            message(TableLayout {
                date: None,
                ..over_vienna.clone()
            }),
            "sun = a place and time is not allowed: null, or a column of dates declared as date"
        );
        let without = over_vienna.clone().check(&[quantity("tto")], &[]);
        assert_eq!(
            without.unwrap_err().to_string(),
            "sun = a place and time is not allowed: null, for the physical model has no sun zenith angle tts"
        );
        let checked = over_vienna.check(&[quantity("tto"), quantity("tts")], &[]);
        let checked = checked.unwrap();
        let given: Vec<&str> = checked
            .given_conditions()
            .map(|(quantity, given)| {
                assert_eq!(given.column(), ("date", "date"));
                quantity.name.as_str()
            })
            .collect();
        assert_eq!(given, ["tts"]);
    }

    #[test]
    fn json_refuses_unknown_keys_and_guesses_no_offset() {
        let parse =
            |text: &str| serde_json::from_str::<TableLayout>(text).map_err(|e| e.to_string());
        assert_eq!(
            parse(r#"{"columns": ["a", "b"], "values": "reflectance"}"#),
            Ok(layout())
        );
        for (text, expected) in [
            (
                r#"{"columns": ["a"], "values": "reflectance", "band": 1}"#,
                "unknown field `band`",
            ),
            (r#"{"columns": ["a"]}"#, "missing field `values`"),
            (
                r#"{"columns": ["a"], "values": {"digital_numbers": {}}}"#,
                "missing field `offset`",
            ),
            (
                r#"{"columns": ["a"], "values": {"digital_numbers": {"offset": 0, "gain": 1}}}"#,
                "unknown field `gain`",
            ),
            (
                r#"{"columns": ["a"], "values": "dn"}"#,
                "unknown variant `dn`",
            ),
        ] {
            let message = parse(text).unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
    }
}
