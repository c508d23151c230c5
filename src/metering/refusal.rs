//! Why a module is not rewritten, in words for the person who made it.

use std::fmt;
use wasmparser::BinaryReaderError;

/// Why a module is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is malformed or not valid with the features that are allowed.
    Invalid {
        /// What is wrong, as the validator says it.
        message: String,
        /// Where, in bytes from the beginning.
        at: usize,
    },
    /// It uses something that no feature check finds.
    Feature(&'static str),
    /// It imports something that the host does not have; its name.
    Import(String),
    /// It imports something under a type that it does not have; its name.
    ImportType(String),
    /// It would run code when it is instantiated.
    Start,
    /// It exports a name that is kept for the counters.
    Name(String),
    /// It has no memory of its own.
    NoMemory,
    /// It begins with too much memory.
    Memory {
        /// Pages that it begins with.
        pages: u64,
        /// Pages that it may have.
        allowed: u32,
    },
    /// A table is too large.
    Table,
    /// A function has too many locals.
    Locals,
}

impl From<BinaryReaderError> for Refusal {
    fn from(error: BinaryReaderError) -> Self {
        Self::Invalid { message: error.message().to_owned(), at: error.offset() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid { message, at } => {
                write!(f, "it is no WebAssembly module that can run here: {message} (at byte {at})")
            }
            Self::Feature(what) => write!(f, "it uses {what}, which is not allowed here"),
            Self::Import(name) => write!(f, "it imports {name}, which does not exist here"),
            Self::ImportType(name) => write!(f, "it imports {name} with parameters or results that it does not have"),
            Self::Start => f.write_str("it runs code when it is loaded (a start section); move that into a function"),
            Self::Name(name) => write!(f, "it exports {name}, a name that is kept for the counters"),
            Self::NoMemory => f.write_str("it has no memory of its own; export one as 'memory'"),
            Self::Memory { pages, allowed } => {
                write!(f, "it begins with {pages} pages of memory of 64 KiB, and {allowed} are allowed")
            }
            Self::Table => write!(f, "one of its tables has more than {} elements", super::TABLE_MAX),
            Self::Locals => write!(f, "one of its functions has more than {} variables", super::LOCALS_MAX),
        }
    }
}

impl std::error::Error for Refusal {}
