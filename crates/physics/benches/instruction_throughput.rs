//! How many of the processor's vector instructions end per nanosecond: one of each kind alone, from
//! registers, in independent chains. Prints one line of JSON: nanoseconds per instruction.
//!
//! `cargo bench -p physics --bench instruction_throughput`. The processor's clock is left as it is, so the
//! figures belong beside times measured in the same minute.
#![allow(
    unsafe_code,
    reason = "instructions are written out, so that no compiler joins or drops any"
)]

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::asm;
    use std::time::Instant;

    /// Rounds of 8 instructions of one measurement.
    const ROUNDS: u32 = 200_000;
    /// Measurements; the fastest counts: what disturbs makes it slower only.
    const MEASUREMENTS: usize = 25;

    /// Nanoseconds per instruction of eight copies of it in a loop; `$a` is the instruction, with registers
    /// of width `$r`.
    macro_rules! nanoseconds {
        ($features:literal, $set:literal, $instruction:literal, $r:literal, $last:literal) => {{
            #[target_feature(enable = $features)]
            unsafe fn rounds() {
                // SAFETY: registers only, all of them declared; no memory and no stack is touched.
                unsafe {
                    asm!(
                        "mov {one:e}, 0x3f800000",
                        "vmovd xmm15, {one:e}",
                        concat!($set, " ", $r, "15, xmm15"),
                        concat!("vmovaps ", $r, "0, ", $r, "15"),
                        concat!("vmovaps ", $r, "1, ", $r, "15"),
                        concat!("vmovaps ", $r, "2, ", $r, "15"),
                        concat!("vmovaps ", $r, "3, ", $r, "15"),
                        concat!("vmovaps ", $r, "4, ", $r, "15"),
                        concat!("vmovaps ", $r, "5, ", $r, "15"),
                        concat!("vmovaps ", $r, "6, ", $r, "15"),
                        concat!("vmovaps ", $r, "7, ", $r, "15"),
                        "2:",
                        concat!($instruction, " ", $r, "0, ", $last, $r, "15"),
                        concat!($instruction, " ", $r, "1, ", $last, $r, "15"),
                        concat!($instruction, " ", $r, "2, ", $last, $r, "15"),
                        concat!($instruction, " ", $r, "3, ", $last, $r, "15"),
                        concat!($instruction, " ", $r, "4, ", $last, $r, "15"),
                        concat!($instruction, " ", $r, "5, ", $last, $r, "15"),
                        concat!($instruction, " ", $r, "6, ", $last, $r, "15"),
                        concat!($instruction, " ", $r, "7, ", $last, $r, "15"),
                        "dec {count:e}",
                        "jnz 2b",
                        "vzeroupper",
                        one = out(reg) _,
                        count = inout(reg) ROUNDS => _,
                        out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _,
                        out("xmm4") _, out("xmm5") _, out("xmm6") _, out("xmm7") _,
                        out("xmm15") _,
                        options(nomem, nostack),
                    );
                }
            }
            let mut best = f64::INFINITY;
            for _ in 0..MEASUREMENTS {
                let start = Instant::now();
                // SAFETY: called below only after the features have been found on this processor.
                unsafe { rounds() };
                best = best.min(start.elapsed().as_secs_f64());
            }
            best * 1e9 / f64::from(ROUNDS * 8)
        }};
    }

    /// Kinds and their nanoseconds.
    pub fn measure() -> Vec<(&'static str, f64)> {
        let mut found = Vec::new();
        if is_x86_feature_detected!("avx512f") {
            // a source that is the target's too makes chains; divisions and roots of 1 take as long as others
            found.push((
                "fma_512",
                nanoseconds!("avx512f", "vbroadcastss", "vfmadd231ps", "zmm", "zmm15, "),
            ));
            found.push((
                "add_512",
                nanoseconds!("avx512f", "vbroadcastss", "vaddps", "zmm", "zmm15, "),
            ));
            found.push((
                "div_512",
                nanoseconds!("avx512f", "vbroadcastss", "vdivps", "zmm", "zmm15, "),
            ));
            found.push((
                "sqrt_512",
                nanoseconds!("avx512f", "vbroadcastss", "vsqrtps", "zmm", ""),
            ));
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            found.push((
                "fma_256",
                nanoseconds!("avx2,fma", "vbroadcastss", "vfmadd231ps", "ymm", "ymm15, "),
            ));
            found.push((
                "div_256",
                nanoseconds!("avx2,fma", "vbroadcastss", "vdivps", "ymm", "ymm15, "),
            ));
            found.push((
                "sqrt_256",
                nanoseconds!("avx2,fma", "vbroadcastss", "vsqrtps", "ymm", ""),
            ));
        }
        found
    }
}

fn main() {
    #[cfg(target_arch = "x86_64")]
    let found = x86::measure();
    #[cfg(not(target_arch = "x86_64"))]
    let found: Vec<(&str, f64)> = Vec::new();
    let kinds = found
        .into_iter()
        .map(|(kind, ns)| (kind.to_owned(), ns.into()));
    let line = serde_json::Value::Object(kinds.collect());
    println!("{line}");
}
