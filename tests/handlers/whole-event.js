// {"records": 1}
exports.handler = async (event) => event;
