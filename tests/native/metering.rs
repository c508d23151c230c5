//! The rewriter of WebAssembly modules: fuel by hand counts, traps at the end of it, and no way to the counters.

use streamgauge::metering::{Charge, DEPTH, FUEL, Import, Options, REFUSED, Refusal, meter};
use wasmi::{AsContext, Engine, Instance, Linker, Module, Store, Val};
use wasmparser::ValType;

const FLAT: Options<'_> = Options { charge: Charge::Flat, memory_max: 16, refused_traps: false, imports: &[] };
const DEEP: i32 = 1 << 15;

struct Machine {
    store: Store<()>,
    instance: Instance,
}

impl Machine {
    fn new(text: &str, options: &Options<'_>) -> Self {
        let original = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"));
        let metered = meter(&original, options).unwrap_or_else(|refusal| panic!("{refusal}"));
        let engine = Engine::default();
        let module = Module::new(&engine, &metered).expect("the rewriter validates what it writes");
        let mut store = Store::new(&engine, ());
        let instance = Linker::new(&engine).instantiate_and_start(&mut store, &module).expect("it imports nothing");
        Self { store, instance }
    }

    fn counter(&self, name: &str) -> i32 {
        let global = self.instance.get_global(&self.store, name).expect("the rewriter exports its counters");
        global.get(self.store.as_context()).i32().expect("counters are 32-bit integers")
    }

    fn fill(&mut self, name: &str, value: i32) {
        let global = self.instance.get_global(&self.store, name).expect("the rewriter exports its counters");
        global.set(&mut self.store, Val::I32(value)).expect("counters can be set");
    }

    /// Results of `run`, or nothing after a trap, and the fuel that it took.
    fn run(&mut self, fuel: i32, argument: i32) -> (Option<Vec<i32>>, i32) {
        self.fill(FUEL, fuel);
        self.fill(DEPTH, DEEP);
        let function = self.instance.get_func(&self.store, "run").expect("tests export run");
        let kind = function.ty(&self.store);
        let arguments = vec![Val::I32(argument); kind.params().len()];
        let mut results = vec![Val::I32(0); kind.results().len()];
        let done = function.call(&mut self.store, &arguments, &mut results).is_ok();
        let results = results.iter().map(|value| value.i32().expect("tests give 32-bit integers")).collect();
        (done.then_some(results), fuel - self.counter(FUEL))
    }
}

/// Runs `run` of a module, whose results must be as given, and counts the fuel.
fn fuel(text: &str, argument: i32, results: &[i32]) -> i32 {
    let mut machine = Machine::new(text, &FLAT);
    let (found, fuel) = machine.run(1_000_000, argument);
    assert_eq!(found.as_deref(), Some(results), "{text}");
    // Whatever way a function was left, the depth is given back.
    assert_eq!(machine.counter(DEPTH), DEEP, "{text}");
    fuel
}

fn refusal(text: &str) -> Refusal {
    let module = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"));
    meter(&module, &FLAT).expect_err("this module must be refused")
}

#[test]
fn an_entry_takes_one() {
    assert_eq!(fuel(r#"(module (memory 1) (func (export "run") (result i32) i32.const 7))"#, 0, &[7]), 1);
}

#[test]
fn each_turn_of_a_loop_takes_one() {
    // Sums the numbers from the argument down to 1: so many turns, and the entry.
    let text = r#"(module (memory 1) (func (export "run") (param i32) (result i32) (local i32)
        (loop (local.set 1 (i32.add (local.get 1) (local.get 0)))
              (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        local.get 1))"#;
    assert_eq!(fuel(text, 1, &[1]), 2);
    assert_eq!(fuel(text, 100, &[5_050]), 101);
}

#[test]
fn calls_take_one_each_directly_or_through_a_table() {
    // Fibonacci numbers: the number of calls for n is 2·fib(n + 1) − 1.
    let text = r#"(module (memory 1) (func $fib (export "run") (param i32) (result i32)
        (if (i32.lt_s (local.get 0) (i32.const 2)) (then (return (local.get 0))))
        (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2))))))"#;
    assert_eq!(fuel(text, 15, &[610]), 2 * 987 - 1);
    let text = r#"(module (memory 1) (type $t (func (param i32) (result i32))) (table funcref (elem $double))
        (func $double (type $t) (i32.mul (local.get 0) (i32.const 2)))
        (func (export "run") (param i32) (result i32) (call_indirect (type $t) (local.get 0) (i32.const 0))))"#;
    assert_eq!(fuel(text, 21, &[42]), 2);
}

