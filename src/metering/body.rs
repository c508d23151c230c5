//! Rewrites the body of one function: what is taken where it is entered, where its loops turn, and where it moves
//! bytes in bulk.

use super::encoding::{signed, unsigned, value_type};
use super::survey::{Survey, width_of_inexact};
use super::{BULK_BYTES_LOG2, Charge, Options, PAGE_BYTES, Refusal};
use wasmparser::{FuncType, FunctionBody, Operator, ValType};

const BLOCK: u8 = 0x02;
const IF: u8 = 0x04;
const ELSE: u8 = 0x05;
const END: u8 = 0x0b;
const BR: u8 = 0x0c;
const SELECT: u8 = 0x1b;
const LOCAL_GET: u8 = 0x20;
const LOCAL_SET: u8 = 0x21;
const LOCAL_TEE: u8 = 0x22;
const GLOBAL_GET: u8 = 0x23;
const GLOBAL_SET: u8 = 0x24;
const MEMORY_SIZE: u8 = 0x3f;
const I32_CONST: u8 = 0x41;
const F32_CONST: u8 = 0x43;
const F64_CONST: u8 = 0x44;
const I32_EQ: u8 = 0x46;
const I32_LT_S: u8 = 0x48;
const F32_EQ: u8 = 0x5b;
const F64_EQ: u8 = 0x61;
const I32_ADD: u8 = 0x6a;
const I32_SUB: u8 = 0x6b;
const I32_MUL: u8 = 0x6c;
const I32_OR: u8 = 0x72;
const I32_SHR_U: u8 = 0x76;
const UNREACHABLE: u8 = 0x00;
const NO_RESULT: u8 = 0x40;

/// What a module has and what each of its functions gets.
pub(super) struct Rewriter<'a> {
    types: &'a [FuncType],
    /// Types of functions, the imported ones first.
    functions: &'a [u32],
    charge: Charge,
    /// Number of the global that counts fuel; the one that counts depth comes after it.
    fuel: u32,
    /// Whether a module ends when it is refused memory.
    refused_traps: bool,
    /// Results of blocks with several, whose types are added to the module's.
    blocks: Vec<Vec<u8>>,
}

/// Numbers of the variables that a rewritten body adds to its own.
struct Scratch {
    /// What a counter holds after something was taken from it: faster than reading the counter again.
    fuel: u32,
    depth: u32,
    length: u32,
    single: u32,
    double: u32,
}

impl<'a> Rewriter<'a> {
    /// A rewriter for a module with these types, functions, and so many globals of its own.
    pub(super) fn new(types: &'a [FuncType], functions: &'a [u32], globals: u32, options: &Options<'_>) -> Self {
        let refused_traps = options.refused_traps;
        Self { types, functions, charge: options.charge, fuel: globals, refused_traps, blocks: Vec::new() }
    }

    /// Types that were added to the module's.
    pub(super) fn added_types(&self) -> Vec<Vec<u8>> {
        let types = self.blocks.iter().map(|results| {
            let mut encoded = vec![0x60, 0x00];
            encoded.extend(unsigned(results.len() as u64));
            encoded.extend(results);
            encoded
        });
        types.collect()
    }

    /// The rewritten body, without its length in front.
    pub(super) fn rewrite(
        &mut self,
        module: &[u8],
        body: &FunctionBody<'_>,
        survey: &Survey,
    ) -> Result<Vec<u8>, Refusal> {
        let function = &self.types[self.functions[survey.index as usize] as usize];
        let mut groups = Vec::new();
        let mut variables = function.params().len() as u32;
        for group in body.get_locals_reader()? {
            let (count, of) = group?;
            variables += count;
            groups.push((count, of));
        }
        let mut add = |wanted: bool, of: ValType| {
            if wanted {
                groups.push((1, of));
                variables += 1;
            }
            variables.saturating_sub(1)
        };
        let scratch = Scratch {
            fuel: add(survey.charged || survey.bulk || survey.instructions.len() > 1, ValType::I32),
            depth: add(survey.counted, ValType::I32),
            length: add(survey.bulk, ValType::I32),
            single: add(survey.singles, ValType::F32),
            double: add(survey.doubles, ValType::F64),
        };

        let mut out = unsigned(groups.len() as u64);
        for (count, of) in groups {
            out.extend(unsigned(u64::from(count)));
            out.push(value_type(of).ok_or(Refusal::Feature("a type of variables beyond numbers and references"))?);
        }
        self.enter(&mut out, survey, &scratch, function.results())?;
        self.instructions(&mut out, module, body, survey, &scratch)?;
        if survey.counted {
            self.give_back(&mut out, survey.frame);
            out.push(END);
        }
        Ok(out)
    }

