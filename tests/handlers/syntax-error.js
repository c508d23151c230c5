exports.handler = async (event) => {
  const orders = event.Records.map(;
};
