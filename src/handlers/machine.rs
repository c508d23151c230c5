//! One instance of the metered JavaScript engine: its memory, its counters, and the clock that they move.

use super::time::Time;
use super::values::{call, evaluate, is_exception, place, text};
use super::{Limits, Logs, imports};
use crate::metering::{self, Charge, DEPTH, FUEL, Options, Refusal};
use md5::{Digest, Md5};
use std::fmt;
use std::sync::Arc;
use wasmi::{
    AsContext, AsContextMut, Config, Engine, Global, Instance, Linker, Memory, Module, Store, StoreContextMut,
    TypedFunc, Val,
};

/// The package and the version of QuickJS-ng that the limits and the expected outcomes are made for. Its module is
/// prepared by `npm run quickjs`, which puts small functions where they are called: there are so many that a handler runs
/// a third faster when they need no calls, and no fuel is counted for their entries.
pub const QUICKJS: &str = "quickjs-wasi 3.6.2";
/// MD5 of the prepared module. Another one would give the same answers for other fuel, and so another virtual time
/// than the page's.
const QUICKJS_MD5: [u8; 16] = 0x56c5_cae7_ed35_e093_612d_6c1a_3a9d_b42e_u128.to_be_bytes();

/// Files of the prelude, in their order.
const PRELUDE: [&str; 4] = [
    include_str!("../../www/handlers/bytes.js"),
    include_str!("../../www/handlers/console.js"),
    include_str!("../../www/handlers/hashes.js"),
    include_str!("../../www/handlers/lambda.js"),
];

const NS_PER_MS: u64 = 1_000_000;

/// Access to the store, from outside or from inside an import.
pub(super) type Cx<'a> = StoreContextMut<'a, Host>;
pub(super) type Result<T> = std::result::Result<T, wasmi::Error>;

/// Reasons to end a run that are no exit codes: its time is over; the code inside gave something impossible.
pub(super) const OVERDUE: i32 = 256;
pub(super) const CONFUSED: i32 = 257;

/// Why the engine cannot be used.
#[derive(Debug)]
pub enum EngineError {
    /// The module is not the one that the page uses.
    Other,
    /// The module cannot be put on fuel.
    Refused(Refusal),
    /// It does not start.
    Start(String),
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other => write!(
                f,
                "the JavaScript engine is not the one that the page uses: it has to be the module of {QUICKJS} as \
                 `npm run quickjs` prepares it"
            ),
            Self::Refused(refusal) => write!(f, "the JavaScript engine cannot be used: {refusal}"),
            Self::Start(why) => write!(f, "the JavaScript engine does not start: {why}"),
        }
    }
}

impl std::error::Error for EngineError {}

/// The JavaScript engine, rewritten and compiled, and the image of its memory when everything around a handler is in
/// place. Cheap to clone.
#[derive(Clone)]
pub struct HandlerEngine {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    module: Module,
    linker: Linker<Host>,
    limits: Limits,
    image: Vec<u8>,
    roots: Roots,
}

impl fmt::Debug for HandlerEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlerEngine").field("image", &self.inner.image.len()).finish_non_exhaustive()
    }
}

impl HandlerEngine {
    /// The engine from QuickJS-ng's module, as `npm run quickjs` prepares it (see [`QUICKJS`]).
    ///
    /// # Errors
    /// When the module is not the one that is expected.
    pub fn new(quickjs: &[u8]) -> std::result::Result<Self, EngineError> {
        if Md5::digest(quickjs)[..] != QUICKJS_MD5 {
            return Err(EngineError::Other);
        }
        Self::from_metered(&Self::metered(quickjs).map_err(EngineError::Refused)?)
    }

    /// The module on fuel, as the page gets it.
    ///
    /// # Errors
    /// When the module is not the one that is expected.
    pub fn metered(quickjs: &[u8]) -> std::result::Result<Vec<u8>, Refusal> {
        let memory_max = Limits::standard().memory_pages;
        let options = Options { charge: Charge::Flat, memory_max, refused_traps: true, imports: &imports::ALL };
        metering::meter(quickjs, &options)
    }

