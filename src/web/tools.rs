//! What runs the code of consumers in the box: fetched when there is some, and then part of every box.

use crate::scenario::Code;
use js_sys::{ArrayBuffer, Object, Reflect, Uint8Array};
use std::cell::RefCell;
use wasm_bindgen::prelude::JsValue;
use wasm_bindgen::{JsCast, UnwrapThrowExt};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Response, Window};

/// What has been fetched.
#[derive(Clone, Default)]
pub(super) struct Tools {
    /// The script that runs handlers.
    pub handlers: Option<String>,
    /// The JavaScript engine.
    pub quickjs: Option<ArrayBuffer>,
    /// What puts compiled modules on fuel.
    pub meter: Option<ArrayBuffer>,
}

impl Tools {
    /// Whether everything is there that some code needs.
    pub fn suffice(&self, code: &[(u32, Code)]) -> bool {
        code.is_empty()
            || self.handlers.is_some()
                && code.iter().all(|(_, code)| match code {
                    Code::JavaScript(_) => self.quickjs.is_some(),
                    Code::Module(_) => self.meter.is_some(),
                })
    }

    /// Fetches what some code needs and is not there yet, by the names that the page gives its files.
    pub async fn fetch(
        tools: &RefCell<Self>,
        window: &Window,
        code: &[(u32, Code)],
        named: impl Fn(&str) -> String,
    ) -> Result<(), JsValue> {
        let fetch = async |what: &str| fetch_bytes(window, &named(what)).await;
        if tools.borrow().handlers.is_none() {
            let bytes = Uint8Array::new(&fetch("handlers").await?.into()).to_vec();
            tools.borrow_mut().handlers = Some(String::from_utf8_lossy(&bytes).into_owned());
        }
        let javascript = code.iter().any(|(_, code)| matches!(code, Code::JavaScript(_)));
        if javascript && tools.borrow().quickjs.is_none() {
            let module = fetch("quickjs").await?;
            tools.borrow_mut().quickjs = Some(module);
        }
        let module = code.iter().any(|(_, code)| matches!(code, Code::Module(_)));
        if module && tools.borrow().meter.is_none() {
            let module = fetch("meter").await?;
            tools.borrow_mut().meter = Some(module);
        }
        Ok(())
    }
}

/// The code of a consumer as the worker takes it.
pub(super) fn code_object(consumer: u32, code: &Code) -> Object {
    let object = Object::new();
    let (name, value) = match code {
        Code::JavaScript(text) => ("code", JsValue::from_str(text)),
        Code::Module(bytes) => ("module", Uint8Array::from(&**bytes).into()),
    };
    for (name, value) in [(name, value), ("consumer", f64::from(consumer).into())] {
        Reflect::set(&object, &JsValue::from_str(name), &value).expect_throw("a new object takes fields");
    }
    object
}

pub(super) async fn fetch_bytes(window: &Window, url: &str) -> Result<ArrayBuffer, JsValue> {
    let response: Response = JsFuture::from(window.fetch_with_str(url)).await?.dyn_into()?;
    if !response.ok() {
        return Err(JsValue::from_str("the server answered without the file"));
    }
    JsFuture::from(response.array_buffer()?).await?.dyn_into()
}

/// A message for the worker.
pub(super) fn object(kind: &str, fields: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    let kind = ("type", JsValue::from_str(kind));
    for (name, value) in fields.iter().chain([&kind]) {
        Reflect::set(&object, &JsValue::from_str(name), value).expect_throw("a new object takes fields");
    }
    object
}
