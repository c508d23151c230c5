//! The code that a document carries, and the four words by which people tell it from other code.

use md5::{Digest, Md5};
use serde_json::Value;

/// 256 short English words, one a line: one for each value of a byte.
const WORDS: &str = include_str!("words.txt");
/// How often the hash is taken, so that nobody finds other code with the same words by trying.
const ROUNDS: usize = 4_096;
/// The fields of a consumer that hold code.
const FIELDS: [&str; 2] = ["code", "module"];

/// The code that a document carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// How many consumers have some.
    pub consumers: usize,
    /// How many functions of delivery streams have some.
    pub transforms: usize,
    /// How much it is altogether, in bytes of the document.
    pub bytes: usize,
    /// Four words that are others for other code.
    pub fingerprint: String,
}

impl Code {
    /// The code of a document, of the streams that follow in it and of its designs; `None` where it has none.
    pub fn of(document: &Value) -> Option<Self> {
        let mut code = Self { consumers: 0, transforms: 0, bytes: 0, fingerprint: String::new() };
        let mut hash = Md5::new();
        code.walk(document, &mut hash);
        if code.consumers + code.transforms == 0 {
            return None;
        }
        let mut digest = hash.finalize();
        for _ in 1..ROUNDS {
            digest = Md5::digest(digest);
        }
        let words: Vec<&str> = WORDS.lines().collect();
        code.fingerprint = [0, 1, 2, 3].map(|place| words[usize::from(digest[place])]).join("-");
        Some(code)
    }

    fn walk(&mut self, document: &Value, hash: &mut Md5) {
        let all = |list: &'static str| document[list].as_array().into_iter().flatten();
        for consumer in all("consumers") {
            self.consumers += usize::from(self.take(consumer, hash));
        }
        for stream in all("deliver").chain(all("designs")) {
            let transform = &stream["firehose"]["transform"];
            if FIELDS.iter().any(|field| transform[field].as_str().is_some_and(|text| !text.is_empty())) {
                // No text is so long that these letters could be its length.
                hash.update("transform");
                self.transforms += usize::from(self.take(transform, hash));
            }
        }
        for stream in all("then").chain(all("designs")) {
            self.walk(stream, hash);
        }
    }

    /// Takes the code of one function; whether there is any.
    fn take(&mut self, of: &Value, hash: &mut Md5) -> bool {
        let before = self.bytes;
        for field in FIELDS {
            let text = of[field].as_str().unwrap_or_default();
            // With its length before it, so that text cannot move from one field to another.
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
            self.bytes += text.len();
        }
        self.bytes > before
    }
}
