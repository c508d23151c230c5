// {"times": 2}
exports.handler = async () => process.exit(3);
