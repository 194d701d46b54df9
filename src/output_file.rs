//! The files that commands write: never over what they read, and never two results over each other.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// Bytes kept before they are written.
const BUFFER_BYTES: usize = 1 << 20;

/// Refuses results that would destroy an input or each other; devices and pipes may stand for several.
///
/// # Errors
/// The first two that are one file.
pub(crate) fn refuse_overwriting<'p>(
    results: impl IntoIterator<Item = &'p PathBuf>,
    inputs: impl IntoIterator<Item = &'p PathBuf>,
) -> anyhow::Result<()> {
    let mut kept: Vec<(PathBuf, &PathBuf)> = inputs.into_iter().filter_map(|path| Some((place(path)?, path))).collect();
    for result in results {
        let Some(place) = place(result) else { continue };
        if let Some((_, other)) = kept.iter().find(|(kept, _)| *kept == place) {
            bail!("{} is the same file as {}, which would be lost; name another", result.display(), other.display());
        }
        kept.push((place, result));
    }
    Ok(())
}

/// Creates a file to write results into; one that is there is emptied.
///
/// # Errors
/// When it cannot be created.
pub(crate) fn create(path: &Path) -> anyhow::Result<BufWriter<File>> {
    let file = File::create(path).with_context(|| format!("could not create {}", path.display()))?;
    Ok(BufWriter::with_capacity(BUFFER_BYTES, file))
}

/// Where a file is or would be, links resolved; `None` for what is no plain file.
fn place(path: &Path) -> Option<PathBuf> {
    match fs::metadata(path) {
        Ok(about) => about.is_file().then(|| path.canonicalize().ok())?,
        Err(_) => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            Some(folder.canonicalize().ok()?.join(path.file_name()?))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_is_known_under_several_names() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let path = |name: &str| folder.path().join(name);
        fs::write(path("events"), "x").expect("a file can be written there");
        std::os::unix::fs::symlink(path("events"), path("link")).expect("links can be made there");
        let told =
            |results: &[PathBuf], inputs: &[PathBuf]| refuse_overwriting(results, inputs).map_err(|e| e.to_string());
        let error = told(&[path("link")], &[path("events")]).expect_err("a link to an input");
        assert!(error.contains("is the same file as") && error.contains("would be lost"), "{error}");
        assert!(told(&[path("new"), path("./new")], &[]).is_err(), "two results in a file that is not there yet");
        assert_eq!(told(&[path("new"), path("other")], &[path("events")]), Ok(()));
        let device = PathBuf::from("/dev/null");
        assert_eq!(told(&[device.clone(), device], &[]), Ok(()), "a device loses nothing that it held");
    }
}
