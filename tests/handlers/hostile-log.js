exports.handler = async () => {
  for (;;) console.log("x".repeat(100));
};
