exports.handler = async () => {
  const big = "ab".repeat(200000);
  for (;;) big.split("a").join("c");
};
