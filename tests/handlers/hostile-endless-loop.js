// {"times": 2}
exports.handler = async () => {
  while (true) {}
};
