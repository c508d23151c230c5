exports.handler = async () => {
  for (;;) setTimeout(() => {}, 1000);
};
