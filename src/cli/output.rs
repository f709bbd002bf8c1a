//! What commands write: files that appear whole or not at all, runs, warnings, and reports in the formats that were asked
//! for.

use super::error::CliError;
use super::histograms::Histograms;
use super::session::Session;
use crate::gate::Report;
use crate::model::{Run, Warning};
use crate::report::{
    Paper, TableStyle, described, escape_terminal, harmless, render_annotations,
    render_code_quality, render_json, render_junit, render_markdown, render_run_csv, render_sarif,
    render_table, warning_text, write_json,
};
use crate::schema::RunV1;
use crate::store::{persist, temporary};
use clap::ValueEnum;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes a file by renaming it into its place once it is complete. What is there and no plain file (a pipe,
/// `/dev/stdout`, `/dev/null`) is written to and never replaced.
pub(super) fn write_file(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), CliError> {
    let attempt = || -> io::Result<()> {
        if std::fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir()) {
            return write(&mut std::fs::OpenOptions::new().write(true).open(path)?);
        }
        // Through a link, what it points to is replaced, not the link.
        let target = if path.is_symlink() { path.canonicalize()? } else { path.to_owned() };
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        let mut file = temporary(folder)?;
        let mut buffer = io::BufWriter::new(file.as_file_mut());
        write(&mut buffer)?;
        buffer.flush()?;
        drop(buffer);
        persist(file, &target)
    };
    attempt().map_err(|source| CliError::File { path: path.to_owned(), source })
}

/// The format of a report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ReportFormat {
    #[default]
    Table,
    Markdown,
    Json,
    Junit,
    Sarif,
    Codequality,
    Github,
}

/// Which measurements a table shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Rows {
    All,
    /// Those that ask for attention.
    #[default]
    Notable,
}

/// Where a report goes.
#[derive(Debug, Clone, Default)]
pub(super) struct ReportOutput {
    /// The format on standard output.
    pub(super) format: ReportFormat,
    pub(super) files: Vec<(ReportFormat, PathBuf)>,
    /// Folders that the measured runs are written to, without a verdict.
    pub(super) bundles: Vec<PathBuf>,
    pub(super) rows: Rows,
}

impl ReportOutput {
    /// Writes the report to every file and to standard output. The files come first, so that a closed pipe cannot keep them
    /// from being written.
    pub(super) fn write(&self, report: &Report, session: &mut Session<'_>) -> Result<(), CliError> {
        self.write_files(report, session)?;
        let style = self.style(session.paper);
        session.print(|out| render(report, self.format, style, out))
    }

    /// Writes the report to every file.
    pub(super) fn write_files(
        &self,
        report: &Report,
        session: &Session<'_>,
    ) -> Result<(), CliError> {
        let style = self.style(Paper::log(false));
        for (format, path) in &self.files {
            write_file(&session.path(path), |mut out| render(report, *format, style, &mut out))?;
        }
        Ok(())
    }

    fn style(&self, paper: Paper) -> TableStyle {
        TableStyle { paper, all: self.rows == Rows::All }
    }
}

fn render(
    report: &Report,
    format: ReportFormat,
    style: TableStyle,
    out: &mut impl Write,
) -> io::Result<()> {
    match format {
        ReportFormat::Table => render_table(report, style, out),
        ReportFormat::Markdown => render_markdown(report, out),
        ReportFormat::Json => render_json(report, out),
        ReportFormat::Junit => render_junit(report, out),
        ReportFormat::Sarif => render_sarif(report, out),
        ReportFormat::Codequality => render_code_quality(report, out),
        ReportFormat::Github => render_annotations(report, out),
    }
}

/// Writes runs as JSON, one document each.
pub(super) fn write_runs(
    runs: &[Run],
    histograms: Histograms,
    file: Option<&Path>,
    session: &mut Session<'_>,
) -> Result<(), CliError> {
    let mut text = Vec::new();
    for run in runs {
        let wire = match histograms {
            Histograms::Keep => RunV1::with_histograms(run)?,
            Histograms::Omit => RunV1::without_histograms(run),
        };
        write_json(&wire, &mut text).map_err(CliError::Output)?;
    }
    write_text(&text, file, session)?;
    let runs: Vec<String> = runs.iter().map(described).collect();
    say_written(file, &runs.join("; "), session)
}

/// Says what is in a file now. What went to standard output is there to be seen.
fn say_written(file: Option<&Path>, what: &str, session: &Session<'_>) -> Result<(), CliError> {
    match file {
        Some(path) => session.say(&format!("wrote {}: {what}", path.display())),
        None => Ok(()),
    }
}

/// Writes a run as a table.
pub(super) fn write_run_csv(
    run: &Run,
    file: Option<&Path>,
    session: &mut Session<'_>,
) -> Result<(), CliError> {
    let mut text = Vec::new();
    render_run_csv(run, &mut text).map_err(CliError::Output)?;
    write_text(&text, file, session)?;
    say_written(file, &described(run), session)
}

/// Writes to a file, or to standard output.
fn write_text(text: &[u8], file: Option<&Path>, session: &mut Session<'_>) -> Result<(), CliError> {
    match file {
        Some(path) => write_file(&session.path(path), |out: &mut dyn Write| out.write_all(text)),
        None => session.print(|out| -> io::Result<()> { out.write_all(text) }),
    }
}

/// Warnings of commands that make no report.
pub(super) fn say_warnings(
    warnings: &[Warning],
    session: &mut Session<'_>,
) -> Result<(), CliError> {
    for warning in warnings {
        let place = warning.place.as_ref().map(|place| match place.line {
            Some(line) => format!("{}:{line}: ", escape_terminal(&place.file)),
            None => format!("{}: ", escape_terminal(&place.file)),
        });
        let text = harmless(&warning_text(&warning.kind));
        session.say(&format!("warning: {}{text}", place.unwrap_or_default()))?;
    }
    Ok(())
}