#[test]
fn every_way_out_of_a_function_keeps_its_results_and_gives_the_depth_back() {
    let text = |body: &str| {
        format!(
            r#"(module (memory 1) (table funcref (elem $id $pair)) (func $id (param i32) (result i32) local.get 0)
            (func $pair (param i32) (result i32 i32) local.get 0 (call $id (i32.add (local.get 0) (i32.const 1))))
            (func (export "run") (param i32) (result i32 i32) {body}))"#
        )
    };
    // What is exported takes one where it is entered, and so do the two that are called: a table names them.
    assert_eq!(fuel(&text("(call $pair (local.get 0))"), 4, &[4, 5]), 3);
    assert_eq!(fuel(&text("(return (call $pair (local.get 0)))"), 4, &[4, 5]), 3);
    assert_eq!(fuel(&text("(block (br 1 (call $pair (local.get 0)))) unreachable"), 4, &[4, 5]), 3);
    assert_eq!(fuel(&text("(block (loop (return (call $pair (local.get 0))))) unreachable"), 4, &[4, 5]), 4);
    let table = "(block (call $pair (local.get 0)) (br_table 1 1 (local.get 0))) unreachable";
    assert_eq!(fuel(&text(table), 4, &[4, 5]), 3);
    let nested = "(if (result i32 i32) (local.get 0) (then (call $pair (i32.const 8))) (else (return (i32.const 1) \
                  (i32.const 2))))";
    assert_eq!(fuel(&text(nested), 1, &[8, 9]), 3);
    assert_eq!(fuel(&text(nested), 0, &[1, 2]), 1);
}

#[test]
fn bulk_instructions_take_their_length() {
    let text =
        |body: &str| format!(r#"(module (memory 2) (data $d "0123456789") (func (export "run") (param i32) {body}))"#);
    let fill = text("(memory.fill (i32.const 0) (i32.const 1) (local.get 0))");
    assert_eq!([fuel(&fill, 0, &[]), fuel(&fill, 64, &[]), fuel(&fill, 65_536, &[])], [1, 2, 1 + 1_024]);
    let copy = text("(memory.copy (i32.const 0) (i32.const 100) (local.get 0))");
    assert_eq!([fuel(&copy, 63, &[]), fuel(&copy, 6_400, &[])], [1, 101]);
    assert_eq!(fuel(&text("(memory.init $d (i32.const 0) (i32.const 0) (i32.const 10))"), 0, &[]), 1);
    assert_eq!(fuel(&text("(drop (memory.grow (local.get 0)))"), 3, &[]), 1 + 3 * 1_024);
}

#[test]
fn memory_ends_at_its_maximum() {
    let text = r#"(module (memory 1) (func (export "run") (param i32) (result i32) (memory.grow (local.get 0))))"#;
    let mut machine = Machine::new(text, &FLAT);
    assert_eq!(machine.run(1 << 20, 15).0, Some(vec![1]));
    assert_eq!(machine.run(1 << 20, 1).0, Some(vec![-1]));
    let mut machine = Machine::new(text, &Options { refused_traps: true, ..FLAT });
    assert_eq!((machine.run(1 << 20, 15).0, machine.run(1 << 20, 1).0), (Some(vec![1]), None));
    assert_eq!(machine.counter(DEPTH), REFUSED);
    // A module that asks for less gets less.
    let mut machine = Machine::new(&text.replace("memory 1", "memory 1 2"), &FLAT);
    assert_eq!((machine.run(1 << 20, 1).0, machine.run(1 << 20, 1).0), (Some(vec![1]), Some(vec![-1])));
    assert_eq!(refusal(&text.replace("memory 1", "memory 17")), Refusal::Memory { pages: 17, allowed: 16 });
}

#[test]
fn without_fuel_every_run_ends_at_the_same_place() {
    let endless = r#"(module (memory 1) (func (export "run") (loop (br 0))))"#;
    let mut machine = Machine::new(endless, &FLAT);
    assert_eq!(machine.run(1_000, 0), (None, 1_001));
    let counting = r#"(module (memory 1) (func (export "run") (param i32)
        (loop (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (i32.const 1))) (br 0))))"#;
    let mut machine = Machine::new(counting, &FLAT);
    assert_eq!(machine.run(500, 0), (None, 501));
    // The entry, then turns until the one that is not paid for.
    let memory = machine.instance.get_memory(&machine.store, "memory");
    assert!(memory.is_none(), "what is not exported stays inside");
    let huge = r#"(module (memory 2) (func (export "run") (memory.fill (i32.const 0) (i32.const 1) (i32.const -1))))"#;
    assert_eq!(Machine::new(huge, &FLAT).run(1_000_000, 0).0, None);
}

