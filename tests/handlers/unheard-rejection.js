exports.handler = async () => {
  Promise.reject(new Error("lost"));
  await new Promise((resolve) => setTimeout(resolve, 10));
};
