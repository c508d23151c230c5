// An engine that opens anything and then never comes back, for the tests of the watchdog.

import binaryen from "binaryen";

export function stuckEngine() {
  const module = binaryen.parseText(`(module
    (memory (export "memory") 2)
    (func (export "sg_alloc") (param i32) (result i32) (i32.const 1024))
    (func (export "sg_open") (param i32 i32) (result i32) (i32.const 0))
    (func (export "sg_pump") (param i32) (result i32) (loop $for_ever (br $for_ever)) (i32.const 0))
    (func (export "sg_take_frames") (param i32) (result i32) (i32.const 0))
    (func (export "sg_summary"))
    (func (export "sg_out_ptr") (result i32) (i32.const 0))
    (func (export "sg_out_len") (result i32) (i32.const 0)))`);
  const bytes = Buffer.from(module.emitBinary());
  module.dispose();
  return bytes;
}
