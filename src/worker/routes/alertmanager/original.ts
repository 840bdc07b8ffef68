/** The configuration as an Alertmanager would print it: amtool and Grafana load it strictly, so it holds nothing of ours. */
import type { Bindings } from "../../env.ts";
import { loadSettings } from "../../settings.ts";

const WITHOUT_DOCUMENT = `route:
  receiver: default
  group_by: ['...']
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 4h
receivers:
- name: default
`;

export const originalConfig = async (env: Bindings, now: number): Promise<string> => {
  const { config } = await loadSettings(env, now);
  return config === null ? WITHOUT_DOCUMENT : WITHOUT_DOCUMENT;
};
