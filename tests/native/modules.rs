//! Compiled modules on the native host: what the loader refuses, how answers are read, and how they end.

use streamgauge::handlers::event::{Record, binary};
use streamgauge::handlers::module::prepare;
use streamgauge::handlers::{Limits, ModuleEngine, ModuleEnvironment, ModuleRequest, Outcome, Status};

const NOW: u64 = 1_700_000_000_000_000_000;

fn batch() -> Vec<u8> {
    let sequences = ["100", "101", "102"];
    let records = sequences.map(|sequence| Record { key: "k", sequence, data: b"order", arrival_ms: 7 });
    binary(&records)
}

/// A module whose memory begins with these bytes as its answer, and whose handler does `body` before it gives them.
fn text(answer: &[u8], body: &str) -> String {
    let data: String = answer.iter().map(|byte| format!("\\{byte:02x}")).collect();
    let length = answer.len();
    format!(
        r#"(module
        (import "streamgauge" "log" (func $log (param i32 i32 i32))) (import "streamgauge" "now" (func $now (result i64)))
        (import "streamgauge" "remaining" (func $remaining (result i64)))
        (import "streamgauge" "random" (func $random (result i64)))
        (import "streamgauge" "sleep" (func $sleep (param i64)))
        (memory (export "memory") 1) (data (i32.const 0) "{data}") (global $calls (mut i32) (i32.const 0))
        (func (export "streamgauge_abi") (result i32) i32.const 1)
        (func (export "streamgauge_alloc") (param i32) (result i32) i32.const 1024)
        (func $handle (export "streamgauge_handle") (param i32 i32) (result i64)
            (global.set $calls (i32.add (global.get $calls) (i32.const 1))) {body} i64.const {length}))"#
    )
}

fn environment(text: &str) -> ModuleEnvironment {
    let module = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"));
    ModuleEnvironment::new(&ModuleEngine::new(&module).unwrap_or_else(|sentence| panic!("{sentence}")), 1_769)
}

fn invoke(environment: &mut ModuleEnvironment) -> Outcome {
    let batch = batch();
    environment.invoke(&ModuleRequest {
        batch: &batch,
        now: NOW,
        timeout_ms: 3_000,
        seed: [1, 2, 3, 4],
        id: "request-1",
    })
}

fn once(answer: &[u8], body: &str) -> Outcome {
    invoke(&mut environment(&text(answer, body)))
}

