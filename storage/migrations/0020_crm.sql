-- What a record remembers of its changes, so that they give the same result in
-- any order: JSON of storage's crmHistory.
ALTER TABLE accounts ADD COLUMN history TEXT NOT NULL DEFAULT '{}';
ALTER TABLE contacts ADD COLUMN history TEXT NOT NULL DEFAULT '{}';
ALTER TABLE opportunities ADD COLUMN history TEXT NOT NULL DEFAULT '{}';
ALTER TABLE subscriptions ADD COLUMN history TEXT NOT NULL DEFAULT '{}';
ALTER TABLE transactions ADD COLUMN history TEXT NOT NULL DEFAULT '{}';

-- The account a record names; account_ref is the one that it lives on in after
-- merges. '' is the same as account_ref.
ALTER TABLE contacts ADD COLUMN account_said TEXT NOT NULL DEFAULT '';
ALTER TABLE opportunities ADD COLUMN account_said TEXT NOT NULL DEFAULT '';
ALTER TABLE subscriptions ADD COLUMN account_said TEXT NOT NULL DEFAULT '';
ALTER TABLE transactions ADD COLUMN account_said TEXT NOT NULL DEFAULT '';
CREATE INDEX contacts_said ON contacts (source, account_said) WHERE account_said <> account_ref;
CREATE INDEX opportunities_said ON opportunities (source, account_said) WHERE account_said <> account_ref;
CREATE INDEX subscriptions_said ON subscriptions (source, account_said) WHERE account_said <> account_ref;
CREATE INDEX transactions_said ON transactions (source, account_said) WHERE account_said <> account_ref;
CREATE INDEX accounts_merged ON accounts (source, merged_into) WHERE merged_into <> '';
CREATE INDEX accounts_name ON accounts (name);

-- The connection whose default consent_basis is; 0 if it is the contact's own.
ALTER TABLE contacts ADD COLUMN basis_from INTEGER NOT NULL DEFAULT 0;
CREATE INDEX contacts_connection ON contacts (connection_id);
CREATE INDEX contacts_basis ON contacts (basis_from) WHERE basis_from <> 0;

-- A product belongs to the area of the longest entry that it contains as words.
INSERT INTO product_areas (product, area) VALUES
	('azure', 'azure'), ('windows virtual desktop', 'azure'), ('sql server', 'azure'), ('windows server', 'azure'),
	('microsoft 365', 'm365'), ('m365', 'm365'), ('office 365', 'm365'), ('o365', 'm365'), ('exchange online', 'm365'),
	('teams', 'm365'), ('sharepoint', 'm365'), ('windows 365', 'm365'),
	('copilot', 'copilot'), ('microsoft 365 copilot', 'copilot'), ('copilot for microsoft 365', 'copilot'),
	('business central', 'd365bc'), ('dynamics 365 business central', 'd365bc'), ('dynamics nav', 'd365bc'),
	('dynamics 365 sales', 'd365sp'), ('sales professional', 'd365sp'),
	('power apps', 'powerapps'), ('powerapps', 'powerapps'), ('power automate', 'powerapps'), ('power platform', 'powerapps'),
	('defender', 'security'), ('microsoft 365 defender', 'security'), ('entra', 'security'), ('sentinel', 'security'),
	('intune', 'security'), ('purview', 'security'), ('azure active directory', 'security'), ('azure information protection', 'security'),
	('microsoft 365 e5 security', 'security'), ('enterprise mobility + security', 'security'),
	('surface', 'surface')
ON CONFLICT (product) DO NOTHING;

-- A do-not-mail of any contact holds for its address.
DROP VIEW mailable_contacts;
CREATE VIEW mailable_contacts AS
	SELECT m.customer_id, a.id AS account_id, c.id AS contact_id, c.address
	FROM matches m
	JOIN accounts a ON a.id = m.account_id AND a.deleted_at IS NULL AND a.merged_into = ''
	JOIN contacts c ON c.source = a.source AND c.account_ref = a.external_id AND c.deleted_at IS NULL
	WHERE m.band = 'match' AND c.address <> '' AND c.consent_basis <> ''
		AND NOT EXISTS (SELECT 1 FROM contacts d WHERE d.address = c.address AND d.do_not_email = 1 AND d.deleted_at IS NULL)
		AND NOT EXISTS (SELECT 1 FROM suppressions s WHERE s.address = c.address AND s.lifted_at IS NULL);
