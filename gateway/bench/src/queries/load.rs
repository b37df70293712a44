//! Load, by `oha`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use super::scenario::{Scenario, Traffic};

/// The program, and where it finds what it sends.
pub struct Load {
    program: PathBuf,
    folder: PathBuf,
}

/// What it found.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// Requests that were answered.
    pub requests: u64,
    /// In a second.
    pub rate: f64,
    /// Milliseconds from request to answer, of which 50, 95 and 99 percent took no longer.
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
}

/// What oha writes with `--output-format json`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    summary: Summary,
    latency_percentiles: Percentiles,
    status_code_distribution: BTreeMap<String, u64>,
    error_distribution: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    requests_per_sec: f64,
    total_data: u64,
}

/// Seconds.
#[derive(Deserialize)]
struct Percentiles {
    p50: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
}

impl Load {
    /// `folder` is for what is sent.
    pub fn new(folder: &Path) -> Result<Self> {
        let program = xtask::tools::oha::provide()?;
        Ok(Self { program, folder: folder.to_owned() })
    }

    /// Sends a scenario's requests for that long, at most so many a second. Where all answers are to be of one
    /// length, `bytes`, they are counted.
    pub fn run(
        &self,
        url: &str,
        scenario: &Scenario,
        time: Duration,
        rate: Option<f64>,
        bytes: Option<u64>,
    ) -> Result<Found> {
        let mut command = Command::new(&self.program);
        command.args([
            "--no-tui",
            "--output-format",
            "json",
            "--disable-compression",
            "--method",
            "POST",
            "-w",
        ]);
        command.args(["-T", "application/json", "-A", "application/json"]);
        command.args(["-c", &scenario.connections.to_string(), "-z", &format!("{}ms", time.as_millis())]);
        if let Some(rate) = rate {
            command.args(["-q", &format!("{rate:.0}"), "--latency-correction"]);
        }
        let file = self.folder.join("bodies");
        match &scenario.traffic {
            Traffic::Same(body) => {
                fs::write(&file, body)?;
                command.arg("-D").arg(&file);
            }
            Traffic::Many(bodies) => {
                fs::write(&file, bodies.join("\n"))?;
                command.arg("-Z").arg(&file);
            }
        }
        let output = command.arg(url).output().with_context(|| self.program.display().to_string())?;
        if !output.status.success() {
            bail!("oha failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        let report: Report = serde_json::from_slice(&output.stdout).context("oha's report")?;
        report.found(bytes)
    }
}

impl Report {
    fn found(self, bytes: Option<u64>) -> Result<Found> {
        ensure!(self.error_distribution.is_empty(), "requests failed: {:?}", self.error_distribution);
        let statuses = &self.status_code_distribution;
        let requests = statuses.get("200").copied().unwrap_or(0);
        ensure!(requests > 0 && statuses.len() == 1, "answers other than 200: {statuses:?}");
        if let Some(bytes) = bytes {
            let expected = bytes * requests;
            let came = self.summary.total_data;
            ensure!(came == expected, "{requests} answers have {came} bytes, {expected} if they were right");
        }
        let milliseconds = |seconds: Option<f64>| seconds.map_or(f64::NAN, |seconds| seconds * 1e3);
        let Percentiles { p50, p95, p99 } = self.latency_percentiles;
        let (p50, p95, p99) = (milliseconds(p50), milliseconds(p95), milliseconds(p99));
        Ok(Found { requests, rate: self.summary.requests_per_sec, p50, p95, p99 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(statuses: &str, errors: &str) -> Report {
        let json = format!(
            r#"{{"summary":{{"requestsPerSec":5.0,"totalData":70}},
                "latencyPercentiles":{{"p50":0.001,"p95":0.002,"p99":null}},
                "statusCodeDistribution":{statuses},"errorDistribution":{errors}}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn only_right_answers_count() {
        let found = report(r#"{"200":7}"#, "{}").found(Some(10)).unwrap();
        assert_eq!((found.requests, found.p50), (7, 1.0));
        assert!(report(r#"{"200":7}"#, "{}").found(Some(11)).is_err());
        assert!(report(r#"{"200":7,"429":1}"#, "{}").found(None).is_err());
        assert!(report(r#"{"200":7}"#, r#"{"connection closed":1}"#).found(None).is_err());
        assert!(report("{}", "{}").found(None).is_err());
    }
}
