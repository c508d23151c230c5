//! Values and memory inside an instance: what the host reads, writes and calls there.

use super::machine::{CONFUSED, Cx, Result, Roots};
use wasmi::AsContext;

pub(super) fn read(cx: &Cx<'_>, at: i32, length: i32) -> Vec<u8> {
    let data = cx.data().exports().memory.data(cx.as_context());
    let from = at.cast_unsigned() as usize;
    data.get(from..from + length.cast_unsigned() as usize).unwrap_or_default().to_vec()
}

pub(super) fn word(cx: &Cx<'_>, at: i32) -> i32 {
    read(cx, at, 4).try_into().map(i32::from_le_bytes).unwrap_or_default()
}

pub(super) fn write(cx: &mut Cx<'_>, at: i32, bytes: &[u8]) -> Result<()> {
    let memory = cx.data().exports().memory;
    memory.write(cx, at.cast_unsigned() as usize, bytes).map_err(|_| wasmi::Error::i32_exit(CONFUSED))
}

/// Copies bytes into the engine's memory, with a zero after them; to be freed there.
pub(super) fn place(cx: &mut Cx<'_>, bytes: &[u8]) -> Result<i32> {
    let exports = cx.data().exports();
    let at = exports.wasm_malloc.call(&mut *cx, (bytes.len() as i32 + 1,))?;
    write(cx, at, bytes)?;
    write(cx, at + bytes.len() as i32, &[0])?;
    Ok(at)
}

pub(super) fn string(cx: &mut Cx<'_>, bytes: &[u8]) -> Result<i32> {
    let exports = cx.data().exports();
    let at = place(cx, bytes)?;
    let made = exports.qjs_new_string.call(&mut *cx, (at, bytes.len() as i32))?;
    exports.wasm_free.call(&mut *cx, (at,))?;
    Ok(made)
}

/// The text of a value, as UTF-8 with what lone surrogates become in it.
pub(super) fn utf8(cx: &mut Cx<'_>, value: i32) -> Result<Vec<u8>> {
    let exports = cx.data().exports();
    let length = cx.data().roots.length;
    write(cx, length, &[0; 4])?;
    let at = exports.qjs_get_string_len.call(&mut *cx, (value, length))?;
    let bytes = read(cx, at, word(cx, length));
    exports.qjs_free_cstring.call(&mut *cx, (at,))?;
    Ok(bytes)
}

pub(super) fn text(cx: &mut Cx<'_>, value: i32) -> Result<String> {
    Ok(String::from_utf8_lossy(&utf8(cx, value)?).into_owned())
}

pub(super) fn number(cx: &mut Cx<'_>, value: i32) -> Result<f64> {
    let exports = cx.data().exports();
    exports.qjs_get_float64.call(cx, (value,))
}

pub(super) fn free(cx: &mut Cx<'_>, value: i32) -> Result<()> {
    let exports = cx.data().exports();
    exports.qjs_free_value.call(cx, (value,))
}

pub(super) fn is_exception(cx: &mut Cx<'_>, value: i32) -> Result<bool> {
    let exports = cx.data().exports();
    Ok(exports.qjs_is_exception.call(cx, (value,))? != 0)
}

pub(super) fn call(cx: &mut Cx<'_>, function: i32, values: &[i32]) -> Result<i32> {
    let exports = cx.data().exports();
    let Roots { values: at, undefined, .. } = cx.data().roots;
    let encoded: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    write(cx, at, &encoded)?;
    exports.qjs_call.call(cx, (function, undefined, values.len() as i32, at))
}

pub(super) fn evaluate(cx: &mut Cx<'_>, source: &[u8], file: &str, flags: i32) -> Result<i32> {
    let exports = cx.data().exports();
    let code = place(cx, source)?;
    let name = place(cx, file.as_bytes())?;
    let result = exports.qjs_eval.call(&mut *cx, (code, source.len() as i32, name, flags))?;
    exports.wasm_free.call(&mut *cx, (code,))?;
    exports.wasm_free.call(&mut *cx, (name,))?;
    Ok(result)
}
