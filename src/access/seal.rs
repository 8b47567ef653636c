//! Sealed fields: personal data is encrypted for one cell of one row, with keys kept outside the database.
//!
//! A sealed value is `key id (u32, big-endian) | nonce (12 bytes) | AES-256-GCM-SIV ciphertext`, whose associated data names
//! table, row, column and key id: moved to another cell, it does not open. Equal values are found by a keyed index
//! (HMAC-SHA-256), never by the ciphertext.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use aes_gcm_siv::aead::{Aead, KeyInit, Payload};
use aes_gcm_siv::{Aes256GcmSiv, Nonce};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::error::{Error, Result};

const NONCE_BYTES: usize = 12;
const KEY_ID_BYTES: usize = 4;

/// The cell that a sealed value belongs to.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    pub table: &'static str,
    pub row: i64,
    pub column: &'static str,
}

/// The key file's content: keys by id, the newest seals.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    current: u32,
    sealing: BTreeMap<u32, String>,
    index: String,
    audit: String,
}

pub struct Keys {
    current: u32,
    sealing: BTreeMap<u32, Aes256GcmSiv>,
    index: Vec<u8>,
    audit: Vec<u8>,
}

impl Keys {
    /// Reads the key file; makes one only where `may_create` says that the database holds nothing yet.
    pub fn load_or_create(path: &Path, may_create: bool) -> Result<Keys> {
        match fs::read(path) {
            Ok(bytes) => {
                Keys::parse(&bytes).map_err(|error| error.context(format!("key file {}", path.display())))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && may_create => Keys::create(path),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Error::internal(format!(
                "the key file {} is missing but the database holds sealed data: put the file back from its backup",
                path.display()
            ))),
            Err(error) => {
                Err(Error::internal(format!("cannot read the key file {}", path.display())).because(error))
            }
        }
    }

    fn create(path: &Path) -> Result<Keys> {
        let secret = || -> Result<String> { Ok(BASE64.encode(random::<32>()?)) };
        let file = KeyFile {
            current: 1,
            sealing: BTreeMap::from([(1, secret()?)]),
            index: secret()?,
            audit: secret()?,
        };
        let text =
            serde_json::to_vec_pretty(&file).map_err(|error| Error::internal("key file").because(error))?;
        write_private(path, &text).map_err(|error| {
            Error::internal(format!("cannot write the key file {}", path.display())).because(error)
        })?;
        Keys::parse(&text)
    }

    fn parse(bytes: &[u8]) -> Result<Keys> {
        let file: KeyFile = serde_json::from_slice(bytes)
            .map_err(|error| Error::internal("not a key file").because(error))?;
        let decode = |text: &str| -> Result<Vec<u8>> {
            let key =
                BASE64.decode(text).map_err(|error| Error::internal("key is not base64").because(error))?;
            if key.len() == 32 { Ok(key) } else { Err(Error::internal("a key has 32 bytes")) }
        };
        let mut sealing = BTreeMap::new();
        for (id, text) in &file.sealing {
            let cipher = Aes256GcmSiv::new_from_slice(&decode(text)?)
                .map_err(|error| Error::internal("sealing key").because(error.to_string()))?;
            sealing.insert(*id, cipher);
        }
        if !sealing.contains_key(&file.current) {
            return Err(Error::internal("the current sealing key is not in the file"));
        }
        Ok(Keys { current: file.current, sealing, index: decode(&file.index)?, audit: decode(&file.audit)? })
    }

    /// Seals `text` for one cell.
    pub fn seal(&self, cell: Cell, text: &str) -> Result<Vec<u8>> {
        self.seal_bytes(cell, text.as_bytes())
    }

    /// The same for a file.
    pub fn seal_bytes(&self, cell: Cell, bytes: &[u8]) -> Result<Vec<u8>> {
        let nonce = random::<NONCE_BYTES>()?;
        let aad = associated_data(cell, self.current);
        let cipher = self.sealing.get(&self.current).ok_or_else(|| Error::internal("sealing key"))?;
        let sealed = cipher
            .encrypt(&Nonce::from(nonce), Payload { msg: bytes, aad: &aad })
            .map_err(|_| Error::internal("sealing failed"))?;
        Ok([&self.current.to_be_bytes()[..], &nonce, &sealed].concat())
    }

