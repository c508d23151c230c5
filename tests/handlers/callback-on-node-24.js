// {"node": 24}
exports.handler = (event, context, callback) => callback(null, 1);
