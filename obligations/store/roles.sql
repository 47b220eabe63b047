-- What the account of the daemons and the command line may do on PostgreSQL: add to the record, and never change it.
--
-- The tables belong to another role, the owner, under which upgrades run. Run this as the owner, in the database, after
-- the first start and after every upgrade, for an account that is neither the owner nor a superuser:
--
--   obligations ledger roles > roles.sql
--   psql -v app=obligations_app -f roles.sql DATABASE

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM :"app";
GRANT USAGE ON SCHEMA public TO :"app";
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO :"app";

-- The schema's revision is the owner's to write.
GRANT SELECT ON alembic_version TO :"app";

-- The record: read and added to. No right to update, delete or truncate, and none to switch the triggers off.
GRANT SELECT, INSERT ON ledger, ledger_seal, event_log, decision, terms_version TO :"app";

-- What moves, and never goes away.
GRANT SELECT, INSERT, UPDATE ON contract, delivery, attempt, hold, installation, probe TO :"app";

-- What follows from the rest and is made anew.
GRANT SELECT, INSERT, UPDATE, DELETE ON occurrence, ledger_unsealed, rest TO :"app";
