exports.handler = async () => {
  const start = Date.now();
  const order = [];
  const note = (name) => () => order.push(`${name}@${Date.now() - start}`);
  setTimeout(note("b"), 20);
  setTimeout(note("a"), 10);
  setImmediate(note("now"));
  const every = setInterval(note("tick"), 7);
  process.nextTick(note("job"));
  await new Promise((resolve) => setTimeout(resolve, 30));
  clearInterval(every);
  return order;
};
