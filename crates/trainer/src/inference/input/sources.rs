//! Where the numbers that a plan asks for are in tables and rasters.

use super::names::{Candidate, NotFound, Sought, find};
use super::plan::{InputPlan, Role};
use crate::TrainerError;
use raster::{BandChoice, RasterFile};
use std::path::Path;

impl InputPlan {
    /// The bands of files, in the order of [`InputPlan::numbers`].
    ///
    /// # Errors
    /// A band that is nowhere or in several places; the message says what to type.
    pub(crate) fn bands(&self, files: &[RasterFile]) -> Result<Vec<BandChoice>, TrainerError> {
        let mut places = vec![];
        let mut candidates = vec![];
        for (at, file) in files.iter().enumerate() {
            let stem = file.path().file_stem().and_then(|stem| stem.to_str());
            let alone = file.bands().len() == 1;
            for (band, info) in file.bands().iter().enumerate() {
                places.push((at, band));
                candidates.push(Candidate {
                    name: info.name.clone(),
                    file: stem.filter(|_| alone).map(str::to_owned),
                });
            }
        }
        let shown = |i: usize| {
            let (at, band) = places[i];
            let place = format!("{}:{}", at + 1, band + 1);
            let file = files[at].path().file_name().unwrap_or_default().display();
            match &candidates[i].name {
                Some(name) if candidates[i].file.is_none() => format!("{place} {name}"),
                Some(name) => format!("{place} {name} of {file}"),
                None => format!("{place} of {file}"),
            }
        };
        let place = |text: &str| numbered(text, files);
        let mut choices = vec![];
        let mut taken: Vec<(usize, usize)> = vec![];
        for (k, name) in self.numbers.iter().enumerate() {
            let found = match place(name) {
                Some(found) => found,
                None => find(self.sought(k), &candidates),
            };
            let refuse = |problem: String| TrainerError::NotFound {
                problem: format!("band {name:?} {problem}"),
                role: self.role(k).clone(),
                by_number: true,
            };
            let list = |all: &mut dyn Iterator<Item = usize>| {
                all.map(shown).collect::<Vec<_>>().join(", ")
            };
            let i = found.map_err(|why| match why {
                NotFound::Nowhere => refuse(format!(
                    "is in none of the files; there are: {}",
                    list(&mut (0..candidates.len()))
                )),
                NotFound::Several(all) => refuse(format!(
                    "is there more than once: {}",
                    list(&mut all.into_iter())
                )),
            })?;
            if let Some((other, _)) = taken.iter().find(|(_, taken)| *taken == i)
                && matches!(
                    (self.role(*other), self.role(k)),
                    (Role::Channel(_), Role::Channel(_))
                )
            {
                return Err(refuse(format!(
                    "is {}, which {} is too",
                    shown(i),
                    self.numbers[*other]
                )));
            }
            taken.push((k, i));
            let (file, band) = places[i];
            let chosen = format!("{}:{}", file + 1, band + 1);
            choices.push(match self.role(k) {
                Role::Mask => BandChoice::categorical(chosen),
                _ => BandChoice::new(chosen),
            });
        }
        Ok(choices)
    }

    /// The columns of a table, in the order of [`InputPlan::numbers`].
    ///
    /// # Errors
    /// A column that is nowhere or in several places; the message says what to type.
    pub(crate) fn columns(
        &self,
        path: &Path,
        there: &[String],
    ) -> Result<Vec<String>, TrainerError> {
        let of = |name: &String| Candidate {
            name: Some(name.clone()),
            file: None,
        };
        let candidates: Vec<Candidate> = there.iter().map(of).collect();
        let mut columns: Vec<String> = vec![];
        for (k, name) in self.numbers.iter().enumerate() {
            let refuse = |problem: String| TrainerError::NotFound {
                problem: format!("{}: {problem}", path.display()),
                role: self.role(k).clone(),
                by_number: false,
            };
            let at = match find(self.sought(k), &candidates) {
                Ok(at) => at,
                // the reader says where they are
                Err(NotFound::Several(all)) if all.iter().all(|&i| there[i] == *name) => all[0],
                Err(NotFound::Several(all)) => {
                    let all: Vec<&String> = all.into_iter().map(|i| &there[i]).collect();
                    return Err(refuse(format!(
                        "the column {name:?} could be any of {all:?}"
                    )));
                }
                Err(NotFound::Nowhere) => {
                    return Err(refuse(format!(
                        "no column {name:?}; the columns are {there:?}"
                    )));
                }
            };
            let is_channel = |k: usize| matches!(self.role(k), Role::Channel(_));
            let before = columns.iter().position(|it| *it == there[at]);
            if let Some(other) = before.filter(|&other| is_channel(other) && is_channel(k)) {
                return Err(refuse(format!(
                    "the column {:?} is {:?} and {name:?}",
                    there[at], self.numbers[other]
                )));
            }
            columns.push(there[at].clone());
        }
        Ok(columns)
    }

    fn sought(&self, k: usize) -> Sought<'_> {
        Sought {
            name: &self.numbers[k],
            by_common_name: self.means_sentinel2
                && matches!(self.role(k), Role::Channel(name) if *name == self.numbers[k]),
        }
    }
}

/// The place among all bands that `3` or `2:1` stands for; `None` of other text.
fn numbered(text: &str, files: &[RasterFile]) -> Option<Result<usize, NotFound>> {
    let number = |text: &str| text.trim().parse::<usize>().ok();
    let bands = |at: usize| files.get(at).map_or(0, |file| file.bands().len());
    let before = |at: usize| (0..at).map(bands).sum::<usize>();
    let place = if let Some((file, band)) = text.split_once(':') {
        let (file, band) = (number(file)?, number(band)?);
        let place = file.checked_sub(1).zip(band.checked_sub(1));
        place.and_then(|(file, band)| (band < bands(file)).then(|| before(file) + band))
    } else {
        let at = number(text)?.checked_sub(1);
        at.filter(|at| *at < before(files.len()))
    };
    Some(place.ok_or(NotFound::Nowhere))
}
