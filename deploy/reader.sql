-- Who reads and can do nothing else: what `letterboxd serve` is. PostgreSQL 14 or newer; psql takes the password
-- from the environment, so that it stands in no command and needs no quotes.
\getenv password READER_PASSWORD
CREATE ROLE letterboxd_reader LOGIN PASSWORD :'password' IN ROLE pg_read_all_data;
ALTER ROLE letterboxd_reader SET default_transaction_read_only = on;
