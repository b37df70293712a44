//! `yardstick plans` prints a table of how many fetches both planners need, how many of them in a row, and whether
//! both plans give the data that one server would give.
//! `yardstick compose` prints how long composition takes, beside an npm package's.
//! `yardstick time` prints how long both take to plan, and to get ready for planning.
#![allow(clippy::print_stdout, reason = "the tables are what this program is for")]

use tributary_federation::Supergraph;
use tributary_yardstick::composition::{self, Beside, Oracle, Taken};
use tributary_yardstick::data::{Outcome, THEIRS};
use tributary_yardstick::{Both, Cases, Measure, cases, ours, theirs, time};

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("compose") => compositions(),
        Some("plans") => with_cases(plans),
        Some("time") => with_cases(times),
        _ => {
            eprintln!("usage: yardstick compose | plans | time");
            std::process::exit(2);
        }
    }
}

fn with_cases(print: fn(&Cases, &[Both])) {
    let Some(cases) = cases() else { return };
    // Their planner panics on some operations; that is counted as a refusal.
    std::panic::set_hook(Box::new(|_| {}));
    let graphs: Vec<Both> = cases.graphs.iter().map(Both::new).collect();
    print(&cases, &graphs);
}

fn compositions() {
    println!("{:<34} {:>8} {:^24}   {:^24}", "composing, in milliseconds of CPU", "", "ours", "theirs");
    println!("{:<34} {:>8}{TAKEN}  {TAKEN}   ratio", "", "bytes");
    let mut oracle = Oracle::start();
    for (name, set) in composition::inputs() {
        let Beside { bytes, ours, theirs } = composition::beside(&set, &mut oracle);
        let text = |taken: Taken| format!("{:>9.2} {:>9.2} {:>5}", taken.best, taken.median, taken.runs);
        let ratio = ours.best / theirs.best;
        println!("{name:<34} {bytes:>8}{}  {} {ratio:>7.3}", text(ours), text(theirs));
    }
}

/// The head of what one of them takes.
const TAKEN: &str = "     best    median  runs";

fn plans(cases: &Cases, graphs: &[Both]) {
    println!(
        "{:<42} {:>7} {:>5}   {:>7} {:>5}   {:<6}",
        "operation", "fetches", "path", "theirs", "path", "data"
    );
    let mut sums = [Measure::default(); 2];
    let (mut runs, mut equal) = (0, 0);
    for case in &cases.all {
        let [ours, theirs] = graphs[case.graph].measure(case);
        let outcome = graphs[case.graph].check(&case.query);
        let text = |measure: Option<Measure>| match measure {
            Some(Measure { fetches, path }) => format!("{fetches:>7} {path:>5}"),
            None => format!("{:>7} {:>5}", "-", "-"),
        };
        let data = data(&outcome);
        let line = format!(
            "{:<42} {}   {}   {data:<6}{}",
            case.name,
            text(ours),
            text(theirs),
            verdict(ours, theirs)
        );
        println!("{}", line.trim_end());
        if let (Some(ours), Some(theirs)) = (ours, theirs) {
            sums[0].add(ours);
            sums[1].add(theirs);
        }
        equal += usize::from(data == "equal");
        runs += outcome.map_or(0, |outcome| outcome.runs);
    }
    let [ours, theirs] = sums;
    let (fetches, path) = ((ours.fetches, theirs.fetches), (ours.path, theirs.path));
    println!("{:<42} {:>7} {:>5}   {:>7} {:>5}", "where both plan", fetches.0, path.0, fetches.1, path.1);
    println!("data: {equal} operations are equal, in {runs} runs of both plans over synthetic subgraphs");
    for (name, why) in THEIRS {
        println!("  {name}, theirs: {why}");
    }
}

/// Whose data isn't what one server would say.
fn data(outcome: &Option<Outcome>) -> &'static str {
    match outcome {
        None => "-",
        Some(Outcome { ours: None, theirs: None, .. }) => "equal",
        Some(Outcome { ours: None, .. }) => "theirs",
        Some(Outcome { theirs: None, .. }) => "ours",
        Some(_) => "both",
    }
}

fn verdict(ours: Option<Measure>, theirs: Option<Measure>) -> &'static str {
    match (ours, theirs) {
        (Some(ours), Some(theirs)) if ours.path > theirs.path => "  longer",
        (Some(ours), Some(theirs)) if ours.path < theirs.path => "  shorter",
        (Some(ours), Some(theirs)) if ours.fetches > theirs.fetches => "  more",
        (Some(ours), Some(theirs)) if ours.fetches < theirs.fetches => "  fewer",
        _ => "",
    }
}

fn times(cases: &Cases, graphs: &[Both]) {
    println!("{:<42} {:>12} {:>12} {:>7}", "planning, in microseconds", "ours", "theirs", "ratio");
    let mut ratios = Vec::new();
    for case in &cases.all {
        let graph = &graphs[case.graph];
        if graph.measure(case).contains(&None) {
            continue;
        }
        let ours = || drop(ours::plan(&graph.ours, &case.query));
        let theirs = || drop(theirs::plan(&graph.theirs, &case.query));
        ratios.push(row(&case.name, time::beside(ours, theirs)));
    }
    summary(&mut ratios);
    println!();
    println!("{:<42} {:>12} {:>12} {:>7}", "getting ready, in microseconds", "ours", "theirs", "ratio");
    let mut ratios = Vec::new();
    for (at, source) in cases.graphs.iter().enumerate() {
        let sdl = &source.supergraph;
        let name = cases.all.iter().find(|case| case.graph == at).map_or("", |case| &case.name);
        let suite = name.split('#').next().unwrap_or(name);
        ratios.push(row(suite, time::beside(|| drop(Supergraph::parse(sdl)), || drop(theirs::planner(sdl)))));
    }
    summary(&mut ratios);
}

fn row(name: &str, (ours, theirs): (f64, f64)) -> f64 {
    println!("{name:<42} {:>12.1} {:>12.1} {:>7.2}", ours / 1e3, theirs / 1e3, ours / theirs);
    ours / theirs
}

fn summary(ratios: &mut [f64]) {
    ratios.sort_by(f64::total_cmp);
    let mean = (ratios.iter().map(|ratio| ratio.ln()).sum::<f64>() / ratios.len() as f64).exp();
    let worst = ratios.last().copied().unwrap_or_default();
    println!("geometric mean of {} ratios {mean:.3}, worst {worst:.2}", ratios.len());
}
