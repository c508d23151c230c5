exports.handler = async () => {
  throw "only a text";
};
