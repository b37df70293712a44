//! Which process a pid means: a number alone may belong to another process by now, or be from before a reboot.

use std::fs;

use serde::{Deserialize, Serialize};

/// A process that can be recognised again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Its number.
    pub pid: u32,
    /// Clock ticks between boot and its start.
    pub started: u64,
    /// The kernel's random name of the boot.
    pub boot: String,
}

impl Identity {
    /// The process that has this pid now.
    pub fn of(pid: u32) -> Option<Self> {
        Some(Self { pid, started: start_time(pid)?, boot: boot_id() })
    }

    /// Whether that very process still runs (one that only waits to be collected doesn't).
    pub fn is_alive(&self) -> bool {
        Self::of(self.pid).as_ref() == Some(self)
    }
}

/// The kernel's random name of the current boot.
pub fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

fn start_time(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in brackets and may hold anything, brackets and spaces too.
    let (_, rest) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    let is_zombie = fields.first() == Some(&"Z");
    if is_zombie { None } else { fields.get(19)?.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_itself_and_nothing_else() {
        let me = Identity::of(std::process::id()).unwrap();
        assert!(me.is_alive());
        assert!(!Identity { started: me.started + 1, ..me.clone() }.is_alive(), "a reused pid");
        assert!(!Identity { boot: "another boot".into(), ..me }.is_alive(), "a reboot");
        assert_eq!(Identity::of(u32::MAX), None);
    }
}
