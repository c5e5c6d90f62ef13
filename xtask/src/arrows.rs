//! Which crate may depend on which.
//!
//! The arrows of ARCHITECTURE.md, checked against `cargo metadata`: they keep `physics` worth depending on
//! by itself, dfdx behind few doors, and each crate readable without the ones above it.

use crate::workspace::Workspace;
use cargo_metadata::{DependencyKind, Metadata};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What one crate of the workspace may depend on among the others.
struct Arrows {
    from: &'static str,
    /// By its code, its build script and its tests.
    code: &'static [&'static str],
    /// By its tests beyond that.
    tests: &'static [&'static str],
}

/// Every crate of the workspace. A new crate gets its line here.
#[rustfmt::skip]
const ARROWS: &[Arrows] = &[
    Arrows { from: "cuda-on-host", code: &[], tests: &[] },
    Arrows { from: "physics",   code: &[], tests: &[] },
    Arrows { from: "schedules", code: &[], tests: &[] },
    Arrows { from: "nn",        code: &[], tests: &["cuda-on-host"] },
    Arrows { from: "latent",    code: &["nn"], tests: &[] },
    // the gradients of whole losses are checked where the model is
    Arrows { from: "model",     code: &["physics", "latent", "nn"], tests: &["losses"] },
    Arrows { from: "losses",    code: &["latent", "nn"], tests: &[] },
    Arrows { from: "data",      code: &["physics"], tests: &[] },
    Arrows { from: "tabular",   code: &[], tests: &[] },
    Arrows { from: "raster",    code: &[], tests: &[] },
    Arrows { from: "gpus",      code: &[], tests: &[] },
    Arrows {
        from: "trainer",
        code: &["physics", "schedules", "nn", "latent", "model", "losses", "data", "raster", "tabular", "gpus"],
        tests: &[],
    },
    Arrows {
        from: "stories",
        // their helpers write scenes and tables, their programs what the wheel is compared with
        code: &["raster", "tabular", "physics", "nn", "trainer"],
        tests: &["cuda-on-host", "schedules", "latent", "model", "losses", "data"],
    },
    Arrows { from: "xtask",     code: &[], tests: &[] },
];

/// An external package that only some crates may depend on directly.
struct Reserved {
    package: &'static str,
    code: &'static [&'static str],
    tests: &'static [&'static str],
}

/// dfdx is frozen: the fewer crates name it, the cheaper its end.
const RESERVED: &[Reserved] = &[Reserved {
    package: "dfdx",
    code: &["nn", "latent", "model", "losses", "trainer"],
    tests: &["stories"],
}];

/// Packages that a crate must not reach over any number of arrows.
const UNREACHABLE: &[(&str, &str)] = &[("physics", "dfdx")];

/// What the check needs of `cargo metadata`.
#[derive(Debug, Default)]
struct Graph {
    /// Crates of the workspace.
    members: BTreeSet<String>,
    /// What a crate of the workspace names in its manifest, and whether for its tests only.
    declared: BTreeSet<(String, String, Test)>,
    /// What each package, external ones too, is built with.
    built_with: BTreeMap<String, BTreeSet<String>>,
}

/// Whether an arrow comes from the tests only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Test {
    Yes,
    No,
}

/// Each forbidden arrow of the workspace, and the number of arrows looked at.
pub fn check(workspace: &Workspace) -> Result<(Vec<String>, usize), String> {
    let graph = Graph::of(workspace.metadata()?);
    let inside = graph
        .declared
        .iter()
        .filter(|(_, to, _)| graph.members.contains(to))
        .count();
    Ok((graph.problems(), inside))
}

