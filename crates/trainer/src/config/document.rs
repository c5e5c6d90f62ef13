//! A JSON file together with the line and column of each of its keys.

use super::error::{ConfigError, Place};
use jsonc_parser::ast;
use jsonc_parser::common::Ranged as _;
use jsonc_parser::{CollectOptions, ParseOptions};
use serde_json::Value;
use std::collections::BTreeMap;

/// A parsed JSON file that can tell where each key stands.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    label: String,
    value: Value,
    /// Dotted path of a key → line and column, both from 1; the empty path is the root value.
    positions: BTreeMap<String, (usize, usize)>,
}

impl Document {
    /// Parses strict JSON; `label` names the file in messages.
    ///
    /// # Errors
    /// Anything that is not JSON, and a key that stands twice in one object.
    pub(crate) fn parse(label: &str, text: &str) -> Result<Self, ConfigError> {
        let syntax = |line, column, reason: String| ConfigError::Syntax {
            place: Place::File {
                file: label.to_owned(),
                line,
                column,
            },
            reason,
        };
        // serde_json decides what is valid (and limits the nesting); the syntax tree only locates keys.
        let value: Value = serde_json::from_str(text).map_err(|error| {
            let message = error.to_string();
            let reason = message
                .split(" at line ")
                .next()
                .unwrap_or(&message)
                .to_owned();
            syntax(error.line().max(1), error.column().max(1), reason)
        })?;
        let strict = ParseOptions {
            allow_comments: false,
            allow_loose_object_property_names: false,
            allow_trailing_commas: false,
        };
        let tree = jsonc_parser::parse_to_ast(text, &CollectOptions::default(), &strict)
            .map_err(|error| {
                syntax(
                    error.line_display(),
                    error.column_display(),
                    error.kind().to_string(),
                )
            })?
            .value;
        let mut positions = BTreeMap::new();
        if let Some(tree) = tree {
            let lines = LineIndex::new(text);
            positions.insert(String::new(), lines.position(tree.start()));
            collect(&tree, "", &lines, &mut positions).map_err(|(path, (line, column))| {
                ConfigError::DuplicateKey {
                    place: Place::File {
                        file: label.to_owned(),
                        line,
                        column,
                    },
                    path,
                }
            })?;
        }
        Ok(Self {
            label: label.to_owned(),
            value,
            positions,
        })
    }

    /// A configuration that a program has built: no text, so no places.
    pub(crate) fn of_program(value: Value) -> Self {
        Self {
            label: "configuration".to_owned(),
            value,
            positions: BTreeMap::new(),
        }
    }

    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    pub(crate) fn value(&self) -> &Value {
        &self.value
    }

    /// Whether the key is written in the file.
    pub(crate) fn contains(&self, path: &str) -> bool {
        self.positions.is_empty() || self.positions.contains_key(path)
    }

    /// Place of a key, or of its nearest parent that is written in the file.
    pub(crate) fn place(&self, path: &str) -> Place {
        if self.positions.is_empty() {
            return Place::Program;
        }
        let mut path = path;
        let (line, column) = loop {
            if let Some(&position) = self.positions.get(path) {
                break position;
            }
            if path.is_empty() {
                break (1, 1);
            }
            path = path.rfind('.').map_or("", |dot| &path[..dot]);
        };
        Place::File {
            file: self.label.clone(),
            line,
            column,
        }
    }
}

/// Path of `key` inside `parent`.
pub(crate) fn join(parent: &str, key: &str) -> String {
    if parent.is_empty() {
        key.to_owned()
    } else {
        format!("{parent}.{key}")
    }
}

type Position = (usize, usize);

fn collect(
    node: &ast::Value<'_>,
    path: &str,
    lines: &LineIndex<'_>,
    positions: &mut BTreeMap<String, Position>,
) -> Result<(), (String, Position)> {
    match node {
        ast::Value::Object(object) => {
            let mut seen = std::collections::BTreeSet::new();
            for property in &object.properties {
                let path = join(path, property.name.as_str());
                let position = lines.position(property.start());
                if !seen.insert(property.name.as_str()) {
                    return Err((path, position));
                }
                positions.insert(path.clone(), position);
                collect(&property.value, &path, lines, positions)?;
            }
        }
        ast::Value::Array(array) => {
            for (index, element) in array.elements.iter().enumerate() {
                let path = join(path, &index.to_string());
                positions.insert(path.clone(), lines.position(element.start()));
                collect(element, &path, lines, positions)?;
            }
        }
        _ => {}
    }
    Ok(())
}

struct LineIndex<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> LineIndex<'a> {
    fn new(text: &'a str) -> Self {
        let after_breaks = text.match_indices('\n').map(|(index, _)| index + 1);
        Self {
            text,
            starts: std::iter::once(0).chain(after_breaks).collect(),
        }
    }

    fn position(&self, byte: usize) -> Position {
        let line = self.starts.partition_point(|&start| start <= byte);
        let start = self.starts[line - 1];
        let column = self
            .text
            .get(start..byte)
            .map_or(0, |before| before.chars().count())
            + 1;
        (line, column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_located_by_line_and_character() {
        let text = "{\n  \"ä\": 1, \"b\": {\n    \"c\": [1,\n 2]\n  }\n}";
        let document = Document::parse("x.json", text).unwrap();
        assert_eq!(document.place("b").to_string(), "x.json:2:11");
        assert_eq!(document.place("b.c").to_string(), "x.json:3:5");
        assert_eq!(document.place("b.c.1").to_string(), "x.json:4:2");
        assert_eq!(
            document.place("b.unwritten.deep").to_string(),
            "x.json:2:11"
        );
        assert_eq!(document.place("unwritten").to_string(), "x.json:1:1");
        assert!(document.contains("b.c") && !document.contains("b.d"));
    }

    #[test]
    fn only_strict_json_is_accepted() {
        for (text, expected) in [
            (
                "{\n  \"a\": 1,\n}",
                "x.json:3:1: not valid JSON: trailing comma",
            ),
            (
                "{ // no\n}",
                "x.json:1:3: not valid JSON: key must be a string",
            ),
            ("", "x.json:1:1: not valid JSON: EOF while parsing a value"),
            (
                "{\"a\": 1e999}",
                "x.json:1:11: not valid JSON: number out of range",
            ),
            (
                "{\"a\": 1,\n \"a\": 2}",
                "x.json:2:2: `a` is given twice; keep one of them",
            ),
        ] {
            assert_eq!(
                Document::parse("x.json", text).unwrap_err().to_string(),
                expected
            );
        }
    }

    #[test]
    fn deep_nesting_is_an_error_and_no_crash() {
        let text = "[".repeat(100_000);
        assert!(matches!(
            Document::parse("x.json", &text),
            Err(ConfigError::Syntax { .. })
        ));
    }
}