    /// What stands before the first instruction of a body.
    fn enter(
        &mut self,
        out: &mut Vec<u8>,
        survey: &Survey,
        scratch: &Scratch,
        results: &[ValType],
    ) -> Result<(), Refusal> {
        if !survey.charged {
            return Ok(());
        }
        let units = self.units(survey.instructions[0]);
        if !survey.counted {
            self.take_and_check(out, scratch, units);
            return Ok(());
        }
        self.take(out, self.fuel, scratch.fuel, units);
        self.take(out, self.fuel + 1, scratch.depth, survey.frame);
        variable(out, LOCAL_GET, scratch.fuel);
        variable(out, LOCAL_GET, scratch.depth);
        out.push(I32_OR);
        trap_below_zero(out);
        // All ways out of the body lead to the end of this block, after which the frame is given back.
        out.push(BLOCK);
        let encoded: Option<Vec<u8>> = results.iter().map(|of| value_type(*of)).collect();
        let encoded = encoded.ok_or(Refusal::Feature("a type of results beyond numbers and references"))?;
        match encoded.as_slice() {
            [] => out.push(NO_RESULT),
            [one] => out.push(*one),
            _ => {
                let known = self.blocks.iter().position(|block| *block == encoded);
                let at = known.unwrap_or_else(|| {
                    self.blocks.push(encoded);
                    self.blocks.len() - 1
                });
                out.extend(signed((self.types.len() + at) as i64));
            }
        }
        Ok(())
    }

    fn instructions(
        &self,
        out: &mut Vec<u8>,
        module: &[u8],
        body: &FunctionBody<'_>,
        survey: &Survey,
        scratch: &Scratch,
    ) -> Result<(), Refusal> {
        let mut reader = body.get_operators_reader()?;
        let mut loops = 0;
        // Blocks that are open around an instruction, without the one that rewriting adds.
        let mut open = 0_u32;
        while !reader.eof() {
            let start = reader.original_position();
            let operator = reader.read()?;
            let bytes = &module[start..reader.original_position()];
            match operator {
                Operator::Loop { .. } => {
                    open += 1;
                    loops += 1;
                    out.extend(bytes);
                    self.take_and_check(out, scratch, self.units(survey.instructions[loops]));
                }
                Operator::Block { .. } | Operator::If { .. } => {
                    open += 1;
                    out.extend(bytes);
                }
                Operator::End => {
                    open = open.saturating_sub(1);
                    out.extend(bytes);
                }
                Operator::Return if survey.counted => {
                    out.push(BR);
                    out.extend(unsigned(u64::from(open)));
                }
                Operator::MemoryCopy { .. }
                | Operator::MemoryFill { .. }
                | Operator::MemoryInit { .. }
                | Operator::TableCopy { .. }
                | Operator::TableInit { .. } => {
                    self.take_by_length(out, scratch, |out| {
                        constant(out, u32::from(BULK_BYTES_LOG2));
                        out.push(I32_SHR_U);
                    });
                    out.extend(bytes);
                }
                Operator::MemoryGrow { .. } => {
                    out.extend(bytes);
                    self.grown(out, scratch);
                }
                Operator::TableGrow { .. } | Operator::TableFill { .. } => {
                    return Err(Refusal::Feature("tables that grow or are filled at run time"));
                }
                _ => {
                    out.extend(bytes);
                    match width_of_inexact(&operator) {
                        Some(4) => {
                            one_pattern(out, scratch.single, F32_CONST, &f32::NAN.to_bits().to_le_bytes(), F32_EQ)
                        }
                        Some(_) => {
                            one_pattern(out, scratch.double, F64_CONST, &f64::NAN.to_bits().to_le_bytes(), F64_EQ)
                        }
                        None => {}
                    }
                }
            }
        }
        Ok(())
    }

