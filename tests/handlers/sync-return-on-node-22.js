exports.handler = (event) => event.Records.length;
