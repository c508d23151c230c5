//! An execution environment: code that is loaded once and invoked again and again, with the state of its module, until
//! it dies; and Lambda's rules around one invocation.

use super::machine::{CONFUSED, Cx, HandlerEngine, Machine, OVERDUE, Result, depth, fuel, take, wait_until};
use super::values::{call, evaluate, free, is_exception, number, string, text, utf8};
use super::{Outcome, Status};
use crate::metering::REFUSED;
use wasmi::AsContextMut;

/// What an environment is made from.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The source text, CommonJS or an ECMAScript module, that exports `handler`.
    pub code: String,
    /// Memory setting in MB, which decides the share of a processor; at least 1.
    pub memory_mb: u64,
    /// The environment's variables, as the JSON of an object.
    pub env: String,
    /// The runtime's version of Node: 22 takes callbacks and ignores what is returned without a promise, 24 does
    /// neither.
    pub node: u32,
}

/// One invocation.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The event: JSON, or records as [`event::packed`](super::event::packed) writes them.
    pub event: &'a [u8],
    /// The instant at which it begins, in nanoseconds since 1970.
    pub now: u64,
    /// The timeout of the function, in milliseconds.
    pub timeout_ms: u64,
    /// Where its chance begins.
    pub seed: [i32; 4],
    /// Its id.
    pub id: &'a str,
    /// What the handler's context holds, as the JSON of an object.
    pub context: &'a str,
}

/// An execution environment.
pub struct Environment {
    engine: HandlerEngine,
    settings: Settings,
    machine: Machine,
    init: Outcome,
    dead: bool,
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Environment").field("init", &self.init).field("dead", &self.dead).finish_non_exhaustive()
    }
}

/// What a stretch of work gives when nothing ended it: a status and a reply, or the words for the status.
type Answer = (Status, Option<String>);

impl Environment {
    /// A new environment at `now` nanoseconds since 1970, in which the code has been loaded; [`Self::init`] tells how
    /// that went.
    ///
    /// # Panics
    /// When the engine, which has started before, does not start.
    pub fn new(engine: &HandlerEngine, settings: Settings, now: u64, seed: [i32; 4]) -> Self {
        let machine = engine.machine().expect("the engine has started before");
        let init = Outcome {
            status: Status::Crashed,
            reply: String::new(),
            capped: false,
            logs: Vec::new(),
            dropped: 0,
            fuel: 0,
            memory: 0,
            duration: 0,
            init: None,
            dead: true,
        };
        let mut environment = Self { engine: engine.clone(), settings, machine, init, dead: false };
        environment.load(now, seed);
        environment
    }

    /// How the code was loaded.
    pub fn init(&self) -> &Outcome {
        &self.init
    }

