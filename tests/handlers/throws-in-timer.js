// {"times": 2}
let calls = 0;
exports.handler = async () => {
  calls += 1;
  if (calls === 1) setTimeout(() => { throw new RangeError("late"); }, 5);
  await new Promise((resolve) => setTimeout(resolve, 10));
  return calls;
};
