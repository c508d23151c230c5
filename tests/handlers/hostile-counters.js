exports.handler = async () => [typeof streamgauge_fuel, typeof WebAssembly, Object.keys(globalThis).length];
