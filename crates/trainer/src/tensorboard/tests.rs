//! The writer, read back by an independent little reader.

use super::*;
use crate::disk::Disk;
use std::collections::BTreeMap;

/// What a field holds.
#[derive(Debug, PartialEq)]
enum Field {
    Varint(u64),
    Eight([u8; 8]),
    Bytes(Vec<u8>),
    Four([u8; 4]),
}

/// CRC32C bit by bit, reflected polynomial 0x82f63b78.
fn slow_crc32c(data: &[u8]) -> u32 {
    !data.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                crc >> 1 ^ 0x82f6_3b78
            } else {
                crc >> 1
            }
        })
    })
}

/// The masked sums as the reader of TensorFlow undoes them.
fn assert_sum(stored: &[u8], data: &[u8]) {
    let masked = u32::from_le_bytes(stored.try_into().unwrap()).wrapping_sub(0xa282_ead8);
    assert_eq!(masked.rotate_left(15), slow_crc32c(data));
}

fn records(mut file: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![];
    while !file.is_empty() {
        let length = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
        assert_sum(&file[8..12], &file[..8]);
        let data = &file[12..12 + length];
        assert_sum(&file[12 + length..16 + length], data);
        all.push(data.to_vec());
        file = &file[16 + length..];
    }
    all
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = bytes[0];
        *bytes = &bytes[1..];
        value |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte < 0x80 {
            return value;
        }
    }
}

fn fields(mut bytes: &[u8]) -> Vec<(u64, Field)> {
    let mut all = vec![];
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let length = match key & 7 {
            0 => {
                all.push((key >> 3, Field::Varint(varint(&mut bytes))));
                continue;
            }
            1 => 8,
            2 => varint(&mut bytes) as usize,
            5 => 4,
            other => panic!("wire type {other}"),
        };
        let (held, rest) = bytes.split_at(length);
        bytes = rest;
        let field = match key & 7 {
            1 => Field::Eight(held.try_into().unwrap()),
            2 => Field::Bytes(held.to_vec()),
            _ => Field::Four(held.try_into().unwrap()),
        };
        all.push((key >> 3, field));
    }
    all
}

/// (step, tag → value) of each event with values.
fn scalars(file: &Path) -> Vec<(u64, BTreeMap<String, f32>)> {
    let mut all = vec![];
    for record in records(&std::fs::read(file).unwrap()) {
        let event = fields(&record);
        let [
            (1, Field::Eight(_)),
            (2, Field::Varint(step)),
            (5, Field::Bytes(summary)),
        ] = &event[..]
        else {
            continue;
        };
        let values = fields(summary).into_iter().map(|(number, value)| {
            let Field::Bytes(value) = value else {
                panic!("{number}")
            };
            match &fields(&value)[..] {
                [(1, Field::Bytes(tag)), (2, Field::Four(simple))] => (
                    String::from_utf8(tag.clone()).unwrap(),
                    f32::from_le_bytes(*simple),
                ),
                other => panic!("{other:?}"),
            }
        });
        all.push((*step, values.collect()));
    }
    all
}

#[test]
fn sums_are_those_of_the_standard() {
    // RFC 3720, B.4: 32 bytes of zero
    assert_eq!(slow_crc32c(&[0; 32]), 0x8a91_36aa);
    assert_eq!(crc32c::crc32c(&[0; 32]), 0x8a91_36aa);
}

#[test]
fn bytes_are_those_of_the_formats() {
    let value = Message::new()
        .text(value::TAG, "a")
        .float(value::SIMPLE, 1.0);
    let values = Message::new().message(summary::VALUE, &value);
    let event = Message::new()
        .double(event::WALL_TIME, 1.0)
        .integer(event::STEP, 300)
        .message(event::SUMMARY, &values);
    let literal = [
        0x09, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, // 1: double 1
        0x10, 0xac, 0x02, // 2: 300
        0x2a, 10, 0x0a, 8, // 5: Summary of one value
        0x0a, 1, b'a', 0x15, 0, 0, 0x80, 0x3f, // "a", float 1
    ];
    assert_eq!(event.0, literal);
}

