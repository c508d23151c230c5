import { setTimeout as sleep } from "timers/promises";
await sleep(100);
export const handler = async () => "ready";
