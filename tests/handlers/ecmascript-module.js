// {"times": 2}
import { randomUUID } from "crypto";
import util, { promisify } from "node:util";

let calls = 0;
const later = promisify((value, done) => setTimeout(() => done(null, value + 1), 20));
export const handler = async () => {
  calls += 1;
  return { calls, id: randomUUID(), text: util.format("%s is %d of %j", "it", 3, [1, 2]), later: await later(1) };
};
