-- How often a job was begun in vain for our own sake (a part was restarting, the server died):
-- counted apart from its attempts, which the schedule of retries is about.
ALTER TABLE job ADD COLUMN away INTEGER NOT NULL DEFAULT 0;