    /// The engine from a module that is on fuel already.
    ///
    /// # Errors
    /// When the module is not the one that is expected.
    pub fn from_metered(module: &[u8]) -> std::result::Result<Self, EngineError> {
        let start = |error: &dyn fmt::Display| EngineError::Start(error.to_string());
        let mut config = Config::default();
        // The depth counter ends a run long before these do.
        config.set_max_recursion_depth(1 << 16).set_max_stack_height(1 << 24);
        let engine = Engine::new(&config);
        let module = Module::new(&engine, module).map_err(|error| start(&error))?;
        let mut linker = Linker::new(&engine);
        imports::link(&mut linker).map_err(|error| start(&error))?;
        let inner =
            Inner { engine, module, linker, limits: Limits::standard(), image: Vec::new(), roots: Roots::default() };
        let mut booted = Machine::new(&inner).map_err(|error| start(&error))?;
        let roots = booted.boot().map_err(|error| start(&error))?;
        let image = booted.memory().data(&booted.store).to_vec();
        Ok(Self { inner: Arc::new(Inner { image, roots, ..inner }) })
    }

    /// The limits in use.
    pub fn limits(&self) -> &Limits {
        &self.inner.limits
    }

    pub(super) fn machine(&self) -> Result<Machine> {
        Machine::new(&self.inner)
    }
}

/// What the imports of an instance work on.
pub(super) struct Host {
    pub(super) limits: Limits,
    exports: Option<Exports>,
    pub(super) roots: Roots,
    pub(super) time: Time,
    /// Instant at which the environment began, in nanoseconds since 1970.
    pub(super) born: u64,
    pub(super) logs: Logs,
    pub(super) rejections: Vec<Rejection>,
    pub(super) exit_code: i32,
}

impl Host {
    pub(super) fn exports(&self) -> Exports {
        self.exports.expect("imports are called by an instance, which has its exports")
    }
}

/// A promise that was rejected and that nobody heard so far.
#[derive(Clone, Copy)]
pub(super) struct Rejection {
    pub(super) id: i32,
    pub(super) promise: i32,
    pub(super) reason: i32,
}

/// Values that the host keeps, and places in memory that it uses.
#[derive(Clone, Copy, Default)]
pub(super) struct Roots {
    pub(super) scratch: i32,
    pub(super) length: i32,
    pub(super) values: i32,
    pub(super) undefined: i32,
    pub(super) prepare: i32,
    pub(super) commonjs: i32,
    pub(super) adopt: i32,
    pub(super) source: i32,
    pub(super) looks_like_module: i32,
    pub(super) load_failure: i32,
    pub(super) failure: i32,
    pub(super) begin: i32,
    pub(super) poll: i32,
    pub(super) next_timer: i32,
    pub(super) fire: i32,
    pub(super) reply: i32,
}

macro_rules! exports {
    ($($name:ident($($parameter:ty),*) -> $result:ty;)*) => {
        /// Functions, counters and the memory of an instance.
        #[derive(Clone, Copy)]
        pub(super) struct Exports {
            pub(super) memory: Memory,
            fuel: Global,
            depth: Global,
            $(pub(super) $name: TypedFunc<($($parameter,)*), $result>,)*
        }

        impl Exports {
            fn of(instance: &Instance, store: &Store<Host>) -> Result<Self> {
                let missing = |name: &str| wasmi::Error::new(format!("it does not export {name}"));
                let global = |name| instance.get_global(store, name).ok_or_else(|| missing(name));
                Ok(Self {
                    memory: instance.get_memory(store, "memory").ok_or_else(|| missing("memory"))?,
                    fuel: global(FUEL)?,
                    depth: global(DEPTH)?,
                    $($name: instance.get_typed_func(store, stringify!($name))?,)*
                })
            }
        }
    };
}

