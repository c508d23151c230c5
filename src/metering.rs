//! Rewrites a WebAssembly module so that it runs on fuel: a counter that function entries and every turn of a loop
//! take from, and that ends the run at the same instruction on every machine.
//!
//! The rewritten module does what the original does, until it runs out. What it gains:
//!
//! - Two counters, exported as [`FUEL`] and [`DEPTH`]. The host fills them before a call and reads them after it.
//!   The module's own code was checked before they existed, so no instruction of it can name them.
//! - *Fuel*: taken at each loop head and at each function entry but those of short functions, which count as
//!   instructions of whoever calls them, and by bulk instructions for their length. Below zero, the module traps.
//! - *Depth*: bytes of stack that calls take while what they called runs, by an estimate that is the same everywhere.
//!   Below zero, the module traps, long before a browser's own stack ends at a place of its choosing.
//! - A largest memory, and one pattern of bits for every result that is not a number: the only thing in which
//!   processors differ.
//!
//! One implementation serves the build, the command line and the page. It runs nothing and uses no part of the
//! simulation. Modules need not be trusted: they are validated first, and what is outside [`FEATURES`] is refused.

mod body;
mod encoding;
mod refusal;
mod survey;

pub use refusal::Refusal;

use encoding::{Section, limits, name, section, unsigned};
use std::ops::Range;
use survey::Survey;
use wasmparser::{
    CompositeInnerType, ConstExpr, ElementItems, ExternalKind, FuncToValidate, FuncType, FuncValidatorAllocations,
    FunctionBody, GlobalType, MemoryType, Operator, Parser, Payload, TypeRef, ValType, ValidPayload, Validator,
    ValidatorResources, WasmFeatures,
};

/// Name under which the fuel counter is exported, a mutable 32-bit integer.
pub const FUEL: &str = "streamgauge_fuel";
/// Name under which the depth counter is exported, a mutable 32-bit integer.
pub const DEPTH: &str = "streamgauge_depth";

/// What the depth counter holds after a module was ended because it asked for too much memory.
pub const REFUSED: i32 = i32::MIN;

/// What compilers of today use by default, and nothing that differs from machine to machine or that can wait:
/// no threads, no vectors, no tail calls, no exceptions, no second memory.
pub const FEATURES: WasmFeatures = WasmFeatures::MUTABLE_GLOBAL
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::FLOATS);

/// What one page of memory is, in bytes.
pub const PAGE_BYTES: u32 = 65_536;
/// Bulk instructions move so many bytes for one unit of fuel, as a power of two.
pub const BULK_BYTES_LOG2: u8 = 6;
/// Elements that one table may have.
pub const TABLE_MAX: u64 = 65_536;
/// Locals that one function may have.
pub const LOCALS_MAX: u32 = 4_096;

/// How much fuel function entries and turns of loops take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charge {
    /// One unit each: for a module that is known, such as a JavaScript engine, whose loops are short.
    Flat,
    /// One unit, and one more for every so many instructions that stand there: for a module of a stranger, in which
    /// a million instructions may stand in one turn. No more than `per` instructions run for one unit.
    BySize {
        /// Instructions for one unit; at least 1.
        per: u32,
    },
}

/// A function that a module may import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Import {
    /// Name of the module that it is imported from.
    pub module: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Types of its parameters.
    pub params: &'static [ValType],
    /// Types of its results.
    pub results: &'static [ValType],
}

/// What a rewritten module gets and what the original may ask for.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// How fuel is charged.
    pub charge: Charge,
    /// The largest memory, in pages of 64 KiB; a module that begins with more is refused.
    pub memory_max: u32,
    /// Whether a module traps when it asks for more memory than that, with [`REFUSED`] in the depth counter, as a
    /// system ends a process. Otherwise it is told that there is no more.
    pub refused_traps: bool,
    /// What may be imported; all of it are functions.
    pub imports: &'a [Import],
}

