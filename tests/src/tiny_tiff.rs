//! A small TIFF writer for tests: any tags, any order of bytes and bits, any packing, several images.

use std::io::Write;

/// The values of a tag.
#[derive(Clone, Debug)]
pub enum Value {
    /// Field type 1.
    Bytes(Vec<u8>),
    /// Field type 2.
    Text(String),
    /// Field type 3.
    Shorts(Vec<u16>),
    /// Field type 4.
    Longs(Vec<u32>),
    /// Field type 11.
    Floats(Vec<f32>),
    /// Field type 12.
    Doubles(Vec<f64>),
    /// Field type 5, numerators and denominators.
    Rationals(Vec<(u32, u32)>),
    /// Any other field type, its number of values and its bytes as they are.
    Raw(u16, u32, Vec<u8>),
}

/// How the numbers of an image are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// As they are.
    None,
    /// Deflate.
    Deflate,
    /// PackBits, in literal runs.
    PackBits,
}

/// One image; numbers are rows x columns x bands.
#[derive(Clone, Debug)]
pub struct Image {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Bands.
    pub bands: usize,
    /// Bits of a number.
    pub bits: usize,
    /// 1 unsigned, 3 float.
    pub format: u16,
    /// The bits of each number.
    pub numbers: Vec<u64>,
    /// Bands lie one behind the other.
    pub planar: bool,
    /// Size of a tile, or rows of a strip beside 0.
    pub chunk: (usize, usize),
    /// How chunks are coded.
    pub coding: Coding,
    /// 2: the bits of every byte lie the other way round.
    pub fill_order: u16,
    /// What else is said; instead of an own tag of the same number.
    pub tags: Vec<(u16, Value)>,
}

impl Image {
    /// Bands of unsigned numbers in one strip.
    pub fn new(size: (usize, usize), bands: usize, bits: usize, numbers: Vec<u64>) -> Self {
        Self {
            width: size.0,
            height: size.1,
            bands,
            bits,
            format: 1,
            numbers,
            planar: false,
            chunk: (0, size.1),
            coding: Coding::None,
            fill_order: 1,
            tags: Vec::new(),
        }
    }

    /// The same image with one more tag.
    #[must_use]
    pub fn with(mut self, tag: u16, value: Value) -> Self {
        self.tags.push((tag, value));
        self
    }

    /// The coded bytes of all chunks.
    fn chunks(&self, big_endian: bool) -> Vec<Vec<u8>> {
        let (chunk_width, chunk_height) = match self.chunk {
            (0, rows) => (self.width, rows),
            tile => tile,
        };
        let planes = if self.planar { self.bands } else { 1 };
        let mut chunks = Vec::new();
        for plane in 0..planes {
            for top in (0..self.height).step_by(chunk_height) {
                for left in (0..self.width).step_by(chunk_width) {
                    let mut bytes = Vec::new();
                    let rows = match self.chunk.0 {
                        0 => chunk_height.min(self.height - top),
                        _ => chunk_height,
                    };
                    for row in top..top + rows {
                        let mut numbers = Vec::new();
                        for col in left..left + chunk_width {
                            for band in 0..self.bands {
                                if planes == 1 || band == plane {
                                    let inside = row < self.height && col < self.width;
                                    let at = (row * self.width + col) * self.bands + band;
                                    numbers.push(if inside { self.numbers[at] } else { 0 });
                                }
                            }
                        }
                        bytes.extend(pack(&numbers, self.bits, self.format, big_endian));
                    }
                    let mut coded = code(&bytes, self.coding);
                    if self.fill_order == 2 {
                        for byte in &mut coded {
                            *byte = byte.reverse_bits();
                        }
                    }
                    chunks.push(coded);
                }
            }
        }
        chunks
    }
}

/// A row of numbers: whole bytes in the file's order, others bit behind bit, the last byte filled with zeros.
fn pack(numbers: &[u64], bits: usize, format: u16, big_endian: bool) -> Vec<u8> {
    if matches!(bits, 8 | 16 | 24 | 32 | 64) || format == 3 {
        let bytes = bits / 8;
        return numbers
            .iter()
            .flat_map(|number| {
                let all = number.to_be_bytes();
                let mut own = all[8 - bytes..].to_vec();
                // GDAL turns unsigned numbers of 24 bits the other way round
                if big_endian == (bits == 24 && format == 1) {
                    own.reverse();
                }
                own
            })
            .collect();
    }
    let mut row = vec![0_u8; (numbers.len() * bits).div_ceil(8)];
    for (at, number) in numbers.iter().enumerate() {
        for bit in 0..bits {
            let place = at * bits + bit;
            let one = (number >> (bits - 1 - bit) & 1) as u8;
            row[place / 8] |= one << (7 - place % 8);
        }
    }
    row
}

fn code(bytes: &[u8], coding: Coding) -> Vec<u8> {
    match coding {
        Coding::None => bytes.to_vec(),
        Coding::Deflate => {
            let mut out = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
            out.write_all(bytes).expect("memory is written");
            out.finish().expect("memory is written")
        }
        Coding::PackBits => {
            let runs = bytes.chunks(128);
            let runs = runs.flat_map(|run| [&[run.len() as u8 - 1], run].concat());
            runs.collect()
        }
    }
}

