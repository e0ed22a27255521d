-- The whole house. Times are unix seconds in UTC (…_at), money is minor units
-- with a currency, months are 'YYYY-MM', yes/no is 1/0, lists are JSON arrays.

CREATE TABLE settings (
	key        TEXT PRIMARY KEY,
	value      TEXT NOT NULL, -- JSON
	updated_at INTEGER NOT NULL
) STRICT;

-- People and access ---------------------------------------------------------

CREATE TABLE users (
	id            INTEGER PRIMARY KEY,
	email         TEXT NOT NULL UNIQUE, -- folded
	name          TEXT NOT NULL,
	role          TEXT NOT NULL CHECK (role IN ('report_viewer','executive_viewer','steward','marketer','approver','administrator')),
	all_locations INTEGER NOT NULL DEFAULT 0 CHECK (all_locations IN (0, 1)),
	password      TEXT NOT NULL DEFAULT '', -- argon2id in PHC form, '' before one is set
	language      TEXT NOT NULL DEFAULT '',
	created_at    INTEGER NOT NULL,
	disabled_at   INTEGER
) STRICT;

CREATE TABLE user_locations (
	user_id     INTEGER NOT NULL REFERENCES users (id),
	location_id INTEGER NOT NULL REFERENCES locations (id),
	PRIMARY KEY (user_id, location_id)
) STRICT;