    /// Runs one invocation.
    pub fn invoke(&mut self, request: &Request<'_>) -> Outcome {
        let mut init = None;
        if self.dead {
            // As Lambda does after a crash or a timeout: a new process, the code loaded again within the invocation.
            self.machine = self.engine.machine().expect("the engine has started before");
            self.load(request.now, request.seed);
            init = Some(Box::new(self.init.clone()));
        }
        if self.init.status != Status::Succeeded {
            // The code is loaded again with each invocation, and fails again.
            return Outcome { init, dead: true, ..self.init.clone() };
        }
        let timeout = request.timeout_ms * 1_000_000;
        self.machine.start(request.now, self.settings.memory_mb, timeout, request.event.len());
        let deadline = (request.now + timeout) / 1_000_000;
        let [a, b, c, d] = request.seed;
        let about = format!(r#"{{"seed":[{a},{b},{c},{d}],"deadline":{deadline},"context":{}}}"#, request.context);
        let answer = run(&mut self.machine.cx(), request.event, &about, &mut self.dead);
        let outcome = self.outcome(answer, request.id);
        Outcome { init, dead: self.dead, ..outcome }
    }

    fn load(&mut self, now: u64, seed: [i32; 4]) {
        let limits = *self.engine.limits();
        self.dead = false;
        self.machine.start(now, limits.full_cpu_mb, limits.init_ms * 1_000_000, 0);
        let mut cx = self.machine.cx();
        cx.data_mut().born = now;
        let [a, b, c, d] = seed;
        let Settings { code, env, node, .. } = &self.settings;
        let about = format!(r#"{{"env":{env},"node":{node},"seed":[{a},{b},{c},{d}]}}"#);
        let answer = load(&mut cx, code, &about).map(|failure| match failure {
            None => (Status::Succeeded, Some("null".to_owned())),
            Some(failure) => (Status::Failed, Some(failure)),
        });
        self.init = self.outcome(answer, "init");
    }

    /// Turns every way in which work can end into an outcome.
    fn outcome(&mut self, answer: Result<Answer>, request: &str) -> Outcome {
        let mut cx = self.machine.cx();
        let (status, reply) = match answer {
            // The last step may have used more than there was without coming to a place where that is noticed.
            Ok(_) if fuel(&cx) < 0 => (Status::TimedOut, None),
            Ok(answer) => answer,
            Err(error) => {
                self.dead = true;
                let status = match error.i32_exit_status() {
                    Some(OVERDUE) => Status::TimedOut,
                    Some(CONFUSED) => Status::Crashed,
                    Some(_) => Status::Exited,
                    None if fuel(&cx) < 0 => Status::TimedOut,
                    None if depth(&cx) == REFUSED => Status::OutOfMemory,
                    None => Status::Crashed,
                };
                (status, None)
            }
        };
        let left = fuel(&cx);
        let too_deep = status == Status::Crashed && depth(&cx) < 0;
        if status == Status::TimedOut {
            self.dead = true;
            cx.data_mut().time.run_out(left);
        }
        let time = cx.data().time;
        let logs = std::mem::take(&mut cx.data_mut().logs);
        Outcome {
            status,
            reply: reply.unwrap_or_else(|| words(status, too_deep, request, time.timeout, cx.data().exit_code)),
            capped: status == Status::TimedOut && time.capped(left),
            fuel: time.used(left.max(0)),
            duration: if status == Status::TimedOut { time.timeout } else { time.elapsed(left) },
            logs: logs.lines,
            dropped: logs.dropped,
            memory: self.machine.memory().data_size(&self.machine.store) as u64,
            init: None,
            dead: self.dead,
        }
    }
}

/// Loads the code: what went wrong with it, as JSON.
fn load(cx: &mut Cx<'_>, code: &str, about: &str) -> Result<Option<String>> {
    let exports = cx.data().exports();
    let roots = cx.data().roots;
    let prepared = string(cx, about.as_bytes())?;
    let done = call(cx, roots.prepare, &[prepared])?;
    free(cx, done)?;
    free(cx, prepared)?;
    let wrapped = format!("(function (exports, require, module, __filename, __dirname) {{ {code}\n}})");
    let compiled = evaluate(cx, wrapped.as_bytes(), "/var/task/index.js", 0)?;
    if !is_exception(cx, compiled)? {
        let result = call(cx, roots.commonjs, &[compiled])?;
        if is_exception(cx, result)? {
            return load_failure(cx).map(Some);
        }
        return drain(cx, 0);
    }
    let failure = load_failure(cx)?;
    let source = string(cx, code.as_bytes())?;
    let looks = call(cx, roots.looks_like_module, &[source])?;
    let looks_like_module = number(cx, looks)? == 1.0;
    free(cx, source)?;
    if !looks_like_module {
        return Ok(Some(failure));
    }
    let promise = evaluate(cx, code.as_bytes(), "/var/task/index.mjs", 1)?;
    if is_exception(cx, promise)? {
        return load_failure(cx).map(Some);
    }
    loop {
        let failure = drain(cx, promise)?;
        if failure.is_some() {
            return Ok(failure);
        }
        match exports.qjs_promise_state.call(&mut *cx, (promise,))? {
            2 => {
                let reason = exports.qjs_promise_result.call(&mut *cx, (promise,))?;
                return described(cx, roots.load_failure, &[reason]).map(Some);
            }
            1 => {
                let namespace = exports.qjs_promise_result.call(&mut *cx, (promise,))?;
                let result = call(cx, roots.adopt, &[namespace])?;
                return if is_exception(cx, result)? { load_failure(cx).map(Some) } else { Ok(None) };
            }
            _ => {}
        }
        // Waits at the top of a module.
        let next = call(cx, roots.next_timer, &[])?;
        let at = number(cx, next)?;
        if at == -1.0 {
            // The process of a module that waits for nothing ends with this code.
            cx.data_mut().exit_code = 13;
            return Err(wasmi::Error::i32_exit(13));
        }
        if !wait_until(cx, at)? {
            return Err(wasmi::Error::i32_exit(OVERDUE));
        }
        let turn = cx.data().limits.turn_fuel;
        take(cx, turn);
        let fired = call(cx, roots.fire, &[])?;
        if is_exception(cx, fired)? {
            return load_failure(cx).map(Some);
        }
    }
}

fn load_failure(cx: &mut Cx<'_>) -> Result<String> {
    let exports = cx.data().exports();
    let exception = exports.qjs_get_exception.call(&mut *cx, ())?;
    let describe = cx.data().roots.load_failure;
    described(cx, describe, &[exception])
}

fn described(cx: &mut Cx<'_>, describe: i32, values: &[i32]) -> Result<String> {
    let value = call(cx, describe, values)?;
    text(cx, value)
}

/// Runs jobs until none are left; what a promise was rejected with and nobody heard ends the process.
fn drain(cx: &mut Cx<'_>, own: i32) -> Result<Option<String>> {
    let exports = cx.data().exports();
    let roots = cx.data().roots;
    let job = cx.data().limits.job_fuel;
    while exports.qjs_is_job_pending.call(&mut *cx, ())? != 0 {
        take(cx, job);
        if exports.qjs_execute_pending_job.call(&mut *cx, ())? < 0 {
            let exception = exports.qjs_get_exception.call(&mut *cx, ())?;
            return described(cx, roots.failure, &[exception]).map(Some);
        }
    }
    let mine = if own == 0 { 0 } else { exports.qjs_get_value_ptr.call(&mut *cx, (own,))? };
    let unheard = cx.data().rejections.iter().find(|one| one.id != mine).copied();
    let Some(unheard) = unheard else { return Ok(None) };
    let name = string(cx, b"UnhandledPromiseRejection")?;
    described(cx, roots.failure, &[unheard.reason, name]).map(Some)
}

/// One invocation from its event to its answer.
fn run(cx: &mut Cx<'_>, event: &[u8], about: &str, dead: &mut bool) -> Result<Answer> {
    let roots = cx.data().roots;
    let limits = cx.data().limits;
    let (given, described) = (string(cx, event)?, string(cx, about.as_bytes())?);
    let begun = call(cx, roots.begin, &[given, described])?;
    free(cx, given)?;
    free(cx, described)?;
    if is_exception(cx, begun)? {
        return died(cx, dead);
    }
    loop {
        take(cx, limits.turn_fuel);
        if let Some(failure) = drain(cx, 0)? {
            *dead = true;
            return Ok((Status::Failed, Some(failure)));
        }
        let polled = call(cx, roots.poll, &[])?;
        if is_exception(cx, polled)? {
            return died(cx, dead);
        }
        let at = number(cx, polled)?;
        free(cx, polled)?;
        if at == -1.0 {
            break;
        }
        if !wait_until(cx, at)? {
            return Ok((Status::TimedOut, None));
        }
        let fired = call(cx, roots.fire, &[])?;
        if is_exception(cx, fired)? {
            return died(cx, dead);
        }
        free(cx, fired)?;
    }
    let value = call(cx, roots.reply, &[])?;
    let reply = utf8(cx, value)?;
    free(cx, value)?;
    if reply.len() > limits.reply_bytes + 1 {
        let message =
            format!("Response payload size exceeded maximum allowed payload size ({} bytes).", limits.reply_bytes);
        return Ok((Status::Failed, Some(error("Function.ResponseSizeTooLarge", &message))));
    }
    let (sign, rest) = reply.split_first().unwrap_or((&b'-', &[]));
    let status = if *sign == b'+' { Status::Succeeded } else { Status::Failed };
    Ok((status, Some(String::from_utf8_lossy(rest).into_owned())))
}

/// An error that nothing in the process caught: reported, and the process ends.
fn died(cx: &mut Cx<'_>, dead: &mut bool) -> Result<Answer> {
    *dead = true;
    let exports = cx.data().exports();
    let exception = exports.qjs_get_exception.call(&mut cx.as_context_mut(), ())?;
    let failure = cx.data().roots.failure;
    Ok((Status::Failed, Some(described(cx, failure, &[exception])?)))
}

/// What Lambda says of a process that did not answer.
pub(super) fn words(status: Status, too_deep: bool, request: &str, timeout: u64, exit_code: i32) -> String {
    let exited = |how: &str| error("Runtime.ExitError", &format!("RequestId: {request} Error: Runtime exited {how}"));
    match status {
        Status::TimedOut => {
            let seconds = format!("{}.{:02}", timeout / 1_000_000_000, timeout % 1_000_000_000 / 10_000_000);
            let message = format!("RequestId: {request} Error: Task timed out after {seconds} seconds");
            error("Sandbox.Timedout", &message)
        }
        _ if too_deep => error("RangeError", "Maximum call stack size exceeded"),
        Status::OutOfMemory => exited("with error: signal: killed"),
        Status::Crashed => exited("with error: signal: segmentation fault"),
        _ if exit_code != 0 => exited(&format!("with error: exit status {exit_code}")),
        _ => exited("without providing a reason"),
    }
}

pub(super) fn error(kind: &str, message: &str) -> String {
    let text = |of: &str| serde_json::Value::from(of).to_string();
    format!(r#"{{"errorType":{},"errorMessage":{}}}"#, text(kind), text(message))
}
