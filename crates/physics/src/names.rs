//! The name that someone may have meant.

/// The one of `known` that is nearest to `name`: the same but for case and separators, the last part of it alone, or a
/// third of its letters away. Nothing where two are as near.
pub(crate) fn nearest<'a>(name: &str, known: &'a [String]) -> Option<&'a str> {
    let wanted = plain(name);
    let only = |is_it: &dyn Fn(&str) -> bool| {
        let mut found = known.iter().filter(|it| is_it(it));
        let first = found.next()?;
        found.next().is_none().then_some(first.as_str())
    };
    let last_part = |it: &str| it.rsplit_once('_').is_some_and(|(_, last)| last == wanted);
    if let Some(found) = only(&|it| plain(it) == wanted).or_else(|| only(&last_part)) {
        return Some(found);
    }
    let away = |it: &str| distance(&wanted, &plain(it));
    let least = known.iter().map(|it| away(it)).min()?;
    if 3 * least > wanted.chars().count() {
        return None;
    }
    only(&|it| away(it) == least)
}

/// Letters and digits alone, in lower case.
fn plain(name: &str) -> String {
    let kept = name.chars().filter(|c| c.is_alphanumeric());
    kept.flat_map(char::to_lowercase).collect()
}

/// How many letters are to be put in, taken out or changed.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let changed = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name() {
        let known = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        let leaves = known(&["prospect_4", "prospect_5", "prospect_5b", "prospect_d"]);
        for near in ["PROSPECT-D", "D", "prospectd", "prospect_D", "prospct_d"] {
            assert_eq!(nearest(near, &leaves), Some("prospect_d"), "{near}");
        }
        // as near to several, or to none
        for far in ["prospect_6", "prospect", "leaf", ""] {
            assert_eq!(nearest(far, &leaves), None, "{far}");
        }
        let parameters = known(&["N", "cab", "car", "LAI", "LAIu", "fc"]);
        assert_eq!(nearest("lai", &parameters), Some("LAI"));
        assert_eq!(nearest("cabs", &parameters), Some("cab"));
        assert_eq!(nearest("chlorophyll", &parameters), None);
        assert_eq!(nearest("x", &[]), None);
    }

    #[test]
    fn letters_between_names() {
        for (a, b, expected) in [
            ("", "abc", 3),
            ("abc", "abc", 0),
            ("abc", "adc", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(a, b), expected);
            assert_eq!(distance(b, a), expected);
        }
    }
}
