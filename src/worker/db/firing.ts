/** What fires now, from the partial index that holds nothing else. */
import type { Labels } from "../../core/alert/alert.ts";

export interface FiringAlert {
  readonly fingerprint: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly startsAt: number;
  readonly endsAt: number | null;
  readonly updatedAt: number;
  readonly generatorURL: string;
  readonly severity: string;
}

/** An installation where more fires at once has another problem than its list. */
export const MAX_FIRING = 20_000;

export const readFiring = async (db: D1Database): Promise<FiringAlert[]> => {
  const { results } = await db
    .prepare(
      `SELECT fingerprint, labels, annotations, starts_at, ends_at, updated_at, generator_url, severity FROM alerts
       WHERE status = 'firing' LIMIT ?1`,
    )
    .bind(MAX_FIRING)
    .all<{
      fingerprint: string;
      labels: string;
      annotations: string;
      starts_at: number;
      ends_at: number | null;
      updated_at: number;
      generator_url: string;
      severity: string;
    }>();
  return results.map((row) => ({
    fingerprint: row.fingerprint,
    labels: JSON.parse(row.labels) as Labels,
    annotations: JSON.parse(row.annotations) as Labels,
    startsAt: row.starts_at,
    endsAt: row.ends_at,
    updatedAt: row.updated_at,
    generatorURL: row.generator_url,
    severity: row.severity,
  }));
};