/// Rewrites `module`.
///
/// # Errors
/// When the module is malformed, is not valid with [`FEATURES`], runs code when it is instantiated, imports what
/// `options` do not allow, has no memory of its own or one that is too large, or has too many locals or table
/// elements.
pub fn meter(module: &[u8], options: &Options<'_>) -> Result<Vec<u8>, Refusal> {
    let parts = Parts::read(module, options)?;
    parts.write(module, options)
}

/// A module, taken apart.
#[derive(Default)]
struct Parts<'a> {
    types: Vec<FuncType>,
    /// Types of functions, the imported ones first.
    functions: Vec<u32>,
    globals: u32,
    exports: u32,
    memory: Option<MemoryType>,
    /// Sections that stay as they are or grow at their end, by their number, and what they hold.
    sections: Vec<(Section, Range<usize>)>,
    bodies: Vec<Checked<'a>>,
    /// Functions that something else than a direct call can reach.
    named: Vec<u32>,
}

/// A function's body, checked.
struct Checked<'a> {
    body: FunctionBody<'a>,
    /// Highest number of operands on the stack.
    operands: u32,
    index: u32,
}

impl<'a> Parts<'a> {
    fn read(module: &'a [u8], options: &Options<'_>) -> Result<Self, Refusal> {
        let mut parts = Self::default();
        let mut validator = Validator::new_with_features(FEATURES);
        let mut allocations = FuncValidatorAllocations::default();
        let mut parser = Parser::new(0);
        parser.set_features(FEATURES);
        for payload in parser.parse_all(module) {
            let payload = payload?;
            if let ValidPayload::Func(function, body) = validator.payload(&payload)? {
                let (checked, used) = check_body(function, body, allocations)?;
                allocations = used;
                parts.bodies.push(checked);
            }
            parts.take(payload, options)?;
        }
        Ok(parts)
    }

    fn take(&mut self, payload: Payload<'a>, options: &Options<'_>) -> Result<(), Refusal> {
        let (section, range) = match payload {
            Payload::TypeSection(reader) => {
                for group in reader.clone() {
                    for sub in group?.into_types() {
                        match sub.composite_type.inner {
                            CompositeInnerType::Func(function) => self.types.push(function),
                            _ => return Err(Refusal::Feature("types that are no functions")),
                        }
                    }
                }
                (Section::Type, reader.range())
            }
            Payload::ImportSection(reader) => {
                for import in reader.clone() {
                    let import = import?;
                    self.functions.push(self.allowed(&import, options)?);
                }
                (Section::Import, reader.range())
            }
            Payload::FunctionSection(reader) => {
                for function in reader.clone() {
                    self.functions.push(function?);
                }
                (Section::Function, reader.range())
            }
            Payload::TableSection(reader) => {
                for table in reader.clone() {
                    if table?.ty.initial > TABLE_MAX {
                        return Err(Refusal::Table);
                    }
                }
                (Section::Table, reader.range())
            }
            Payload::MemorySection(reader) => {
                for memory in reader.clone() {
                    self.memory = Some(memory?);
                }
                (Section::Memory, reader.range())
            }
            Payload::GlobalSection(reader) => {
                self.globals = reader.count();
                for global in reader.clone() {
                    self.name(&global?.init_expr)?;
                }
                (Section::Global, reader.range())
            }
            Payload::ExportSection(reader) => {
                for export in reader.clone() {
                    let export = export?;
                    if export.name == FUEL || export.name == DEPTH {
                        return Err(Refusal::Name(export.name.to_owned()));
                    }
                    if export.kind == ExternalKind::Func {
                        self.named.push(export.index);
                    }
                }
                self.exports = reader.count();
                (Section::Export, reader.range())
            }
            Payload::StartSection { .. } => return Err(Refusal::Start),
            Payload::ElementSection(reader) => {
                for element in reader.clone() {
                    match element?.items {
                        ElementItems::Functions(functions) => {
                            for function in functions {
                                self.named.push(function?);
                            }
                        }
                        ElementItems::Expressions(_, expressions) => {
                            for expression in expressions {
                                self.name(&expression?)?;
                            }
                        }
                    }
                }
                (Section::Element, reader.range())
            }
            Payload::DataCountSection { range, .. } => (Section::DataCount, range),
            Payload::DataSection(reader) => (Section::Data, reader.range()),
            // What is said about a module, such as its names, is not part of what it does.
            _ => return Ok(()),
        };
        self.sections.push((section, range));
        Ok(())
    }