    /// Opens what was sealed for this very cell.
    pub fn open(&self, cell: Cell, sealed: &[u8]) -> Result<String> {
        let not_text = || format!("{}.{} of row {}: not text", cell.table, cell.column, cell.row);
        let opened = self.open_bytes(cell, sealed)?;
        String::from_utf8(opened).map_err(|error| Error::internal(not_text()).because(error))
    }

    /// The same for a file.
    pub fn open_bytes(&self, cell: Cell, sealed: &[u8]) -> Result<Vec<u8>> {
        let wrong =
            |why: &str| Error::internal(format!("{}.{} of row {}: {why}", cell.table, cell.column, cell.row));
        let (id, rest) = sealed.split_at_checked(KEY_ID_BYTES).ok_or_else(|| wrong("too short"))?;
        let (nonce, text) = rest.split_at_checked(NONCE_BYTES).ok_or_else(|| wrong("too short"))?;
        let id = u32::from_be_bytes(id.try_into().map_err(|_| wrong("key id"))?);
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| wrong("nonce"))?;
        let cipher =
            self.sealing.get(&id).ok_or_else(|| wrong("sealed with a key that is not in the key file"))?;
        cipher
            .decrypt(&Nonce::from(nonce), Payload { msg: text, aad: &associated_data(cell, id) })
            .map_err(|_| wrong("does not open: altered, or moved from another cell"))
    }

    /// The keyed index of a value, for equality look-up. `column` keeps equal values of two columns apart.
    pub fn index(&self, column: &str, text: &str) -> Vec<u8> {
        mac(&self.index, &[column.as_bytes(), text.trim().as_bytes()])
    }

    /// The next link of the audit chain.
    pub fn audit_mac(&self, parts: &[&[u8]]) -> Vec<u8> {
        mac(&self.audit, parts)
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keys {{ current: {}, known: {} }}", self.current, self.sealing.len())
    }
}

fn associated_data(cell: Cell, key_id: u32) -> Vec<u8> {
    format!("{}\u{1f}{}\u{1f}{}\u{1f}{key_id}", cell.table, cell.row, cell.column).into_bytes()
}

/// Each part is preceded by its length, so that no two lists of parts give the same bytes.
fn mac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    // HMAC takes a key of any length, so this cannot fail.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

/// Random bytes of the operating system.
pub fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::internal("no random numbers").because(error.to_string()))?;
    Ok(bytes)
}

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> (tempfile::TempDir, Keys) {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::load_or_create(&folder.path().join("keys.json"), true).unwrap();
        (folder, keys)
    }

    const CELL: Cell = Cell { table: "elders", row: 7, column: "identity" };

    #[test]
    fn a_sealed_value_opens_only_in_its_own_cell() {
        let (_folder, keys) = keys();
        let sealed = keys.seal(CELL, "350582194001011234").unwrap();
        assert_eq!(keys.open(CELL, &sealed).unwrap(), "350582194001011234");
        for other in
            [Cell { row: 8, ..CELL }, Cell { column: "phone", ..CELL }, Cell { table: "caregivers", ..CELL }]
        {
            assert!(keys.open(other, &sealed).is_err());
        }
    }

    #[test]
    fn an_altered_byte_anywhere_keeps_it_shut() {
        let (_folder, keys) = keys();
        let sealed = keys.seal(CELL, "13800000000").unwrap();
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(keys.open(CELL, &altered).is_err(), "byte {at}");
        }
        assert!(keys.open(CELL, &sealed[..3]).is_err());
    }

    #[test]
    fn equal_values_have_equal_indexes_and_different_ciphertexts() {
        let (_folder, keys) = keys();
        assert_eq!(keys.index("identity", "1"), keys.index("identity", " 1 "));
        assert_ne!(keys.index("identity", "1"), keys.index("phone", "1"));
        assert_ne!(keys.seal(CELL, "1").unwrap(), keys.seal(CELL, "1").unwrap());
    }

    #[test]
    fn a_lost_key_file_is_never_replaced_silently() {
        let folder = tempfile::tempdir().unwrap();
        let error = Keys::load_or_create(&folder.path().join("keys.json"), false).unwrap_err();
        assert!(error.for_log().contains("missing"));
    }
}
