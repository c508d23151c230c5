//! Runs prepared modules natively, by the rules of Lambda's environments: state lives until something ends it.

use super::environment::{error, words};
use super::module::{ABI, LEVELS, prepare};
use super::time::Time;
use super::{Limits, Logs, Outcome, Status};
use crate::metering::{DEPTH, FUEL};
use std::fmt;
use std::sync::Arc;
use wasmi::{
    AsContext, AsContextMut, Caller, Config, Engine, Global, Linker, Memory, Module, Store, StoreContextMut, TypedFunc,
    Val,
};

type Result<T> = std::result::Result<T, wasmi::Error>;

/// The reason to end a run whose time is over; no exit code.
const OVERDUE: i32 = 256;

/// A module that was checked, put on fuel and compiled. Cheap to clone.
#[derive(Clone)]
pub struct ModuleEngine {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    module: Module,
    linker: Linker<Host>,
    limits: Limits,
}

impl fmt::Debug for ModuleEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModuleEngine").finish_non_exhaustive()
    }
}

impl ModuleEngine {
    /// The engine for a module.
    ///
    /// # Errors
    /// One sentence for the person who made it, when it cannot be run here.
    pub fn new(module: &[u8]) -> std::result::Result<Self, String> {
        let limits = Limits::standard();
        let prepared = prepare(module, &limits)?;
        let sentence = |error: &dyn fmt::Display| format!("This module cannot run here: {error}.");
        let mut config = Config::default();
        // The depth counter ends a run long before these do.
        config.set_max_recursion_depth(1 << 16).set_max_stack_height(1 << 24);
        let engine = Engine::new(&config);
        let module = Module::new(&engine, &prepared).map_err(|error| sentence(&error))?;
        let mut linker = Linker::new(&engine);
        link(&mut linker).map_err(|error| sentence(&error))?;
        Ok(Self { inner: Arc::new(Inner { engine, module, linker, limits }) })
    }
}

struct Host {
    limits: Limits,
    exports: Option<Exports>,
    time: Time,
    logs: Logs,
    chance: [u32; 4],
}

impl Host {
    fn exports(&self) -> Exports {
        self.exports.expect("imports are called by an instance, which has its exports")
    }
}

#[derive(Clone, Copy)]
struct Exports {
    memory: Memory,
    fuel: Global,
    depth: Global,
    abi: TypedFunc<(), i32>,
    alloc: TypedFunc<i32, i32>,
    handle: TypedFunc<(i32, i32), i64>,
}

fn link(linker: &mut Linker<Host>) -> std::result::Result<(), wasmi::errors::LinkerError> {
    const HOST: &str = "streamgauge";
    type Of<'a> = Caller<'a, Host>;
    linker.func_wrap(HOST, "log", |mut of: Of<'_>, level: i32, at: i32, bytes: i32| {
        let mut cx = of.as_context_mut();
        let text = read(&cx, at, bytes);
        let limits = cx.data().limits;
        take(&mut cx, limits.host_call_fuel.saturating_add(text.len() as i32 * limits.log_fuel_per_byte));
        let elapsed = cx.data().time.elapsed(counter(&cx, cx.data().exports().fuel));
        let level = LEVELS.get(level as usize).copied().unwrap_or("INFO").to_owned();
        cx.data_mut().logs.push(elapsed, level, &text, &limits);
    })?;
    linker.func_wrap(HOST, "now", |mut of: Of<'_>| called(&mut of).cast_signed())?;
    linker.func_wrap(HOST, "remaining", |mut of: Of<'_>| {
        let now = called(&mut of);
        let time = of.data().time;
        (time.start + time.timeout).saturating_sub(now).cast_signed()
    })?;
    linker.func_wrap(HOST, "random", |mut of: Of<'_>| {
        called(&mut of);
        let chance = &mut of.data_mut().chance;
        let (high, low) = (next(chance), next(chance));
        (u64::from(high) << 32 | u64::from(low)).cast_signed()
    })?;
    linker.func_wrap(HOST, "sleep", |mut of: Of<'_>, ns: i64| {
        called(&mut of);
        let mut cx = of.as_context_mut();
        let fuel = cx.data().exports().fuel;
        let left = counter(&cx, fuel);
        match cx.data_mut().time.wait(u64::try_from(ns).unwrap_or(0), left) {
            Some(left) => set(&mut cx, fuel, left),
            None => return Err(wasmi::Error::i32_exit(OVERDUE)),
        }
        Ok(())
    })?;
    Ok(())
}