CREATE TABLE sessions (
	hash       TEXT PRIMARY KEY, -- SHA-256 of the cookie, in hex
	user_id    INTEGER NOT NULL REFERENCES users (id),
	created_at INTEGER NOT NULL,
	seen_at    INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	address    TEXT NOT NULL DEFAULT '',
	agent      TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE links ( -- that may be used once
	hash       TEXT PRIMARY KEY,
	kind       TEXT NOT NULL CHECK (kind IN ('setup','invite','reset','demo')),
	user_id    INTEGER REFERENCES users (id),
	email      TEXT NOT NULL DEFAULT '',
	name       TEXT NOT NULL DEFAULT '',
	role       TEXT NOT NULL DEFAULT '',
	all_locations INTEGER NOT NULL DEFAULT 0,
	locations  TEXT NOT NULL DEFAULT '[]', -- JSON, of location ids
	created_by INTEGER REFERENCES users (id),
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	used_at    INTEGER
) STRICT;

CREATE TABLE tokens ( -- of the API
	id         INTEGER PRIMARY KEY,
	hash       TEXT NOT NULL UNIQUE,
	prefix     TEXT NOT NULL,
	name       TEXT NOT NULL,
	user_id    INTEGER NOT NULL REFERENCES users (id),
	role       TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	expires_at INTEGER,
	used_at    INTEGER,
	revoked_at INTEGER
) STRICT;

CREATE TABLE login_failures (
	key        TEXT PRIMARY KEY, -- 'account:…' or 'address:…'
	failures   INTEGER NOT NULL,
	until_at   INTEGER NOT NULL,
	updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE audit (
	id         INTEGER PRIMARY KEY,
	at         INTEGER NOT NULL,
	user_id    INTEGER REFERENCES users (id),
	actor      TEXT NOT NULL,
	action     TEXT NOT NULL, -- 'campaign.launch'
	object     TEXT NOT NULL, -- 'campaign:7'
	detail     TEXT NOT NULL, -- JSON
	request_id TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_object ON audit (object);

CREATE TABLE jobs ( -- long work that a page shows the progress of
	id          INTEGER PRIMARY KEY,
	kind        TEXT NOT NULL, -- 'import','match','score','send'
	title       TEXT NOT NULL,
	state       TEXT NOT NULL CHECK (state IN ('running','done','failed','cancelled')),
	done        INTEGER NOT NULL DEFAULT 0,
	total       INTEGER NOT NULL DEFAULT 0, -- 0 while it is not known
	message     TEXT NOT NULL DEFAULT '',
	result      TEXT NOT NULL DEFAULT '', -- JSON
	started_by  TEXT NOT NULL DEFAULT '',
	started_at  INTEGER NOT NULL,
	updated_at  INTEGER NOT NULL,
	finished_at INTEGER
) STRICT;

-- Reports ---------------------------------------------------------------------

CREATE TABLE locations ( -- of the one partner
	id        INTEGER PRIMARY KEY,
	global_id TEXT NOT NULL UNIQUE, -- '' where a file names none
	name      TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE snapshots ( -- of a report, a month; the latest revision is current
	id          INTEGER PRIMARY KEY,
	report      TEXT NOT NULL CHECK (report IN ('renewals','azure','d365','m365','security','surface')),
	month       TEXT NOT NULL,
	revision    INTEGER NOT NULL,
	current     INTEGER NOT NULL CHECK (current IN (0, 1)),
	file        TEXT NOT NULL,
	sha256      TEXT NOT NULL,
	encoding    TEXT NOT NULL DEFAULT '',
	separator   TEXT NOT NULL DEFAULT '',
	columns     TEXT NOT NULL, -- JSON: headers and fields, in order
	complete    INTEGER NOT NULL DEFAULT 0 CHECK (complete IN (0, 1)),
	rows        INTEGER NOT NULL,
	new         INTEGER NOT NULL,
	changed     INTEGER NOT NULL,
	unchanged   INTEGER NOT NULL,
	gone        INTEGER NOT NULL DEFAULT 0,
	warnings    TEXT NOT NULL DEFAULT '[]',
	imported_by TEXT NOT NULL DEFAULT '',
	imported_at INTEGER NOT NULL,
	UNIQUE (report, month, revision),
	UNIQUE (sha256, report, month)
) STRICT;
CREATE UNIQUE INDEX snapshots_current ON snapshots (report, month) WHERE current = 1;

CREATE TABLE customers (
	id              INTEGER PRIMARY KEY,
	key             TEXT NOT NULL UNIQUE, -- 'tpid:…', 'domain:…' or 'name:…|place'
	tpid            TEXT NOT NULL DEFAULT '',
	duns            TEXT NOT NULL DEFAULT '',
	name            TEXT NOT NULL DEFAULT '',
	domain          TEXT NOT NULL DEFAULT '',
	org_size        INTEGER,
	industry        TEXT NOT NULL DEFAULT '',
	vertical        TEXT NOT NULL DEFAULT '',
	geo_area        TEXT NOT NULL DEFAULT '',
	subsidiary      TEXT NOT NULL DEFAULT '',
	sales_territory TEXT NOT NULL DEFAULT '',
	city            TEXT NOT NULL DEFAULT '',
	state           TEXT NOT NULL DEFAULT '',
	postal_code     TEXT NOT NULL DEFAULT '',
	country         TEXT NOT NULL DEFAULT '',
	segment         TEXT NOT NULL DEFAULT 'Unknown' CHECK (segment IN ('Upper Medium','Medium','Very Small','Unknown')),
	segment_text    TEXT NOT NULL DEFAULT '', -- the words of the file, '' if computed from the size
	nonprofit       TEXT NOT NULL DEFAULT '',
	first_month     TEXT NOT NULL,
	last_month      TEXT NOT NULL,
	gone_month      TEXT, -- since when a file that is complete lacks it
	updated_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX customers_tpid ON customers (tpid);
CREATE INDEX customers_domain ON customers (domain);
CREATE INDEX customers_name ON customers (name);
CREATE INDEX customers_country ON customers (country);
CREATE INDEX customers_segment ON customers (segment);

CREATE TABLE customer_locations (
	customer_id INTEGER NOT NULL REFERENCES customers (id),
	location_id INTEGER NOT NULL REFERENCES locations (id),
	PRIMARY KEY (customer_id, location_id)
) STRICT;
CREATE INDEX customer_locations_location ON customer_locations (location_id, customer_id);

CREATE TABLE snapshot_rows (
	snapshot_id INTEGER NOT NULL REFERENCES snapshots (id),
	line        INTEGER NOT NULL,
	customer_id INTEGER NOT NULL REFERENCES customers (id),
	location_id INTEGER NOT NULL REFERENCES locations (id),
	hash        TEXT NOT NULL, -- of the cells
	cells       TEXT NOT NULL, -- JSON array in the order of snapshots.columns
	PRIMARY KEY (snapshot_id, line)
) STRICT;
CREATE INDEX snapshot_rows_customer ON snapshot_rows (customer_id, snapshot_id);

CREATE TABLE rejected_rows (
	snapshot_id INTEGER NOT NULL REFERENCES snapshots (id),
	line        INTEGER NOT NULL,
	field       TEXT NOT NULL DEFAULT '',
	reason      TEXT NOT NULL,
	code        TEXT NOT NULL DEFAULT '',
	args        TEXT NOT NULL DEFAULT '[]',
	PRIMARY KEY (snapshot_id, line)
) STRICT;

CREATE TABLE customer_facts ( -- the newest known value of a catalogue column
	customer_id INTEGER NOT NULL REFERENCES customers (id),
	field       TEXT NOT NULL, -- 'has_azure'
	value       TEXT NOT NULL, -- 'yes', 'no' or the cell
	month       TEXT NOT NULL,
	PRIMARY KEY (customer_id, field)
) STRICT;
CREATE INDEX customer_facts_field ON customer_facts (field, value, customer_id);

CREATE TABLE agreements (
	snapshot_id  INTEGER NOT NULL REFERENCES snapshots (id),
	line         INTEGER NOT NULL,
	customer_id  INTEGER NOT NULL REFERENCES customers (id),
	agreement_id TEXT NOT NULL DEFAULT '',
	program      TEXT NOT NULL DEFAULT '',
	division     TEXT NOT NULL DEFAULT '',
	ends_at      INTEGER,
	expiring     INTEGER,
	currency     TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (snapshot_id, line)
) STRICT;
CREATE INDEX agreements_customer ON agreements (customer_id, ends_at);

-- Scores ------------------------------------------------------------------------

CREATE TABLE product_areas ( -- what a CRM's product belongs to
	product TEXT PRIMARY KEY, -- folded
	area    TEXT NOT NULL
) STRICT;

CREATE TABLE matrices (
	id         INTEGER PRIMARY KEY,
	name       TEXT NOT NULL,
	version    INTEGER NOT NULL,
	cells      TEXT NOT NULL, -- JSON: {"High":{"High":"A1",…},…}
	active     INTEGER NOT NULL CHECK (active IN (0, 1)),
	created_by TEXT NOT NULL DEFAULT '',
	created_at INTEGER NOT NULL,
	UNIQUE (name, version)
) STRICT;
CREATE UNIQUE INDEX matrices_active ON matrices (active) WHERE active = 1;

CREATE TABLE propensities ( -- as each report says it, and our own beside it
	customer_id  INTEGER NOT NULL REFERENCES customers (id),
	area         TEXT NOT NULL,
	month        TEXT NOT NULL,
	source       TEXT NOT NULL CHECK (source IN ('own','renewals','azure','d365','m365','security','surface')),
	fit          REAL CHECK (fit BETWEEN 0 AND 100),
	intent       REAL CHECK (intent BETWEEN 0 AND 100),
	fit_band     TEXT NOT NULL DEFAULT '',
	intent_band  TEXT NOT NULL DEFAULT '',
	cell         TEXT NOT NULL DEFAULT '',
	cluster      TEXT NOT NULL DEFAULT '' CHECK (cluster IN ('','Act Now','Evaluate','Nurture','Educate')),
	cluster_from TEXT NOT NULL DEFAULT '' CHECK (cluster_from IN ('','file','matrix')),
	model        TEXT NOT NULL DEFAULT '', -- 'card:azure@1a2b3c4d'; '' for an import
	explanation  TEXT NOT NULL DEFAULT '', -- the words of the file
	snapshot_id  INTEGER REFERENCES snapshots (id),
	scored_at    INTEGER NOT NULL,
	PRIMARY KEY (customer_id, area, month, source)
) STRICT;
CREATE INDEX propensities_month ON propensities (month, area);

CREATE TABLE score_parts ( -- why, for our own scores
	customer_id INTEGER NOT NULL REFERENCES customers (id),
	area        TEXT NOT NULL,
	month       TEXT NOT NULL,
	score       TEXT NOT NULL CHECK (score IN ('fit','intent')),
	parts       TEXT NOT NULL, -- JSON
	PRIMARY KEY (customer_id, area, month, score)
) STRICT;

CREATE TABLE revenues ( -- potential revenue as imported
	customer_id INTEGER NOT NULL REFERENCES customers (id),
	area        TEXT NOT NULL,
	month       TEXT NOT NULL,
	low         INTEGER,
	high        INTEGER,
	currency    TEXT NOT NULL DEFAULT '',
	text        TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (customer_id, area, month)
) STRICT;

-- What holds in a month, per customer and area: made from the tables above, by
-- refreshStandings alone. The latest month there is of an area is the current one.
CREATE TABLE standings (
	customer_id       INTEGER NOT NULL REFERENCES customers (id),
	area              TEXT NOT NULL,
	month             TEXT NOT NULL,
	latest            INTEGER NOT NULL CHECK (latest IN (0, 1)),
	fit               REAL,
	intent            REAL,
	fit_band          TEXT NOT NULL DEFAULT '',
	intent_band       TEXT NOT NULL DEFAULT '',
	fit_from          TEXT NOT NULL DEFAULT '', -- a report, or 'own'
	intent_from       TEXT NOT NULL DEFAULT '',
	cell              TEXT NOT NULL DEFAULT '',
	cluster           TEXT NOT NULL DEFAULT '',
	cluster_from      TEXT NOT NULL DEFAULT '', -- 'file' or 'matrix'
	microsoft_cluster TEXT NOT NULL DEFAULT '',
	own_cluster       TEXT NOT NULL DEFAULT '',
	previous_cluster  TEXT NOT NULL DEFAULT '', -- of the month before that has one
	previous_month    TEXT NOT NULL DEFAULT '',
	revenue_low       INTEGER,
	revenue_high      INTEGER,
	currency          TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (customer_id, area, month)
) STRICT;
CREATE INDEX standings_cell ON standings (area, cell, customer_id) WHERE latest = 1;
CREATE INDEX standings_cluster ON standings (area, cluster, customer_id) WHERE latest = 1;
CREATE INDEX standings_month ON standings (area, month, cluster);

CREATE VIEW current_propensities AS SELECT * FROM standings WHERE latest = 1;

-- Cohorts -------------------------------------------------------------------------

CREATE TABLE cohort_columns ( -- Yes/No columns of the reports
	id          INTEGER PRIMARY KEY,
	report      TEXT NOT NULL,
	header      TEXT NOT NULL, -- as last written
	key         TEXT NOT NULL, -- normalised
	state       TEXT NOT NULL CHECK (state IN ('candidate','confirmed','dismissed')),
	first_month TEXT NOT NULL,
	last_month  TEXT NOT NULL,
	decided_by  TEXT NOT NULL DEFAULT '',
	decided_at  INTEGER,
	UNIQUE (report, key)
) STRICT;

CREATE TABLE cohort_members ( -- who says Yes in the current snapshot of a month
	column_id   INTEGER NOT NULL REFERENCES cohort_columns (id),
	month       TEXT NOT NULL,
	customer_id INTEGER NOT NULL REFERENCES customers (id),
	PRIMARY KEY (column_id, month, customer_id)
) STRICT;
CREATE INDEX cohort_members_customer ON cohort_members (customer_id, month);

CREATE TABLE cohorts (
	id         INTEGER PRIMARY KEY,
	name       TEXT NOT NULL,
	kind       TEXT NOT NULL CHECK (kind IN ('filter','column')),
	filter     TEXT NOT NULL DEFAULT '',
	column_id  INTEGER REFERENCES cohort_columns (id),
	created_by TEXT NOT NULL DEFAULT '',
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	deleted_at INTEGER
) STRICT;
CREATE UNIQUE INDEX cohorts_name ON cohorts (name) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX cohorts_column ON cohorts (column_id) WHERE column_id IS NOT NULL AND deleted_at IS NULL;

-- CRM -----------------------------------------------------------------------------

CREATE TABLE connections (
	id               INTEGER PRIMARY KEY,
	name             TEXT NOT NULL UNIQUE,
	source           TEXT NOT NULL DEFAULT 'crm', -- connections of one CRM share its ids
	verifier         TEXT NOT NULL, -- 'file' or 'standard'
	secret           BLOB, -- sealed
	old_secret       BLOB, -- sealed; valid until old_secret_until
	old_secret_until INTEGER,
	basis            TEXT NOT NULL DEFAULT '', -- lawful basis in words; '' = nobody is mailed by default
	basis_by         TEXT NOT NULL DEFAULT '',
	basis_at         INTEGER,
	created_by       TEXT NOT NULL DEFAULT '',
	created_at       INTEGER NOT NULL,
	disabled_at      INTEGER
) STRICT;
INSERT INTO connections (id, name, verifier, created_at) VALUES (1, 'file', 'file', 0);

CREATE TABLE inbox (
	id            INTEGER PRIMARY KEY,
	connection_id INTEGER NOT NULL REFERENCES connections (id),
	event_id      TEXT NOT NULL,
	body          BLOB NOT NULL,
	state         TEXT NOT NULL CHECK (state IN ('received','done','failed')),
	attempts      INTEGER NOT NULL DEFAULT 0,
	problem       TEXT NOT NULL DEFAULT '',
	received_at   INTEGER NOT NULL,
	worked_at     INTEGER,
	UNIQUE (connection_id, event_id)
) STRICT;
CREATE INDEX inbox_state ON inbox (state, id);

CREATE TABLE accounts (
	id            INTEGER PRIMARY KEY,
	source        TEXT NOT NULL DEFAULT 'crm',
	external_id   TEXT NOT NULL,
	connection_id INTEGER NOT NULL REFERENCES connections (id), -- that spoke last
	name          TEXT NOT NULL DEFAULT '',
	website       TEXT NOT NULL DEFAULT '',
	domains       TEXT NOT NULL DEFAULT '[]',
	tpid          TEXT NOT NULL DEFAULT '',
	tenant_id     TEXT NOT NULL DEFAULT '',
	org_number    TEXT NOT NULL DEFAULT '',
	city          TEXT NOT NULL DEFAULT '',
	state         TEXT NOT NULL DEFAULT '',
	postal_code   TEXT NOT NULL DEFAULT '',
	country       TEXT NOT NULL DEFAULT '',
	phone         TEXT NOT NULL DEFAULT '',
	owner_name    TEXT NOT NULL DEFAULT '',
	owner_email   TEXT NOT NULL DEFAULT '',
	custom        TEXT NOT NULL DEFAULT '{}',
	merged_into   TEXT NOT NULL DEFAULT '', -- external id
	version       INTEGER NOT NULL DEFAULT 0,
	modified_at   INTEGER NOT NULL DEFAULT 0,
	updated_at    INTEGER NOT NULL,
	deleted_at    INTEGER,
	UNIQUE (source, external_id)
) STRICT;

CREATE TABLE contacts (
	id              INTEGER PRIMARY KEY,
	source          TEXT NOT NULL DEFAULT 'crm',
	external_id     TEXT NOT NULL,
	connection_id   INTEGER NOT NULL REFERENCES connections (id),
	account_ref     TEXT NOT NULL DEFAULT '', -- the account's external id, which may come later
	email           TEXT NOT NULL DEFAULT '', -- as given
	address         TEXT NOT NULL DEFAULT '', -- its normal form, '' if it is no address
	given_name      TEXT NOT NULL DEFAULT '',
	family_name     TEXT NOT NULL DEFAULT '',
	title           TEXT NOT NULL DEFAULT '',
	role            TEXT NOT NULL DEFAULT '',
	language        TEXT NOT NULL DEFAULT '',
	time_zone       TEXT NOT NULL DEFAULT '',
	consent_purpose TEXT NOT NULL DEFAULT '',
	consent_basis   TEXT NOT NULL DEFAULT '', -- its own, or the connection's default as it was then
	consent_at      INTEGER,
	consent_source  TEXT NOT NULL DEFAULT '',
	do_not_email    INTEGER NOT NULL DEFAULT 0 CHECK (do_not_email IN (0, 1)),
	custom          TEXT NOT NULL DEFAULT '{}',
	version         INTEGER NOT NULL DEFAULT 0,
	modified_at     INTEGER NOT NULL DEFAULT 0,
	updated_at      INTEGER NOT NULL,
	deleted_at      INTEGER,
	UNIQUE (source, external_id)
) STRICT;
CREATE INDEX contacts_account ON contacts (source, account_ref);
CREATE INDEX contacts_address ON contacts (address);

CREATE TABLE opportunities (
	id            INTEGER PRIMARY KEY,
	source        TEXT NOT NULL DEFAULT 'crm',
	external_id   TEXT NOT NULL,
	connection_id INTEGER NOT NULL REFERENCES connections (id),
	account_ref   TEXT NOT NULL DEFAULT '',
	area          TEXT NOT NULL DEFAULT '',
	product       TEXT NOT NULL DEFAULT '',
	stage         TEXT NOT NULL DEFAULT '',
	status        TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open','won','lost')),
	opened_at     INTEGER,
	closed_at     INTEGER,
	amount        INTEGER,
	currency      TEXT NOT NULL DEFAULT '',
	custom        TEXT NOT NULL DEFAULT '{}',
	version       INTEGER NOT NULL DEFAULT 0,
	modified_at   INTEGER NOT NULL DEFAULT 0,
	updated_at    INTEGER NOT NULL,
	deleted_at    INTEGER,
	UNIQUE (source, external_id)
) STRICT;
CREATE INDEX opportunities_account ON opportunities (source, account_ref);

CREATE TABLE subscriptions (
	id            INTEGER PRIMARY KEY,
	source        TEXT NOT NULL DEFAULT 'crm',
	external_id   TEXT NOT NULL,
	connection_id INTEGER NOT NULL REFERENCES connections (id),
	account_ref   TEXT NOT NULL DEFAULT '',
	product       TEXT NOT NULL DEFAULT '',
	area          TEXT NOT NULL DEFAULT '', -- of the product
	seats         INTEGER,
	start_at      INTEGER,
	end_at        INTEGER,
	amount        INTEGER,
	currency      TEXT NOT NULL DEFAULT '',
	custom        TEXT NOT NULL DEFAULT '{}',
	version       INTEGER NOT NULL DEFAULT 0,
	modified_at   INTEGER NOT NULL DEFAULT 0,
	updated_at    INTEGER NOT NULL,
	deleted_at    INTEGER,
	UNIQUE (source, external_id)
) STRICT;
CREATE INDEX subscriptions_account ON subscriptions (source, account_ref);

CREATE TABLE transactions (
	id            INTEGER PRIMARY KEY,
	source        TEXT NOT NULL DEFAULT 'crm',
	external_id   TEXT NOT NULL,
	connection_id INTEGER NOT NULL REFERENCES connections (id),
	account_ref   TEXT NOT NULL DEFAULT '',
	product       TEXT NOT NULL DEFAULT '',
	area          TEXT NOT NULL DEFAULT '',
	at            INTEGER,
	amount        INTEGER,
	currency      TEXT NOT NULL DEFAULT '',
	custom        TEXT NOT NULL DEFAULT '{}',
	version       INTEGER NOT NULL DEFAULT 0,
	modified_at   INTEGER NOT NULL DEFAULT 0,
	updated_at    INTEGER NOT NULL,
	deleted_at    INTEGER,
	UNIQUE (source, external_id)
) STRICT;
CREATE INDEX transactions_account ON transactions (source, account_ref);

CREATE TABLE suppressions ( -- standing reasons not to mail an address
	address    TEXT PRIMARY KEY, -- normal form
	reason     TEXT NOT NULL CHECK (reason IN ('unsubscribed','bounced','complained','manual')),
	evidence   TEXT NOT NULL DEFAULT '',
	ledger_id  INTEGER,
	created_by TEXT NOT NULL DEFAULT '',
	created_at INTEGER NOT NULL,
	lifted_by  TEXT NOT NULL DEFAULT '',
	lifted_at  INTEGER
) STRICT;

-- Matches -------------------------------------------------------------------------

CREATE TABLE matches ( -- the outcome for each account
	account_id  INTEGER PRIMARY KEY REFERENCES accounts (id),
	customer_id INTEGER REFERENCES customers (id), -- the best one; NULL without a candidate
	band        TEXT NOT NULL CHECK (band IN ('match','review','none')),
	decided     INTEGER NOT NULL DEFAULT 0 CHECK (decided IN (0, 1)),
	stage       TEXT NOT NULL DEFAULT '',
	probability REAL NOT NULL DEFAULT 0,
	reason      TEXT NOT NULL DEFAULT '',
	machine_band TEXT NOT NULL DEFAULT 'none', -- what the matcher said, for when a decision is undone
	matched_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX matches_customer ON matches (customer_id, band);
CREATE INDEX matches_band ON matches (band, probability);

CREATE TABLE match_candidates (
	account_id  INTEGER NOT NULL REFERENCES accounts (id),
	rank        INTEGER NOT NULL, -- 1 is best
	customer_id INTEGER NOT NULL REFERENCES customers (id),
	probability REAL NOT NULL,
	stage       TEXT NOT NULL,
	reason      TEXT NOT NULL,
	comparisons TEXT NOT NULL, -- JSON
	PRIMARY KEY (account_id, rank)
) STRICT;

CREATE TABLE match_decisions ( -- never deleted; the newest of a pair counts
	id           INTEGER PRIMARY KEY,
	customer_key TEXT NOT NULL, -- customers.key
	account_key  TEXT NOT NULL, -- accounts.source || ':' || external_id
	verdict      TEXT NOT NULL CHECK (verdict IN ('yes','no','undone')),
	note         TEXT NOT NULL DEFAULT '',
	decided_by   TEXT NOT NULL DEFAULT '',
	decided_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX match_decisions_pair ON match_decisions (account_key, customer_key, id);

-- The contacts of a customer's matched accounts who may be mailed.
CREATE VIEW mailable_contacts AS
	SELECT m.customer_id, a.id AS account_id, c.id AS contact_id, c.address
	FROM matches m
	JOIN accounts a ON a.id = m.account_id AND a.deleted_at IS NULL AND a.merged_into = ''
	JOIN contacts c ON c.source = a.source AND c.account_ref = a.external_id AND c.deleted_at IS NULL
	WHERE m.band = 'match' AND c.address <> '' AND c.do_not_email = 0 AND c.consent_basis <> ''
		AND NOT EXISTS (SELECT 1 FROM suppressions s WHERE s.address = c.address AND s.lifted_at IS NULL);

-- Campaigns -----------------------------------------------------------------------

CREATE TABLE packs (
	id         INTEGER PRIMARY KEY,
	name       TEXT NOT NULL,
	revision   INTEGER NOT NULL,
	sha256     TEXT NOT NULL UNIQUE,
	play       TEXT NOT NULL DEFAULT '',
	languages  TEXT NOT NULL, -- JSON
	expires    TEXT NOT NULL DEFAULT '',
	manifest   TEXT NOT NULL, -- JSON
	created_by TEXT NOT NULL DEFAULT '',
	created_at INTEGER NOT NULL,
	UNIQUE (name, revision)
) STRICT;

CREATE TABLE pack_files (
	pack_id INTEGER NOT NULL REFERENCES packs (id),
	path    TEXT NOT NULL,
	content BLOB NOT NULL,
	PRIMARY KEY (pack_id, path)
) STRICT;

CREATE TABLE campaigns (
	id          INTEGER PRIMARY KEY,
	name        TEXT NOT NULL,
	pack_id     INTEGER NOT NULL REFERENCES packs (id),
	cohort_id   INTEGER NOT NULL REFERENCES cohorts (id),
	area        TEXT NOT NULL DEFAULT '', -- whose cluster and reason the mail speaks of; '' = the hottest
	state       TEXT NOT NULL CHECK (state IN ('draft','awaiting_approval','scheduled','sending','paused','finished','cancelled','stopped')),
	policy      TEXT NOT NULL DEFAULT 'hold' CHECK (policy IN ('hold','resend','reconcile')),
	at          INTEGER, -- when it is to go, or
	line        TEXT NOT NULL DEFAULT '', -- the cron line by which it goes again and again
	zone        TEXT NOT NULL DEFAULT '',
	created_by  INTEGER REFERENCES users (id),
	created_at  INTEGER NOT NULL,
	approved_by INTEGER REFERENCES users (id),
	approved_at INTEGER,
	launched_at INTEGER, -- the latest run's
	finished_at INTEGER,
	why         TEXT NOT NULL DEFAULT '' -- why it stands where it stands, where that needs words
) STRICT;

CREATE TABLE campaign_runs (
	id          INTEGER PRIMARY KEY,
	campaign_id INTEGER NOT NULL REFERENCES campaigns (id),
	period      TEXT NOT NULL, -- of its schedule, or '' for a single send
	launched_at INTEGER NOT NULL,
	finished_at INTEGER,
	UNIQUE (campaign_id, period)
) STRICT;

CREATE TABLE audience ( -- frozen at launch: who, and for everyone left out why
	run_id      INTEGER NOT NULL REFERENCES campaign_runs (id),
	seq         INTEGER NOT NULL,
	customer_id INTEGER NOT NULL REFERENCES customers (id),
	account_id  INTEGER REFERENCES accounts (id),
	contact_id  INTEGER REFERENCES contacts (id),
	address     TEXT NOT NULL DEFAULT '', -- normal form
	left_out    TEXT NOT NULL DEFAULT '', -- '' = is mailed
	PRIMARY KEY (run_id, seq)
) STRICT;
CREATE INDEX audience_customer ON audience (customer_id);
CREATE INDEX audience_contact ON audience (contact_id);

CREATE TABLE ledger (
	id          INTEGER PRIMARY KEY,
	campaign_id INTEGER NOT NULL REFERENCES campaigns (id),
	run_id      INTEGER NOT NULL REFERENCES campaign_runs (id),
	step        TEXT NOT NULL,
	channel     TEXT NOT NULL DEFAULT 'email',
	address     TEXT NOT NULL, -- normal form
	mailbox     TEXT NOT NULL, -- as the contact has it
	name        TEXT NOT NULL DEFAULT '',
	contact_id  INTEGER NOT NULL REFERENCES contacts (id),
	customer_id INTEGER NOT NULL REFERENCES customers (id),
	account_id  INTEGER NOT NULL REFERENCES accounts (id),
	language    TEXT NOT NULL,
	fields      TEXT NOT NULL, -- JSON: merge fields, frozen
	state       TEXT NOT NULL CHECK (state IN ('queued','intent','sent','deferred','bounced','suppressed','cancelled','unknown')),
	attempts    INTEGER NOT NULL DEFAULT 0,
	next_at     INTEGER NOT NULL, -- not before
	message_id  TEXT NOT NULL DEFAULT '',
	last_code   INTEGER NOT NULL DEFAULT 0,
	last_reply  TEXT NOT NULL DEFAULT '',
	why         TEXT NOT NULL DEFAULT '',
	queued_at   INTEGER NOT NULL,
	intent_at   INTEGER,
	settled_at  INTEGER,
	UNIQUE (run_id, step, channel, address)
) STRICT;
CREATE INDEX ledger_due ON ledger (state, next_at, id);
CREATE INDEX ledger_campaign ON ledger (campaign_id, state, id);
CREATE INDEX ledger_address ON ledger (address);
CREATE INDEX ledger_contact ON ledger (contact_id);
CREATE INDEX ledger_message ON ledger (message_id);

CREATE TABLE ledger_events ( -- what came later: unsubscribe, bounce report, reply, click
	id        INTEGER PRIMARY KEY,
	ledger_id INTEGER NOT NULL REFERENCES ledger (id),
	kind      TEXT NOT NULL,
	source_id TEXT NOT NULL DEFAULT '', -- of the evidence
	at        INTEGER NOT NULL,
	detail    TEXT NOT NULL DEFAULT '',
	UNIQUE (ledger_id, kind, source_id)
) STRICT;

CREATE TABLE caught_mails ( -- the demo's mailbox
	id          INTEGER PRIMARY KEY,
	message_id  TEXT NOT NULL DEFAULT '',
	sender      TEXT NOT NULL,
	recipient   TEXT NOT NULL,
	subject     TEXT NOT NULL DEFAULT '',
	raw         BLOB NOT NULL,
	received_at INTEGER NOT NULL
) STRICT;
CREATE INDEX caught_mails_message ON caught_mails (message_id);

-- Time ----------------------------------------------------------------------------

CREATE TABLE schedules (
	id         INTEGER PRIMARY KEY,
	key        TEXT NOT NULL UNIQUE, -- 'job:score', 'campaign:7'
	line       TEXT NOT NULL DEFAULT '', -- five cron fields, or
	at         INTEGER, -- one instant
	zone       TEXT NOT NULL,
	last       INTEGER NOT NULL DEFAULT 0 CHECK (last IN (0, 1)),
	catch_up   TEXT NOT NULL CHECK (catch_up IN ('latest','all','none','ask')),
	max_late   INTEGER NOT NULL, -- seconds
	since      INTEGER NOT NULL, -- periods due at or before it are none of ours
	enabled    INTEGER NOT NULL CHECK (enabled IN (0, 1)),
	updated_by TEXT NOT NULL DEFAULT '',
	updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE schedule_runs (
	schedule_id INTEGER NOT NULL REFERENCES schedules (id),
	period      TEXT NOT NULL, -- local, in the schedule's zone
	due_at      INTEGER NOT NULL,
	state       TEXT NOT NULL CHECK (state IN ('due','running','done','failed','skipped','asks')),
	attempt     INTEGER NOT NULL DEFAULT 0,
	lease_until INTEGER,
	started_at  INTEGER,
	finished_at INTEGER,
	message     TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (schedule_id, period)
) STRICT;
CREATE INDEX schedule_runs_state ON schedule_runs (state, due_at);

-- The two readings of the published matrix. The words fit both; quadrants is the
-- default, since under rows intent would never change the cluster.
INSERT INTO matrices (name, version, active, created_at, cells) VALUES
	('quadrants', 1, 1, 0, '{"High":{"High":"A1","Medium":"A2","Low":"B1","Very low":"B2"},"Medium":{"High":"A3","Medium":"A4","Low":"B3","Very low":"B4"},"Low":{"High":"C1","Medium":"C2","Low":"D1","Very low":"D2"},"Very low":{"High":"C3","Medium":"C4","Low":"D3","Very low":"D4"}}'),
	('rows', 1, 0, 0, '{"High":{"High":"A1","Medium":"A2","Low":"A3","Very low":"A4"},"Medium":{"High":"B1","Medium":"B2","Low":"B3","Very low":"B4"},"Low":{"High":"C1","Medium":"C2","Low":"C3","Very low":"C4"},"Very low":{"High":"D1","Medium":"D2","Low":"D3","Very low":"D4"}}');
