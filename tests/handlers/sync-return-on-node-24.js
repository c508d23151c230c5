// {"node": 24}
exports.handler = (event) => event.Records.length;
