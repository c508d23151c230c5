//! What the JavaScript engine may call: its clock, a log, conversions of text, and the loader of its modules.

use super::machine::{Cx, Host, Rejection, Result, elapsed, now, take};
use super::values::{call, free, is_exception, number, place, read, text, utf8, word, write};
use crate::metering::Import;
use wasmi::errors::LinkerError;
use wasmi::{AsContextMut, Caller, Linker};
use wasmparser::ValType::{self, I32, I64};

/// WASI's error for a file that is not open: none is.
const BAD_FILE: i32 = 8;

/// Everything that is imported.
pub(super) const ALL: [Import; 12] = [
    env("host_get_timezone_offset", &[I32, I32], &[I32]),
    env("host_interrupt", &[], &[I32]),
    env("host_promise_rejection", &[I32, I32, I32], &[]),
    env("host_module_normalize", &[I32, I32], &[I32]),
    env("host_module_load", &[I32, I32], &[I32]),
    env("host_call", &[I32, I32, I32, I32, I32], &[I32]),
    wasi("clock_time_get", &[I32, I64, I32]),
    wasi("fd_close", &[I32]),
    wasi("fd_fdstat_get", &[I32, I32]),
    wasi("fd_seek", &[I32, I64, I32, I32]),
    wasi("fd_write", &[I32, I32, I32, I32]),
    wasi("random_get", &[I32, I32]),
];

const ENV: &str = "env";
const WASI: &str = "wasi_snapshot_preview1";

const fn env(name: &'static str, params: &'static [ValType], results: &'static [ValType]) -> Import {
    Import { module: ENV, name, params, results }
}

const fn wasi(name: &'static str, params: &'static [ValType]) -> Import {
    Import { module: WASI, name, params, results: &[I32] }
}

