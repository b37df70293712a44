//! The steps of a test run: what each prints as it goes, and what all of them come to.

use std::io::{BufRead, BufReader, IsTerminal, Read, Write, stderr, stdout};
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

use super::count::Count;

/// All steps so far.
#[derive(Debug, Default)]
pub struct Report {
    steps: Vec<Step>,
    left_out: Vec<String>,
}

#[derive(Debug)]
struct Step {
    name: &'static str,
    took: Duration,
    count: Count,
    failure: Option<String>,
}

impl Report {
    /// A step that is a command; what it prints is shown, and the tests in it are counted.
    pub fn run(&mut self, name: &'static str, command: Command) {
        let started = announce(name);
        let (count, failure) = match execute(command) {
            Ok((count, outcome)) => (count, outcome.err()),
            Err(cause) => (Count::default(), Some(cause)),
        };
        self.push(name, started, count, failure);
    }

    /// A step that makes something.
    pub fn attempt<T>(&mut self, name: &'static str, make: impl FnOnce() -> Result<T>) -> Option<T> {
        let started = announce(name);
        let (made, failure) = match make() {
            Ok(made) => (Some(made), None),
            Err(cause) => (None, Some(cause)),
        };
        self.push(name, started, Count::default(), failure);
        made
    }

    /// Says now, and again in the summary, what this run doesn't prove: the tests that leave it out pass.
    pub fn leave_out(&mut self, what: &str) {
        eprintln!("\n{}", left_out(what));
        self.left_out.push(what.to_owned());
    }

    /// The summary.
    pub fn finish(self) -> Result<ExitCode> {
        let sum = self.sum_up(&mut stdout().lock())?;
        Ok(if sum.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn sum_up(&self, out: &mut impl Write) -> Result<Count> {
        let mut sum = Count::default();
        writeln!(out, "\n── summary")?;
        for step in &self.steps {
            sum += step.count;
            writeln!(out, "{}", step.line())?;
        }
        for what in &self.left_out {
            writeln!(out, "{}", left_out(what))?;
        }
        writeln!(out, "{} passed, {} failed", sum.passed, sum.failed)?;
        Ok(sum)
    }

    fn push(
        &mut self,
        name: &'static str,
        started: Instant,
        mut count: Count,
        failure: Option<anyhow::Error>,
    ) {
        // A runner that failed before it ran a test, or a step that runs none, is a failure too.
        if failure.is_some() && count.failed == 0 {
            count.failed = 1;
        }
        let failure = failure.map(|cause| format!("{cause:#}"));
        let step = Step { name, took: started.elapsed(), count, failure };
        eprintln!("{}", step.line());
        self.steps.push(step);
    }
}

impl Step {
    fn line(&self) -> String {
        let Self { name, took, count, failure } = self;
        let mark = if failure.is_some() || count.failed > 0 { '✗' } else { '✓' };
        let mut line = format!("{mark} {name}: {:.1} s", took.as_secs_f32());
        if count.passed + count.failed > 0 {
            line += &format!(", {} passed, {} failed", count.passed, count.failed);
        }
        if let Some(failure) = failure {
            line += &format!(" – {failure}");
        }
        line
    }
}

fn left_out(what: &str) -> String {
    format!("! LEFT OUT: {what}")
}

fn announce(name: &str) -> Instant {
    eprintln!("\n── {name}");
    Instant::now()
}

/// Runs a command to its end; its tests, and whether it was content.
fn execute(mut command: Command) -> Result<(Count, Result<()>)> {
    if stderr().is_terminal() {
        command.env("CARGO_TERM_COLOR", "always").env("FORCE_COLOR", "1");
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let program = command.get_program().display().to_string();
    let mut child = command.spawn().with_context(|| format!("can't start {program}"))?;
    let output = child.stdout.take().context("its output is piped")?;
    let errors = child.stderr.take().context("its errors are piped")?;
    let count = thread::scope(|scope| {
        let errors = scope.spawn(|| show(errors, stderr()));
        let mut count = show(output, stdout());
        count += errors.join().map_err(|_| anyhow!("reading its errors panicked"))?;
        anyhow::Ok(count)
    })?;
    let status = child.wait()?;
    let outcome = if status.success() { Ok(()) } else { Err(anyhow!("{status}")) };
    Ok((count, outcome))
}

fn show(from: impl Read, mut to: impl Write) -> Count {
    let mut count = Count::default();
    let mut reader = BufReader::new(from);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
        count += Count::of_line(&String::from_utf8_lossy(&line));
        // Nobody reads us any more: the exit code still tells.
        let _ = to.write_all(&line).and_then(|()| to.flush());
        line.clear();
    }
    count
}

/// A step's body from several commands, of which none may fail.
pub fn all(commands: Vec<Command>) -> Result<()> {
    for command in commands {
        let (_, outcome) = execute(command)?;
        if let Err(cause) = outcome {
            bail!(cause);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_out_stands_in_the_summary_and_fails_nothing() {
        let mut report = Report::default();
        report.push("a step", Instant::now(), Count { passed: 2, failed: 0 }, None);
        report.leave_out("the audit");
        let mut out = Vec::new();
        let sum = report.sum_up(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.ends_with("\n! LEFT OUT: the audit\n2 passed, 0 failed\n"), "{text}");
        assert_eq!(sum.failed, 0);
    }
}
