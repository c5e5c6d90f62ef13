//! Every answer to "can this GPU be used?", with libraries of C in the place of the driver's.
#![cfg(target_os = "linux")]

use gpus::{GpuError, Libraries, Requirement, Version, check_with, list_with};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A driver for as many GPUs, of as much memory and such a version as macros say.
const DRIVER: &str = r#"
#include <stddef.h>
#include <string.h>
#ifndef INIT
#define INIT 0
#endif
#ifndef CONTEXT
#define CONTEXT 0
#endif
static int contexts = 0, current = 0;
int cuInit(unsigned int flags) { return flags ? 1 : INIT; }
int cuDriverGetVersion(int *version) { *version = CUDA; return 0; }
int cuDeviceGetCount(int *count) { *count = GPUS; return 0; }
int cuDeviceGet(int *device, int index) { *device = 40 + index; return index < GPUS ? 0 : 101; }
int cuDeviceGetName(char *name, int length, int device) {
    strncpy(name, device == 40 ? "First Card" : "Second Card", length);
    return 0;
}
int cuDeviceTotalMem_v2(size_t *bytes, int device) { *bytes = MIB << 20; return 0; }
int cuDeviceGetAttribute(int *value, int attribute, int device) {
    switch (attribute) {
    case 13: *value = 1755000; return 0;
    case 16: *value = 132; return 0;
#ifndef SILENT
    case 36: *value = 9501000; return 0;
    case 37: *value = 384; return 0;
#endif
    case 75: *value = 8; return 0;
    case 76: *value = 6; return 0;
    }
    return 1;
}
int cuDevicePrimaryCtxRetain(void **context, int device) { contexts++; *context = &contexts; return CONTEXT; }
int cuDevicePrimaryCtxRelease_v2(int device) { contexts--; return 0; }
int cuCtxPushCurrent_v2(void *context) { current++; return context == &contexts && contexts == 1 ? 0 : 201; }
int cuCtxPopCurrent_v2(void **context) { current--; *context = &contexts; return 0; }
int cuMemGetInfo_v2(size_t *free, size_t *total) {
    *free = (MIB - 100) << 20; *total = MIB << 20;
    return contexts == 1 && current == 1 ? 0 : 201;
}
int cuGetErrorString(int code, const char **text) { *text = "the fake driver says so"; return code == 999 ? 0 : 1; }
"#;

const NEEDED: Requirement = Requirement {
    cuda: Version::new(13, 0),
    compute_capability: Version::new(7, 5),
    bytes_free: 1 << 30,
};

/// Compiles C to a library, or says that there is no compiler.
fn library(folder: &Path, name: &str, source: &str, macros: &[&str]) -> Option<PathBuf> {
    let (c, library) = (folder.join(format!("{name}.c")), folder.join(name));
    std::fs::write(&c, source).unwrap();
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([&library, &c])
        .args(macros)
        .output();
    match compiled {
        Err(_) => {
            eprintln!("SKIPPED: no C compiler");
            None
        }
        Ok(output) => {
            assert!(output.status.success(), "{output:?}");
            Some(library)
        }
    }
}

/// A machine: its libraries, as long as the folder lives.
struct Machine {
    folder: TempDir,
    libraries: Libraries,
}

impl Machine {
    fn with(macros: &[&str]) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let driver = library(folder.path(), "libcuda.so.1", DRIVER, macros)?;
        let other = library(folder.path(), "libcublas.so.13", "int a;", &[])?;
        let libraries = Libraries {
            driver,
            others: vec![other],
        };
        Some(Self { folder, libraries })
    }

    fn refusal(&self, index: usize) -> GpuError {
        check_with(&self.libraries, index, &NEEDED).unwrap_err()
    }
}