#[test]
fn a_file_starts_with_its_version_and_the_time() {
    let folder = tempfile::tempdir().unwrap();
    let before = wall_time();
    let writer = EventWriter::create(&Disk::default(), folder.path()).unwrap();
    let name = writer.path().file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("events.out.tfevents."), "{name}");
    let written = records(&std::fs::read(writer.path()).unwrap());
    assert_eq!(written.len(), 1);
    let event = fields(&written[0]);
    let (1, Field::Eight(time)) = &event[0] else {
        panic!("{event:?}")
    };
    assert!((before..=wall_time()).contains(&f64::from_le_bytes(*time)));
    assert!(before > 1.7e9);
    assert_eq!(
        event[1..],
        [
            (2, Field::Varint(0)),
            (3, Field::Bytes(b"brain.Event:2".to_vec()))
        ]
    );
}

#[test]
fn values_of_any_kind_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = EventWriter::create(&Disk::default(), folder.path()).unwrap();
    let long = "ü".repeat(200);
    let cases = [
        ("zero", 0.0, 0.0),
        ("small", 3e-4, 3e-4),
        ("too large", -1e300, f32::MIN),
        ("infinite", f64::INFINITY, f32::INFINITY),
        (long.as_str(), 1.0, 1.0),
    ];
    for (step, (tag, value, _)) in cases.iter().enumerate() {
        writer.scalar(tag, step as u64, *value).unwrap();
    }
    writer.scalar("nan", u64::from(u32::MAX), f64::NAN).unwrap();
    let read = scalars(writer.path());
    for (step, (tag, _, kept)) in cases.iter().enumerate() {
        assert_eq!(
            read[step],
            (step as u64, BTreeMap::from([((*tag).to_owned(), *kept)]))
        );
    }
    assert!(read[cases.len()].1["nan"].is_nan());
    assert_eq!(read[cases.len()].0, u64::from(u32::MAX));
}

fn record(epoch: usize) -> EpochRecord {
    EpochRecord {
        epoch,
        phase: Phase::Train,
        beta: 0.5,
        lr: 0.25,
        best: true,
        train: Measures {
            rec: Some(2.0),
            gradient_norm: Some(f64::NAN),
            non_finite_gradients: Some(3),
            ..Measures::default()
        },
        valid: Measures {
            kl_per_dimension: Some(NamedValues(vec![
                ("cab".into(), 1.5),
                ("aux_1".into(), 0.0),
            ])),
            ..Measures::default()
        },
    }
}

#[test]
fn an_epoch_is_one_event_of_all_it_measured() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = EventWriter::create(&Disk::default(), folder.path()).unwrap();
    writer.write_epoch(&record(7)).unwrap();
    let read = scalars(writer.path());
    assert_eq!(read.len(), 1);
    let (step, values) = &read[0];
    assert_eq!(*step, 7);
    assert!(values["train/gradient_norm"].is_nan());
    let finite: Vec<(&str, f32)> = values
        .iter()
        .filter(|(_, v)| v.is_finite())
        .map(|(n, v)| (n.as_str(), *v))
        .collect();
    assert_eq!(
        finite,
        [
            ("beta", 0.5),
            ("lr", 0.25),
            ("phase", 1.0),
            ("train/non_finite_gradients", 3.0),
            ("train/rec", 2.0),
            ("valid/kl_per_dimension/aux_1", 0.0),
            ("valid/kl_per_dimension/cab", 1.5),
        ]
    );
}

#[test]
fn a_resumed_run_gets_its_own_file_that_replaces_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let first = EventWriter::create(&Disk::default(), folder.path()).unwrap();
    let bytes = std::fs::read(first.path()).unwrap();
    let epochs = [record(0), record(1)];
    let mut second = EventWriter::append(&Disk::default(), folder.path(), &epochs).unwrap();
    second.write_epoch(&record(2)).unwrap();
    assert!(second.path() > first.path());
    assert_eq!(std::fs::read(first.path()).unwrap(), bytes);
    let written = records(&std::fs::read(second.path()).unwrap());
    let start = fields(&written[1]);
    assert_eq!(
        start[1..],
        [(2, Field::Varint(0)), (7, Field::Bytes(vec![0x08, 1]))]
    );
    let steps: Vec<u64> = scalars(second.path())
        .iter()
        .map(|(step, _)| *step)
        .collect();
    assert_eq!(steps, [0, 1, 2]);
}

#[test]
fn a_missing_folder_is_an_error_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let error = EventWriter::create(&Disk::default(), &folder.path().join("absent"))
        .unwrap_err()
        .to_string();
    assert!(error.contains("absent"), "{error}");
}
