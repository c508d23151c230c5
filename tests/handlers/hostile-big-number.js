exports.handler = async () => {
  let number = 3n ** 20000n;
  for (;;) String((number *= number));
};