#[test]
fn an_answer_becomes_a_partial_batch_response() {
    let all_well = once(&[0, 0, 0, 0], "");
    assert_eq!((all_well.status, all_well.reply.as_str()), (Status::Succeeded, r#"{"batchItemFailures":[]}"#));
    // The entries of its three functions.
    assert_eq!((all_well.fuel, all_well.duration, all_well.memory), (3, 3, 65_536));
    let two = once(&[0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0], "");
    assert_eq!(two.reply, r#"{"batchItemFailures":[{"itemIdentifier":"100"},{"itemIdentifier":"102"}]}"#);
    let none = once(b"\x01\0\0\0no database", "");
    assert_eq!((none.status, none.dead), (Status::Failed, false));
    assert_eq!(none.reply, r#"{"errorType":"Error","errorMessage":"no database"}"#);
    for (answer, words) in [
        (&[0, 0, 0, 0, 3, 0, 0, 0][..], "names a record that is not in the batch"),
        (&[7, 0, 0, 0], "neither a list of positions nor a message"),
        (&[], "neither a list of positions nor a message"),
    ] {
        let outcome = once(answer, "");
        assert_eq!(outcome.status, Status::Failed);
        assert!(outcome.reply.contains(words), "{}", outcome.reply);
    }
}

#[test]
fn a_module_has_a_log_a_clock_and_chance() {
    let body = "(memory.fill (i32.const 64) (i32.const 120) (i32.const 5))
        (call $log (i32.const 1) (i32.const 64) (i32.const 5)) (call $sleep (i64.const 2000000))
        (i64.store (i32.const 32) (i64.sub (call $now) (i64.const 1700000000000000000)))
        (if (i64.gt_u (i64.load (i32.const 32)) (i64.const 2010000)) (then unreachable))
        (if (i64.gt_u (call $remaining) (i64.const 2998000000)) (then unreachable))
        (if (i64.eq (call $random) (call $random)) (then unreachable))
        (call $log (i32.const 9) (i32.const 64) (i32.const 1)) (call $log (i32.const 0) (i32.const 65530) (i32.const 100))";
    let outcome = once(&[0, 0, 0, 0], body);
    assert_eq!(outcome.status, Status::Succeeded, "{}", outcome.reply);
    let lines: Vec<(&str, &str)> = outcome.logs.iter().map(|line| (line.level.as_str(), line.text.as_str())).collect();
    assert_eq!(lines[0], ("WARN", "xxxxx"));
    assert_eq!((lines[1].0, lines[2].0, lines[2].1.len()), ("INFO", "ERROR", 6));
    assert!(outcome.duration > 2_000_000 && outcome.duration < 2_010_000, "{}", outcome.duration);
    assert!(outcome.fuel < 10_000);
}

#[test]
fn state_lives_until_something_ends_it() {
    // Every third call traps; each other call logs one letter per call that this instance has seen.
    let body = "(if (i32.eq (global.get $calls) (i32.const 3)) (then unreachable))
        (memory.fill (i32.const 64) (i32.const 120) (global.get $calls))
        (call $log (i32.const 2) (i32.const 64) (global.get $calls))";
    let mut environment = environment(&text(&[0, 0, 0, 0], body));
    let seen: Vec<(Status, usize)> = (0..5)
        .map(|_| {
            let outcome = invoke(&mut environment);
            (outcome.status, outcome.logs.first().map_or(0, |line| line.text.len()))
        })
        .collect();
    let well = Status::Succeeded;
    assert_eq!(seen, [(well, 1), (well, 2), (Status::Crashed, 0), (well, 1), (well, 2)]);
}

#[test]
fn hostile_modules_end_as_processes_do() {
    let endless = once(&[0, 0, 0, 0], "(loop (br 0))");
    assert_eq!((endless.status, endless.capped, endless.duration), (Status::TimedOut, true, 3_000_000_000));
    assert!(endless.reply.contains("Task timed out after 3.00 seconds") && endless.dead);
    let asleep = once(&[0, 0, 0, 0], "(call $sleep (i64.const 9000000000))");
    assert_eq!((asleep.status, asleep.capped, asleep.duration), (Status::TimedOut, false, 3_000_000_000));
    let deep = once(&[0, 0, 0, 0], "(drop (call $handle (i32.const 0) (i32.const 0)))");
    assert_eq!(deep.status, Status::Crashed);
    assert!(deep.reply.contains("Maximum call stack size exceeded"));
    let outside = once(&[0, 0, 0, 0], "(drop (i32.load (i32.const 100000000)))");
    assert!(outside.reply.contains("signal: segmentation fault"), "{}", outside.reply);
    // It is told that there is no more memory, and may go on.
    let greedy = once(&[0, 0, 0, 0], "(loop (br_if 0 (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))");
    assert_eq!((greedy.status, greedy.memory), (Status::Succeeded, 16 << 20));
    let flood = once(&[0, 0, 0, 0], "(loop (call $log (i32.const 2) (i32.const 0) (i32.const 1000)) (br 0))");
    assert_eq!((flood.status, flood.logs.len()), (Status::TimedOut, 65));
    assert!(flood.dropped > 1_000);
}

#[test]
fn the_loader_says_what_a_module_lacks() {
    let limits = Limits::standard();
    let whole = text(&[0, 0, 0, 0], "");
    let sentence = |changed: &str| {
        let module = wat::parse_str(changed).unwrap_or_else(|error| panic!("{error}"));
        prepare(&module, &limits).expect_err("it lacks something")
    };
    assert!(sentence(&whole.replace("\"memory\"", "\"other\"")).contains("does not export its memory"));
    let without = sentence(&whole.replace("\"streamgauge_handle\"", "\"handle\""));
    assert!(without.contains("'streamgauge_handle'") && without.contains("handler!"), "{without}");
    let wrong = whole.replace("(result i32) i32.const 1)", "(result i64) i64.const 1)");
    assert!(sentence(&wrong).contains("other parameters or results"));
    let foreign = whole.replacen("\"streamgauge\" \"log\"", "\"wasi_snapshot_preview1\" \"fd_write\"", 1);
    assert_eq!(
        sentence(&foreign),
        "This module cannot run here: it imports wasi_snapshot_preview1.fd_write, which does not exist here."
    );
    assert!(sentence(&whole.replace("\"memory\") 1)", "\"memory\") 300)")).contains("300 pages"));
    let large = prepare(&vec![0; limits.module_bytes + 1], &limits).expect_err("it is too large");
    assert!(large.contains("4194305 bytes"));
    let old = whole.replace("(result i32) i32.const 1)", "(result i32) i32.const 2)");
    let outcome = invoke(&mut environment(&old));
    assert!(outcome.reply.contains("form 2 of the interface"), "{}", outcome.reply);
}
