exports.handler = async () => {
  const numbers = Array.from({ length: 1e5 }, () => Math.random());
  for (;;) numbers.sort();
};
