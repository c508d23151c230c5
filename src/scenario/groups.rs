//! Groups of a document that are structs of plain fields: read and written field by field.

use super::canonical::Group;
use super::document::Reader;
use super::{DurationLaw, Jitter};
use crate::units::{Ratio, Span};

/// What can stand in a field of these groups.
pub(super) trait Written: Sized {
    fn read(read: &Reader<'_>, path: &str) -> Self;
    fn write(&self, group: &mut Group, name: &str);
}

impl Written for u32 {
    fn read(read: &Reader<'_>, path: &str) -> Self {
        read.small(path)
    }
    fn write(&self, group: &mut Group, name: &str) {
        group.number(name, (*self).into());
    }
}

impl Written for Span {
    fn read(read: &Reader<'_>, path: &str) -> Self {
        read.span(path)
    }
    fn write(&self, group: &mut Group, name: &str) {
        group.span(name, *self);
    }
}

impl Written for Option<u32> {
    fn read(read: &Reader<'_>, path: &str) -> Self {
        read.maybe(path).map(|number| u32::try_from(number).unwrap_or(u32::MAX))
    }
    fn write(&self, group: &mut Group, name: &str) {
        group.maybe(name, self.map(u64::from));
    }
}

/// Zero stands for none.
impl Written for Option<Span> {
    fn read(read: &Reader<'_>, path: &str) -> Self {
        Some(read.span(path)).filter(|span| *span > Span::ZERO)
    }
    fn write(&self, group: &mut Group, name: &str) {
        group.span(name, self.unwrap_or(Span::ZERO));
    }
}

impl Written for Ratio {
    fn read(read: &Reader<'_>, path: &str) -> Self {
        read.ratio(path)
    }
    fn write(&self, group: &mut Group, name: &str) {
        group.number(name, self.millionths().into());
    }
}

impl Written for Jitter {
    fn read(read: &Reader<'_>, path: &str) -> Self {
        Self::of_word(read.text(path))
    }
    fn write(&self, group: &mut Group, name: &str) {
        group.word(name, self.word());
    }
}

impl Written for DurationLaw {
    fn read(read: &Reader<'_>, path: &str) -> Self {
        if read.text(path) == "exponential" { Self::Exponential } else { Self::Uniform }
    }
    fn write(&self, group: &mut Group, name: &str) {
        group.word(name, if *self == Self::Exponential { "exponential" } else { "uniform" });
    }
}

/// A switch.
impl Written for bool {
    fn read(read: &Reader<'_>, path: &str) -> Self {
        read.text(path) == "on"
    }
    fn write(&self, group: &mut Group, name: &str) {
        group.word(name, if *self { "on" } else { "off" });
    }
}

/// What a design consists of: groups of the document with one struct each. First the struct of the whole with the path at
/// which canonical documents have it; then for each group its struct, its name there, its fields, their names there.
macro_rules! groups {
    (
        $(#[$all:meta])* $whole:ident in $base:literal;
        $($(#[$doc:meta])* $kind:ident $part:ident { $($(#[$about:meta])* $field:ident: $of:ty = $name:literal,)* })*
    ) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub struct $kind { $($(#[$about])* pub $field: $of,)* }

            impl $kind {
                fn read(read: &$crate::scenario::document::Reader<'_>, path: &str) -> Self {
                    let of = |name: &str| format!(concat!("{}.", stringify!($part), ".{}"), path, name);
                    Self { $($field: $crate::scenario::groups::Written::read(read, &of($name)),)* }
                }
                fn write(&self) -> serde_json::Value {
                    let mut group = $crate::scenario::canonical::Group::at(concat!($base, ".", stringify!($part)));
                    $($crate::scenario::groups::Written::write(&self.$field, &mut group, $name);)*
                    group.done()
                }
            }
        )*

        $(#[$all])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $whole { $($(#[$doc])* pub $part: $kind,)* }

        impl $whole {
            fn groups(read: &$crate::scenario::document::Reader<'_>, path: &str) -> Self {
                Self { $($part: $kind::read(read, path),)* }
            }

            /// The groups in a canonical document.
            pub(super) fn write(&self) -> serde_json::Value {
                let mut group = serde_json::Map::new();
                $(group.insert(stringify!($part).to_owned(), self.$part.write());)*
                group.into()
            }
        }
    };
}

pub(super) use groups;
