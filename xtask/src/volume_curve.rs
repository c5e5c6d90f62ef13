//! `cargo xtask volume-curve`: what the recommended experiment of the volcano sees of the inflation of 2008, in figures
//! and as a picture.

use crate::command_line::CommandLine;
use crate::scorecard::newest;
use crate::workspace::Workspace;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Arguments of `cargo xtask volume-curve`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Seeds, separated by commas; the picture is of the first
    #[arg(long, value_delimiter = ',', default_values_t = [123, 1, 2])]
    seeds: Vec<u64>,
    /// Folder of the volcano's tables
    #[arg(long, value_name = "DIR", default_value = "../shared/data/mogi")]
    data: PathBuf,
}

const CONFIG: &str = "configs/mogi_recommended.json";
/// Where the picture goes.
const PICTURE: &str = "docs/akutan_volume.svg";
/// The mean of the second half of a year must exceed that of the year before by so many standard deviations.
const STANDARD_DEVIATIONS: f64 = 2.0;
const YEARS: [i32; 2] = [2007, 2008];

/// Trains, evaluates, prints the figures and writes the picture; fails where the inflation is not seen.
pub fn run(args: &Args) -> ExitCode {
    match volume_curve(args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            println!("volume-curve: not all seeds see it");
            ExitCode::FAILURE
        }
        Err(problem) => {
            println!("volume-curve: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn volume_curve(args: &Args) -> Result<bool, String> {
    let workspace = Workspace::current();
    let data = workspace.root().join(&args.data);
    if !data.is_dir() {
        return Err(format!("{} not found", data.display()));
    }
    CommandLine::parse("cargo build --quiet -p trainer")?.run(&workspace)?;
    let target = workspace.metadata()?.target_directory.as_std_path();
    let trainer = target
        .join("debug")
        .join(format!("trainer{}", std::env::consts::EXE_SUFFIX));
    let scratch = workspace.scratch("volume-curve")?;
    println!("{HEADER}");
    let (mut seen, mut asides) = (true, vec![]);
    for (i, seed) in args.seeds.iter().enumerate() {
        let runs = scratch.join(format!("seed_{seed}"));
        // the only run is read: none of an earlier call may be there
        let _ = fs::remove_dir_all(&runs);
        let start = |arguments: &[&str], paths: [(&str, &Path); 2]| {
            let mut command = Command::new(&trainer);
            command.current_dir(workspace.root()).args(arguments);
            for (option, path) in paths {
                command.arg(option).arg(path);
            }
            succeed(command)
        };
        let seed_text = seed.to_string();
        start(
            &["train", "--config", CONFIG, "--seed", &seed_text],
            [("--data-dir", &data), ("--runs-dir", &runs)],
        )?;
        let run = newest(&newest(&runs)?)?;
        let file = runs.join("parameters.csv");
        let mut command = Command::new(&trainer);
        command
            .arg("eval")
            .arg(&run)
            .arg("--overwrite")
            .arg("--parameters")
            .arg(&file);
        succeed(command)?;
        let text =
            fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let days = days(&text).map_err(|problem| format!("{}: {problem}", file.display()))?;
        let [before, after] = YEARS.map(|year| Half::of(&days, year));
        let (Some(before), Some(after)) = (before, after) else {
            return Err(format!("{}: too few days in {YEARS:?}", file.display()));
        };
        println!("{}", line(*seed, &before, &after));
        seen &= exceeds(&before, &after);
        asides.push(format!("seed {seed}:{}", further(&days)));
        if i == 0 {
            let path = workspace.root().join(PICTURE);
            fs::write(&path, picture(&days, &[before, after]))
                .map_err(|error| format!("{}: {error}", path.display()))?;
        }
    }
    println!("{}", asides.join("\n"));
    println!("written: {PICTURE}, of seed {}", args.seeds[0]);
    Ok(seen)
}

fn succeed(mut command: Command) -> Result<(), String> {
    let output = command
        .output()
        .map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!(
        "{command:?}: {}",
        said.lines().last().unwrap_or_default()
    ))
}

/// The volume change inferred of a day, in 10⁶ m³.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Day {
    year: i32,
    month: u32,
    /// The date as decimal year.
    at: f64,
    value: f64,
    sd: f64,
    low: f64,
    high: f64,
}