    /// Fuel for so many instructions.
    fn units(&self, instructions: u32) -> u32 {
        match self.charge {
            Charge::Flat => 1,
            Charge::BySize { per } => 1 + instructions / per.max(1),
        }
    }

    fn read(&self, out: &mut Vec<u8>, global: u32) {
        out.push(GLOBAL_GET);
        out.extend(unsigned(u64::from(global)));
    }

    fn write(&self, out: &mut Vec<u8>, global: u32) {
        out.push(GLOBAL_SET);
        out.extend(unsigned(u64::from(global)));
    }

    /// Takes a fixed amount from a counter; what is left is in the variable `left` as well.
    fn take(&self, out: &mut Vec<u8>, global: u32, left: u32, amount: u32) {
        self.read(out, global);
        constant(out, amount);
        out.push(I32_SUB);
        variable(out, LOCAL_TEE, left);
        self.write(out, global);
    }

    /// Takes a fixed amount of fuel and traps when there was less.
    fn take_and_check(&self, out: &mut Vec<u8>, scratch: &Scratch, units: u32) {
        self.take(out, self.fuel, scratch.fuel, units);
        variable(out, LOCAL_GET, scratch.fuel);
        trap_below_zero(out);
    }

    /// Sets the fuel to the number on top of the stack and traps when it is below zero.
    fn write_and_check(&self, out: &mut Vec<u8>, scratch: &Scratch) {
        variable(out, LOCAL_TEE, scratch.fuel);
        self.write(out, self.fuel);
        variable(out, LOCAL_GET, scratch.fuel);
        trap_below_zero(out);
    }

    fn give_back(&self, out: &mut Vec<u8>, frame: u32) {
        self.read(out, self.fuel + 1);
        constant(out, frame);
        out.push(I32_ADD);
        self.write(out, self.fuel + 1);
    }

    /// Takes fuel for the pages that were added, which are filled with zeros, or says that they were refused. The
    /// result of the instruction is on the stack and stays there.
    fn grown(&self, out: &mut Vec<u8>, scratch: &Scratch) {
        let before = scratch.length;
        variable(out, LOCAL_TEE, before);
        constant(out, u32::MAX);
        out.extend([I32_EQ, IF, NO_RESULT]);
        if self.refused_traps {
            constant(out, super::REFUSED.cast_unsigned());
            self.write(out, self.fuel + 1);
            out.push(UNREACHABLE);
        }
        out.push(ELSE);
        self.read(out, self.fuel);
        out.extend([MEMORY_SIZE, 0x00]);
        variable(out, LOCAL_GET, before);
        out.push(I32_SUB);
        constant(out, PAGE_BYTES >> BULK_BYTES_LOG2);
        out.extend([I32_MUL, I32_SUB]);
        self.write_and_check(out, scratch);
        out.push(END);
        variable(out, LOCAL_GET, before);
    }

    /// Takes fuel for the length on top of the stack, which stays there.
    fn take_by_length(&self, out: &mut Vec<u8>, scratch: &Scratch, units: impl Fn(&mut Vec<u8>)) {
        let length = scratch.length;
        variable(out, LOCAL_SET, length);
        self.read(out, self.fuel);
        variable(out, LOCAL_GET, length);
        units(out);
        out.push(I32_SUB);
        self.write_and_check(out, scratch);
        variable(out, LOCAL_GET, length);
    }
}

fn constant(out: &mut Vec<u8>, value: u32) {
    out.push(I32_CONST);
    out.extend(signed(i64::from(value.cast_signed())));
}

fn variable(out: &mut Vec<u8>, instruction: u8, number: u32) {
    out.push(instruction);
    out.extend(unsigned(u64::from(number)));
}

/// Traps when the number on top of the stack is below zero.
fn trap_below_zero(out: &mut Vec<u8>) {
    constant(out, 0);
    out.extend([I32_LT_S, IF, NO_RESULT, UNREACHABLE, END]);
}

/// Replaces a result that is not a number by the one pattern of bits that stands for it here.
fn one_pattern(out: &mut Vec<u8>, scratch: u32, literal: u8, bits: &[u8], equal: u8) {
    variable(out, LOCAL_TEE, scratch);
    out.push(literal);
    out.extend(bits);
    variable(out, LOCAL_GET, scratch);
    variable(out, LOCAL_GET, scratch);
    out.extend([equal, SELECT]);
}
