//! The one program of this package: natively the command line, in WebAssembly the page.

#[cfg(not(target_arch = "wasm32"))]
mod cli;

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    cli::main()
}

#[cfg(target_arch = "wasm32")]
fn main() {
    let document = web_sys::window().and_then(|window| window.document());
    if let Some(body) = document.and_then(|document| document.body()) {
        body.set_text_content(Some("Streamgauge"));
    }
}
