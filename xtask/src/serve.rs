//! A small static server for this machine only.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::process::say;
use crate::{Outcome, site};

/// The first port tried when none is asked for, and how many follow it.
const PORTS: std::ops::Range<u16> = 8080..8100;

/// Builds what is missing or stale, then serves the site until the program is stopped.
pub fn build_and_serve(port: Option<u16>) -> Outcome {
    let dist = site::build()?;
    let listener = match port {
        Some(port) => listen(port).map_err(|error| format!("Port {port} cannot be used ({error}); name another."))?,
        None => PORTS
            .into_iter()
            .find_map(|port| listen(port).ok())
            .ok_or("No port from 8080 to 8099 is free; type: cargo xtask serve --port N")?,
    };
    let address = listener.local_addr().map_err(|error| format!("The server has no address ({error})."))?;
    say(&format!("Open http://{address}/ in a browser; stop with Ctrl-C"));
    for stream in listener.incoming().flatten() {
        let dist = dist.clone();
        std::thread::spawn(move || {
            // A browser that goes away in the middle is no trouble of ours.
            let _ = answer(stream, &dist);
        });
    }
    Ok(())
}

fn listen(port: u16) -> std::io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
}

fn answer(mut stream: TcpStream, dist: &Path) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    // A request for a file is short; whoever sends more than this is not a browser.
    let mut reader = BufReader::new(stream.try_clone()?.take(16 * 1024));
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut header = String::new();
    while reader.read_line(&mut header)? > 2 {
        header.clear();
    }
    let mut words = request.split_whitespace();
    let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let (status, kind, body) = match (method, resolve(dist, target)) {
        ("GET" | "HEAD", Some(file)) => match std::fs::read(&file) {
            Ok(body) => ("200 OK", mime(&file), body),
            Err(_) => ("404 Not Found", "text/plain; charset=utf-8", b"There is no such file.\n".to_vec()),
        },
        ("GET" | "HEAD", None) => ("404 Not Found", "text/plain; charset=utf-8", b"There is no such file.\n".to_vec()),
        _ => ("405 Method Not Allowed", "text/plain; charset=utf-8", b"Only GET and HEAD.\n".to_vec()),
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nCache-Control: no-cache\r\n\
         X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    if method == "GET" {
        stream.write_all(&body)?;
    }
    stream.flush()
}

/// The file that a request means; none when its path is not made of plain names.
fn resolve(dist: &Path, target: &str) -> Option<PathBuf> {
    let path = target.split(['?', '#']).next()?.strip_prefix('/')?;
    let mut file = dist.to_path_buf();
    for name in path.split('/').filter(|name| !name.is_empty()) {
        // The site's own names need no other characters, so neither dots in a row nor escapes get through.
        let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_' || b == b'.');
        if !plain || name.starts_with('.') {
            return None;
        }
        file.push(name);
    }
    Some(if path.is_empty() || path.ends_with('/') { file.join("index.html") } else { file })
}

fn mime(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("json") => "application/json",
        Some("csv") => "text/csv; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::resolve;

    #[test]
    fn a_request_never_leaves_the_folder() {
        let dist = Path::new("dist");
        for target in ["/../Cargo.toml", "/a/../../b", "/%2e%2e/x", "/.git/config", "/a\\..\\b", "no-slash", "//../x"] {
            assert_eq!(resolve(dist, target), None, "{target}");
        }
        assert_eq!(resolve(dist, "/"), Some(dist.join("index.html")));
        assert_eq!(resolve(dist, "/?present"), Some(dist.join("index.html")));
        assert_eq!(resolve(dist, "/page-1a.js?x=1"), Some(dist.join("page-1a.js")));
    }
}