impl Graph {
    fn of(metadata: &Metadata) -> Self {
        let mut graph = Self::default();
        for package in metadata.workspace_packages() {
            graph.members.insert(package.name.clone());
            for dependency in &package.dependencies {
                let test = match dependency.kind {
                    DependencyKind::Development => Test::Yes,
                    _ => Test::No,
                };
                let arrow = (package.name.clone(), dependency.name.clone(), test);
                graph.declared.insert(arrow);
            }
        }
        let names: BTreeMap<_, _> = metadata
            .packages
            .iter()
            .map(|package| (&package.id, &package.name))
            .collect();
        for node in metadata.resolve.iter().flat_map(|resolve| &resolve.nodes) {
            let used = node.deps.iter().filter(|dependency| {
                let mut kinds = dependency.dep_kinds.iter();
                kinds.any(|kind| kind.kind != DependencyKind::Development)
            });
            graph
                .built_with
                .entry(names[&node.id].clone())
                .or_default()
                .extend(used.map(|dependency| names[&dependency.pkg].clone()));
        }
        graph
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = self.forbidden_inside();
        problems.extend(self.forbidden_outside());
        problems.extend(self.reached());
        problems.extend(self.circle());
        problems
    }

    fn forbidden_inside(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for member in &self.members {
            if !ARROWS.iter().any(|arrows| arrows.from == member) {
                problems.push(format!(
                    "crate `{member}` has no line in ARROWS of xtask/src/arrows.rs"
                ));
            }
        }
        for (from, to, test) in &self.declared {
            let Some(arrows) = ARROWS.iter().find(|arrows| arrows.from == from) else {
                continue;
            };
            if self.members.contains(to) && !allowed(to, *test, arrows.code, arrows.tests) {
                problems.push(forbidden(from, to, *test));
            }
        }
        problems
    }

    fn forbidden_outside(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (from, to, test) in &self.declared {
            let Some(reserved) = RESERVED.iter().find(|reserved| reserved.package == to) else {
                continue;
            };
            if !allowed(from, *test, reserved.code, reserved.tests) {
                problems.push(forbidden(from, to, *test));
            }
        }
        problems
    }

    fn reached(&self) -> Vec<String> {
        UNREACHABLE
            .iter()
            .filter_map(|(from, to)| self.path(from, to))
            .map(|path| format!("forbidden: {}", path.join(" → ")))
            .collect()
    }

    /// The shortest way from a package to another, both ends included.
    fn path(&self, from: &str, to: &str) -> Option<Vec<String>> {
        let mut paths = VecDeque::from([vec![from.to_owned()]]);
        let mut seen = BTreeSet::from([from]);
        while let Some(path) = paths.pop_front() {
            for next in path
                .last()
                .and_then(|last| self.built_with.get(last))
                .into_iter()
                .flatten()
            {
                let longer = || path.iter().chain([next]).cloned().collect();
                if next == to {
                    return Some(longer());
                }
                if seen.insert(next) {
                    paths.push_back(longer());
                }
            }
        }
        None
    }

    /// A circle inside the workspace, if there is one. cargo itself refuses circles of code, but lets one
    /// close through tests; two crates in it could not be read one after the other.
    fn circle(&self) -> Option<String> {
        let mut left = self.members.clone();
        loop {
            // crates without an arrow to any crate left are in no circle
            let free: Vec<String> = left
                .iter()
                .filter(|from| self.next_inside(from, &left).is_none())
                .cloned()
                .collect();
            if free.is_empty() {
                break;
            }
            left.retain(|member| !free.contains(member));
        }
        // whoever is left has an arrow to another that is left: following them must come round
        let mut path = vec![left.first()?];
        loop {
            let next = self.next_inside(path.last()?, &left)?;
            if let Some(start) = path.iter().position(|seen| *seen == next) {
                path.push(next);
                let names: Vec<&str> = path[start..].iter().map(|name| name.as_str()).collect();
                return Some(format!("circle: {}", names.join(" → ")));
            }
            path.push(next);
        }
    }

    /// One of `among` that `from` has an arrow to.
    fn next_inside<'a>(&self, from: &str, among: &'a BTreeSet<String>) -> Option<&'a String> {
        self.declared
            .iter()
            .filter(|(start, _, _)| start == from)
            .find_map(|(_, to, _)| among.get(to))
    }
}

fn allowed(name: &str, test: Test, code: &[&str], tests: &[&str]) -> bool {
    code.contains(&name) || (test == Test::Yes && tests.contains(&name))
}

