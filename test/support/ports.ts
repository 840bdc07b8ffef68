/** Ports on loopback for services that a test starts, perhaps several times on the same one. */
import { findPort } from "../../src/local/ports.ts";

/** Below the ports that Linux lends to outgoing connections (32 768 up): one of those may be taken while the service is down. */
const FIRST = 20_000;
const COUNT = 12_000;

/** A port that nobody listens on; drawn by chance, so that two runs side by side hardly ever want the same. */
export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = await findPort(FIRST + Math.floor(Math.random() * COUNT));
    if (port !== null) return port;
  }
};