exports! {
    _initialize() -> ();
    qjs_init() -> i32;
    qjs_set_max_stack_size(i32) -> ();
    qjs_set_promise_rejection_handler(i32) -> ();
    qjs_set_module_loader(i32) -> ();
    qjs_get_undefined() -> i32;
    qjs_new_object() -> i32;
    qjs_new_host_function(i32, i32, i32) -> i32;
    qjs_set_prop_string(i32, i32, i32) -> i32;
    qjs_get_prop_string(i32, i32) -> i32;
    qjs_new_string(i32, i32) -> i32;
    qjs_get_string_len(i32, i32) -> i32;
    qjs_free_cstring(i32) -> ();
    qjs_get_float64(i32) -> f64;
    qjs_free_value(i32) -> ();
    qjs_get_value_ptr(i32) -> i32;
    qjs_get_typed_array_buffer(i32, i32, i32, i32) -> i32;
    qjs_get_array_buffer(i32, i32) -> i32;
    qjs_new_uint8_array(i32, i32) -> i32;
    qjs_eval(i32, i32, i32, i32) -> i32;
    qjs_call(i32, i32, i32, i32) -> i32;
    qjs_is_exception(i32) -> i32;
    qjs_get_exception() -> i32;
    qjs_throw(i32) -> i32;
    qjs_is_job_pending() -> i32;
    qjs_execute_pending_job() -> i32;
    qjs_promise_state(i32) -> i32;
    qjs_promise_result(i32) -> i32;
    wasm_malloc(i32) -> i32;
    wasm_free(i32) -> ();
    strdup(i32) -> i32;
    strlen(i32) -> i32;
}

/// An instance.
pub(super) struct Machine {
    pub(super) store: Store<Host>,
}

impl Machine {
    fn new(inner: &Inner) -> Result<Self> {
        let host = Host {
            limits: inner.limits,
            exports: None,
            roots: inner.roots,
            time: Time::default(),
            born: 0,
            logs: Logs::default(),
            rejections: Vec::new(),
            exit_code: 0,
        };
        let mut store = Store::new(&inner.engine, host);
        let instance = inner.linker.instantiate_and_start(&mut store, &inner.module)?;
        let exports = Exports::of(&instance, &store)?;
        store.data_mut().exports = Some(exports);
        let mut machine = Self { store };
        machine.start(0, inner.limits.full_cpu_mb, inner.limits.init_ms * NS_PER_MS, 0);
        if !inner.image.is_empty() {
            let missing = inner.image.len() - exports.memory.data_size(&machine.store);
            exports.memory.grow(&mut machine.store, (missing / metering::PAGE_BYTES as usize) as u64)?;
            exports.memory.data_mut(&mut machine.store).copy_from_slice(&inner.image);
        }
        Ok(machine)
    }

