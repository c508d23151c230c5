import fs from "node:fs";
export const handler = async () => fs.readFileSync("/etc/passwd");
