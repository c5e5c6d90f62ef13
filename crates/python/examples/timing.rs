//! For each number of samples on a line of standard input, the seconds of one call with the Jacobian, on one thread: what
//! benches/overhead.py compares the binding with. One argument: `single` or `double`.

use ndarray::{Array2, Array3, ArrayView1};
use physics::{ForwardModel, Precision, ReflectanceModel};
use std::error::Error;
use std::io::{BufRead as _, Write as _};
use std::time::Instant;

const FREE: [&str; 7] = ["N", "cab", "cw", "cm", "LAI", "LAIu", "fc"];
/// The forest of every sample.
const FOREST: [f64; 7] = [1.5, 40.0, 0.01, 0.01, 3.0, 0.5, 0.7];

fn main() -> Result<(), Box<dyn Error>> {
    let free: Result<Vec<_>, _> = FREE.iter().map(|symbol| symbol.parse()).collect();
    let precision = match std::env::args().nth(1).as_deref() {
        Some("single") => Precision::F32,
        Some("double") => Precision::F64,
        _ => return Err("single or double?".into()),
    };
    let builder = ReflectanceModel::builder().precision(precision);
    let model = builder.free(free?).build()?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    let mut out = std::io::stdout();
    for line in std::io::stdin().lock().lines() {
        let n: usize = line?.trim().parse()?;
        let forest = ArrayView1::from(&FOREST);
        let parameters = forest.broadcast((n, FREE.len())).ok_or("no rows")?;
        let parameters = parameters.to_owned();
        let begin = Instant::now();
        let computed = pool.install(|| {
            let mut values = Array2::zeros((n, model.outputs().len()));
            let mut jacobian = Array3::zeros((n, model.outputs().len(), FREE.len()));
            let (to, and) = (values.view_mut(), jacobian.view_mut());
            model.evaluate_with_jacobian(parameters.view(), None, to, and)?;
            Ok::<_, physics::PhysicsError>((values, jacobian))
        })?;
        let seconds = begin.elapsed().as_secs_f64();
        writeln!(out, "{seconds} {}", computed.1.sum())?;
        out.flush()?;
    }
    Ok(())
}