#[test]
fn a_gpu_that_is_enough_is_described() {
    let Some(machine) = Machine::with(&["-DCUDA=13010", "-DGPUS=2", "-DMIB=81920L"]) else {
        return;
    };
    let gpu = check_with(&machine.libraries, 1, &NEEDED).unwrap();
    assert_eq!((gpu.index, gpu.name.as_str()), (1, "Second Card"));
    assert_eq!(gpu.compute_capability.to_string(), "8.6");
    assert_eq!((gpu.multiprocessors, gpu.clock_mhz), (132, 1755));
    assert_eq!((gpu.memory_clock_mhz, gpu.memory_bus_bits), (9501, 384));
    assert_eq!(gpu.peak().bandwidth, Some(912.096e9));
    assert_eq!(gpu.memory_total, 81920 << 20);
    // the context was made current once, and given back: asking again works
    assert_eq!(gpu.memory_free, Some(81820 << 20));
    let inventory = list_with(&machine.libraries).unwrap();
    assert_eq!(inventory.cuda, Version::new(13, 1));
    assert_eq!(inventory.gpus.len(), 2);
    assert_eq!(inventory.gpus[1], gpu);
    assert_eq!(inventory.gpus[0].name, "First Card");
}

#[test]
fn a_memory_that_the_driver_is_silent_of_has_no_bandwidth() {
    let Some(machine) = Machine::with(&["-DCUDA=13000", "-DGPUS=1", "-DMIB=8192L", "-DSILENT"])
    else {
        return;
    };
    let gpu = check_with(&machine.libraries, 0, &NEEDED).unwrap();
    assert_eq!((gpu.memory_clock_mhz, gpu.memory_bus_bits), (0, 0));
    assert_eq!(gpu.peak().bandwidth, None);
}

#[test]
fn no_driver_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let driver = folder.path().join("libcuda.so.1");
    let libraries = Libraries {
        driver: driver.clone(),
        others: Vec::new(),
    };
    let start = format!(
        "there is no NVIDIA driver: {} cannot be used (",
        driver.display()
    );
    let end = "); allowed: a machine with an NVIDIA GPU and its driver";
    for error in [
        check_with(&libraries, 0, &NEEDED).unwrap_err(),
        list_with(&libraries).unwrap_err(),
    ] {
        assert!(
            matches!(&error, GpuError::NoDriver { library, .. } if *library == driver.display().to_string())
        );
        let message = error.to_string();
        assert!(
            message.starts_with(&start) && message.ends_with(end),
            "{message}"
        );
        assert!(message.contains("No such file"), "{message}");
    }
    // a file of another kind, and a library that is no driver
    std::fs::write(&driver, "no library").unwrap();
    let error = check_with(&libraries, 0, &NEEDED).unwrap_err();
    assert!(matches!(error, GpuError::NoDriver { .. }), "{error}");
    if library(folder.path(), "libcuda.so.1", "int other;", &[]).is_some() {
        let error = check_with(&libraries, 0, &NEEDED).unwrap_err();
        assert!(
            matches!(&error, GpuError::NoDriver { why, .. } if why.contains("cuDriverGetVersion")),
            "{error}"
        );
    }
}

#[test]
fn no_gpu_is_said() {
    // both ways in which drivers say it
    for how in ["-DINIT=100", "-DINIT=0"] {
        let Some(machine) = Machine::with(&["-DCUDA=13000", "-DGPUS=0", "-DMIB=1L", how]) else {
            return;
        };
        let error = machine.refusal(0);
        assert_eq!(error, GpuError::NoGpu, "{how}");
        assert_eq!(
            error.to_string(),
            "the NVIDIA driver sees no GPU; allowed: a machine with one (in a container or a job it must be handed in; \
             CUDA_VISIBLE_DEVICES must not hide it)"
        );
        let inventory = list_with(&machine.libraries).unwrap();
        assert!(inventory.gpus.is_empty());
        assert_eq!(inventory.cuda.to_string(), "13.0");
    }
}