/// The bytes of a TIFF, or of a BigTIFF, of these images.
pub fn tiff(images: &[Image], big_endian: bool, big: bool) -> Vec<u8> {
    let order = |bytes: &[u8]| -> Vec<u8> {
        // `bytes` are given most significant first
        let mut bytes = bytes.to_vec();
        if !big_endian {
            bytes.reverse();
        }
        bytes
    };
    let offset = |value: usize| {
        if big {
            order(&(value as u64).to_be_bytes())
        } else {
            order(&(value as u32).to_be_bytes())
        }
    };
    let mut file = if big_endian {
        b"MM".to_vec()
    } else {
        b"II".to_vec()
    };
    if big {
        file.extend(order(&43_u16.to_be_bytes()));
        file.extend(order(&8_u16.to_be_bytes()));
        file.extend([0, 0]);
    } else {
        file.extend(order(&42_u16.to_be_bytes()));
    }
    let mut link = file.len();
    file.extend(offset(0));
    for image in images {
        let (mut offsets, mut counts) = (Vec::new(), Vec::new());
        for chunk in image.chunks(big_endian) {
            offsets.push(file.len() as u32);
            counts.push(chunk.len() as u32);
            file.extend(chunk);
        }
        let bands = image.bands;
        let compression = match image.coding {
            Coding::None => 1,
            Coding::Deflate => 8,
            Coding::PackBits => 32773,
        };
        let mut tags = vec![
            (256, Value::Longs(vec![image.width as u32])),
            (257, Value::Longs(vec![image.height as u32])),
            (258, Value::Shorts(vec![image.bits as u16; bands])),
            (259, Value::Shorts(vec![compression])),
            (262, Value::Shorts(vec![1])),
            (266, Value::Shorts(vec![image.fill_order])),
            (277, Value::Shorts(vec![bands as u16])),
            (284, Value::Shorts(vec![if image.planar { 2 } else { 1 }])),
            (339, Value::Shorts(vec![image.format; bands])),
        ];
        if image.chunk.0 == 0 {
            tags.push((273, Value::Longs(offsets)));
            tags.push((278, Value::Longs(vec![image.chunk.1 as u32])));
            tags.push((279, Value::Longs(counts)));
        } else {
            tags.push((322, Value::Longs(vec![image.chunk.0 as u32])));
            tags.push((323, Value::Longs(vec![image.chunk.1 as u32])));
            tags.push((324, Value::Longs(offsets)));
            tags.push((325, Value::Longs(counts)));
        }
        if bands > 1 {
            tags.push((338, Value::Shorts(vec![0; bands - 1])));
        }
        for (tag, value) in &image.tags {
            tags.retain(|(own, _)| own != tag);
            tags.push((*tag, value.clone()));
        }
        tags.sort_by_key(|(tag, _)| *tag);
        let mut entries = Vec::new();
        for (tag, value) in &tags {
            let (kind, count, bytes) = value.bytes(&order);
            entries.extend(order(&tag.to_be_bytes()));
            entries.extend(order(&kind.to_be_bytes()));
            entries.extend(offset(count));
            let field = if big { 8 } else { 4 };
            if bytes.len() <= field {
                entries.extend(&bytes);
                entries.extend(vec![0; field - bytes.len()]);
            } else {
                entries.extend(offset(file.len()));
                file.extend(bytes);
            }
        }
        let here = offset(file.len());
        file[link..link + here.len()].copy_from_slice(&here);
        if big {
            file.extend(order(&(tags.len() as u64).to_be_bytes()));
        } else {
            file.extend(order(&(tags.len() as u16).to_be_bytes()));
        }
        file.extend(entries);
        link = file.len();
        file.extend(offset(0));
    }
    file
}

impl Value {
    /// Field type, number of values and bytes.
    fn bytes(&self, order: &impl Fn(&[u8]) -> Vec<u8>) -> (u16, usize, Vec<u8>) {
        match self {
            Self::Bytes(values) => (1, values.len(), values.clone()),
            Self::Text(text) => (2, text.len() + 1, [text.as_bytes(), &[0]].concat()),
            Self::Shorts(values) => {
                let bytes = values.iter().flat_map(|value| order(&value.to_be_bytes()));
                (3, values.len(), bytes.collect())
            }
            Self::Longs(values) => {
                let bytes = values.iter().flat_map(|value| order(&value.to_be_bytes()));
                (4, values.len(), bytes.collect())
            }
            Self::Floats(values) => {
                let bytes = values.iter().flat_map(|value| order(&value.to_be_bytes()));
                (11, values.len(), bytes.collect())
            }
            Self::Doubles(values) => {
                let bytes = values.iter().flat_map(|value| order(&value.to_be_bytes()));
                (12, values.len(), bytes.collect())
            }
            Self::Rationals(values) => {
                let both = values.iter().flat_map(|(a, b)| [*a, *b]);
                let bytes = both.flat_map(|value| order(&value.to_be_bytes()));
                (5, values.len(), bytes.collect())
            }
            Self::Raw(kind, count, bytes) => (*kind, *count as usize, bytes.clone()),
        }
    }
}
