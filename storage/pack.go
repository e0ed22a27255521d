package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"actnow"
	"actnow/campaigns"
	"actnow/cohorts"
)

// SavePack keeps a pack that was read. The same content is the same pack: its
// key comes back, and fresh is false. Other content under the same name is a new
// revision of it. Packs are never changed or deleted, since mails were made of
// them. The error is a *campaigns.PackError if the condition of a step is no filter.
func (db *DB) SavePack(ctx context.Context, by actnow.Actor, p *campaigns.Pack) (id actnow.PackID, fresh bool, err error) {
	if err := checkConditions(p); err != nil {
		return 0, false, err
	}
	languages, err := json.Marshal(p.Languages)
	if err != nil {
		return 0, false, fmt.Errorf("save pack: %w", err)
	}
	manifest, err := json.Marshal(p)
	if err != nil {
		return 0, false, fmt.Errorf("save pack: %w", err)
	}
	err = db.write(ctx, func(tx *sql.Tx) error {
		switch err := tx.QueryRow(`SELECT id FROM packs WHERE sha256 = ?`, p.SHA256).Scan(&id); {
		case err == nil:
			return nil
		case !errors.Is(err, sql.ErrNoRows):
			return err
		}
		var revision int
		if err := tx.QueryRow(`SELECT coalesce(max(revision), 0) + 1 FROM packs WHERE name = ?`, p.Name).Scan(&revision); err != nil {
			return err
		}
		err := tx.QueryRow(`INSERT INTO packs (name, revision, sha256, play, languages, expires, manifest, created_by, created_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
			p.Name, revision, p.SHA256, p.Play, string(languages), p.Expires, string(manifest), by.Name, db.now().Unix()).Scan(&id)
		if err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(p.Files)) {
			picture := ""
			if content, _, ok := p.Image(name); ok {
				picture = campaigns.ImagePath(name, content)
			}
			// An empty file is an empty blob, not NULL.
			if _, err := tx.Exec(`INSERT INTO pack_files (pack_id, path, content, picture) VALUES (?, ?, ?, ?)`,
				id, name, append([]byte{}, p.Files[name]...), null(picture)); err != nil {
				return err
			}
		}
		fresh = true
		return db.audit(tx, by, "pack.save", fmt.Sprintf("pack:%d", id), map[string]any{"name": p.Name, "revision": revision, "sha256": p.SHA256})
	})
	if err != nil {
		return 0, false, fmt.Errorf("save pack %s: %w", p.Name, err)
	}
	return id, fresh, nil
}

// checkConditions reads the condition of each step as a launch will.
func checkConditions(p *campaigns.Pack) error {
	for _, s := range p.Steps {
		if s.When == "" {
			continue
		}
		var bad *cohorts.SyntaxError
		if _, err := cohorts.Parse(s.When); errors.As(err, &bad) {
			return s.FailWhen(bad.Line, bad.Column, bad.Code, bad.Args, bad.Advice())
		}
	}
	return nil
}

// PackOf returns a pack with its files. The error matches actnow.ErrNotFound.
func (db *DB) PackOf(ctx context.Context, id actnow.PackID) (*campaigns.Pack, error) {
	var p *campaigns.Pack
	err := db.read(ctx, func(tx *sql.Tx) error {
		kept, err := scanPack(tx.QueryRow(packColumns+` WHERE id = ?`, id))
		if err != nil {
			return noRows(err)
		}
		p = &kept.Pack
		p.Files = map[string][]byte{}
		rows, err := tx.Query(`SELECT path, content FROM pack_files WHERE pack_id = ?`, id)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var name string
			var content []byte
			if err := rows.Scan(&name, &content); err != nil {
				return err
			}
			p.Files[name] = content
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("pack %d: %w", id, err)
	}
	return p, nil
}

// Packs lists the latest revision of each pack by name, without files.
func (db *DB) Packs(ctx context.Context) ([]campaigns.KeptPack, error) {
	return db.packs(ctx, packColumns+` WHERE revision = (SELECT max(r.revision) FROM packs r WHERE r.name = packs.name) ORDER BY name`)
}

// PackRevisions lists all revisions of a pack, the latest first, without files.
// It is empty if there is no such pack.
func (db *DB) PackRevisions(ctx context.Context, name string) ([]campaigns.KeptPack, error) {
	return db.packs(ctx, packColumns+` WHERE name = ? ORDER BY revision DESC`, name)
}

func (db *DB) packs(ctx context.Context, query string, args ...any) ([]campaigns.KeptPack, error) {
	rows, err := db.readers.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("packs: %w", err)
	}
	defer rows.Close()
	var out []campaigns.KeptPack
	for rows.Next() {
		p, err := scanPack(rows)
		if err != nil {
			return nil, fmt.Errorf("packs: %w", err)
		}
		out = append(out, p)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("packs: %w", err)
	}
	return out, nil
}

// PackFile returns one file of a pack. The error matches actnow.ErrNotFound.
func (db *DB) PackFile(ctx context.Context, id actnow.PackID, path string) ([]byte, error) {
	var content []byte
	err := db.readers.QueryRowContext(ctx, `SELECT content FROM pack_files WHERE pack_id = ? AND path = ?`, id, path).Scan(&content)
	if err != nil {
		return nil, fmt.Errorf("pack %d, %s: %w", id, path, noRows(err))
	}
	return content, nil
}

// Picture returns a picture by its public path (campaigns.ImagePath). The error
// matches actnow.ErrNotFound.
func (db *DB) Picture(ctx context.Context, publicPath string) ([]byte, error) {
	var content []byte
	err := db.readers.QueryRowContext(ctx, `SELECT content FROM pack_files WHERE picture = ? LIMIT 1`, publicPath).Scan(&content)
	if err != nil {
		return nil, fmt.Errorf("picture: %w", noRows(err))
	}
	return content, nil
}

const packColumns = `SELECT id, revision, sha256, manifest, created_by, created_at FROM packs`

func scanPack(row interface{ Scan(...any) error }) (campaigns.KeptPack, error) {
	var p campaigns.KeptPack
	var id actnow.PackID
	var revision int
	var sha256, manifest string
	var at int64
	if err := row.Scan(&id, &revision, &sha256, &manifest, &p.CreatedBy, &at); err != nil {
		return p, err
	}
	if err := json.Unmarshal([]byte(manifest), &p.Pack); err != nil {
		return p, fmt.Errorf("manifest of pack %d: %w", id, err)
	}
	p.ID, p.Revision, p.SHA256, p.CreatedAt = id, revision, sha256, time.Unix(at, 0).UTC()
	return p, nil
}
