exports.handler = async () => {
  throw new TypeError("boom");
};
