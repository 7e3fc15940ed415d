/**
 * `min-replicas-to-write` of a master whose start the Sentinels have not confirmed yet: more replicas than any
 * cluster has, so every write is refused with NOREPLICAS while replicas may already sync.
 */
export const START_FENCE = 1000;