#[test]
fn recursion_ends_at_the_depth() {
    let text = r#"(module (memory 1) (global $n (mut i32) (i32.const 0)) (export "n" (global $n))
        (func $deep (export "run") (param i32) (global.set $n (i32.add (global.get $n) (i32.const 1)))
        (call $deep (local.get 0))))"#;
    let mut machine = Machine::new(text, &FLAT);
    assert_eq!(machine.run(1_000_000, 0).0, None);
    assert!(machine.counter(DEPTH) < 0 && machine.counter(FUEL) > 0);
    // A frame of this function: 48 bytes, one variable, and two operands at most.
    assert_eq!(machine.counter("n"), DEEP / (48 + 8 * 3));
}

#[test]
fn long_bodies_take_more_when_they_are_charged_by_size() {
    let adds = "(local.set 0 (i32.add (local.get 0) (i32.const 1)))".repeat(25);
    let text = format!(r#"(module (memory 1) (func (export "run") (param i32) (result i32) {adds} local.get 0))"#);
    let options = Options { charge: Charge::BySize { per: 10 }, ..FLAT };
    // 25 times four instructions, one more, and the end.
    assert_eq!(Machine::new(&text, &options).run(1_000, 0), (Some(vec![25]), 1 + 102 / 10));
    let text = format!(
        r#"(module (memory 1) (func (export "run") (param i32) (loop {adds}
        (br_if 0 (i32.lt_s (local.get 0) (i32.const 100))))))"#
    );
    // Four turns, each of 100 instructions and the four of the condition and the end; outside stand two.
    assert_eq!(Machine::new(&text, &options).run(1_000, 0).1, 1 + 4 * (1 + 105 / 10));
}

