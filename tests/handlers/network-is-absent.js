exports.handler = async () => {
  await fetch("https://example.com");
};
