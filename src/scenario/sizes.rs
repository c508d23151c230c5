//! How large records are: the distributions of a document, and what the stream says about their largest.

use super::document::Reader;
use super::fields::{self, number_value};
use super::stream::Stream;
use super::traffic::{Part, Sizes};
use crate::errors::ServiceError;
use crate::limits;
use crate::units::Bytes;
use serde_json::{Map, Value};

impl Sizes {
    /// The largest that can be drawn, bytes.
    pub const fn largest(self) -> u32 {
        match self {
            Self::Fixed { bytes } => bytes,
            Self::Uniform { max, .. } => max,
            Self::LogNormal { cap, .. } => cap,
            Self::Mixed { large_bytes, .. } => large_bytes,
        }
    }
}

/// Bytes of data in the largest record of a stream.
pub(super) const fn room(max_record: Bytes) -> u64 {
    max_record.get() - limits::PARTITION_KEY_BYTES.get()
}

/// Reads the sizes of a document and checks its fields against each other.
pub(super) fn read(read: &mut Reader<'_>) -> Sizes {
    let of = |name: &str| format!("traffic.sizes.{name}");
    match read.text(&of("kind")) {
        "uniform" => {
            let (min, max) = (read.small(&of("min_bytes")), read.small(&of("max_bytes")));
            if min > max {
                let message = format!("{max} is smaller than the smallest, {min}; choose {min} or more");
                read.wrong(&of("max_bytes"), message);
            }
            Sizes::Uniform { min, max }
        }
        "log_normal" => {
            let (median, cap) = (read.small(&of("median_bytes")), read.small(&of("cap_bytes")));
            if median > cap {
                let message = format!("{cap} is smaller than the median, {median}; choose {median} or more");
                read.wrong(&of("cap_bytes"), message);
            }
            Sizes::LogNormal { median, sigma_milli: read.small(&of("sigma")), cap }
        }
        "mixed" => {
            let (bytes, large_bytes) = (read.small(&of("bytes")), read.small(&of("large_bytes")));
            if bytes > large_bytes {
                let message = format!("{large_bytes} is smaller than the others, {bytes}; choose {bytes} or more");
                read.wrong(&of("large_bytes"), message);
            }
            Sizes::Mixed { bytes, large_bytes, large_share: read.ratio(&of("large_share")) }
        }
        _ => Sizes::Fixed { bytes: read.small(&of("bytes")) },
    }
}

/// Reports records that the stream refuses by their size, and such that no shard could ever take.
pub(super) fn fit(read: &mut Reader<'_>, sizes: Sizes, parts: &[Part], stream: &Stream) {
    let room = room(stream.max_record);
    let name = match sizes {
        Sizes::Fixed { .. } => "bytes",
        Sizes::Uniform { .. } => "max_bytes",
        Sizes::LogNormal { .. } => "cap_bytes",
        Sizes::Mixed { .. } => "large_bytes",
    };
    let drawn = u64::from(sizes.largest());
    if drawn > room {
        let message = format!(
            "{}; choose at most that, or set stream.max_record_kib to {} or more",
            ServiceError::DataTooLarge { bytes: drawn, room },
            (drawn + limits::PARTITION_KEY_BYTES.get()).div_ceil(Bytes::KIB.get())
        );
        return read.wrong(&format!("traffic.sizes.{name}"), message);
    }
    // A bucket that is never as deep as a record is large never lets it in.
    let given = parts.iter().filter_map(|part| if let Part::Series(series) = part { Some(series) } else { None });
    let given = given.flat_map(|series| &series.rows).filter(|row| row.count > 0);
    let given = given.filter_map(|row| Some(row.bytes?.div_ceil(row.count))).max();
    let largest = drawn.max(given.unwrap_or(0).min(room)) + limits::PARTITION_KEY_BYTES.get();
    if largest > stream.byte_burst.get() {
        let message = format!(
            "{} MiB never hold a record of {} bytes with its key: no shard could ever store it; choose {} or more",
            stream.byte_burst.get() >> 20,
            limits::grouped(largest),
            largest.div_ceil(Bytes::MIB.get())
        );
        read.wrong("stream.byte_burst_mib", message);
    }
}

/// The sizes' group in a canonical document.
pub(super) fn write(sizes: Sizes) -> Value {
    let mut group = Map::new();
    let (kind, numbers): (&str, Vec<(&str, u32)>) = match sizes {
        Sizes::Fixed { bytes } => ("fixed", vec![("bytes", bytes)]),
        Sizes::Uniform { min, max } => ("uniform", vec![("min_bytes", min), ("max_bytes", max)]),
        Sizes::LogNormal { median, sigma_milli, cap } => {
            ("log_normal", vec![("median_bytes", median), ("sigma", sigma_milli), ("cap_bytes", cap)])
        }
        Sizes::Mixed { bytes, large_bytes, large_share } => {
            ("mixed", vec![("bytes", bytes), ("large_bytes", large_bytes), ("large_share", large_share.millionths())])
        }
    };
    group.insert("kind".to_owned(), kind.into());
    for (name, scaled) in numbers {
        let field = fields::field(&format!("traffic.sizes.{name}"));
        let value = field.and_then(fields::Field::number).map(|number| number_value(number, scaled.into()));
        group.insert(name.to_owned(), value.unwrap_or_else(|| scaled.into()));
    }
    group.into()
}
