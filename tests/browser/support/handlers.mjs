// Runs the scripts of tests/handlers on the page's host, in Node and in a worker of a browser: the same function in both.

/// What comes of each script, as it is written in `expected`; `host` is what the site's script defines.
export function runCases(host, module, cases) {
  const engine = host.create(module);
  const short = (text) => {
    const letters = Array.from(text);
    return letters.length > 600 ? `${letters.slice(0, 600).join("")} (${letters.length} characters)` : text;
  };
  const shown = (outcome) => {
    const { status, fuel, duration, memory, logs } = outcome;
    const found = { status, fuel, duration, memory, reply: short(outcome.reply) };
    if (outcome.capped) found.capped = true;
    if (outcome.dead) found.dead = true;
    if (outcome.dropped) found.dropped = outcome.dropped;
    if (logs.length) {
      found.logs = logs.slice(0, 12).map(({ at, level, text }) => [at, level, short(text)]);
      found.lines = logs.length;
    }
    if (outcome.init) found.init = shown(outcome.init);
    return found;
  };
  return cases.map(({ name, code, settings, event }) => {
    const start = performance.now();
    const environment = engine.environment({
      code,
      memory: settings.memory ?? 128,
      env: '{"AWS_REGION":"us-east-2"}',
      node: settings.node ?? 22,
      seed: [1, 2, 3, 4],
      now: { ms: 1700000000000, ns: 0 },
    });
    const outcomes = [shown(environment.init)];
    const bytes = new TextEncoder().encode(event);
    for (let turn = 0; turn < (settings.times ?? 1); turn++) {
      outcomes.push(shown(environment.invoke(bytes, {
        now: { ms: 1700000000000, ns: 500000 },
        timeout: settings.timeout ?? 3000,
        seed: [5, 6, 7, turn],
        request: "request-1",
        context: '{"awsRequestId":"request-1","functionName":"orders"}',
      })));
    }
    return { name, outcomes, ms: performance.now() - start };
  });
}

/// Records in batches of 100 through a handler that decodes, parses and sums; thousands a second.
export function measure(host, module, batches) {
  const engine = host.create(module);
  const code = `const sums = new Map();
    exports.handler = async (event) => {
      for (const record of event.Records) {
        const { kind, amount } = JSON.parse(Buffer.from(record.kinesis.data, "base64").toString("utf8"));
        sums.set(kind, (sums.get(kind) ?? 0) + amount);
      }
      return { batchItemFailures: [] };
    };`;
  const environment = engine.environment({
    code, memory: 1769, env: "{}", node: 22, seed: [1, 2, 3, 4], now: { ms: 0, ns: 0 },
  });
  const lines = ['K{"shard":"shardId-000000000000","region":"us-east-1","role":"r","arn":"a","more":{}}'];
  for (let i = 0; i < 100; i++) {
    const data = btoa(JSON.stringify({ id: i, user: `user-${i}`, amount: i * 1.5, kind: i % 3 ? "click" : "view" }));
    lines.push(`user-${i}`, `49590338271490256608559692538361571095921575989136588${100 + i}`, data, "1700000000.5");
  }
  const event = new TextEncoder().encode(lines.join("\n"));
  const how = { now: { ms: 0, ns: 0 }, timeout: 60000, seed: [1, 2, 3, 4], request: "r", context: "{}" };
  let start = 0;
  let outcome;
  for (let turn = -batches / 4; turn < batches; turn++) {
    if (turn === 0) start = performance.now();
    outcome = environment.invoke(event, how);
  }
  return { status: outcome.status, fuel: outcome.fuel, perSecond: (batches * 100) / ((performance.now() - start) / 1000) };
}
