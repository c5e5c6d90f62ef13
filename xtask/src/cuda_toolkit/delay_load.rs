//! Archives that stand for a shared library and open it when one of its functions is first called.
//!
//! Each function is a jump through a table. An empty place of the table leads to `dlopen` and `dlsym`, with all
//! registers that carry arguments saved meanwhile; a function that cannot be found gets one in its place that
//! answers an error code. A program linked so needs none of the libraries to start.

use super::headers::{self, Answer, Function};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

/// A shared library that is opened at run time.
#[derive(Debug)]
pub struct Library {
    /// As the linker is asked for it.
    pub name: &'static str,
    /// As it is opened.
    pub file: &'static str,
    /// The header that declares its functions.
    pub header: &'static str,
    /// What they return.
    pub status: &'static str,
    /// The error code of a function that cannot be found.
    pub missing: i32,
    /// Endings that a function's exported name may have beside the declared one.
    pub variants: &'static [&'static str],
}

impl Library {
    /// Name of the archive.
    pub fn archive(&self) -> String {
        format!("lib{}.a", self.name)
    }

    /// Writes the archive into a folder; the number of functions in it.
    ///
    /// # Errors
    /// The header cannot be read, or `cc` or `ar` is missing or fails.
    pub fn write(&self, headers: &Path, folder: &Path) -> Result<usize, String> {
        let path = headers.join(self.header);
        let header = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let functions = self.functions(&String::from_utf8_lossy(&header));
        if functions.is_empty() {
            return Err(format!(
                "{}: declares no function that returns {}",
                path.display(),
                self.status
            ));
        }
        let parts = [
            ("jumps", "s", self.jumps(&functions)),
            ("find", "c", self.find(&functions)),
        ];
        let mut objects = Vec::new();
        for (part, ending, text) in parts {
            let source = folder.join(format!("{}_{part}.{ending}", self.name));
            let object = source.with_extension("o");
            fs::write(&source, text).map_err(|error| format!("{}: {error}", source.display()))?;
            must(
                Command::new("cc")
                    .args(["-c", "-O2", "-fPIC", "-o"])
                    .args([&object, &source]),
            )?;
            objects.push(object);
        }
        let archive = folder.join(self.archive());
        // ar adds to what is there
        let _ = fs::remove_file(&archive);
        must(Command::new("ar").arg("rcs").arg(&archive).args(&objects))?;
        Ok(functions.len())
    }

    fn functions(&self, header: &str) -> Vec<Function> {
        let declared = headers::functions(header, self.status);
        let variants = declared.iter().flat_map(|function| {
            (self.variants.iter()).map(|ending| Function {
                name: format!("{}{ending}", function.name),
                answer: function.answer,
            })
        });
        let mut all: Vec<Function> = variants.chain(declared.iter().cloned()).collect();
        all.sort();
        all.dedup();
        all
    }

    /// A jump for each function, and the way to the library with the arguments' registers kept.
    fn jumps(&self, functions: &[Function]) -> String {
        let name = self.name;
        let mut text = String::from("    .text\n");
        for (index, function) in functions.iter().enumerate() {
            let function = &function.name;
            // hidden: libraries that are opened later must not find these in the program
            let _ = writeln!(
                text,
                "    .globl {function}
    .hidden {function}
    .type {function}, @function
    .p2align 4
{function}:
    endbr64
    movq delayed_{name}+{place}(%rip), %r11
    testq %r11, %r11
    je 1f
    jmp *%r11
1:  pushq ${index}
    jmp find_{name}
    .size {function}, .-{function}",
                place = 8 * index
            );
        }
        // rax counts the vector registers of a variadic call, r10 is the static chain; 136 keeps the stack aligned
        let kept = ["rax", "rdi", "rsi", "rdx", "rcx", "r8", "r9", "r10"];
        let _ = writeln!(
            text,
            "    .type find_{name}, @function
find_{name}:
    pushq %rbp
    movq %rsp, %rbp"
        );
        for register in kept {
            let _ = writeln!(text, "    pushq %{register}");
        }
        text += "    subq $136, %rsp\n";
        for number in 0..8 {
            let _ = writeln!(text, "    movups %xmm{number}, {}(%rsp)", 16 * number);
        }
        let _ = writeln!(
            text,
            "    movq 8(%rbp), %rdi
    call find_delayed_{name}
    movq %rax, %r11"
        );
        for number in 0..8 {
            let _ = writeln!(text, "    movups {}(%rsp), %xmm{number}", 16 * number);
        }
        for (place, register) in (1..).zip(kept) {
            let _ = writeln!(text, "    movq -{}(%rbp), %{register}", 8 * place);
        }
        let _ = writeln!(
            text,
            "    leave
    addq $8, %rsp
    jmp *%r11
    .size find_{name}, .-find_{name}
    .section .note.GNU-stack,\"\",@progbits"
        );
        text
    }

