//! Lines of JSON among what tests and programs print, as tables.

use serde_json::Value;
use std::fmt::Write as _;

/// How many times as fast as torch as it is written we want to be.
const WANTED_OVER_EAGER: u32 = 50;

/// The lines that are objects.
#[derive(Debug, Default, PartialEq)]
pub struct Records(Vec<Value>);

impl Records {
    /// All in a text; the first of a test stands behind the test's name.
    pub fn read(text: &str) -> Self {
        let object = |line: &str| serde_json::from_str(line.get(line.find('{')?..)?).ok();
        Self(text.lines().filter_map(object).collect())
    }

    /// Spectra per second and what share of the card's powers they need.
    pub fn shares(&self) -> String {
        let mut table = "| wavelengths | batch | spectra/s with Jacobian | of the peak, fp32 | of the peak, fp64 | of the bandwidth |\n\
                         |---|---:|---:|---:|---:|---:|\n"
            .to_owned();
        for (rate, of) in self.rates() {
            let share = |key: &str| match of[key].as_f64() {
                Some(share) => format!("{:.1} %", 100.0 * share),
                None => "not told by this driver".to_owned(),
            };
            let _ = writeln!(
                table,
                "| {} | {} | {rate:.3e} | {} | {} | {} |",
                text(&of["sampling"]),
                of["batch"],
                share("of_single"),
                share("of_double"),
                share("of_bandwidth")
            );
        }
        table
    }

    /// Steps of a training on the card and on the processor, and from which batch on the card is ahead.
    pub fn steps(&self) -> String {
        let mut table = String::new();
        let mut steps = vec![];
        for step in self.0.iter().filter(|of| of["step"].is_u64()) {
            let (gpu, cpu) = (number(&step["gpu_seconds"]), number(&step["cpu_seconds"]));
            let threads = step["cpu_threads"].as_u64().unwrap_or(0);
            if table.is_empty() {
                let _ = write!(
                    table,
                    "| batch | ms a step on the card | on {threads} threads of the processor | times as fast |\n\
                     |---:|---:|---:|---:|\n"
                );
            }
            let batch = step["step"].as_u64().unwrap_or(0);
            let _ = writeln!(
                table,
                "| {batch} | {:.2} | {:.2} | {:.2} |",
                1e3 * gpu,
                1e3 * cpu,
                cpu / gpu
            );
            steps.push((batch, cpu / gpu, threads));
        }
        let threads = steps.first().map_or(0, |step| step.2);
        table
            + &match overtaken(&steps) {
                Some(batch) => format!(
                    "\nthe card overtakes {threads} threads of the processor from a batch of {batch} on\n"
                ),
                None if steps.is_empty() => "steps: not measured\n".to_owned(),
                None => {
                    format!("\nthe card does not overtake {threads} threads of the processor\n")
                }
            }
    }

    /// Our rates beside PyTorch's, or why there are none.
    pub fn beside(&self, torch: &Result<Self, String>) -> String {
        let torch = match torch {
            Ok(torch) => torch,
            Err(why) => return format!("torch: not run, because {why}\n"),
        };
        let about = torch.0.iter().find(|of| of["version"].is_string());
        let mut table = format!(
            "torch {} on {}, the published INFORM in plain torch, float32, forward and Jacobian of {} bands; spectra/s\n\n\
             | batch | ours, exact | quadrature | torch eager | compiled | exact over eager | over compiled | quadrature over eager | over compiled |\n\
             |---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
            about.map_or("?", |of| text(&of["version"])),
            about.map_or("?", |of| text(&of["device"])),
            about.map_or("?".to_owned(), |of| of["bands"].to_string()),
        );
        let mut batches: Vec<u64> = (self.rates())
            .filter_map(|(_, of)| of["batch"].as_u64())
            .collect();
        batches.sort_unstable();
        batches.dedup();
        for batch in batches {
            let own = |sampling: &str| {
                self.rates()
                    .find(|(_, of)| of["sampling"] == sampling && of["batch"] == batch)
                    .map(|(rate, _)| rate)
            };
            let ours = [own("exact"), own("quadrature")];
            let theirs = ["eager", "compiled"].map(|how| torch.of_torch(how, batch));
            let _ = write!(table, "| {batch} |");
            for rate in ours {
                let _ = write!(table, " {} |", rate.map_or("–".to_owned(), scientific));
            }
            for rate in &theirs {
                let cell = rate.as_ref().map_or_else(Clone::clone, |r| scientific(*r));
                let _ = write!(table, " {cell} |");
            }
            for rate in ours {
                for their in &theirs {
                    let times = rate.zip(their.as_ref().ok().copied());
                    let cell = times.map_or("–".to_owned(), |(a, b)| format!("{:.0} ×", a / b));
                    let _ = write!(table, " {cell} |");
                }
            }
            table.push('\n');
        }
        let eager = torch.0.iter().filter(|of| of["torch"] == "eager");
        let eager = most(eager.filter_map(|of| {
            let batch = of["batch"].as_f64()?;
            Some(batch / of["seconds"].as_f64()?)
        }));
        let exact = self.rates().filter(|(_, of)| of["sampling"] == "exact");
        if let Some((ours, eager)) = most(exact.map(|(rate, _)| rate)).zip(eager) {
            let _ = write!(
                table,
                "\neach at its best batch: exact over eager {:.0} × (wanted: at least {WANTED_OVER_EAGER} ×)\n",
                ours / eager
            );
        }
        table
    }

