//! One table for what requests cost, with a gateway and without.

/// A line of it.
#[derive(Debug)]
pub struct Line {
    /// What was asked for.
    pub what: String,
    /// Who answered.
    pub who: String,
    /// Answers in a second.
    pub rate: f64,
    /// Milliseconds from request to answer, of which 50, 95 and 99 percent took no longer.
    pub quantiles: [f64; 3],
    /// Milliseconds of processor for each answer: of the gateway, or of who asks where there is none.
    pub gateway: f64,
    /// The least and the most of that in all rounds.
    pub spread: Option<(f64, f64)>,
    /// The same of nats-server, and of who answers in the end.
    pub behind: [f64; 2],
    /// The most memory that the gateway had, in bytes.
    pub peak: Option<u64>,
    /// Requests to subgraphs for each answer.
    pub fetches: Option<f64>,
}

/// What was measured and hasn't been shown.
#[derive(Debug, Default)]
pub struct Table {
    lines: Vec<Line>,
    /// What is to be said below it.
    remark: Option<String>,
}

impl Table {
    /// Lines more.
    pub fn add(&mut self, lines: impl IntoIterator<Item = Line>) {
        self.lines.extend(lines);
    }

    /// Something that is no line.
    pub fn remark(&mut self, text: String) {
        self.remark = Some(text);
    }

    /// Shows it as Markdown, if there is anything.
    #[expect(clippy::print_stdout, reason = "this is what the program is for")]
    pub fn print(&mut self) {
        if self.lines.is_empty() {
            return;
        }
        println!(
            "| scenario | gateway | answers/s | p50 ms | p95 | p99 | gateway CPU ms | nats-server | subgraphs | peak MiB \
             | fetches |"
        );
        println!("|---|---|---|---|---|---|---|---|---|---|---|");
        self.lines.drain(..).for_each(|line| println!("{}", line.text()));
        if let Some(remark) = self.remark.take() {
            println!("\n{remark}");
        }
    }
}

impl Line {
    fn text(&self) -> String {
        let Self { what, who, rate, quantiles: [p50, p95, p99], gateway, behind: [nats, subgraphs], .. } =
            self;
        let spread =
            self.spread.map_or_else(String::new, |(least, most)| format!(" ({least:.3} to {most:.3})"));
        let peak = self.peak.map_or_else(String::new, |peak| mebibytes(peak).to_string());
        let fetches = self.fetches.map_or_else(String::new, |fetches| format!("{fetches:.2}"));
        format!(
            "| {what} | {who} | {rate:.0} | {p50:.2} | {p95:.2} | {p99:.2} | {gateway:.3}{spread} | {nats:.3} | {subgraphs:.3} \
             | {peak} | {fetches} |"
        )
    }
}

/// Bytes as MiB.
pub fn mebibytes(bytes: u64) -> u64 {
    bytes >> 20
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_shows_what_there_is() {
        let line = Line {
            what: "a".into(),
            who: "b".into(),
            rate: 10.4,
            quantiles: [1.0, 2.0, 3.0],
            gateway: 0.5,
            spread: None,
            behind: [0.25, 0.125],
            peak: None,
            fetches: None,
        };
        assert_eq!(line.text(), "| a | b | 10 | 1.00 | 2.00 | 3.00 | 0.500 | 0.250 | 0.125 |  |  |");
        let line = Line { spread: Some((0.25, 1.0)), peak: Some(3 << 20), fetches: Some(6.0), ..line };
        assert_eq!(
            line.text(),
            "| a | b | 10 | 1.00 | 2.00 | 3.00 | 0.500 (0.250 to 1.000) | 0.250 | 0.125 | 3 | 6.00 |"
        );
    }
}
