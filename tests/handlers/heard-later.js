exports.handler = async () => {
  const failing = Promise.reject(new Error("heard"));
  try {
    await failing;
  } catch (error) {
    return error.message;
  }
};
