//! Stores on their way into the box.

use super::{Packed, Source};
use crate::scenario::{StoreFault, StoreKind, WriteStore, Writing};
use crate::units::PicoUsd;

/// Prices stay on the page.
impl Packed for PicoUsd {
    fn put(&self, _: &mut String) {}
    fn take(_: &mut Source<'_>) -> Self {
        Self::new(0)
    }
}

fields! {
    WriteStore { name kind connections waiting time per_record law records units idempotent hour million }
    Writing { store parallel }
}

kinds! {
    StoreFault { 0 Outage, 1 Slow { factor_milli }, 2 Connections { lost }, }
    StoreKind { 0 Relational, 1 KeyValue, 2 Search, 3 Object, 4 Http, }
}
