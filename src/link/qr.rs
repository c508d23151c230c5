//! The QR code of a link, as one path of squares.

use fast_qr::{ECL, QRBuilder};
use std::fmt::Write as _;

/// Up to so many bytes the code has the middle level of correction, above that the lowest: version 15 at most, which a
/// phone reads from a projector at the back of a room.
const ROBUST_BYTES_MAX: usize = 412;
/// Light modules that must stand around the code.
const QUIET: usize = 4;

/// A QR code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Qr {
    /// Modules of a side, the quiet zone included.
    pub size: usize,
    /// The dark ones as the data of an SVG path, in units of a module.
    pub path: String,
}

impl Qr {
    /// The code of a text; `None` where it is too long for one.
    pub fn of(text: &str) -> Option<Self> {
        let level = if text.len() <= ROBUST_BYTES_MAX { ECL::M } else { ECL::L };
        let code = QRBuilder::new(text).ecl(level).build().ok()?;
        let mut path = String::new();
        for y in 0..code.size {
            let mut x = 0;
            while x < code.size {
                let run = code[y][x..].iter().take_while(|module| module.value()).count();
                if run > 0 {
                    let _ = write!(path, "M{} {}h{run}v1h-{run}z", x + QUIET, y + QUIET);
                }
                x += run.max(1);
            }
        }
        Some(Self { size: code.size + 2 * QUIET, path })
    }
}
