/** The shape of Alertmanager's HTTP client settings (prometheus/common `config/http_config.go`). */
import { file, flag, list, object, record, type Shape, secret, text, url } from "./shape.ts";

const proxy = {
  proxy_url: url,
  no_proxy: text,
  proxy_from_environment: flag,
  proxy_connect_header: record(list(secret)),
};

export const tlsConfig: Shape = object({
  ca: text,
  cert: text,
  key: secret,
  ca_file: file,
  cert_file: file,
  key_file: file,
  ca_ref: text,
  cert_ref: text,
  key_ref: text,
  server_name: text,
  insecure_skip_verify: flag,
  min_version: text,
  max_version: text,
});

const oauth2 = object({
  client_id: text,
  client_secret: secret,
  client_secret_file: file,
  client_secret_ref: text,
  client_certificate_key_id: text,
  client_certificate_key: secret,
  client_certificate_key_file: file,
  client_certificate_key_ref: text,
  signature_algorithm: text,
  iss: text,
  audience: text,
  claims: record(text),
  grant_type: text,
  scopes: list(text),
  token_url: url,
  endpoint_params: record(text),
  tls_config: tlsConfig,
  ...proxy,
});

/** Custom headers. Alertmanager shows `values`; people keep keys in them, so we do not. */
export const httpHeaders: Shape = record(object({ values: list(secret), secrets: list(secret), files: list(file) }));

export const httpConfig: Shape = object({
  basic_auth: object({
    username: text,
    username_file: file,
    username_ref: text,
    password: secret,
    password_file: file,
    password_ref: text,
  }),
  authorization: object({ type: text, credentials: secret, credentials_file: file, credentials_ref: text }),
  oauth2,
  bearer_token: secret,
  bearer_token_file: file,
  tls_config: tlsConfig,
  follow_redirects: flag,
  enable_http2: flag,
  http_headers: httpHeaders,
  ...proxy,
});
