//! What a function's body holds that decides what it is charged, alone and with all that it calls.
//!
//! A function that is reached by direct calls only, is short, never loops and never calls itself is work of whoever
//! calls it: its instructions are added where the call stands, and it keeps no counters of its own. Compilers make
//! many such functions, and counting each entry cost more than what most of them do. In the same way a function that
//! cannot take more than [`LAST_FRAMES_BYTES`] of stack with everything below it is not counted as depth.

use super::Refusal;
use wasmparser::{FunctionBody, Operator};

/// Bytes of stack that a call takes besides its variables and operands: an estimate for compiled code.
const FRAME_BYTES: u32 = 48;
/// Bytes of one variable or operand on the stack.
const SLOT_BYTES: u32 = 8;
/// The last frames on the stack are only counted when they may be larger than this together.
const LAST_FRAMES_BYTES: u32 = 1_024;
/// Instructions that a function and all that it calls may run at most when they are charged to its callers.
const SHORT_INSTRUCTIONS: u32 = 64;

/// What a body holds that matters here.
#[derive(Default)]
pub(super) struct Survey {
    /// Number of the function.
    pub(super) index: u32,
    /// Bytes of stack that it takes.
    pub(super) frame: u32,
    /// Instructions outside loops, then those of each loop without the loops in it, in the order of their heads.
    /// [`settle`] adds those of short functions that are called there.
    pub(super) instructions: Vec<u32>,
    /// Functions that are called directly, and the place in `instructions` of what stands around the call.
    calls: Vec<(u32, usize)>,
    /// Whether it calls through a table.
    indirect: bool,
    /// Whether its entry takes fuel.
    pub(super) charged: bool,
    /// Whether its frame counts as depth.
    pub(super) counted: bool,
    pub(super) bulk: bool,
    pub(super) singles: bool,
    pub(super) doubles: bool,
}

impl Survey {
    /// Of function `index`, with so many parameters and operands at most.
    pub(super) fn of(index: u32, params: u32, body: &FunctionBody<'_>, operands: u32) -> Result<Self, Refusal> {
        let mut survey = Self { index, instructions: vec![0], ..Self::default() };
        let mut slots = params + operands;
        for group in body.get_locals_reader()? {
            slots += group?.0;
        }
        survey.frame = FRAME_BYTES + SLOT_BYTES * slots;
        // Which loop each open block belongs to; 0 is the body outside loops.
        let mut open = vec![0];
        let mut reader = body.get_operators_reader()?;
        while !reader.eof() {
            let operator = reader.read()?;
            let inside = open.last().copied().unwrap_or(0);
            match operator {
                Operator::Loop { .. } => {
                    open.push(survey.instructions.len());
                    survey.instructions.push(0);
                }
                Operator::Block { .. } | Operator::If { .. } => open.push(inside),
                Operator::End => {
                    open.pop();
                }
                Operator::Call { function_index } => survey.calls.push((function_index, inside)),
                Operator::CallIndirect { .. } => survey.indirect = true,
                Operator::MemoryCopy { .. }
                | Operator::MemoryFill { .. }
                | Operator::MemoryInit { .. }
                | Operator::TableCopy { .. }
                | Operator::TableInit { .. }
                | Operator::MemoryGrow { .. } => survey.bulk = true,
                _ => match width_of_inexact(&operator) {
                    Some(4) => survey.singles = true,
                    Some(_) => survey.doubles = true,
                    None => {}
                },
            }
            survey.instructions[inside] += 1;
        }
        Ok(survey)
    }

    /// Instructions of one run of the body without what it calls, if there is one number for it.
    fn straight(&self) -> Option<u32> {
        (self.instructions.len() == 1 && !self.bulk).then(|| self.instructions[0])
    }
}

/// The most that a function does with everything that it calls.
#[derive(Clone, Copy)]
struct Reach {
    /// Bytes of stack.
    stack: u32,
    /// Instructions; `None` when something loops.
    instructions: Option<u32>,
}

/// Decides for each function whether it is charged and counted. `imported` functions come first in the numbering;
/// `named` are those that something else than a direct call can reach: exports, tables, references.
pub(super) fn settle(surveys: &mut [Survey], imported: usize, named: &[bool]) {
    let reaches = reaches(surveys, imported);
    let shorts: Vec<Option<u32>> = (0..imported + surveys.len())
        .map(|function| {
            let reach = reaches[function.checked_sub(imported)?]?;
            let instructions = reach.instructions?;
            (!named[function] && reach.stack <= LAST_FRAMES_BYTES && instructions <= SHORT_INSTRUCTIONS)
                .then_some(instructions)
        })
        .collect();
    for (at, survey) in surveys.iter_mut().enumerate() {
        survey.charged = shorts[imported + at].is_none();
        survey.counted = reaches[at].is_none_or(|reach| reach.stack > LAST_FRAMES_BYTES);
        for (callee, place) in std::mem::take(&mut survey.calls) {
            let more = shorts[callee as usize].unwrap_or(0);
            survey.instructions[place] = survey.instructions[place].saturating_add(more);
        }
    }
}

/// The reach of each function, `None` where it has no bound: it can come back to itself, calls through a table, or
/// calls what is imported, which may call in turn. Each function is looked at when all that it calls has been.
fn reaches(surveys: &[Survey], imported: usize) -> Vec<Option<Reach>> {
    let mut callers: Vec<Vec<usize>> = vec![Vec::new(); surveys.len()];
    let mut open: Vec<usize> = vec![0; surveys.len()];
    for (caller, survey) in surveys.iter().enumerate() {
        open[caller] = survey.calls.len() + usize::from(survey.indirect);
        for (callee, _) in &survey.calls {
            // A call of what is imported stays open for ever.
            if let Some(callee) = (*callee as usize).checked_sub(imported) {
                callers[callee].push(caller);
            }
        }
    }
    let mut found = vec![None; surveys.len()];
    let mut ready: Vec<usize> = (0..surveys.len()).filter(|function| open[*function] == 0).collect();
    while let Some(function) = ready.pop() {
        let survey = &surveys[function];
        let mut reach = Reach { stack: 0, instructions: survey.straight() };
        for below in survey.calls.iter().filter_map(|(callee, _)| found[*callee as usize - imported]) {
            let below: Reach = below;
            reach.stack = reach.stack.max(below.stack);
            reach.instructions = reach.instructions.zip(below.instructions).map(|(own, more)| own.saturating_add(more));
        }
        reach.stack = reach.stack.saturating_add(survey.frame);
        found[function] = Some(reach);
        for caller in &callers[function] {
            open[*caller] -= 1;
            if open[*caller] == 0 {
                ready.push(*caller);
            }
        }
    }
    found
}

/// Bytes of the result of an instruction that may make a result that is not a number, whose bits are then up to the
/// processor; `None` for all others.
pub(super) fn width_of_inexact(operator: &Operator<'_>) -> Option<u8> {
    use Operator as O;
    match operator {
        O::F32Ceil
        | O::F32Floor
        | O::F32Trunc
        | O::F32Nearest
        | O::F32Sqrt
        | O::F32Add
        | O::F32Sub
        | O::F32Mul
        | O::F32Div
        | O::F32Min
        | O::F32Max
        | O::F32DemoteF64 => Some(4),
        O::F64Ceil
        | O::F64Floor
        | O::F64Trunc
        | O::F64Nearest
        | O::F64Sqrt
        | O::F64Add
        | O::F64Sub
        | O::F64Mul
        | O::F64Div
        | O::F64Min
        | O::F64Max
        | O::F64PromoteF32 => Some(8),
        _ => None,
    }
}