    /// Keeps in mind the functions that a constant expression refers to. A reference in a body must stand in such an
    /// expression, in an element or among the exports as well, or the module is not valid.
    fn name(&mut self, expression: &ConstExpr<'_>) -> Result<(), Refusal> {
        for operator in expression.get_operators_reader() {
            if let Operator::RefFunc { function_index } = operator? {
                self.named.push(function_index);
            }
        }
        Ok(())
    }

    /// What is in each body, and how it is charged.
    fn surveys(&self) -> Result<Vec<Survey>, Refusal> {
        let mut surveys = Vec::with_capacity(self.bodies.len());
        for Checked { body, operands, index } in &self.bodies {
            let params = self.types[self.functions[*index as usize] as usize].params().len() as u32;
            surveys.push(Survey::of(*index, params, body, *operands)?);
        }
        let mut named = vec![false; self.functions.len()];
        for function in &self.named {
            named[*function as usize] = true;
        }
        survey::settle(&mut surveys, self.functions.len() - self.bodies.len(), &named);
        Ok(surveys)
    }

    /// The type of an import that the host has.
    fn allowed(&self, import: &wasmparser::Import<'_>, options: &Options<'_>) -> Result<u32, Refusal> {
        let named = || Refusal::Import(format!("{}.{}", import.module, import.name));
        let TypeRef::Func(index) = import.ty else { return Err(named()) };
        let wanted = options.imports.iter().find(|known| known.module == import.module && known.name == import.name);
        let wanted = wanted.ok_or_else(named)?;
        // Its type was found by the validator.
        let found = &self.types[index as usize];
        if found.params() == wanted.params && found.results() == wanted.results {
            return Ok(index);
        }
        Err(Refusal::ImportType(format!("{}.{}", import.module, import.name)))
    }

    fn write(&self, module: &[u8], options: &Options<'_>) -> Result<Vec<u8>, Refusal> {
        let memory = self.memory.ok_or(Refusal::NoMemory)?;
        if memory.initial > u64::from(options.memory_max) {
            return Err(Refusal::Memory { pages: memory.initial, allowed: options.memory_max });
        }
        let mut rewriter = body::Rewriter::new(&self.types, &self.functions, self.globals, options);
        let mut code = unsigned(self.bodies.len() as u64);
        for (checked, survey) in self.bodies.iter().zip(self.surveys()?) {
            let rewritten = rewriter.rewrite(module, &checked.body, &survey)?;
            code.extend(unsigned(rewritten.len() as u64));
            code.extend(rewritten);
        }

        let mut out = b"\0asm\x01\0\0\0".to_vec();
        for (which, id) in Section::ORDER {
            // What is read as a list begins with the number of its items.
            let (count, items) = self.section(module, which);
            match which {
                Section::Type => {
                    let added = rewriter.added_types();
                    section(&mut out, id, &[unsigned(count + added.len() as u64), items, added.concat()].concat());
                }
                Section::Memory => {
                    let most = memory.maximum.map_or(options.memory_max, |own| options.memory_max.min(own as u32));
                    section(&mut out, id, &[unsigned(1), limits(memory.initial as u32, most)].concat());
                }
                Section::Global => {
                    // Mutable 32-bit integers that begin at zero: nothing runs before the host has filled them.
                    let counter = [0x7f, 0x01, 0x41, 0x00, 0x0b];
                    section(&mut out, id, &[unsigned(count + 2), items, counter.repeat(2)].concat());
                }
                Section::Export => {
                    let mut added = Vec::new();
                    for (offset, exported) in [FUEL, DEPTH].into_iter().enumerate() {
                        added.extend(name(exported));
                        added.push(0x03);
                        added.extend(unsigned(u64::from(self.globals) + offset as u64));
                    }
                    section(&mut out, id, &[unsigned(count + 2), items, added].concat());
                }
                Section::Code => section(&mut out, id, &code),
                _ => {
                    if let Some((_, range)) = self.sections.iter().find(|(section, _)| *section == which) {
                        section(&mut out, id, &module[range.clone()]);
                    }
                }
            }
        }
        // What was written is a module again, or this file has a fault; a host must not find out.
        Validator::new_with_features(FEATURES).validate_all(&out)?;
        Ok(out)
    }