/// Charges a call of the host and gives the virtual time.
fn called(of: &mut Caller<'_, Host>) -> u64 {
    let mut cx = of.as_context_mut();
    let fuel = cx.data().limits.host_call_fuel;
    take(&mut cx, fuel);
    let left = counter(&cx, cx.data().exports().fuel);
    cx.data().time.start + cx.data().time.elapsed(left)
}

/// sfc32, the same numbers as in the prelude of JavaScript.
fn next([a, b, c, d]: &mut [u32; 4]) -> u32 {
    let t = a.wrapping_add(*b).wrapping_add(*d);
    *d = d.wrapping_add(1);
    *a = *b ^ (*b >> 9);
    *b = c.wrapping_add(*c << 3);
    *c = c.rotate_left(21).wrapping_add(t);
    t
}

fn counter(cx: &StoreContextMut<'_, Host>, which: Global) -> i32 {
    which.get(cx.as_context()).i32().expect("counters are 32-bit integers")
}

fn set(cx: &mut StoreContextMut<'_, Host>, which: Global, value: i32) {
    which.set(cx, Val::I32(value)).expect("counters are variables of this type");
}

fn take(cx: &mut StoreContextMut<'_, Host>, amount: i32) {
    let fuel = cx.data().exports().fuel;
    let left = counter(cx, fuel).saturating_sub(amount).max(-1);
    set(cx, fuel, left);
}

/// Bytes of the memory, fewer where it ends before.
fn read(cx: &StoreContextMut<'_, Host>, at: i32, bytes: i32) -> Vec<u8> {
    let data = cx.data().exports().memory.data(cx.as_context());
    let from = (at.cast_unsigned() as usize).min(data.len());
    data[from..from.saturating_add(bytes.cast_unsigned() as usize).min(data.len())].to_vec()
}

/// One batch for a module.
#[derive(Clone, Copy, Debug)]
pub struct ModuleRequest<'a> {
    /// The batch, as [`event::binary`](super::event::binary) writes it.
    pub batch: &'a [u8],
    /// The instant at which it begins, in nanoseconds since 1970.
    pub now: u64,
    /// The timeout of the function, in milliseconds.
    pub timeout_ms: u64,
    /// Where its chance begins.
    pub seed: [i32; 4],
    /// Its id.
    pub id: &'a str,
}

/// An execution environment of a module.
pub struct ModuleEnvironment {
    engine: ModuleEngine,
    memory_mb: u64,
    store: Option<Store<Host>>,
}

impl fmt::Debug for ModuleEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModuleEnvironment").field("memory_mb", &self.memory_mb).finish_non_exhaustive()
    }
}

impl ModuleEnvironment {
    /// A new environment with so many MB of memory, which decides the share of a processor.
    pub fn new(engine: &ModuleEngine, memory_mb: u64) -> Self {
        Self { engine: engine.clone(), memory_mb, store: None }
    }

    /// Runs one invocation. The reply of one that succeeded is Lambda's partial batch response.
    pub fn invoke(&mut self, request: &ModuleRequest<'_>) -> Outcome {
        let limits = self.engine.inner.limits;
        let timeout = request.timeout_ms * 1_000_000;
        let time = Time::new(request.now, self.memory_mb, timeout, request.batch.len(), &limits);
        let chance = request.seed.map(i32::cast_unsigned);
        let mut store = match self.store.take() {
            Some(store) => store,
            None => self.fresh(),
        };
        let host = store.data_mut();
        (host.time, host.logs, host.chance) = (time, Logs::default(), chance);
        for _ in 0..12 {
            next(&mut host.chance);
        }
        let mut cx = store.as_context_mut();
        let Exports { fuel, depth, memory, .. } = cx.data().exports();
        set(&mut cx, fuel, time.granted());
        set(&mut cx, depth, limits.depth_bytes);
        let answer = handle(&mut cx, request.batch);

        let left = counter(&cx, fuel);
        let (status, reply) = match answer {
            Ok(_) if left < 0 => (Status::TimedOut, None),
            Ok(Ok(reply)) => (Status::Succeeded, Some(reply)),
            Ok(Err(message)) => (Status::Failed, Some(error("Error", &message))),
            Err(error) if error.i32_exit_status() == Some(OVERDUE) || left < 0 => (Status::TimedOut, None),
            Err(_) => (Status::Crashed, None),
        };
        let too_deep = status == Status::Crashed && counter(&cx, depth) < 0;
        if status == Status::TimedOut {
            cx.data_mut().time.run_out(left);
        }
        let time = cx.data().time;
        let logs = std::mem::take(&mut cx.data_mut().logs);
        let dead = matches!(status, Status::TimedOut | Status::Crashed);
        let outcome = Outcome {
            status,
            reply: reply.unwrap_or_else(|| words(status, too_deep, request.id, timeout, 0)),
            capped: status == Status::TimedOut && time.capped(left),
            fuel: time.used(left.max(0)),
            duration: if status == Status::TimedOut { timeout } else { time.elapsed(left) },
            logs: logs.lines,
            dropped: logs.dropped,
            memory: memory.data_size(&store) as u64,
            init: None,
            dead,
        };
        self.store = (!dead).then_some(store);
        outcome
    }

