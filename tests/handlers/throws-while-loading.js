// {"times": 2}
const table = process.env.TABLE.toUpperCase();
exports.handler = async () => table;