/// The days of what `trainer eval --parameters` has written.
fn days(csv: &str) -> Result<Vec<Day>, String> {
    let mut lines = csv.lines();
    let header: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let names = ["date", "dV", "dV_sd", "dV_05", "dV_95"];
    let mut places = [0; 5];
    for (place, name) in places.iter_mut().zip(names) {
        *place = header
            .iter()
            .position(|column| *column == name)
            .ok_or_else(|| format!("no column {name}"))?;
    }
    let read = |(i, line): (usize, &str)| {
        let cells: Vec<&str> = line.split(',').collect();
        let day = || {
            let [date, value, sd, low, high] = places.map(|place| cells.get(place).copied());
            let (year, month, at) = decimal_year(date?)?;
            let number = |text: Option<&str>| text?.parse::<f64>().ok();
            // the table has 10⁵ m³ above −10⁷ m³
            let volume = |text| Some(0.1 * (number(text)? - 100.0));
            Some(Day {
                year,
                month,
                at,
                value: volume(value)?,
                sd: 0.1 * number(sd)?,
                low: volume(low)?,
                high: volume(high)?,
            })
        };
        day().ok_or_else(|| format!("line {}: {line}", i + 2))
    };
    lines.enumerate().map(read).collect()
}

/// Year, month and decimal year of YYYY.MM.DD, in the middle of the day.
fn decimal_year(date: &str) -> Option<(i32, u32, f64)> {
    let mut parts = date.split('.');
    let year: i32 = parts.next()?.parse().ok()?;
    let month: u32 = parts.next()?.parse().ok()?;
    let day: f64 = parts.next()?.parse().ok()?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let february = if leap { 29.0 } else { 28.0 };
    let lengths = [
        31.0, february, 31.0, 30.0, 31.0, 30.0, 31.0, 31.0, 30.0, 31.0, 30.0, 31.0,
    ];
    if !(1..=12).contains(&month) {
        return None;
    }
    let before = &lengths[..month as usize - 1];
    let before: f64 = before.iter().sum();
    let all: f64 = lengths.iter().sum();
    Some((year, month, f64::from(year) + (before + day - 0.5) / all))
}

/// July to December of a year, in 10⁶ m³.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Half {
    year: i32,
    days: f64,
    mean: f64,
    /// Standard deviation of the days' values (n − 1).
    scatter: f64,
    /// Mean of the days' posterior standard deviations.
    posterior_sd: f64,
}

impl Half {
    /// `None` with fewer than two days.
    fn of(days: &[Day], year: i32) -> Option<Self> {
        let days: Vec<&Day> = days
            .iter()
            .filter(|day| day.year == year && day.month >= 7)
            .collect();
        if days.len() < 2 {
            return None;
        }
        let n = days.len() as f64;
        let mean = days.iter().map(|day| day.value).sum::<f64>() / n;
        let squares: f64 = days.iter().map(|day| (day.value - mean).powi(2)).sum();
        Some(Self {
            year,
            days: n,
            mean,
            scatter: (squares / (n - 1.0)).sqrt(),
            posterior_sd: days.iter().map(|day| day.sd).sum::<f64>() / n,
        })
    }
}

/// Mean posterior standard deviation of the days of both halves.
fn posterior_sd(before: &Half, after: &Half) -> f64 {
    (before.days * before.posterior_sd + after.days * after.posterior_sd)
        / (before.days + after.days)
}

/// The wider of the two halves' scatter from day to day.
fn scatter(before: &Half, after: &Half) -> f64 {
    before.scatter.max(after.scatter)
}

fn exceeds(before: &Half, after: &Half) -> bool {
    after.mean - before.mean > STANDARD_DEVIATIONS * posterior_sd(before, after)
}

const HEADER: &str = "| seed | Jul–Dec 2007 | Jul–Dec 2008 | difference | posterior sd of a day | difference over it | days scatter by | difference over the wider |\n|---|---|---|---|---|---|---|---|";