    /// A new instance.
    fn fresh(&self) -> Store<Host> {
        let inner = &self.engine.inner;
        let host =
            Host { limits: inner.limits, exports: None, time: Time::default(), logs: Logs::default(), chance: [0; 4] };
        let mut store = Store::new(&inner.engine, host);
        let instance = inner.linker.instantiate_and_start(&mut store, &inner.module);
        let instance = instance.expect("its data lie inside its memory, or the module was refused");
        const WHY: &str = "a prepared module has its exports";
        let exports = Exports {
            memory: instance.get_memory(&store, "memory").expect(WHY),
            fuel: instance.get_global(&store, FUEL).expect(WHY),
            depth: instance.get_global(&store, DEPTH).expect(WHY),
            abi: instance.get_typed_func(&store, "streamgauge_abi").expect(WHY),
            alloc: instance.get_typed_func(&store, "streamgauge_alloc").expect(WHY),
            handle: instance.get_typed_func(&store, "streamgauge_handle").expect(WHY),
        };
        store.data_mut().exports = Some(exports);
        store
    }
}

/// One batch in and its answer out: the reply, or a message that all of it failed.
fn handle(cx: &mut StoreContextMut<'_, Host>, batch: &[u8]) -> Result<std::result::Result<String, String>> {
    let exports = cx.data().exports();
    let abi = exports.abi.call(&mut *cx, ())?;
    if abi != ABI {
        return Ok(Err(format!("The module has form {abi} of the interface, and form {ABI} is known here.")));
    }
    let at = exports.alloc.call(&mut *cx, batch.len() as i32)?;
    if exports.memory.write(&mut *cx, at.cast_unsigned() as usize, batch).is_err() {
        return Ok(Err("The module made no room for its batch inside its memory.".to_owned()));
    }
    let packed = exports.handle.call(&mut *cx, (at, batch.len() as i32))?.cast_unsigned();
    let answer = read(cx, ((packed >> 32) as u32).cast_signed(), (packed as u32).cast_signed());
    Ok(reply(batch, &answer))
}

/// What an answer says, as Lambda's partial batch response.
fn reply(batch: &[u8], answer: &[u8]) -> std::result::Result<String, String> {
    let word = |bytes: &[u8], at: usize| {
        bytes.get(at..at + 4).map(|four| four.iter().rev().fold(0, |value, byte| value << 8 | usize::from(*byte)))
    };
    match word(answer, 0) {
        Some(0) => {}
        Some(1) => return Err(String::from_utf8_lossy(&answer[4..]).into_owned()),
        _ => return Err("The module's answer is neither a list of positions nor a message.".to_owned()),
    }
    let count = word(batch, 0).unwrap_or(0);
    let mut failed: Vec<usize> = answer[4..].chunks_exact(4).filter_map(|four| word(four, 0)).collect();
    failed.sort_unstable();
    failed.dedup();
    if failed.last().is_some_and(|last| *last >= count) {
        return Err("The module's answer names a record that is not in the batch.".to_owned());
    }
    let mut wanted = failed.into_iter().peekable();
    let mut items = Vec::new();
    let mut at = 4;
    for position in 0..count {
        let lengths = [8, 12, 16].map(|offset| word(batch, at + offset).unwrap_or(0));
        if wanted.next_if_eq(&position).is_some() {
            let from = at + 20 + lengths[0];
            let sequence = String::from_utf8_lossy(batch.get(from..from + lengths[1]).unwrap_or_default());
            items.push(format!(r#"{{"itemIdentifier":"{sequence}"}}"#));
        }
        at += 20 + lengths.iter().sum::<usize>();
    }
    Ok(format!(r#"{{"batchItemFailures":[{}]}}"#, items.join(",")))
}