fn forbidden(from: &str, to: &str, test: Test) -> String {
    let how = match test {
        Test::Yes => " (dev-dependency)",
        Test::No => "",
    };
    format!("forbidden: {from} → {to}{how}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A workspace with these arrows: `a>b` for code, `a?b` for tests.
    fn graph(arrows: &[&str]) -> Graph {
        let mut graph = Graph::default();
        for arrow in arrows {
            let test = if arrow.contains('?') {
                Test::Yes
            } else {
                Test::No
            };
            let (from, to) = arrow.split_once(['>', '?']).unwrap();
            for name in [from, to] {
                if ARROWS.iter().any(|arrows| arrows.from == name) {
                    graph.members.insert(name.to_owned());
                }
            }
            if test == Test::No {
                let built_with = graph.built_with.entry(from.to_owned()).or_default();
                built_with.insert(to.to_owned());
            }
            if graph.members.contains(from) {
                graph
                    .declared
                    .insert((from.to_owned(), to.to_owned(), test));
            }
        }
        graph
    }

    fn problems(arrows: &[&str]) -> Vec<String> {
        graph(arrows).problems()
    }

    #[test]
    fn the_house_as_designed_is_allowed() {
        let house = [
            "latent>nn",
            "nn>dfdx",
            "model>physics",
            "model>latent",
            "model>dfdx",
            "losses>latent",
            "data>physics",
            "trainer>data",
            "trainer>losses",
            "stories?trainer",
            "stories?dfdx",
            "physics>ndarray",
            "xtask>clap",
        ];
        assert_eq!(problems(&house), [""; 0]);
    }

    #[test]
    fn arrows_against_the_direction_are_named() {
        assert_eq!(
            problems(&["physics>schedules"]),
            ["forbidden: physics → schedules"]
        );
        assert_eq!(problems(&["losses>model"]), ["forbidden: losses → model"]);
        assert_eq!(
            problems(&["nn?latent"]),
            ["forbidden: nn → latent (dev-dependency)"]
        );
        assert_eq!(
            problems(&["stories>losses"]),
            ["forbidden: stories → losses"]
        );
        assert_eq!(problems(&["xtask>physics"]), ["forbidden: xtask → physics"]);
    }

    #[test]
    fn dfdx_has_few_doors() {
        assert_eq!(problems(&["data>dfdx"]), ["forbidden: data → dfdx"]);
        assert_eq!(problems(&["stories>dfdx"]), ["forbidden: stories → dfdx"]);
    }

    #[test]
    fn physics_does_not_reach_dfdx_on_any_way() {
        assert_eq!(
            problems(&[
                "physics>helper",
                "helper>other",
                "other>dfdx",
                "other>helper"
            ]),
            ["forbidden: physics → helper → other → dfdx"]
        );
        assert_eq!(problems(&["physics>helper", "helper>other"]), [""; 0]);
    }

    #[test]
    fn a_crate_without_a_line_is_an_error() {
        let mut graph = graph(&[]);
        graph.members.insert("newcomer".to_owned());
        assert_eq!(
            graph.problems(),
            ["crate `newcomer` has no line in ARROWS of xtask/src/arrows.rs"]
        );
    }

    #[test]
    fn a_circle_is_found_even_through_tests() {
        let found = graph(&["latent>nn", "model>latent", "nn?model", "trainer>model"]).circle();
        assert_eq!(found.unwrap(), "circle: latent → nn → model → latent");
        assert_eq!(
            graph(&["latent>nn", "model>nn", "model>latent"]).circle(),
            None
        );
    }

    #[test]
    fn the_table_is_in_order_itself() {
        let whole = Graph {
            members: ARROWS.iter().map(|arrows| arrows.from.to_owned()).collect(),
            declared: ARROWS
                .iter()
                .flat_map(|arrows| {
                    let targets = arrows.code.iter().chain(arrows.tests);
                    targets.map(|to| (arrows.from.to_owned(), (*to).to_owned(), Test::Yes))
                })
                .collect(),
            built_with: BTreeMap::new(),
        };
        assert_eq!(whole.members.len(), ARROWS.len(), "a crate has two lines");
        assert_eq!(whole.problems(), [""; 0]);
        assert!(
            whole
                .declared
                .iter()
                .all(|(_, to, _)| whole.members.contains(to)),
            "an arrow leads to a crate without a line"
        );
    }
}
