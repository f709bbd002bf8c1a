//! A limit on the size of files (`ulimit -f`) ends whoever passes it, unless it listens: then the write fails like one to a full
//! disk, with a message and exit code 2.

/// Has writes beyond the limit fail. A program that perfgate starts is ended as before.
pub fn survive_size_limit() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let told = std::sync::Arc::default();
        signal_hook::flag::register(signal_hook::consts::SIGXFSZ, told)?;
    }
    Ok(())
}