fn line(seed: u64, before: &Half, after: &Half) -> String {
    let difference = after.mean - before.mean;
    let sd = posterior_sd(before, after);
    format!(
        "| {seed} | {:.2} | {:.2} | {difference:.2} | {sd:.2} | {:.1} | {:.2}, {:.2} | {:.1} |",
        before.mean,
        after.mean,
        difference / sd,
        before.scatter,
        after.scatter,
        difference / scatter(before, after),
    )
}

/// Half-year means of all days, how much days that follow each other differ, and how many stand near the upper end.
fn further(days: &[Day]) -> String {
    let mut halves: Vec<(i32, bool, f64, f64)> = vec![];
    for day in days {
        let second = day.month >= 7;
        match halves.last_mut() {
            Some((year, half, n, sum)) if (*year, *half) == (day.year, second) => {
                *n += 1.0;
                *sum += day.value;
            }
            _ => halves.push((day.year, second, 1.0, day.value)),
        }
    }
    let means: Vec<String> = halves
        .iter()
        .map(|(year, second, n, sum)| format!("{year}-{} {:.2}", 1 + u8::from(*second), sum / n))
        .collect();
    let squares: f64 = days
        .windows(2)
        .map(|d| (d[1].value - d[0].value).powi(2))
        .sum();
    let error = (squares / (2.0 * (days.len() as f64 - 1.0))).sqrt();
    let high = days.iter().filter(|day| day.value > 0.9 * VOLUME).count();
    format!(
        "  half-years {}; error by days that follow each other {error:.2}; {:.1} % of the days above {:.0}",
        means.join(", "),
        100.0 * high as f64 / days.len() as f64,
        0.9 * VOLUME
    )
}

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 320.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 30.0;
/// Ends of the volume's range, 10⁶ m³.
const VOLUME: f64 = 10.0;

