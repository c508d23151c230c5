let depth = 0;
const deeper = () => { depth += 1; deeper(); };
exports.handler = async () => {
  try {
    deeper();
  } catch (error) {
    return [error.name, error.message, depth];
  }
};
