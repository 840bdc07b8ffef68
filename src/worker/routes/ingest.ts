/** Ingest: alerts in, a receipt out, and the receipt only when every accepted alert is on disk. */
import { routes } from "../http.ts";
export const ingestRoutes = routes();
