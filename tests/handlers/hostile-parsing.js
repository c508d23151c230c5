exports.handler = async () => {
  const big = JSON.stringify(Array.from({ length: 40000 }, (_, i) => ({ i })));
  for (;;) JSON.parse(big);
};
