package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"actnow"
)

// oneToOneSetting is the key under which it is kept whether a customer has one
// account at most.
const oneToOneSetting = "match_one_to_one"

// OneToOne reports whether matching gives each customer one account at most.
func (db *DB) OneToOne(ctx context.Context) (bool, error) {
	on := false
	if err := db.Setting(ctx, oneToOneSetting, &on); err != nil && !errors.Is(err, actnow.ErrNotFound) {
		return false, err
	}
	return on, nil
}

// SaveOneToOne says whether a customer has one account at most, for the next match
// run.
func (db *DB) SaveOneToOne(ctx context.Context, by actnow.Actor, on bool) error {
	action := "match.one_to_one"
	if !on {
		action = "match.many_to_one"
	}
	return db.write(ctx, func(tx *sql.Tx) error {
		if err := db.saveSetting(tx, oneToOneSetting, on); err != nil {
			return fmt.Errorf("save one account a customer: %w", err)
		}
		return db.audit(tx, by, action, "setting:"+oneToOneSetting, on)
	})
}
