/** Ports on loopback. */
import { createServer } from "node:net";

export const HOST = "127.0.0.1";

/** The port that is free to listen on: the wanted one, or any for 0. null: it is in use. */
export const findPort = (wanted: number): Promise<number | null> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE" || error.code === "EACCES") resolve(null);
      else reject(error);
    });
    server.listen(wanted, HOST, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : wanted));
    });
  });
