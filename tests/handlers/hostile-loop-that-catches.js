exports.handler = async () => {
  for (;;) {
    try {
      while (true) {}
    } catch {} finally {}
  }
};
