//! TLS towards the server: which authority we trust, what we show of ourselves, and what a failed handshake means.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use async_nats::rustls::pki_types::pem::PemObject;
use async_nats::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use async_nats::rustls::{self, AlertDescription, CertificateError};

/// Our side of TLS.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tls {
    /// A PEM file with the authority that signed the server's certificate; the system's own when absent.
    pub authority: Option<PathBuf>,
    /// What we show where the server asks who we are.
    pub own: Option<OwnCertificate>,
    /// Refuse a connection without TLS.
    pub required: bool,
}

/// A certificate of ours and its key, PEM files.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OwnCertificate {
    /// The certificate, with those between it and its authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// A file of certificates that is none.
#[derive(Debug, thiserror::Error)]
pub enum TlsFileError {
    /// The file cannot be read.
    #[error("could not read {}, which {setting} names", path.display())]
    Unreadable {
        /// The setting that names it.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file holds something else.
    #[error("{}, which {setting} names, holds no {wanted} in PEM form (-----BEGIN ...)", path.display())]
    NotThat {
        /// The setting that names it.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// What it should hold.
        wanted: &'static str,
    },
}

impl Tls {
    /// Looks at the files before anybody waits for a server.
    ///
    /// # Errors
    /// The first file that cannot be read or holds something else.
    pub(super) fn check_files(&self) -> Result<(), TlsFileError> {
        if let Some(path) = &self.authority {
            check_certificates("nats.authority", path)?;
        }
        if let Some(own) = &self.own {
            check_certificates("nats.certificate", &own.certificate)?;
            let (setting, path) = ("nats.certificate_key", &own.key);
            let text = read(setting, path)?;
            PrivateKeyDer::from_pem_slice(&text).map_err(|_| not(setting, path, "private key"))?;
        }
        Ok(())
    }

    /// What to do about a handshake that failed; `None` when `error` is of another kind.
    pub(super) fn advice(&self, error: &(dyn Error + 'static)) -> Option<String> {
        Some(match cause(error)? {
            rustls::Error::InvalidCertificate(fault) => self.about_the_server(fault),
            rustls::Error::AlertReceived(alert) => self.about_us(*alert),
            rustls::Error::InvalidMessage(_) => {
                "the server does not speak TLS; turn TLS on there, or write nats:// and leave nats.authority and \
                 nats.certificate empty"
                    .to_owned()
            }
            other => other.to_string(),
        })
    }

    fn about_the_server(&self, fault: &CertificateError) -> String {
        match fault {
            CertificateError::UnknownIssuer | CertificateError::BadSignature => match &self.authority {
                Some(path) => format!(
                    "the server's certificate is not signed by the authority in {} (nats.authority); put the \
                     authority's own certificate there",
                    path.display()
                ),
                None => {
                    "the server's certificate is signed by an authority that this machine does not know; name that \
                         authority's PEM file as nats.authority"
                        .to_owned()
                }
            },
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                format!("the server's certificate has expired ({fault}); renew it on the server")
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                format!("the server's certificate is not valid yet ({fault}); is this machine's clock right?")
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                format!("the server's certificate is for another host ({fault}); write that name in nats.url")
            }
            other => format!("the server's certificate is not accepted: {other}"),
        }
    }

    fn about_us(&self, alert: AlertDescription) -> String {
        match (&self.own, alert) {
            (None, _) => format!(
                "the server asks for a certificate of ours ({alert:?}); name it with its key as nats.certificate and \
                 nats.certificate_key"
            ),
            (Some(own), AlertDescription::CertificateExpired) => {
                format!("our certificate {} has expired; have it renewed", own.certificate.display())
            }
            (Some(own), _) => format!(
                "the server does not accept our certificate {} ({alert:?}); it must be signed by the authority that the \
                 server trusts, for use as a client",
                own.certificate.display()
            ),
        }
    }
}

fn check_certificates(setting: &'static str, path: &Path) -> Result<(), TlsFileError> {
    let text = read(setting, path)?;
    match CertificateDer::pem_slice_iter(&text).next() {
        Some(Ok(_)) => Ok(()),
        _ => Err(not(setting, path, "certificate")),
    }
}

fn read(setting: &'static str, path: &Path) -> Result<Vec<u8>, TlsFileError> {
    std::fs::read(path).map_err(|source| TlsFileError::Unreadable { setting, path: path.to_owned(), source })
}

fn not(setting: &'static str, path: &Path, wanted: &'static str) -> TlsFileError {
    TlsFileError::NotThat { setting, path: path.to_owned(), wanted }
}

/// The TLS fault behind an error: an I/O error holds it inside, not as its source.
fn cause<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        let inside = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(found) = inside.and_then(|inside| cause(inside)) {
            return Some(found);
        }
        if let Some(found) = error.downcast_ref::<rustls::Error>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}
