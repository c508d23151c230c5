exports.handler = async () => {
  const loop = {};
  loop.loop = loop;
  return loop;
};
