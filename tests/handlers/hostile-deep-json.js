exports.handler = async () => JSON.parse("[".repeat(100000));
