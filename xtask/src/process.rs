//! A child process that never outlives us, whatever ends us.
//!
//! The kernel's own help (a parent-death signal) belongs to the *thread* that forked, is lost when the child changes its
//! credentials as `unshare` does, and says nothing of grandchildren. So each child hangs on a **lifeline**: the reading
//! end of a pipe whose only writer is this process. The child starts as a shell that leaves a watcher behind and then
//! becomes the program (same pid, a process group of its own). The kernel closes our end when we end, however that
//! happens; the watcher reads the end of the pipe, asks the group to stop, and kills what is left of it.

mod identity;
mod supervised;

pub use identity::{Identity, boot_id};
pub use supervised::{Spawn, StopSignal, Supervised};