    /// The table, and what fills it.
    fn find(&self, functions: &[Function]) -> String {
        let (name, file, missing) = (self.name, self.file, self.missing);
        let mut text = format!(
            "#include <dlfcn.h>
#include <stddef.h>

typedef void (*function)(void);

static int missing_code(void) {{ return {missing}; }}
static const char *missing_text(void) {{ return \"{file} or this function of it was not found\"; }}
static int missing_text_by_pointer(int code, const char **text) {{
    (void)code;
    *text = missing_text();
    return 0;
}}
static size_t missing_zero(void) {{ return 0; }}

struct entry {{ const char *name; function missing; }};
static const struct entry entries[] = {{
"
        );
        for Function { name, answer } in functions {
            let missing = match answer {
                Answer::Code => "code",
                Answer::Text => "text",
                Answer::TextByPointer => "text_by_pointer",
                Answer::Zero => "zero",
            };
            let _ = writeln!(text, "    {{\"{name}\", (function)missing_{missing}}},");
        }
        let count = functions.len();
        let _ = write!(
            text,
            "}};

__attribute__((visibility(\"hidden\"))) function delayed_{name}[{count}];

/* Called by several threads at once it does the same twice: dlopen and dlsym may be. */
__attribute__((visibility(\"hidden\"))) function find_delayed_{name}(size_t index) {{
    void *library = dlopen(\"{file}\", RTLD_NOW | RTLD_LOCAL);
    void *found = library ? dlsym(library, entries[index].name) : NULL;
    function answer = found ? (function)found : entries[index].missing;
    __atomic_store_n(&delayed_{name}[index], answer, __ATOMIC_RELEASE);
    return answer;
}}
"
        );
        text
    }
}

/// Runs a program; its errors are ours.
fn must(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = (command.output())
        .map_err(|error| format!("{program}: {error}; a C compiler and binutils are needed"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{program}: {}\n{}", output.status, said.trim()))
}

#[cfg(test)]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod tests {
    use super::*;
    use std::path::PathBuf;

    const LIBRARY: Library = Library {
        name: "sums",
        file: "libsums_of_the_test.so.7",
        header: "sums.h",
        status: "sumStatus",
        missing: 77,
        variants: &["_v2"],
    };

    /// All registers that carry arguments, and some on the stack.
    const HEADER: &str = "
typedef int sumStatus;
sumStatus sumsOfAll(long a, long b, long c, long d, long e, long f, long g,
                    double h, double i, double j, double k, double l, double m, double n, double o, double p,
                    double *sum);
sumStatus sumsOfNone(void);
const char *sumsText(sumStatus status);
size_t sumsVersion(void);
";

    const SOURCE: &str = "
#include <stddef.h>
#include \"sums.h\"
sumStatus sumsOfAll_v2(long a, long b, long c, long d, long e, long f, long g,
                    double h, double i, double j, double k, double l, double m, double n, double o, double p,
                    double *sum) {
    *sum = a + 2*b + 3*c + 4*d + 5*e + 6*f + 7*g + 8*h + 9*i + 10*j + 11*k + 12*l + 13*m + 14*n + 15*o + 16*p;
    return 5;
}
const char *sumsText(sumStatus status) { return status == 3 ? \"three\" : \"another\"; }
";

    const PROGRAM: &str = "
#include <stddef.h>
#include <stdio.h>
#include \"sums.h\"
sumStatus sumsOfAll_v2(long a, long b, long c, long d, long e, long f, long g,
                    double h, double i, double j, double k, double l, double m, double n, double o, double p,
                    double *sum);
int main(void) {
    for (int time = 0; time < 2; time++) {
        double sum = -1;
        int status = sumsOfAll_v2(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, &sum);
        printf(\"%d %g %d %zu %s\\n\", status, sum, sumsOfNone(), sumsVersion(), sumsText(3));
    }
}
";

    /// Runs `PROGRAM`, built beside the archive in `folder`.
    fn runs(folder: &Path) -> String {
        let output = Command::new(folder.join("program"))
            .env("LD_LIBRARY_PATH", folder)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn folder() -> PathBuf {
        let folder = std::env::temp_dir().join(format!("delay-load-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn arguments_arrive_and_a_missing_library_is_an_error_code() {
        if Command::new("cc").arg("--version").output().is_err() {
            eprintln!("SKIPPED: no C compiler");
            return;
        }
        let folder = folder();
        for (name, text) in [("sums.h", HEADER), ("sums.c", SOURCE), ("main.c", PROGRAM)] {
            fs::write(folder.join(name), text).unwrap();
        }
        assert_eq!(LIBRARY.write(&folder, &folder).unwrap(), 8);
        let cc = |arguments: &[&str]| {
            must(Command::new("cc").args(arguments).current_dir(&folder)).unwrap();
        };
        cc(&[
            "-o",
            "program",
            "main.c",
            "-L.",
            "-Wl,-Bdynamic",
            "-lsums",
            "-ldl",
        ]);
        // sumsOfAll_v2 leaves its result alone, the text says what is missing
        let missing = format!(
            "77 -1 77 0 {} or this function of it was not found\n",
            LIBRARY.file
        );
        assert_eq!(runs(&folder), missing.repeat(2));
        cc(&["-shared", "-fPIC", "-o", LIBRARY.file, "sums.c"]);
        let sum: u32 = (1..=16).map(|n| n * n).sum();
        // sumsOfNone and sumsVersion are declared and not in the library
        assert_eq!(runs(&folder), format!("5 {sum} 77 0 three\n").repeat(2));
        fs::remove_dir_all(&folder).unwrap();
    }
}
