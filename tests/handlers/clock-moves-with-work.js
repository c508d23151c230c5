exports.handler = async (event, context) => {
  const before = context.getRemainingTimeInMillis();
  const end = Date.now() + 20;
  let turns = 0;
  while (Date.now() < end) turns += 1;
  return { turns, spent: before - context.getRemainingTimeInMillis(), fine: performance.now() > 0 };
};