    pub(super) fn cx(&mut self) -> Cx<'_> {
        self.store.as_context_mut()
    }

    pub(super) fn memory(&self) -> Memory {
        self.store.data().exports().memory
    }

    /// Begins a stretch of virtual time at `now` nanoseconds since 1970, with so many MB of memory, at most `timeout`
    /// nanoseconds, and an event of so many bytes.
    pub(super) fn start(&mut self, now: u64, memory_mb: u64, timeout: u64, event_bytes: usize) {
        let host = self.store.data_mut();
        host.time = Time::new(now, memory_mb, timeout, event_bytes, &host.limits);
        host.logs = Logs::default();
        host.exit_code = 0;
        let granted = host.time.granted();
        let depth = host.limits.depth_bytes;
        let mut cx = self.cx();
        set_fuel(&mut cx, granted);
        let counter = cx.data().exports().depth;
        counter.set(&mut cx, Val::I32(depth)).expect("the counter is a variable of this type");
    }

    /// Sets up everything around a handler and returns what the host keeps of it.
    fn boot(&mut self) -> Result<Roots> {
        let exports = self.store.data().exports();
        let limits = self.store.data().limits;
        let mut owned = self.cx();
        let cx = &mut owned;
        exports._initialize.call(&mut *cx, ())?;
        if exports.qjs_init.call(&mut *cx, ())? != 0 {
            return Err(wasmi::Error::new("it reports that it could not start"));
        }
        exports.qjs_set_max_stack_size.call(&mut *cx, (limits.stack_bytes,))?;
        exports.qjs_set_promise_rejection_handler.call(&mut *cx, (1,))?;
        exports.qjs_set_module_loader.call(&mut *cx, (1,))?;
        let area = exports.wasm_malloc.call(&mut *cx, (64,))?;
        let undefined = exports.qjs_get_undefined.call(&mut *cx, ())?;
        cx.data_mut().roots =
            Roots { scratch: area, length: area + 16, values: area + 32, undefined, ..Roots::default() };
        let given = exports.qjs_new_object.call(&mut *cx, ())?;
        for name in ["log", "text", "bytes", "exit"] {
            let (at, length) = (place(cx, name.as_bytes())?, name.len() as i32);
            let function = exports.qjs_new_host_function.call(&mut *cx, (at, length, 2))?;
            let at = place(cx, name.as_bytes())?;
            exports.qjs_set_prop_string.call(&mut *cx, (given, at, function))?;
        }
        for source in PRELUDE {
            let take = evaluate(cx, source.as_bytes(), "/var/runtime/index.mjs", 0)?;
            let result = call(cx, take, &[given])?;
            if is_exception(cx, result)? {
                let exception = exports.qjs_get_exception.call(&mut *cx, ())?;
                return Err(wasmi::Error::new(text(cx, exception)?));
            }
        }
        let mut roots = cx.data().roots;
        for (name, root) in [
            ("prepare", &mut roots.prepare),
            ("commonjs", &mut roots.commonjs),
            ("adopt", &mut roots.adopt),
            ("source", &mut roots.source),
            ("looksLikeModule", &mut roots.looks_like_module),
            ("loadFailure", &mut roots.load_failure),
            ("failure", &mut roots.failure),
            ("begin", &mut roots.begin),
            ("poll", &mut roots.poll),
            ("nextTimer", &mut roots.next_timer),
            ("fire", &mut roots.fire),
            ("reply", &mut roots.reply),
        ] {
            let at = place(cx, name.as_bytes())?;
            *root = exports.qjs_get_prop_string.call(&mut *cx, (given, at))?;
        }
        Ok(roots)
    }
}

// --- Time and fuel. ---

pub(super) fn fuel(cx: &Cx<'_>) -> i32 {
    cx.data().exports().fuel.get(cx.as_context()).i32().expect("the counter is of this type")
}

pub(super) fn depth(cx: &Cx<'_>) -> i32 {
    cx.data().exports().depth.get(cx.as_context()).i32().expect("the counter is of this type")
}

fn set_fuel(cx: &mut Cx<'_>, value: i32) {
    let counter = cx.data().exports().fuel;
    counter.set(cx, Val::I32(value)).expect("the counter is a variable of this type");
}

/// Takes fuel; the next check inside ends the run when there is none left.
pub(super) fn take(cx: &mut Cx<'_>, amount: i32) {
    let left = fuel(cx).saturating_sub(amount).max(-1);
    set_fuel(cx, left);
}

/// Virtual nanoseconds since the stretch began.
pub(super) fn elapsed(cx: &Cx<'_>) -> u64 {
    cx.data().time.elapsed(fuel(cx))
}

/// Waits until an instant in milliseconds since 1970; false when the time is over before.
pub(super) fn wait_until(cx: &mut Cx<'_>, ms: f64) -> Result<bool> {
    const SAFE: f64 = 9_007_199_254_740_991.0;
    if !(0.0..=SAFE).contains(&ms) || ms != (ms as u64) as f64 {
        return Err(wasmi::Error::i32_exit(CONFUSED));
    }
    let wait = (ms as u64).saturating_mul(NS_PER_MS).saturating_sub(now(cx));
    if wait == 0 {
        return Ok(true);
    }
    let left = fuel(cx);
    match cx.data_mut().time.wait(wait, left) {
        None => Ok(false),
        Some(left) => {
            set_fuel(cx, left);
            Ok(true)
        }
    }
}

/// Now, in nanoseconds since 1970.
pub(super) fn now(cx: &Cx<'_>) -> u64 {
    cx.data().time.start + elapsed(cx)
}
