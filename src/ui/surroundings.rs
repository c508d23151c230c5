//! What lies around the page in a browser: address, preferences, theme, files, and the voice of a screen reader.

use super::handler;
use streamgauge::app::{Action, Start, Theme};
use streamgauge::text::number;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Document, Element, File, HtmlElement, Storage, UrlSearchParams, Window};
use yew::Callback;

/// Larger files are no scenario and no series that anybody meant to drop here.
const FILE_BYTES_MAX: f64 = 64.0 * 1024.0 * 1024.0;

/// The window and what belongs to it.
#[derive(Clone)]
pub struct Surroundings {
    /// The window.
    pub window: Window,
    /// Its document.
    pub document: Document,
    /// The document's root element.
    pub root: Element,
}

impl Surroundings {
    /// The surroundings of a running page.
    pub fn new() -> Self {
        let window = web_sys::window().expect("the page runs in a window");
        let document = window.document().expect("a window has a document");
        let root = document.document_element().expect("a document has a root element");
        Self { window, document, root }
    }

    /// How the page starts: from its address, then from what was remembered.
    pub fn start(&self) -> Start {
        let search = self.window.location().search().unwrap_or_default();
        let query = UrlSearchParams::new_with_str(&search).ok();
        let asked = |name: &str| query.as_ref().and_then(|query| query.get(name));
        let theme = asked("theme").unwrap_or_else(|| self.kept("theme"));
        Start {
            preset: asked("preset").unwrap_or_default(),
            theme: Theme::by_name(&theme),
            present: asked("present").is_some(),
            log: asked("log").is_some(),
            handler: asked("handler").is_some(),
            compare: asked("compare").is_some(),
            at_seconds: asked("t").and_then(|at| number(&at)).filter(|at| at.is_finite()),
            sheet: asked("sheet").is_some(),
            link: self.link(),
            work: self.kept("work"),
            work_at: self.kept("work.at"),
            earlier: self.kept("earlier"),
        }
    }

    /// The link in the address, if there is one.
    pub fn link(&self) -> Option<String> {
        self.window.location().hash().ok().filter(|hash| hash.starts_with("#k") || hash.starts_with("#s="))
    }

    fn kept(&self, name: &str) -> String {
        self.storage().and_then(|storage| storage.get_item(&key(name)).ok()?).unwrap_or_default()
    }

    /// Keeps somebody's own work, with the time; says whether the browser did.
    pub fn save_work(&self, work: &str, earlier: &str) -> bool {
        // "Thu Nov 26 2026 22:30:11 GMT…", as the language defines it.
        let now = js_sys::Date::new_0().to_string();
        let kept = [("work", work.into()), ("work.at", now.substring(4, 21)), ("earlier", earlier.into())];
        let set = |storage: Storage| {
            kept.into_iter().all(|(name, value)| storage.set_item(&key(name), &String::from(value)).is_ok())
        };
        self.storage().is_some_and(set)
    }

    fn storage(&self) -> Option<Storage> {
        // A browser may refuse its storage; then nothing is remembered.
        self.window.local_storage().ok().flatten()
    }

    /// Remembers a preference.
    pub fn save_preference(&self, name: &str, value: &str) {
        if let Some(storage) = self.storage() {
            let _ =
                if value.is_empty() { storage.remove_item(&key(name)) } else { storage.set_item(&key(name), value) };
        }
    }

    /// Wears a theme.
    pub fn set_theme(&self, theme: Theme) {
        let _ = match theme {
            Theme::System => self.root.remove_attribute("data-theme"),
            Theme::Light | Theme::Dark => self.root.set_attribute("data-theme", theme.name()),
        };
    }

    /// Whether the page is dark with this theme.
    pub fn is_dark(&self, theme: Theme) -> bool {
        match theme {
            Theme::System => self.prefers("(prefers-color-scheme: dark)"),
            Theme::Light => false,
            Theme::Dark => true,
        }
    }

    /// Whether the person wants things to hold still.
    pub fn wants_calm(&self) -> bool {
        self.prefers("(prefers-reduced-motion: reduce)")
    }

    fn prefers(&self, query: &str) -> bool {
        self.window.match_media(query).ok().flatten().is_some_and(|list| list.matches())
    }

    /// Lays the page out for a room or for a desk.
    pub fn set_present(&self, present: bool) {
        let _ = self.root.class_list().toggle_with_force("present", present);
    }

    /// Takes the whole screen or gives it back. Only after a press; where the browser refuses, the page stays as
    /// it is.
    pub fn set_fullscreen(&self, full: bool) {
        if full {
            let _ = self.root.request_fullscreen();
        } else if self.document.fullscreen_element().is_some() {
            self.document.exit_fullscreen();
        }
    }

    /// The root's font size in units of 14 px.
    pub fn rem(&self) -> f64 {
        let style = self.window.get_computed_style(&self.root).ok().flatten();
        let size = style.and_then(|style| style.get_property_value("font-size").ok());
        size.and_then(|size| number(size.trim_end_matches("px"))).unwrap_or(14.0) / 14.0
    }

    /// Offers a text as a file.
    pub fn download(&self, name: &str, text: &str) {
        let _ = self.try_download(name, text);
    }

    fn try_download(&self, name: &str, text: &str) -> Result<(), JsValue> {
        let parts = js_sys::Array::of1(&JsValue::from_str(text));
        let blob = web_sys::Blob::new_with_str_sequence(&parts)?;
        let address = web_sys::Url::create_object_url_with_blob(&blob)?;
        let link: HtmlElement = self.document.create_element("a")?.unchecked_into();
        link.set_attribute("href", &address)?;
        link.set_attribute("download", name)?;
        link.click();
        web_sys::Url::revoke_object_url(&address)
    }

    /// Reads the first of some files and reports it.
    pub fn open_files(files: Option<web_sys::FileList>, report: Callback<Action>) {
        let Some(file) = files.and_then(|files| files.get(0)) else { return };
        if handler::take(&file, &report) {
            return;
        }
        spawn_local(async move { report.emit(read(&file).await) });
    }

    /// Fetches the table of a preset from beside the page and reports it.
    pub fn fetch_table(preset: String, file: String, report: Callback<Action>) {
        spawn_local(async move {
            let text = fetch_text(&file).await.ok().and_then(|text| text.as_string());
            report.emit(Action::Table { preset, text });
        });
    }

    /// Fetches the handbook from beside the page and reports it. The page's root element names it.
    pub fn fetch_handbook(&self, report: Callback<Action>) {
        let file = self.root.get_attribute("data-handbook").unwrap_or_default();
        spawn_local(async move {
            report.emit(Action::Handbook(fetch_text(&file).await.ok().and_then(|text| text.as_string())));
        });
    }
}

async fn fetch_text(file: &str) -> Result<JsValue, JsValue> {
    let window = web_sys::window().ok_or(JsValue::NULL)?;
    let response: web_sys::Response = JsFuture::from(window.fetch_with_str(file)).await?.unchecked_into();
    if !response.ok() {
        return Err(JsValue::NULL);
    }
    JsFuture::from(response.text()?).await
}

async fn read(file: &File) -> Action {
    let name = file.name();
    let text = if file.size() > FILE_BYTES_MAX { None } else { JsFuture::from(file.text()).await.ok() };
    match text.and_then(|text| text.as_string()) {
        Some(text) => Action::OpenFile { name, text },
        None => Action::FileUnreadable { name },
    }
}

fn key(name: &str) -> String {
    format!("streamgauge.{name}")
}