/// The days as dots in their central 90 %, and the two halves' means with the scatter of their days.
fn picture(days: &[Day], halves: &[Half]) -> String {
    let first = days.first().map_or(0.0, |day| day.at);
    let last = days.last().map_or(1.0, |day| day.at).max(first + 1e-3);
    let x = |at: f64| LEFT + (at - first) / (last - first) * (WIDTH - LEFT - RIGHT);
    let y = |value: f64| TOP + (VOLUME - value) / (2.0 * VOLUME) * (HEIGHT - TOP - BOTTOM);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\" fill=\"#444\">\n<title>Volume change below Akutan, inferred day by day</title>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n\
         <text x=\"{LEFT}\" y=\"18\">volume change below Akutan, 10⁶ m³: days (dots), central 90 % of each posterior \
         (bars), half-year means ± scatter of their days</text>\n"
    );
    for tick in [-10.0, -5.0, 0.0, 5.0, 10.0_f64] {
        let at = y(tick);
        let _ = writeln!(
            svg,
            "<path d=\"M{LEFT} {at:.1}H{:.1}\" stroke=\"#ddd\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{tick}</text>",
            WIDTH - RIGHT,
            LEFT - 8.0,
            at + 4.0
        );
    }
    for year in (first.ceil() as i32)..=(last.floor() as i32) {
        let at = x(f64::from(year));
        let foot = HEIGHT - BOTTOM;
        let _ = writeln!(
            svg,
            "<path d=\"M{at:.1} {TOP}V{foot}\" stroke=\"#ddd\"/><text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{year}</text>",
            foot + 18.0
        );
    }
    let (mut bars, mut dots) = (String::new(), String::new());
    for day in days {
        let at = x(day.at);
        let _ = write!(bars, "M{at:.1} {:.1}V{:.1}", y(day.low), y(day.high));
        let _ = write!(dots, "M{at:.1} {:.1}h0", y(day.value));
    }
    let _ = writeln!(
        svg,
        "<path d=\"{bars}\" stroke=\"#2a78d6\" stroke-opacity=\".35\" stroke-width=\".8\"/>\n\
         <path d=\"{dots}\" stroke=\"#2a78d6\" stroke-width=\"1.8\" stroke-linecap=\"round\"/>"
    );
    for half in halves {
        let (from, to) = (x(f64::from(half.year) + 0.5), x(f64::from(half.year) + 1.0));
        let (top, foot) = (y(half.mean + half.scatter), y(half.mean - half.scatter));
        let _ = writeln!(
            svg,
            "<rect x=\"{from:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"#d9601a\" fill-opacity=\".18\"/>\
             <path d=\"M{from:.1} {mean:.1}H{to:.1}\" stroke=\"#d9601a\" stroke-width=\"2.5\"/>",
            to - from,
            foot - top,
            mean = y(half.mean)
        );
    }
    svg.push_str("</svg>\n");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two days each in the second halves of 2007 and 2008, and one before.
    const TABLE: &str = "date,d,dV,dV_sd,dV_05,dV_95\n\
        2007.06.30,4,190,9,180,195\n2007.07.01,4,90,2,87,93\n2007.12.31,4,110,4,104,116\n\
        2008.07.01,4,150,2,147,153\n2008.12.31,4,170,4,164,176\n";

    fn halves() -> [Half; 2] {
        let days = days(TABLE).unwrap();
        YEARS.map(|year| Half::of(&days, year).unwrap())
    }

    #[test]
    fn halves_by_hand() {
        let [before, after] = halves();
        assert_eq!((before.days, before.mean), (2.0, 0.0));
        assert!((after.mean - 6.0).abs() < 1e-12 && (after.posterior_sd - 0.3).abs() < 1e-12);
        assert!((before.scatter - 2.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!(
            line(7, &before, &after),
            "| 7 | 0.00 | 6.00 | 6.00 | 0.30 | 20.0 | 1.41, 1.41 | 4.2 |"
        );
        assert!(exceeds(&before, &after) && !exceeds(&after, &before));
        let little = Half {
            mean: before.mean + 0.599,
            ..after
        };
        assert!(!exceeds(&before, &little));
        assert!(Half::of(&days(TABLE).unwrap(), 2006).is_none());
    }

    #[test]
    fn days_have_their_dates_and_units() {
        let days = days(TABLE).unwrap();
        assert_eq!(days.len(), 5);
        assert_eq!((days[1].year, days[1].month), (2007, 7));
        assert!((days[1].at - (2007.0 + 181.5 / 365.0)).abs() < 1e-9);
        assert!((days[4].at - (2009.0 - 0.5 / 366.0)).abs() < 1e-9);
        assert!((days[1].value + 1.0).abs() < 1e-12 && (days[1].high + 0.7).abs() < 1e-12);
        assert_eq!(super::days("date,dV\n").unwrap_err(), "no column dV_sd");
        for month in ["00", "13"] {
            let broken = TABLE.replace("2008.12.31", &format!("2008.{month}.31"));
            assert!(super::days(&broken).unwrap_err().starts_with("line 6"));
        }
        let broken = TABLE.replace(",176", ",x");
        assert_eq!(
            super::days(&broken).unwrap_err(),
            "line 6: 2008.12.31,4,170,4,164,x"
        );
    }

    #[test]
    fn further_figures_by_hand() {
        // 9.1, −1, 1, 5, 7: the squares of the differences are 102.01, 4, 16 and 4, their sum over 2·4 is 15.75
        assert_eq!(
            further(&days(&TABLE.replace(",190,", ",191,")).unwrap()),
            "  half-years 2007-1 9.10, 2007-2 0.00, 2008-2 6.00; error by days that follow each other 3.97; 20.0 % of the \
             days above 9"
        );
    }

    #[test]
    fn a_picture_of_all_days() {
        let days = days(TABLE).unwrap();
        let svg = picture(&days, &halves());
        assert_eq!(svg.matches("h0").count(), 5);
        assert_eq!(svg.matches("fill=\"#d9601a\"").count(), 2);
        assert!(
            svg.contains(">2008</text>") && !svg.contains(">2009</text>") && !svg.contains("NaN")
        );
        // 10⁷ m³ more lie at the top, and nothing is outside
        assert!(svg.contains("M56 30.0H748.0"), "{svg}");
    }
}
