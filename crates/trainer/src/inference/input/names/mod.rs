//! Which column or band is meant by a name.

mod sentinel2;

use sentinel2::{band_of, common_band, common_band_at_end, plain};

/// A column of a table, or a band of a raster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// Its own name, where it has one: a column's, a band's description.
    pub(crate) name: Option<String>,
    /// The name of its file without the ending, where it is the only band in there.
    pub(crate) file: Option<String>,
}

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sought<'a> {
    pub(crate) name: &'a str,
    /// Whether words such as `blue` and `nir08` may stand for it: it is a channel of Sentinel-2, and its user named no
    /// column.
    pub(crate) by_common_name: bool,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotFound {
    /// Nothing has such a name.
    Nowhere,
    /// These have.
    Several(Vec<usize>),
}

/// The number of the candidate with a name: the first of these rules that any candidate fulfils must be fulfilled by one
/// alone.
///
/// 1. its own name, letter by letter; 2. in upper or lower case; 3. a part of its file's name; 4. its own name as programs
///    write it around the band (`B2`, `B02_20m`, `T33UXP_20230101T100319_B02_20m.jp2`); 5. its file's name so; 6. and 7. a
///    common name (`blue`), its own or in its file's name.
///
/// A file's name counts only where the band's own name says no other band of Sentinel-2.
pub(crate) fn find(sought: Sought, candidates: &[Candidate]) -> Result<usize, NotFound> {
    let wanted = sought.name;
    let band = band_of(wanted);
    let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
    let own = |it: &Candidate, is_it: &dyn Fn(&str) -> bool| it.name.as_deref().is_some_and(is_it);
    let in_file = |it: &Candidate, is_it: &dyn Fn(&str) -> bool| {
        let says_another = |name: &str| {
            let said = band_of(name).or_else(|| common_band(name));
            said.is_some() && band.is_some() && said != band
        };
        !it.name.as_deref().is_some_and(says_another) && it.file.as_deref().is_some_and(is_it)
    };
    let as_written = |name: &str| match &band {
        Some(_) => band_of(name) == band,
        None => plain(name).is_some_and(|it| Some(it) == plain(wanted)),
    };
    let by_word = |name: &str| sought.by_common_name && band.is_some() && common_band(name) == band;
    let rules: [&dyn Fn(&Candidate) -> bool; 7] = [
        &|it| own(it, &|name| name == wanted),
        &|it| own(it, &|name| same(name, wanted)),
        &|it| in_file(it, &|name| parts(name).any(|part| same(part, wanted))),
        &|it| own(it, &as_written),
        &|it| in_file(it, &as_written),
        &|it| own(it, &by_word),
        &|it| {
            in_file(it, &|name| {
                sought.by_common_name && band.is_some() && common_band_at_end(name) == band
            })
        },
    ];
    for rule in rules {
        let found: Vec<usize> = (0..candidates.len())
            .filter(|&i| rule(&candidates[i]))
            .collect();
        match found[..] {
            [] => {}
            [one] => return Ok(one),
            _ => return Err(NotFound::Several(found)),
        }
    }
    Err(NotFound::Nowhere)
}

/// Whether these are the names of Sentinel-2's bands, so that common names mean what they do there.
pub(crate) fn are_of_sentinel2(channels: &[String]) -> bool {
    let has_own_form = |name: &String| {
        let name = name.to_ascii_uppercase();
        name.starts_with("B0") || name.starts_with("B8A")
    };
    channels.iter().all(|name| band_of(name).is_some()) && channels.iter().any(has_own_form)
}

/// Which of the channels is Sentinel-2's blue one.
pub(crate) fn blue(channels: &[String]) -> Option<usize> {
    let is_blue = |name: &String| band_of(name).as_deref() == Some("B02");
    are_of_sentinel2(channels).then(|| channels.iter().position(is_blue))?
}

fn parts(name: &str) -> impl Iterator<Item = &str> {
    name.split(['_', '-', '.', ' '])
}

#[cfg(test)]
mod tests;
