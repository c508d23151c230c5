// {"memory": 1769, "pad": 600000}
exports.handler = async () => Array.from({ length: 90 }, () => "x".repeat(70000));
