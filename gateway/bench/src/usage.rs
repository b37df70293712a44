//! What a process has used, from the system's own books (`/proc`).

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// What a process had used at a moment.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    at: Instant,
    cpu: Duration,
    /// Bytes of memory that it has (resident).
    pub memory: u64,
    /// The most that it had since its start, or since [`forget_peak`].
    pub peak: u64,
}

/// What a process used from one moment to another.
#[derive(Clone, Copy, Debug)]
pub struct Used {
    /// How long that was.
    pub time: Duration,
    /// Processor time, of all of its threads, in the kernel too.
    pub cpu: Duration,
}

impl Usage {
    /// What the process has used so far.
    pub fn of(pid: u32) -> Result<Self> {
        let read = |file: &str| {
            let path = format!("/proc/{pid}/{file}");
            fs::read_to_string(&path)
                .with_context(|| format!("{path}: the process is gone, or this is no Linux"))
        };
        let stat = read("stat")?;
        // What comes before the last parenthesis is the program's name, with whatever is in it (proc(5)).
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<u64>().ok());
        let (user, system) = ticks(11).zip(ticks(12)).context("/proc/…/stat says no times")?;
        let status = read("status")?;
        let bytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            let kilobytes: u64 = line?.trim_end_matches("kB").trim().parse().ok()?;
            Some(kilobytes * 1024)
        };
        let (memory, peak) = bytes("VmRSS").zip(bytes("VmHWM")).context("/proc/…/status says no memory")?;
        let per_second = rustix::param::clock_ticks_per_second();
        let cpu = Duration::from_secs_f64((user + system) as f64 / per_second as f64);
        Ok(Self { at: Instant::now(), cpu, memory, peak })
    }

    /// With what another process had used.
    pub fn add(&mut self, other: &Self) {
        self.cpu += other.cpu;
        self.memory += other.memory;
        self.peak += other.peak;
    }

    /// What was used since an earlier moment.
    pub fn since(&self, earlier: &Self) -> Used {
        Used { time: self.at - earlier.at, cpu: self.cpu.saturating_sub(earlier.cpu) }
    }
}

/// What a process needs most is counted anew from now on (proc(5), `clear_refs`).
pub fn forget_peak(pid: u32) -> Result<()> {
    let path = format!("/proc/{pid}/clear_refs");
    fs::write(&path, "5").with_context(|| format!("{path}: the process is gone, or somebody else's"))
}

impl Used {
    /// How much of one processor that was.
    pub fn share(&self) -> f64 {
        self.cpu.as_secs_f64() / self.time.as_secs_f64()
    }
}