#[test]
fn short_functions_count_as_instructions_of_their_callers() {
    let text = |more: &str| {
        format!(
            r#"(module (memory 1) {more}
            (func $half (param i32) (result i32) (i32.shr_u (local.get 0) (i32.const 1)))
            (func $quarter (param i32) (result i32) (call $half (call $half (local.get 0))))
            (func $turns (param i32) (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
            (func (export "run") (param i32) (result i32)
              (call $turns (i32.const 3)) (call $quarter (call $quarter (local.get 0)))))"#
        )
    };
    // Two entries, that of a function with a loop and the first, and three turns.
    assert_eq!(fuel(&text(""), 160, &[10]), 5);
    // What can be reached without a call that names it takes its own.
    assert_eq!(fuel(&text("(table funcref (elem $half))"), 160, &[10]), 9);
    assert_eq!(fuel(&text(r#"(export "half" (func $half))"#), 160, &[10]), 9);
    assert_eq!(fuel(&text("(global funcref (ref.func $half))"), 160, &[10]), 9);
    // By size: $half has 4 instructions, $quarter 4 with twice those of $half, 12; the first function has 6 and the
    // 24 of what it calls twice. Inside $turns stand 2, and 6 in its loop.
    let options = Options { charge: Charge::BySize { per: 10 }, ..FLAT };
    assert_eq!(Machine::new(&text(""), &options).run(1_000, 160), (Some(vec![10]), (1 + 30 / 10) + 1 + 3));
}

#[test]
fn what_is_long_or_can_come_back_to_itself_takes_its_own() {
    let text = |body: &str| {
        format!(
            r#"(module (memory 1) (func $f (param i32) {body}) (func $g (param i32) (call $f (local.get 0)))
            (func (export "run") (param i32) (call $g (local.get 0))))"#
        )
    };
    assert_eq!(fuel(&text("(drop (local.get 0))"), 0, &[]), 1);
    // 21 times three instructions and the end are 64, and $g has three more: $f is short, and $g is not.
    assert_eq!(fuel(&text(&"(local.set 0 (local.get 0)) nop".repeat(21)), 0, &[]), 2);
    assert_eq!(fuel(&text(&"(local.set 0 (local.get 0)) nop".repeat(22)), 0, &[]), 3);
    assert_eq!(fuel(&text("(if (local.get 0) (then (call $g (i32.const 0))))"), 1, &[]), 5);
    assert_eq!(fuel(&text("(memory.fill (i32.const 0) (i32.const 0) (i32.const 64))"), 0, &[]), 4);
    // Many who call one another in a row, the last of them first: each is looked at once.
    let row: String = (0..50_000).map(|at| format!("(func $f{at} call $f{})", at + 1)).collect();
    let text = format!(r#"(module (memory 1) {row} (func $f50000) (func (export "run") (param i32) call $f0))"#);
    assert!(Machine::new(&text, &FLAT).run(1_000_000, 0).0.is_none(), "so deep goes no stack");
}

#[test]
fn the_last_frames_count_as_depth_when_they_are_large_together() {
    // $run comes back to itself through $step, and $step calls $last, which has so many variables.
    let text = |variables: usize| {
        format!(
            r#"(module (memory 1) (global $n (mut i32) (i32.const 0)) (export "n" (global $n))
            (func $last (local {}) (loop (global.set $n (i32.add (global.get $n) (i32.const 1)))))
            (func $deep (export "run") (param i32) (call $last) (call $deep (local.get 0))))"#,
            "i32 ".repeat(variables)
        )
    };
    let deep = |variables| {
        let mut machine = Machine::new(&text(variables), &FLAT);
        assert_eq!(machine.run(1_000_000, 0).0, None);
        machine.counter("n")
    };
    // A frame of $deep: 48 bytes, a variable and an operand. 48 and 8 for each of 120 variables and two operands are
    // 1,024 bytes: not counted. With one more, the last turn must have room for that frame as well.
    assert_eq!(deep(120), DEEP / 64);
    assert_eq!(deep(121), (DEEP - 1_032) / 64);
}

#[test]
fn what_is_not_a_number_has_one_pattern_of_bits() {
    let bits = |expression: &str| {
        let text = format!(
            r#"(module (memory 1) (func (export "run") (param i32) (result i32 i32) (local $x i64)
            (local.set $x (i64.reinterpret_f64 {expression}))
            (i32.wrap_i64 (local.get $x)) (i32.wrap_i64 (i64.shr_u (local.get $x) (i64.const 32)))))"#
        );
        Machine::new(&text, &FLAT).run(100, 0).0.expect("arithmetic does not trap")
    };
    let canonical = vec![0, 0x7ff8_0000];
    for expression in [
        "(f64.div (f64.const 0) (f64.const 0))",
        "(f64.sqrt (f64.const -1))",
        "(f64.add (f64.const -nan:0x8000000000001) (f64.const 1))",
        "(f64.sub (f64.const inf) (f64.const inf))",
        "(f64.promote_f32 (f32.div (f32.const 0) (f32.const 0)))",
        "(f64.min (f64.const nan) (f64.const 1))",
    ] {
        assert_eq!(bits(expression), canonical, "{expression}");
    }
    assert_eq!(bits("(f64.div (f64.const 1) (f64.const 4))"), [0, 0x3fd0_0000]);
    assert_eq!(bits("(f64.neg (f64.const 0))"), [0, i32::MIN]);
}

#[test]
fn the_counters_are_out_of_reach() {
    // The number that the first counter will have does not exist while the module is checked.
    let reaching = r#"(module (memory 1) (func (export "run") (global.set 0 (i32.const 1000000))))"#;
    assert!(wat::parse_str(reaching).is_ok(), "a name that is a number is not looked up in the text");
    assert!(matches!(refusal(reaching), Refusal::Invalid { .. }));
    let borrowed = format!(r#"(module (memory 1) (global (export "{FUEL}") (mut i32) (i32.const 0)))"#);
    assert_eq!(refusal(&borrowed), Refusal::Name(FUEL.to_owned()));
    let imported = format!(r#"(module (import "env" "{FUEL}" (global (mut i32))) (memory 1))"#);
    assert_eq!(refusal(&imported), Refusal::Import(format!("env.{FUEL}")));
}

#[test]
fn what_is_not_allowed_is_refused_with_its_name() {
    assert_eq!(refusal(r#"(module (memory 1) (func $f) (start $f))"#), Refusal::Start);
    assert_eq!(refusal("(module)"), Refusal::NoMemory);
    assert_eq!(refusal(r#"(module (import "env" "memory" (memory 1)))"#), Refusal::Import("env.memory".to_owned()));
    assert_eq!(
        refusal(r#"(module (import "wasi" "exit" (func)) (memory 1))"#),
        Refusal::Import("wasi.exit".to_owned())
    );
    assert_eq!(refusal("(module (memory 1) (table 100000 funcref))"), Refusal::Table);
    let many = format!("(module (memory 1) (func {}))", "(local i32)".repeat(5_000));
    assert_eq!(refusal(&many), Refusal::Locals);
    for foreign in [
        "(module (memory 1 1 shared))",
        "(module (memory i64 1))",
        "(module (memory 1) (memory 1))",
        "(module (memory 1) (func (drop (v128.const i64x2 0 0))))",
        "(module (memory 1) (func $f (return_call $f)))",
        "(module (memory 1) (tag) (func (throw 0)))",
        "(module (memory 1) (type (struct)))",
    ] {
        assert!(matches!(refusal(foreign), Refusal::Invalid { .. }), "{foreign}");
    }
    let grows = r#"(module (memory 1) (table 1 funcref) (func (drop (table.grow 0 (ref.null func) (i32.const 1)))))"#;
    assert!(matches!(refusal(grows), Refusal::Feature(_)));
    const CLOCK: Import = Import { module: "host", name: "now", params: &[], results: &[ValType::I64] };
    let options = Options { imports: &[CLOCK], ..FLAT };
    let module = |kind: &str| wat::parse_str(format!(r#"(module (import "host" "now" (func {kind})) (memory 1))"#));
    assert!(meter(&module("(result i64)").expect("it is a module"), &options).is_ok());
    let wrong = meter(&module("(result f64)").expect("it is a module"), &options);
    assert_eq!(wrong, Err(Refusal::ImportType("host.now".to_owned())));
}

#[test]
fn no_bytes_make_the_rewriter_panic() {
    let text = r#"(module (memory 1 4) (type $t (func (param i32) (result i32))) (table 2 funcref) (elem (i32.const 0) $f)
        (global (mut i64) (i64.const 1)) (data (i32.const 0) "abc") (func $f (export "run") (param i32) (result i32)
        (loop (result i32) (if (result i32) (local.get 0) (then (call $f (i32.const 0))) (else (i32.const 3))))))"#;
    let module = wat::parse_str(text).expect("it is a module");
    assert!(meter(&module, &FLAT).is_ok());
    let mut accepted = 0;
    for cut in 0..module.len() {
        // Where a section ends, what stands before may be a module of its own.
        accepted += u32::from(meter(&module[..cut], &FLAT).is_ok());
    }
    assert!(accepted < 3);
    for at in 0..module.len() {
        for bit in 0..8 {
            let mut changed = module.clone();
            changed[at] ^= 1 << bit;
            accepted += u32::from(meter(&changed, &FLAT).is_ok());
        }
    }
    assert!(accepted > 100, "many changes leave a module that is valid, and each was written and validated");
}
