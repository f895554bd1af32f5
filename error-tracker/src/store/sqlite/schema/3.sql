-- From which occurrence on the first ones are counted, which stay: since the issue was opened again, or its release changed.
ALTER TABLE issue ADD COLUMN first_seq INTEGER NOT NULL DEFAULT 0;
