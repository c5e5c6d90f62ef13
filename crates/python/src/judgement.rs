//! What is said of observations that are not what they are given as, with the arguments of `Model.infer` that mend it.

use data::Contradiction;

/// What the configuration of a run calls things, and the arguments of Python that do the same; longer names first.
const ARGUMENTS: [(&str, &str); 10] = [
    (
        "declare values: sentinel2_l2a, sentinel2_l2a_before_0400 or digital_numbers",
        "say so with digital_numbers=(scale, offset), which is (1e-4, -1000) for Sentinel-2 from baseline 04.00 on and \
         (1e-4, 0) before",
    ),
    (
        "declare their own scale and offset: values: digital_numbers with digital_numbers",
        "say their own scale and offset with digital_numbers=(scale, offset)",
    ),
    (
        "say what they are without that scale: values: digital_numbers with scale 1 and offset 0 takes the numbers as they \
         are stored",
        "leave that scale out",
    ),
    (
        "declare values: percent",
        "say so with digital_numbers=(0.01, 0)",
    ),
    ("declare values: reflectance", "leave digital_numbers out"),
    ("declare nodata: ", "say so with nodata="),
    (
        "declare that number as nodata (",
        "take the rows out that have it (",
    ),
    (" (in a GeoTIFF a scale of 0.01 of that band does it)", ""),
    (
        "values: sentinel2_l2a_before_0400",
        "digital_numbers=(1e-4, 0)",
    ),
    ("values: sentinel2_l2a", "digital_numbers=(1e-4, -1000)"),
];

fn in_python(text: &str) -> String {
    ARGUMENTS
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// Why observations are refused, and what to do.
pub fn contradicted(what: &Contradiction) -> String {
    let declared = what.declared.replace('_', " ");
    let (likely, cure) = (what.likely, in_python(&what.cure));
    format!(
        "what is given as {declared} looks like {likely}: {}; {cure}",
        what.evidence
    )
}

/// What is likely wrong with observations.
pub fn doubted(sentence: &str) -> String {
    in_python(sentence)
}
