//! The footer of a parquet file, looked through before the parquet crate reads it.
//!
//! That crate makes room for as many row groups and nested columns as a footer claims, and follows nesting
//! of any depth by recursion: either ends the program where no error can be caught. This walks the same bytes
//! (Thrift's compact protocol, <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>)
//! without keeping anything.

/// Deepest nesting of structures, and of columns.
const DEEPEST: usize = 64;

/// Largest structure of the parquet crate that is made for one element of a list, bytes, generously.
const LARGEST_ELEMENT: usize = 1 << 10;

/// Most bytes that lists may take by what they claim.
const MOST_CLAIMED: usize = 1 << 30;

const BOOLEANS: [u8; 2] = [1, 2];

struct Walk<'a> {
    bytes: &'a [u8],
    /// Children of each element of the schema, in the file's order.
    children: Vec<usize>,
}

/// Whether all that a footer claims is there.
pub(crate) fn is_sound(footer: &[u8]) -> bool {
    let mut walk = Walk {
        bytes: footer,
        children: Vec::new(),
    };
    walk.structure(Part::File, 0).is_some() && nesting_is_sound(&walk.children)
}

/// Where in a footer a structure is, as far as it matters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    File,
    SchemaElement,
    Other,
}

impl Walk<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(first)
    }

    fn unsigned(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn signed(&mut self) -> Option<i64> {
        let zigzag = self.unsigned()?;
        Some((zigzag >> 1) as i64 ^ -((zigzag & 1) as i64))
    }

    fn pass(&mut self, length: usize) -> Option<()> {
        self.bytes = self.bytes.get(length..)?;
        Some(())
    }

    fn structure(&mut self, part: Part, depth: usize) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        let mut field = 0_i64;
        let mut children = 0;
        loop {
            let start = self.byte()?;
            let kind = start & 0x0f;
            if kind == 0 {
                break;
            }
            field = match start >> 4 {
                0 => self.signed()?,
                more => field.checked_add(i64::from(more))?,
            };
            match (part, field, kind) {
                (Part::SchemaElement, 5, 5) => children = usize::try_from(self.signed()?).ok()?,
                (Part::File, 2, 9) => self.list(Part::SchemaElement, depth)?,
                _ if BOOLEANS.contains(&kind) => {}
                _ => self.value(kind, Part::Other, depth)?,
            }
        }
        if part == Part::SchemaElement {
            self.children.push(children);
        }
        Some(())
    }

    fn value(&mut self, kind: u8, part: Part, depth: usize) -> Option<()> {
        match kind {
            // a boolean in a list takes a byte, a field of that type none
            1..=3 => self.pass(1),
            4..=6 => self.unsigned().map(|_| ()),
            7 => self.pass(8),
            8 => {
                let length = usize::try_from(self.unsigned()?).ok()?;
                self.pass(length)
            }
            9 | 10 => self.list(Part::Other, depth),
            12 => self.structure(part, depth + 1),
            // maps and what is unknown are in no footer
            _ => None,
        }
    }

    fn list(&mut self, part: Part, depth: usize) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        let start = self.byte()?;
        let length = match start >> 4 {
            15 => usize::try_from(self.unsigned()?).ok()?,
            length => usize::from(length),
        };
        // every element takes a byte at least, in the file and up to a structure's size in memory
        let claimed = length.checked_mul(LARGEST_ELEMENT)?;
        if length > self.bytes.len() || claimed > MOST_CLAIMED {
            return None;
        }
        for _ in 0..length {
            self.value(start & 0x0f, part, depth + 1)?;
        }
        Some(())
    }
}

/// Whether the elements of a schema, each followed by its children, are one tree that is not too deep.
fn nesting_is_sound(children: &[usize]) -> bool {
    // children still to come, of each element that is open
    let mut open: Vec<usize> = vec![1];
    for &children in children {
        while open.last() == Some(&0) {
            open.pop();
        }
        let Some(left) = open.last_mut() else {
            return false;
        };
        *left -= 1;
        if children > 0 {
            open.push(children);
        }
        if open.len() > DEEPEST {
            return false;
        }
    }
    open.iter().all(|&left| left == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A footer with these elements of a schema and so many row groups claimed.
    fn footer(children: &[u8], row_groups: &[u8]) -> Vec<u8> {
        // version, then the schema: a list of structures with a name and a number of children
        let mut bytes = vec![0x15, 2, 0x19, 0xfc, children.len() as u8];
        for &children in children {
            bytes.extend([0x48, 1, b'x', 0x15, children << 1, 0]);
        }
        // the number of rows, the row groups
        bytes.extend([0x16, 0, 0x19]);
        bytes.extend(row_groups);
        bytes.push(0);
        bytes
    }

    #[test]
    fn a_sound_one() {
        assert!(is_sound(&footer(&[2, 0, 1, 0], &[0x0c])));
        for length in 0..footer(&[2, 0, 0], &[0x0c]).len() {
            assert!(!is_sound(&footer(&[2, 0, 0], &[0x0c])[..length]));
        }
    }

    #[test]
    fn more_row_groups_than_bytes() {
        assert!(!is_sound(&footer(
            &[1, 0],
            &[0xfc, 0xff, 0xff, 0xff, 0xff, 0x07]
        )));
    }

    #[test]
    fn more_columns_than_there_are_or_too_deep_ones() {
        for children in [&[3_u8, 0, 0][..], &[1, 0, 0], &[1, 1]] {
            assert!(!is_sound(&footer(children, &[0x0c])), "{children:?}");
        }
        let mut deep = vec![1; 60];
        deep.push(0);
        assert!(is_sound(&footer(&deep, &[0x0c])));
        deep.splice(0..0, vec![1; 10]);
        assert!(!is_sound(&footer(&deep, &[0x0c])));
    }
}
