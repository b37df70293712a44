//! What goes on at once, a line each: moving ones on a terminal, one at each end elsewhere.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// All lines.
#[derive(Debug)]
pub struct Progress {
    lines: Option<MultiProgress>,
}

/// One line.
#[derive(Debug)]
pub struct Line {
    name: String,
    bar: Option<ProgressBar>,
    began: Instant,
}

impl Default for Progress {
    /// As standard error can show it.
    fn default() -> Self {
        Self { lines: stderr().is_terminal().then(MultiProgress::new) }
    }
}

impl Progress {
    /// A line for something that begins now.
    pub fn begin(&self, name: &str) -> Line {
        let bar = self.lines.as_ref().map(|lines| {
            let bar = lines.add(ProgressBar::new_spinner());
            let style = ProgressStyle::with_template("  {spinner} {prefix:12} {wide_msg} {elapsed:>5}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.set_prefix(name.to_owned());
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Line { name: name.to_owned(), bar, began: Instant::now() }
    }
}

impl Line {
    /// Says what it is at.
    pub fn say(&self, text: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(text.to_owned());
        }
    }

    /// Ends it.
    pub fn end(self, text: &str) {
        self.finish('✓', text);
    }

    /// Ends it where it came to nothing.
    pub fn give_up(self, text: &str) {
        self.finish('✗', text);
    }

    fn finish(self, mark: char, text: &str) {
        let line = format!("  {mark} {:12} {text} ({:.1} s)", self.name, self.began.elapsed().as_secs_f32());
        match self.bar {
            Some(bar) => {
                bar.set_style(
                    ProgressStyle::with_template("{wide_msg}")
                        .unwrap_or_else(|_| ProgressStyle::default_bar()),
                );
                bar.finish_with_message(line);
            }
            None => eprintln!("{line}"),
        }
    }
}
