//! Raw deflate with a dictionary before it, both ways.

use super::DOCUMENT_BYTES_MAX;
use miniz_oxide::deflate::core::{
    CompressorOxide, TDEFLFlush, compress_to_output, create_comp_flags_from_zip_params, deflate_flags,
};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};
use std::sync::OnceLock;

/// What every document is compressed against: names and words of the file form, what handlers usually say, presets.
/// Links that are out in the world need each of its bytes: it is never changed, another one would be `k2`.
pub const DICTIONARY: &[u8] = include_bytes!("dict1.bin");

/// How hard the compressor looks for repetitions: a document is small, and it is packed once.
const LEVEL: i32 = 10;

/// Compressors behind the dictionary: one with code lengths of its own, one with those that deflate has built in.
static PRIMED: OnceLock<[CompressorOxide; 2]> = OnceLock::new();

/// Compresses a text.
pub(super) fn pack(text: &[u8]) -> Vec<u8> {
    // Short documents are shorter with the code lengths that deflate has built in.
    let primed = PRIMED.get_or_init(|| [0, deflate_flags::TDEFL_FORCE_ALL_STATIC_BLOCKS].map(primed));
    let [own, fixed] = primed.each_ref().map(|compressor| pack_with(compressor.clone(), text));
    if fixed.len() < own.len() { fixed } else { own }
}

/// The dictionary is compressed first, up to a border between bytes, and what came of it is left out.
fn primed(flags: u32) -> CompressorOxide {
    let mut compressor = CompressorOxide::new(create_comp_flags_from_zip_params(LEVEL, 0, 0) | flags);
    compress_to_output(&mut compressor, DICTIONARY, TDEFLFlush::Sync, |_| true);
    compressor
}

fn pack_with(mut compressor: CompressorOxide, text: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    compress_to_output(&mut compressor, text, TDEFLFlush::Finish, |bytes| {
        packed.extend_from_slice(bytes);
        true
    });
    packed
}

/// Unpacks a text; `None` where the bytes are not packed, go on behind the end, or hold more than a link may.
pub(super) fn unpack(packed: &[u8]) -> Option<Vec<u8>> {
    const MOST: usize = DICTIONARY.len() + DOCUMENT_BYTES_MAX;
    let mut text = DICTIONARY.to_vec();
    let (mut read, mut written) = (0, text.len());
    text.resize((written + 8 * packed.len()).min(MOST), 0);
    let mut state = Box::new(DecompressorOxide::new());
    loop {
        let (status, more_read, more_written) = decompress(
            &mut state,
            &packed[read..],
            &mut text,
            written,
            inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
        );
        (read, written) = (read + more_read, written + more_written);
        match status {
            TINFLStatus::Done if read == packed.len() => {
                text.truncate(written);
                return Some(text.split_off(DICTIONARY.len()));
            }
            TINFLStatus::HasMoreOutput if text.len() < MOST => text.resize((2 * text.len()).min(MOST), 0),
            _ => return None,
        }
    }
}