    fn rates(&self) -> impl Iterator<Item = (f64, &Value)> {
        (self.0.iter()).filter_map(|of| Some((of["spectra_per_second"].as_f64()?, of)))
    }

    /// Rate, or what stands in its place.
    fn of_torch(&self, how: &str, batch: u64) -> Result<f64, String> {
        let found = self
            .0
            .iter()
            .find(|of| of["torch"] == how && of["batch"] == batch);
        let found = found.ok_or("–".to_owned())?;
        match found["seconds"].as_f64() {
            Some(seconds) => Ok(batch as f64 / seconds),
            None => Err(text(&found["why"]).to_owned()),
        }
    }
}

/// The smallest batch from which on every one is faster on the card.
fn overtaken(steps: &[(u64, f64, u64)]) -> Option<u64> {
    let ahead = steps.iter().rev().take_while(|step| step.1 > 1.0);
    ahead.last().map(|step| step.0)
}

fn most(rates: impl Iterator<Item = f64>) -> Option<f64> {
    rates.reduce(f64::max)
}

fn scientific(rate: f64) -> String {
    format!("{rate:.3e}")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = r#"
cuda:0  A Card
test spectra_per_second ... {"batch":256,"sampling":"exact","spectra_per_second":1e6,"of_single":0.125,"of_double":0.5,"of_bandwidth":null}
{"batch":256,"sampling":"quadrature","spectra_per_second":8e6,"of_single":0.1,"of_double":0.5,"of_bandwidth":0.01}
{"batch":1024,"sampling":"exact","spectra_per_second":2e6,"of_single":0.25,"of_double":null,"of_bandwidth":null}
{"step":256,"gpu_seconds":0.004,"cpu_seconds":0.002,"cpu_threads":2}
{"step":1024,"gpu_seconds":0.004,"cpu_seconds":0.008,"cpu_threads":2}
{"step":4096,"gpu_seconds":0.008,"cpu_seconds":0.032,"cpu_threads":2}
ok
"#;
    const TORCH: &str = r#"{"version": "2.9", "device": "A Card", "bands": 11}
{"torch": "eager", "batch": 256, "seconds": 0.0256}
{"torch": "compiled", "batch": 256, "seconds": 0.0128}
{"torch": "eager", "batch": 1024, "seconds": null, "why": "out of memory"}"#;

    #[test]
    fn shares_are_percent_or_not_told() {
        let table = Records::read(OURS).shares();
        let lines: Vec<&str> = table.lines().skip(2).collect();
        assert_eq!(
            lines,
            [
                "| exact | 256 | 1.000e6 | 12.5 % | 50.0 % | not told by this driver |",
                "| quadrature | 256 | 8.000e6 | 10.0 % | 50.0 % | 1.0 % |",
                "| exact | 1024 | 2.000e6 | 25.0 % | not told by this driver | not told by this driver |",
            ]
        );
    }

    #[test]
    fn the_card_overtakes_where_it_stays_ahead() {
        let table = Records::read(OURS).steps();
        assert!(table.contains("on 2 threads of the processor"));
        assert!(table.contains("| 256 | 4.00 | 2.00 | 0.50 |"), "{table}");
        assert!(table.contains("overtakes 2 threads of the processor from a batch of 1024 on"));
        let steps = |of: &[f64]| of.iter().map(|f| (100, *f, 2)).collect::<Vec<_>>();
        assert_eq!(overtaken(&steps(&[2.0, 0.5])), None);
        assert_eq!(overtaken(&[(1, 2.0, 2), (2, 0.5, 2), (3, 2.0, 2)]), Some(3));
        assert_eq!(Records::default().steps(), "steps: not measured\n");
    }

    #[test]
    fn torch_stands_beside_with_what_kept_it_from_running() {
        let table = Records::read(OURS).beside(&Ok(Records::read(TORCH)));
        assert!(table.starts_with("torch 2.9 on A Card"));
        let lines: Vec<&str> = table.lines().skip(4).collect();
        assert_eq!(
            lines,
            [
                "| 256 | 1.000e6 | 8.000e6 | 1.000e4 | 2.000e4 | 100 × | 50 × | 800 × | 400 × |",
                "| 1024 | 2.000e6 | – | out of memory | – | – | – | – | – |",
                "",
                "each at its best batch: exact over eager 200 × (wanted: at least 50 ×)",
            ]
        );
        assert_eq!(
            Records::default().beside(&Err("no network".to_owned())),
            "torch: not run, because no network\n"
        );
    }
}
