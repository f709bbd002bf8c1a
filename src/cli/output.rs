//! Files that appear whole or not at all, and reports in the forms that were asked for.

use super::args::{OutputArgs, OutputKind, ReportFormat};
use super::error::CliError;
use super::session::Session;
use crate::gate::Report;
use crate::report::{
    TableStyle, render_annotations, render_code_quality, render_json, render_junit,
    render_markdown, render_sarif, render_table,
};
use crate::store::{persist, temporary};
use std::io::{self, Write};
use std::path::Path;

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

/// Writes the report to standard output and to every file that was asked for; the files first, so that a closed pipe
/// cannot keep them from being written.
pub(super) fn write_report(
    report: &Report,
    args: &OutputArgs,
    session: &mut Session<'_>,
) -> Result<(), CliError> {
    write_files(report, args, session)?;
    let style = TableStyle { color: session.color, all: args.all };
    session.print(|out| render(report, args.format, style, out))
}

/// Writes the report to every file that was asked for.
pub(super) fn write_files(
    report: &Report,
    args: &OutputArgs,
    session: &Session<'_>,
) -> Result<(), CliError> {
    for (kind, path) in &args.output {
        let style = TableStyle { color: false, all: args.all };
        if let OutputKind::Report(format) = kind {
            write_file(&session.path(path), |mut out| render(report, *format, style, &mut out))?;
        }
    }
    Ok(())
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
