-- The scheduler takes jobs of organisations in turn: whose are there, and each one's first.
CREATE INDEX job_turn ON job (lane, coalesce(organisation, 0), run_at) WHERE dead_at = 0;
