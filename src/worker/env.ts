/** The generated bindings plus the secrets and optional variables that `wrangler.toml` cannot declare. */
import type { AlertsMessage, NotificationsMessage } from "../core/messages.ts";

export interface Bindings extends Omit<Env, "ALERTS" | "NOTIFICATIONS"> {
  readonly ALERTS: Queue<AlertsMessage>;
  readonly NOTIFICATIONS: Queue<NotificationsMessage>;
  /** JSON `[{name, sha256, scopes[], source?}]`: bootstrap tokens beside those in D1. */
  readonly API_TOKENS?: string;
  readonly ADMIN_TOKEN?: string;
  readonly INGEST_TOKEN?: string;
  /** `kid:base64` of 32 random bytes, newest first, comma-separated: target credentials are encrypted with the first. */
  readonly ENCRYPTION_KEYS?: string;
  readonly PUBLIC_URL?: string;
  readonly RESOLVE_TIMEOUT?: string;
  readonly WEBHOOK_RESOLVE_TIMEOUT?: string;
  readonly INGEST_PENDING?: string;
  /** Comma-separated hosts that may be reached by http. */
  readonly ALLOW_HTTP_TARGETS?: string;
  /** `local` lets targets be on loopback and private addresses; refused when ENVIRONMENT is production. */
  readonly ALLOW_PRIVATE_TARGETS?: string;
}
