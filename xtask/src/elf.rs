//! The shared libraries that a program names in its ELF file: without one of them it does not start.

use std::ops::Range;

const PT_LOAD: u64 = 1;
const PT_DYNAMIC: u64 = 2;
const DT_NULL: u64 = 0;
const DT_NEEDED: u64 = 1;
const DT_STRTAB: u64 = 5;

/// The libraries needed by a 64-bit little-endian ELF file, in its order.
///
/// # Errors
/// It is no such file, or damaged.
pub fn needed(file: &[u8]) -> Result<Vec<String>, String> {
    if file.get(..6) != Some(b"\x7fELF\x02\x01".as_slice()) {
        return Err("not a 64-bit little-endian ELF file".to_owned());
    }
    let segments = segments(file).ok_or("its program headers are cut off")?;
    let Some(dynamic) = segments.iter().find(|segment| segment.kind == PT_DYNAMIC) else {
        // linked statically
        return Ok(Vec::new());
    };
    let entries: Vec<(u64, u64)> = file
        .get(dynamic.in_file.clone())
        .ok_or("its dynamic section is cut off")?
        .chunks_exact(16)
        .filter_map(|entry| Some((number(entry, 0, 8)?, number(entry, 8, 8)?)))
        .take_while(|(tag, _)| *tag != DT_NULL)
        .collect();
    let value = |wanted| {
        let mut entries = entries.iter();
        entries.find(|(tag, _)| *tag == wanted).map(|entry| entry.1)
    };
    let names = value(DT_STRTAB)
        .and_then(|address| {
            segments.iter().find_map(|segment| {
                let inside = address.checked_sub(segment.address)?;
                let at = segment.in_file.start + usize::try_from(inside).ok()?;
                (segment.kind == PT_LOAD && segment.in_file.contains(&at)).then_some(at)
            })
        })
        .ok_or("its names are in no segment")?;
    (entries.iter().filter(|(tag, _)| *tag == DT_NEEDED))
        .map(|(_, offset)| {
            let name = usize::try_from(*offset).ok().and_then(|offset| {
                let text = file.get(names + offset..)?;
                let end = text.iter().position(|byte| *byte == 0)?;
                String::from_utf8(text[..end].to_vec()).ok()
            });
            name.ok_or_else(|| "a library's name is cut off".to_owned())
        })
        .collect()
}

struct Segment {
    kind: u64,
    in_file: Range<usize>,
    /// Where it is loaded.
    address: u64,
}

fn segments(file: &[u8]) -> Option<Vec<Segment>> {
    let at = |offset, bytes| usize::try_from(number(file, offset, bytes)?).ok();
    let (start, size, count) = (at(0x20, 8)?, at(0x36, 2)?, at(0x38, 2)?);
    (0..count)
        .map(|index| {
            let header = start.checked_add(index * size)?;
            let offset = at(header + 8, 8)?;
            Some(Segment {
                kind: number(file, header, 4)?,
                in_file: offset..offset.checked_add(at(header + 32, 8)?)?,
                address: number(file, header + 16, 8)?,
            })
        })
        .collect()
}

/// The number of `bytes` bytes at `offset`.
fn number(file: &[u8], offset: usize, bytes: usize) -> Option<u64> {
    let digits = file.get(offset..offset.checked_add(bytes)?)?;
    Some((digits.iter().rev()).fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64"))]
    fn this_program_needs_the_c_library() {
        let file = std::fs::read("/proc/self/exe").unwrap();
        let needed = needed(&file).unwrap();
        assert!(needed.iter().any(|name| name == "libc.so.6"), "{needed:?}");
        for cut in [0, 5, 64, 200] {
            assert!(super::needed(&file[..cut]).is_err(), "{cut} bytes");
        }
    }

    #[test]
    fn other_files_are_refused() {
        assert!(needed(b"MZ").is_err());
        assert!(needed(b"\x7fELF\x01\x01").is_err());
    }
}
