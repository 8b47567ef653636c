//! TLS: what the program shows to devices, and whom it believes to be a broker.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, Error as RustlsError, RootCertStore, ServerConfig};

use crate::text::{Lang, Text};

/// Where certificate and key are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// Files that TLS cannot be done with. The words are for whoever runs the program, in both languages.
#[derive(Debug, thiserror::Error)]
#[error("{} / {}", .0.to(Lang::Chinese), .0.to(Lang::English))]
pub struct TlsError(Text);

impl TlsError {
    fn of(key: &'static str, file: &Path, why: impl ToString) -> TlsError {
        TlsError(Text::new(key).with("file", file.display().to_string()).with("why", why.to_string()))
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// The bytes of both files, to know whether they have changed.
pub fn contents(files: &TlsFiles) -> Result<(Vec<u8>, Vec<u8>), TlsError> {
    let read = |file: &Path| std::fs::read(file).map_err(|error| TlsError::of("start.tls_file", file, error));
    Ok((read(&files.certificate)?, read(&files.key)?))
}

/// What a server needs, out of the bytes of both files.
pub fn server(
    files: &TlsFiles,
    (certificate, key): &(Vec<u8>, Vec<u8>),
) -> Result<Arc<ServerConfig>, TlsError> {
    let chain = certificates(&files.certificate, certificate)?;
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|error| TlsError::of("start.tls_key", &files.key, error))?;
    let wrong = |error: RustlsError| TlsError::of("start.tls_pair", &files.certificate, error);
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(wrong)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(wrong)?;
    Ok(Arc::new(config))
}

/// What a client needs that trusts the authorities of a file, or those that the system trusts.
pub fn client(authorities: Option<&Path>) -> Result<Arc<ClientConfig>, TlsError> {
    let mut roots = RootCertStore::empty();
    let file = authorities.unwrap_or(Path::new("-"));
    match authorities {
        Some(file) => {
            let bytes = std::fs::read(file).map_err(|error| TlsError::of("start.tls_file", file, error))?;
            for certificate in certificates(file, &bytes)? {
                let added = roots.add(certificate);
                added.map_err(|error| TlsError::of("start.tls_certificate", file, error))?;
            }
        }
        None => {
            // One that cannot be read is no reason not to trust the others.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::of("start.tls_certificate", file, error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn certificates(file: &Path, bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bytes).collect();
    let found = found.map_err(|error| TlsError::of("start.tls_certificate", file, error))?;
    if found.is_empty() {
        return Err(TlsError::of("start.tls_certificate", file, "PEM"));
    }
    Ok(found)
}
