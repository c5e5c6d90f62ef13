//! The XML of the GDAL_METADATA tag.
//!
//! ```xml
//! <GDALMetadata>
//!   <Item name="DESCRIPTION" sample="0" role="description">B02</Item>
//!   <Item name="MODEL">v3</Item>
//! </GDALMetadata>
//! ```

use std::fmt::Write;

/// One `Item`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) name: String,
    /// The band it speaks of, from 0; `None` for the whole file.
    pub(crate) sample: Option<usize>,
    /// What GDAL takes it for, such as `description`, `unittype`, `scale` or `offset`.
    pub(crate) role: Option<String>,
    pub(crate) text: String,
}

/// All items in their order. Metadata help to understand a file, so a broken item is passed over.
pub(crate) fn parse(xml: &str) -> Vec<Item> {
    let mut items = Vec::new();
    let mut rest = xml;
    while let Some(start) = rest.find("<Item") {
        rest = &rest[start + "<Item".len()..];
        let Some(end) = rest.find('>') else { break };
        let head = &rest[..end];
        rest = &rest[end + 1..];
        let text = if head.ends_with('/') {
            ""
        } else {
            let Some(end) = rest.find("</Item>") else {
                break;
            };
            let text = &rest[..end];
            rest = &rest[end..];
            text
        };
        let Some(name) = attribute(head, "name") else {
            continue;
        };
        items.push(Item {
            name,
            sample: attribute(head, "sample").and_then(|sample| sample.parse().ok()),
            role: attribute(head, "role"),
            // GDAL escapes the text of an item twice, and takes that back twice
            text: unescape(&unescape(text)),
        });
    }
    items
}

/// The tag's text.
pub(crate) fn write(items: &[Item]) -> String {
    let mut xml = String::from("<GDALMetadata>\n");
    for item in items {
        let _ = write!(xml, "  <Item name=\"{}\"", escape(&item.name));
        if let Some(sample) = item.sample {
            let _ = write!(xml, " sample=\"{sample}\"");
        }
        if let Some(role) = &item.role {
            let _ = write!(xml, " role=\"{}\"", escape(role));
        }
        let _ = writeln!(xml, ">{}</Item>", escape(&escape(&item.text)));
    }
    xml.push_str("</GDALMetadata>\n");
    xml
}

fn attribute(head: &str, name: &str) -> Option<String> {
    let mut rest = head;
    loop {
        let (key, behind) = rest.split_once('=')?;
        let behind = behind.trim_start();
        let quote = behind.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, behind) = behind[1..].split_once(quote)?;
        if key.trim() == name {
            return Some(unescape(value));
        }
        rest = behind;
    }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML 1.0 has no place for the other control characters, and NUL would end the tag
            c if c.is_control() && !matches!(c, '\n' | '\t') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let known = rest
            .find(';')
            .and_then(|end| Some((entity(&rest[1..end])?, end)));
        if let Some((character, end)) = known {
            out.push(character);
            rest = &rest[end + 1..];
        } else {
            out.push('&');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let items = vec![
            Item {
                name: "DESCRIPTION".into(),
                sample: Some(3),
                role: Some("description".into()),
                text: "LAI <\"&'> ü".into(),
            },
            Item {
                name: "a & b".into(),
                sample: None,
                role: None,
                text: "{\"x\": 1}\nline".into(),
            },
        ];
        assert_eq!(parse(&write(&items)), items);
    }

    #[test]
    fn broken_items_are_passed_over() {
        assert_eq!(parse("<Item name=\"a\">never closed"), []);
        assert_eq!(parse("<Item name=>x</Item><Item name='b' />")[0].name, "b");
        assert_eq!(
            parse("<Item name='c'>&#x41;&#66;&nonsense;&</Item>")[0].text,
            "AB&nonsense;&"
        );
        assert_eq!(parse("<Item"), []);
    }
}
