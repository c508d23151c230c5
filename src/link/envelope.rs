//! What stands around the packed document: the version, the letters that an address may have, the checksum.

use super::LinkError;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;

/// Version of the form, dictionary included.
const VERSION: u64 = 1;
/// How many characters the checksum has.
const CHECKSUM: usize = 6;

/// The link around packed bytes.
pub(super) fn wrap(packed: &[u8]) -> String {
    let body = format!("k{VERSION}.{}", BASE64.encode(packed));
    format!("#{body}.{}", checksum(&body))
}

/// The packed bytes inside a link without its `#`.
pub(super) fn unwrap(text: &str) -> Result<Vec<u8>, LinkError> {
    // Programs that break lines put blanks in, and sentences go on behind a link.
    let text: String = text.chars().filter(|letter| !letter.is_ascii_whitespace()).collect();
    let text = text.trim_end_matches(|letter: char| !is_letter(letter));
    let digits = text.strip_prefix('k').ok_or(LinkError::NotALink)?;
    let version = digits.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(digits.len());
    let (version, rest) = digits.split_at(version);
    match version.parse::<u64>() {
        Err(_) => return Err(LinkError::NotALink),
        Ok(VERSION) => {}
        Ok(0) => return Err(LinkError::NotALink),
        Ok(_) if rest.starts_with('.') => return Err(LinkError::Newer),
        Ok(_) => return Err(LinkError::NotALink),
    }
    let rest = match rest.strip_prefix('.') {
        Some(rest) => rest,
        None if rest.is_empty() => return Err(LinkError::CutOff),
        None => return Err(LinkError::NotALink),
    };
    if !rest.chars().all(|letter| is_letter(letter) || letter == '.') {
        return Err(LinkError::Damaged);
    }
    let (payload, sum) = rest.split_once('.').ok_or(LinkError::CutOff)?;
    let body = &text[..text.len() - sum.len() - 1];
    match sum.len() {
        CHECKSUM if sum == checksum(body) => BASE64.decode(payload).map_err(|_| LinkError::Damaged),
        CHECKSUM.. => Err(LinkError::Damaged),
        _ => Err(LinkError::CutOff),
    }
}

fn is_letter(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '-' || letter == '_'
}

fn checksum(body: &str) -> String {
    BASE64.encode(crc32fast::hash(body.as_bytes()).to_be_bytes())
}
