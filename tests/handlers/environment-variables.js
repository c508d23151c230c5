exports.handler = async () => [process.env.AWS_REGION, process.version, typeof SharedArrayBuffer, typeof WeakRef];
