//! How fast tables are read and written: 12 columns in, 22 out.
//!
//! `cargo run --release -p tabular --example rows_per_second [rows]`

use ndarray::Array2;
use std::time::Instant;
use tabular::{OutputColumn, Wanted};

const BLOCK: usize = 8192;

fn columns(n: usize) -> Vec<OutputColumn> {
    let column = |i: usize| OutputColumn {
        name: format!("c{i}"),
        unit: "1".into(),
        description: String::new(),
    };
    (0..n).map(column).collect()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rows: usize = std::env::args()
        .nth(1)
        .map_or(Ok(500_000), |text| text.parse())?;
    let folder = tempfile::tempdir()?;
    for ending in ["csv", "parquet", "npy"] {
        for width in [12, 22] {
            let path = folder.path().join(format!("t{width}.{ending}"));
            // numbers with all their digits that do not repeat, as inferred ones
            let mut state = 1_u64;
            let values = Array2::from_shape_simple_fn((rows, width), || {
                state = state
                    .wrapping_mul(6364136223846793005)
                    .wrapping_add(1442695040888963407);
                (state >> 40) as f32 / (1 << 24) as f32
            });
            let start = Instant::now();
            let mut writer = tabular::create(&path, &[], &columns(width))?;
            for first in (0..rows).step_by(BLOCK) {
                let end = rows.min(first + BLOCK);
                writer.append(&[], values.slice(ndarray::s![first..end, ..]))?;
            }
            writer.finish()?;
            let written = start.elapsed().as_secs_f64();
            let start = Instant::now();
            let wanted = Wanted::numbers(columns(width).into_iter().map(|column| column.name));
            let mut table = tabular::open(&path, &wanted)?;
            let mut read = 0;
            while let Some(block) = table.next_block(BLOCK)? {
                read += block.rows();
            }
            assert_eq!(read, rows);
            println!(
                ".{ending}, {width} columns: read {:.0} rows/s, written {:.0} rows/s, {:.1} MB",
                rows as f64 / start.elapsed().as_secs_f64(),
                rows as f64 / written,
                std::fs::metadata(&path)?.len() as f64 / 1e6,
            );
        }
    }
    Ok(())
}