    /// How many items a section has, and their bytes.
    fn section(&self, module: &[u8], which: Section) -> (u64, Vec<u8>) {
        let Some((_, range)) = self.sections.iter().find(|(section, _)| *section == which) else {
            return (0, Vec::new());
        };
        let bytes = &module[range.clone()];
        let (count, width) = encoding::read_unsigned(bytes);
        (count, bytes[width..].to_vec())
    }
}

/// Validates a body and finds out how many operands it has on its stack at most.
fn check_body<'a>(
    function: FuncToValidate<ValidatorResources>,
    body: FunctionBody<'a>,
    allocations: FuncValidatorAllocations,
) -> Result<(Checked<'a>, FuncValidatorAllocations), Refusal> {
    let mut validator = function.into_validator(allocations);
    let mut reader = body.get_binary_reader();
    validator.read_locals(&mut reader)?;
    if validator.len_locals() > LOCALS_MAX {
        return Err(Refusal::Locals);
    }
    let mut operands = 0;
    while !reader.eof() {
        let at = reader.original_position();
        validator.op(at, &reader.read_operator()?)?;
        operands = operands.max(validator.operand_stack_height());
    }
    validator.finish(reader.original_position())?;
    Ok((Checked { operands, index: validator.index(), body }, validator.into_allocations()))
}

/// What a module exports, of what kind, and for a function its type: for a loader that asks for more than [`meter`].
///
/// # Errors
/// When the module is malformed; call it with what [`meter`] has accepted.
pub fn exports(module: &[u8]) -> Result<Vec<(String, Export)>, Refusal> {
    let mut types = Vec::new();
    let mut functions = Vec::new();
    let mut globals: Vec<GlobalType> = Vec::new();
    let mut found = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::TypeSection(reader) => {
                for group in reader {
                    types.extend(group?.into_types().map(|sub| match sub.composite_type.inner {
                        CompositeInnerType::Func(function) => Some(function),
                        _ => None,
                    }));
                }
            }
            Payload::ImportSection(reader) => {
                for import in reader {
                    if let TypeRef::Func(index) = import?.ty {
                        functions.push(index);
                    }
                }
            }
            Payload::FunctionSection(reader) => {
                for function in reader {
                    functions.push(function?);
                }
            }
            Payload::GlobalSection(reader) => {
                for global in reader {
                    globals.push(global?.ty);
                }
            }
            Payload::ExportSection(reader) => {
                for export in reader {
                    let export = export?;
                    let kind = match export.kind {
                        ExternalKind::Func => functions
                            .get(export.index as usize)
                            .and_then(|at| types.get(*at as usize).cloned().flatten())
                            .map_or(Export::Other, Export::Function),
                        ExternalKind::Memory => Export::Memory,
                        ExternalKind::Global if globals.get(export.index as usize).is_some_and(|g| g.mutable) => {
                            Export::Variable
                        }
                        _ => Export::Other,
                    };
                    found.push((export.name.to_owned(), kind));
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

/// One thing that a module offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Export {
    /// A function of this type.
    Function(FuncType),
    /// The memory.
    Memory,
    /// A global that can be changed.
    Variable,
    /// A constant, or a table.
    Other,
}
