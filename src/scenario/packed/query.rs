//! What analytics applications compute, on its way into the box.

use super::{Packed, Source};
use crate::scenario::query::{Comparison, Function, Having, Is, Measure, Operand, Query, Top, With};

fields! {
    Comparison { of is with }
    Having { measure is with }
    Measure { function of }
    Query { size slide group measures filter having top }
    Top { measure descending rows }
}

kinds! {
    Function { 0 Count, 1 Sum, 2 Avg, 3 Min, 4 Max, }
    Is { 0 Equal, 1 Unequal, 2 Less, 3 AtMost, 4 More, 5 AtLeast, }
    Operand { 0 Key, 1 Field(path), }
    With { 0 Number(number), 1 Text(text), }
}
