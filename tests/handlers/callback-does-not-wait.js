// {"times": 2}
let late = 0;
exports.handler = (event, context, callback) => {
  context.callbackWaitsForEmptyEventLoop = false;
  setTimeout(() => { late += 1; }, 5000);
  callback(null, late);
};
