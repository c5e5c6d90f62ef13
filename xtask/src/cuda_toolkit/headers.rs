//! The functions that a header of CUDA declares.

/// A function, and what stands for it where its library has none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Function {
    pub name: String,
    pub answer: Answer,
}

/// What a function that cannot be found answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// The error code of its library.
    Code,
    /// A text.
    Text,
    /// Success, and a text through its second argument: what describes errors must not fail itself.
    TextByPointer,
    /// 0.
    Zero,
}

/// The functions declared in `header` that return `status` or one of a few other types, in order and once each.
///
/// Inline functions and templates are left out: no library holds them.
pub fn functions(header: &str, status: &str) -> Vec<Function> {
    let code = without_comments_and_directives(header);
    let mut found: Vec<Function> = (code.split([';', '{', '}']))
        .filter_map(|declaration| function(declaration, status))
        .collect();
    found.sort();
    found.dedup();
    found
}

fn function(declaration: &str, status: &str) -> Option<Function> {
    let (head, _) = declaration.split_once('(')?;
    let mut words = head
        .split(|c: char| c.is_whitespace() || c == '*')
        .filter(|word| !word.is_empty());
    let name = words.next_back()?;
    let before: Vec<&str> = words.collect();
    let has = |word| before.contains(&word);
    if has("inline") || has("typedef") || head.contains(['<', '=', '"', '#']) {
        return None;
    }
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let answer = if has(status) && matches!(name, "cuGetErrorName" | "cuGetErrorString") {
        Answer::TextByPointer
    } else if has(status) {
        Answer::Code
    } else if has("const") && has("char") && head.contains('*') {
        Answer::Text
    } else if has("size_t") {
        Answer::Zero
    } else {
        return None;
    };
    let name = is_name.then(|| name.to_owned())?;
    Some(Function { name, answer })
}

fn without_comments_and_directives(header: &str) -> String {
    let mut code = String::with_capacity(header.len());
    let mut rest = header;
    while let Some((before, after)) = rest.split_once("/*") {
        code += before;
        code.push(' ');
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    code += rest;
    let mut lines = String::with_capacity(code.len());
    let mut in_directive = false;
    for line in code.lines() {
        let line = line.split("//").next().unwrap_or_default();
        in_directive |= line.trim_start().starts_with('#');
        if in_directive {
            in_directive = line.trim_end().ends_with('\\');
        } else {
            lines += line;
            lines.push('\n');
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_are_read_and_nothing_else() {
        let header = r#"
            /** Calls ::cuInit(0); see cuOld(). */
            #define cuMemAlloc cuMemAlloc_v2
            #define twice(a) \
                CUresult CUDAAPI cuMacro(a);
            typedef CUresult (CUDAAPI *cuPointer)(int);
            typedef enum cudaError_enum { CUDA_SUCCESS = 0, } CUresult;
            extern "C" {
            CUresult CUDAAPI cuInit(unsigned int Flags); // cuNot(1);
            CUresult CUDAAPI
                cuMemAlloc(CUdeviceptr *dptr,
                           size_t bytesize);
            CUresult CUDAAPI cuInit(unsigned int Flags);
            CUresult CUDAAPI cuGetErrorString(CUresult error, const char **pStr);
            const char* CUBLASWINAPI cublasLtGetStatusString(cublasStatus_t status);
            size_t cublasLtGetVersion(void);
            static inline CUresult cuInline(int a) { return cuInit(a); }
            template <typename T> CUresult cuTemplate(T a);
            void cuNothing(void);
            }
        "#;
        let found = functions(header, "CUresult");
        let found: Vec<_> = (found.iter())
            .map(|function| (function.name.as_str(), function.answer))
            .collect();
        assert_eq!(
            found,
            [
                ("cuGetErrorString", Answer::TextByPointer),
                ("cuInit", Answer::Code),
                ("cuMemAlloc", Answer::Code),
                ("cublasLtGetStatusString", Answer::Text),
                ("cublasLtGetVersion", Answer::Zero),
            ]
        );
    }
}
