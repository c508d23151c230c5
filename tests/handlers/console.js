class Point { constructor() { this.x = 1; this.y = -0; } }
exports.handler = async () => {
  console.log("%s has %d of %i%%, %j and %o", "it", 1.5, 2.9, { a: 1 }, [1]);
  console.info({ a: 1, b: [1, 2, { c: { d: { e: 1 } } }], "c-d": "it's" }, [undefined, null, true, 1n, Symbol("s")]);
  console.warn(new Point(), new Map([["k", 1]]), new Set(["v"]), () => 1, class A {}, new Date(0), /x/g, Buffer.from("hi"));
  console.error(new TypeError("bad"));
  console.debug("x".repeat(10000));
  console.group("outer");
  console.log(Array.from({ length: 120 }, (_, i) => i));
  console.groupEnd();
  const loop = { name: "loop" };
  loop.self = loop;
  console.log(loop);
  console.count();
  console.assert(1 === 2, "assertion text");
};