#[test]
fn a_wrong_index_is_said() {
    for (gpus, allowed) in [("1", "cuda:0, the only one"), ("2", "cuda:0 to cuda:1")] {
        let gpus = format!("-DGPUS={gpus}");
        let Some(machine) = Machine::with(&["-DCUDA=13000", &gpus, "-DMIB=8192L"]) else {
            return;
        };
        for index in [2, usize::MAX] {
            let message = machine.refusal(index).to_string();
            assert_eq!(
                message,
                format!("there is no GPU cuda:{index}; allowed: {allowed}")
            );
        }
    }
}

#[test]
fn an_old_driver_is_said() {
    let Some(machine) = Machine::with(&["-DCUDA=12020", "-DGPUS=1", "-DMIB=8192L"]) else {
        return;
    };
    assert_eq!(
        machine.refusal(0).to_string(),
        "the NVIDIA driver is too old: it knows CUDA 12.2, this program needs CUDA 13.0; allowed: driver 580 or newer"
    );
}

#[test]
fn an_old_card_is_said() {
    let Some(machine) = Machine::with(&["-DCUDA=13000", "-DGPUS=1", "-DMIB=8192L"]) else {
        return;
    };
    let needed = Requirement {
        compute_capability: Version::new(9, 0),
        ..NEEDED
    };
    let error = check_with(&machine.libraries, 0, &needed).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cuda:0, First Card, has compute capability 8.6, this program was built for 9.0 and newer; a build for this card: \
         cargo xtask cuda-build --compute-cap 86"
    );
}

#[test]
fn too_little_memory_is_said() {
    let small = ["-DCUDA=13000", "-DGPUS=1", "-DMIB=512L"];
    let Some(machine) = Machine::with(&small) else {
        return;
    };
    assert_eq!(
        machine.refusal(0).to_string(),
        "cuda:0, First Card, has too little memory: 412 MiB are free, 1024 MiB are needed; other programs on this GPU may \
         hold it"
    );
    // so full that the driver has no room for a context
    let full = Machine::with(&[&small[..], &["-DCONTEXT=2"]].concat()).unwrap();
    assert!(matches!(
        full.refusal(0),
        GpuError::TooLittleMemory { free: 0, needed, .. } if needed == NEEDED.bytes_free
    ));
    let inventory = list_with(&full.libraries).unwrap();
    assert_eq!(inventory.gpus[0].memory_free, None);
    assert_eq!(inventory.gpus[0].memory_total, 512 << 20);
}

#[test]
fn a_missing_library_is_said() {
    let Some(mut machine) = Machine::with(&["-DCUDA=13000", "-DGPUS=1", "-DMIB=8192L"]) else {
        return;
    };
    let missing = machine.folder.path().join("libnvrtc.so.13");
    machine.libraries.others.push(missing.clone());
    let message = machine.refusal(0).to_string();
    let start = format!(
        "{}, a library of CUDA, cannot be opened (",
        missing.display()
    );
    assert!(message.starts_with(&start), "{message}");
    assert!(
        message.ends_with(
            "); allowed: CUDA installed, or the folder that holds the library named in LD_LIBRARY_PATH"
        ),
        "{message}"
    );
    // the GPUs can be listed without
    assert_eq!(list_with(&machine.libraries).unwrap().gpus.len(), 1);
}

#[test]
fn other_refusals_name_call_and_code() {
    for (how, message) in [
        (
            "-DINIT=999",
            "the NVIDIA driver refuses: cuInit answers 999 (the fake driver says so)",
        ),
        (
            "-DCONTEXT=46",
            "the NVIDIA driver refuses: cuDevicePrimaryCtxRetain answers 46 (an error it has no words for)",
        ),
    ] {
        let Some(machine) = Machine::with(&["-DCUDA=13000", "-DGPUS=1", "-DMIB=8192L", how]) else {
            return;
        };
        assert_eq!(machine.refusal(0).to_string(), message);
    }
}