/// Gives all of them to a linker.
pub(super) fn link(linker: &mut Linker<Host>) -> std::result::Result<(), LinkerError> {
    type Of<'a> = Caller<'a, Host>;
    linker.func_wrap(ENV, "host_get_timezone_offset", |_: Of<'_>, _: i32, _: i32| 0)?;
    linker.func_wrap(ENV, "host_interrupt", |_: Of<'_>| 0)?;
    linker.func_wrap(ENV, "host_promise_rejection", |mut of: Of<'_>, promise: i32, reason: i32, handled: i32| {
        rejected(&mut of.as_context_mut(), promise, reason, handled != 0)
    })?;
    linker.func_wrap(ENV, "host_module_normalize", |mut of: Of<'_>, _: i32, name: i32| {
        let strdup = of.data().exports().strdup;
        strdup.call(&mut of, (name,))
    })?;
    linker.func_wrap(ENV, "host_module_load", |mut of: Of<'_>, name: i32, length: i32| {
        source(&mut of.as_context_mut(), name, length)
    })?;
    linker.func_wrap(ENV, "host_call", |mut of: Of<'_>, name: i32, _: i32, _: i32, _: i32, values: i32| {
        host_call(&mut of.as_context_mut(), name, values)
    })?;
    linker.func_wrap(WASI, "clock_time_get", |mut of: Of<'_>, id: i32, _: i64, at: i32| {
        let mut cx = of.as_context_mut();
        let now = now(&cx);
        let shown = if id == 0 { now } else { now - cx.data().born };
        write(&mut cx, at, &shown.to_le_bytes()).map(|()| 0)
    })?;
    linker.func_wrap(WASI, "fd_close", |_: Of<'_>, _: i32| BAD_FILE)?;
    linker.func_wrap(WASI, "fd_fdstat_get", |_: Of<'_>, _: i32, _: i32| BAD_FILE)?;
    linker.func_wrap(WASI, "fd_seek", |_: Of<'_>, _: i32, _: i64, _: i32, _: i32| BAD_FILE)?;
    linker.func_wrap(WASI, "fd_write", |_: Of<'_>, _: i32, _: i32, _: i32, _: i32| BAD_FILE)?;
    linker.func_wrap(WASI, "random_get", |mut of: Of<'_>, at: i32, length: i32| {
        // Chance comes from the prelude, which is seeded.
        write(&mut of.as_context_mut(), at, &vec![0; length.cast_unsigned() as usize]).map(|()| 0)
    })?;
    Ok(())
}

/// A function of the box, told by the first letter of its name.
fn host_call(cx: &mut Cx<'_>, name: i32, values: i32) -> Result<i32> {
    let exports = cx.data().exports();
    let fuel = cx.data().limits.host_call_fuel;
    take(cx, fuel);
    let (first, second) = (word(cx, values), word(cx, values + 4));
    match read(cx, name, 1).first() {
        Some(b'l') => {
            let level = text(cx, first)?;
            log(cx, level, second)?;
            exports.qjs_get_undefined.call(cx, ())
        }
        Some(b't') => {
            let scratch = cx.data().roots.scratch;
            let buffer =
                exports.qjs_get_typed_array_buffer.call(&mut *cx, (first, scratch, scratch + 4, scratch + 8))?;
            let (offset, length) = (word(cx, scratch), word(cx, scratch + 4));
            let data = exports.qjs_get_array_buffer.call(&mut *cx, (buffer, scratch))?;
            let length = if data == 0 { 0 } else { length };
            let made = exports.qjs_new_string.call(&mut *cx, (data.wrapping_add(offset), length))?;
            free(cx, buffer)?;
            Ok(made)
        }
        Some(b'b') => {
            let scratch = cx.data().roots.scratch;
            let text = exports.qjs_get_string_len.call(&mut *cx, (first, scratch))?;
            let length = word(cx, scratch);
            let made = exports.qjs_new_uint8_array.call(&mut *cx, (text, length))?;
            exports.qjs_free_cstring.call(&mut *cx, (text,))?;
            Ok(made)
        }
        _ => {
            let code = number(cx, first)? as i32 & 255;
            cx.data_mut().exit_code = code;
            Err(wasmi::Error::i32_exit(code))
        }
    }
}

fn log(cx: &mut Cx<'_>, level: String, value: i32) -> Result<()> {
    let bytes = utf8(cx, value)?;
    let per_byte = cx.data().limits.log_fuel_per_byte;
    take(cx, bytes.len() as i32 * per_byte);
    let at = elapsed(cx);
    let host = cx.data_mut();
    host.logs.push(at, level, &bytes, &host.limits);
    Ok(())
}

fn rejected(cx: &mut Cx<'_>, promise: i32, reason: i32, handled: bool) -> Result<()> {
    let exports = cx.data().exports();
    let id = exports.qjs_get_value_ptr.call(&mut *cx, (promise,))?;
    let place = cx.data().rejections.iter().position(|one| one.id == id);
    if !handled && place.is_none() {
        cx.data_mut().rejections.push(Rejection { id, promise, reason });
        return Ok(());
    }
    free(cx, promise)?;
    free(cx, reason)?;
    if let (true, Some(place)) = (handled, place) {
        let known = cx.data_mut().rejections.remove(place);
        free(cx, known.promise)?;
        free(cx, known.reason)?;
    }
    Ok(())
}

/// The text of a module that a handler imports; 0 after an exception inside.
fn source(cx: &mut Cx<'_>, name: i32, length: i32) -> Result<i32> {
    let exports = cx.data().exports();
    let bytes = exports.strlen.call(&mut *cx, (name,))?;
    let made = exports.qjs_new_string.call(&mut *cx, (name, bytes))?;
    let source = cx.data().roots.source;
    let result = call(cx, source, &[made])?;
    free(cx, made)?;
    if is_exception(cx, result)? {
        let exception = exports.qjs_get_exception.call(&mut *cx, ())?;
        exports.qjs_throw.call(&mut *cx, (exception,))?;
        free(cx, exception)?;
        return Ok(0);
    }
    let bytes = utf8(cx, result)?;
    free(cx, result)?;
    write(cx, length, &(bytes.len() as u32).to_le_bytes())?;
    place(cx, &bytes)
}
