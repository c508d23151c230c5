(module
  (import "streamgauge" "log" (func $log (param i32 i32 i32)))
  (import "streamgauge" "now" (func $now (result i64)))
  (import "streamgauge" "remaining" (func $remaining (result i64)))
  (import "streamgauge" "random" (func $random (result i64)))
  (import "streamgauge" "sleep" (func $sleep (param i64)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\00\00\00\00")
  (global $calls (mut i32) (i32.const 0))
  
  (func (export "streamgauge_abi") (result i32) (i32.const 1))
  (func (export "streamgauge_alloc") (param i32) (result i32) (i32.const 1024))
  (func $handle (export "streamgauge_handle") (param i32 i32) (result i64)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    
    (f64.store (i32.const 64) (f64.sub (f64.const inf) (f64.const inf)))
    (f32.store (i32.const 72) (f32.div (f32.const 0) (f32.const 0)))
    (call $log (i32.const 2) (i32.const 64) (i32.const 12))
    (i64.const 4)))