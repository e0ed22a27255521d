package storage

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"actnow"
)

const userColumns = `u.id, u.email, u.name, u.role, u.all_locations, u.language, u.disabled_at IS NOT NULL`

// foldEmail is the form in which addresses of users are kept and compared.
func foldEmail(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// UserCount returns how many users there are, disabled ones too.
func (db *DB) UserCount(ctx context.Context) (int, error) {
	var n int
	if err := db.readers.QueryRowContext(ctx, `SELECT count(*) FROM users`).Scan(&n); err != nil {
		return 0, fmt.Errorf("count users: %w", err)
	}
	return n, nil
}

// User returns a user.
func (db *DB) User(ctx context.Context, id actnow.UserID) (actnow.User, error) {
	var u actnow.User
	err := db.read(ctx, func(tx *sql.Tx) (err error) {
		u, err = userOf(tx, id)
		return err
	})
	if err != nil {
		return actnow.User{}, fmt.Errorf("user %d: %w", id, err)
	}
	return u, nil
}

// userOf reads a user with the locations.
func userOf(tx *sql.Tx, id actnow.UserID) (actnow.User, error) {
	var u actnow.User
	err := tx.QueryRow(`SELECT `+userColumns+` FROM users u WHERE u.id = ?`, id).
		Scan(&u.ID, &u.Email, &u.Name, &u.Role, &u.AllLocations, &u.Language, &u.Disabled)
	if err != nil {
		return u, noRows(err)
	}
	rows, err := tx.Query(`SELECT location_id FROM user_locations WHERE user_id = ? ORDER BY location_id`, id)
	if err != nil {
		return u, err
	}
	defer rows.Close()
	for rows.Next() {
		var l actnow.LocationID
		if err := rows.Scan(&l); err != nil {
			return u, err
		}
		u.Locations = append(u.Locations, l)
	}
	return u, rows.Err()
}

// Users returns all users by name, disabled ones too.
func (db *DB) Users(ctx context.Context) ([]actnow.User, error) {
	var users []actnow.User
	err := db.read(ctx, func(tx *sql.Tx) error {
		ids, err := userIDs(tx)
		if err != nil {
			return err
		}
		for _, id := range ids {
			u, err := userOf(tx, id)
			if err != nil {
				return err
			}
			users = append(users, u)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	return users, nil
}

func userIDs(tx *sql.Tx) ([]actnow.UserID, error) {
	rows, err := tx.Query(`SELECT id FROM users ORDER BY lower(name), id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []actnow.UserID
	for rows.Next() {
		var id actnow.UserID
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// Locations returns the partner's locations by name.
func (db *DB) Locations(ctx context.Context) ([]actnow.Location, error) {
	rows, err := db.readers.QueryContext(ctx, `SELECT id, global_id, name FROM locations ORDER BY lower(name), global_id`)
	if err != nil {
		return nil, fmt.Errorf("list locations: %w", err)
	}
	defer rows.Close()
	var locations []actnow.Location
	for rows.Next() {
		var l actnow.Location
		if err := rows.Scan(&l.ID, &l.GlobalID, &l.Name); err != nil {
			return nil, fmt.Errorf("list locations: %w", err)
		}
		locations = append(locations, l)
	}
	return locations, rows.Err()
}

// PasswordOf returns the user with the address, without regard to case, and
// the hash of the password, "" if there is none yet.
func (db *DB) PasswordOf(ctx context.Context, email string) (actnow.User, string, error) {
	var u actnow.User
	var hash string
	err := db.read(ctx, func(tx *sql.Tx) error {
		var id actnow.UserID
		if err := tx.QueryRow(`SELECT id, password FROM users WHERE email = ?`, foldEmail(email)).Scan(&id, &hash); err != nil {
			return noRows(err)
		}
		var err error
		u, err = userOf(tx, id)
		return err
	})
	if err != nil {
		return actnow.User{}, "", fmt.Errorf("password: %w", err)
	}
	return u, hash, nil
}

// SaveUser changes name, role, locations, language and disabled of a user. A
// narrower or other role or scope and a disabled user end the user's sessions.
// The error matches actnow.ErrConflict if no active administrator would be
// left.
func (db *DB) SaveUser(ctx context.Context, by actnow.Actor, u actnow.User) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		old, err := userOf(tx, u.ID)
		if err != nil {
			return err
		}
		var disabled any
		if u.Disabled {
			disabled = db.now().Unix()
		}
		_, err = tx.Exec(`UPDATE users SET name = ?, role = ?, all_locations = ?, language = ?,
			disabled_at = CASE WHEN ? IS NULL THEN NULL ELSE coalesce(disabled_at, ?) END WHERE id = ?`,
			u.Name, u.Role, u.AllLocations, u.Language, disabled, disabled, u.ID)
		if err != nil {
			return err
		}
		if err := saveLocations(tx, u.ID, u.Locations); err != nil {
			return err
		}
		var administrators int
		if err := tx.QueryRow(`SELECT count(*) FROM users WHERE role = ? AND disabled_at IS NULL`, actnow.RoleAdministrator).Scan(&administrators); err != nil {
			return err
		}
		if administrators == 0 {
			return &actnow.StateError{Noun: "the last administrator", Have: "active", Want: "one of several"}
		}
		if old.Role != u.Role || u.Disabled || old.AllLocations != u.AllLocations || !slices.Equal(old.Locations, u.Locations) {
			if _, err := tx.Exec(`DELETE FROM sessions WHERE user_id = ?`, u.ID); err != nil {
				return err
			}
		}
		return db.audit(tx, by, "user.save", fmt.Sprintf("user:%d", u.ID), changes(old, u))
	})
	if err != nil {
		return fmt.Errorf("save user %d: %w", u.ID, err)
	}
	return nil
}

// SaveProfile changes what a person may change of themselves: name and language.
func (db *DB) SaveProfile(ctx context.Context, by actnow.Actor, id actnow.UserID, name, language string) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		old, err := userOf(tx, id)
		if err != nil {
			return err
		}
		now := old
		now.Name, now.Language = name, language
		if _, err := tx.Exec(`UPDATE users SET name = ?, language = ? WHERE id = ?`, name, language, id); err != nil {
			return err
		}
		return db.audit(tx, by, "user.save", fmt.Sprintf("user:%d", id), changes(old, now))
	})
	if err != nil {
		return fmt.Errorf("save profile of user %d: %w", id, err)
	}
	return nil
}

func saveLocations(tx *sql.Tx, id actnow.UserID, locations []actnow.LocationID) error {
	if _, err := tx.Exec(`DELETE FROM user_locations WHERE user_id = ?`, id); err != nil {
		return err
	}
	for _, l := range locations {
		_, err := tx.Exec(`INSERT INTO user_locations (user_id, location_id) SELECT ?, id FROM locations WHERE id = ?
			ON CONFLICT (user_id, location_id) DO NOTHING`, id, l)
		if err != nil {
			return err
		}
	}
	return nil
}

// changes tells what of a user became what, for the audit.
func changes(old, now actnow.User) map[string][2]any {
	diff := map[string][2]any{}
	for name, v := range map[string][2]any{
		"name": {old.Name, now.Name}, "role": {old.Role, now.Role}, "language": {old.Language, now.Language},
		"all_locations": {old.AllLocations, now.AllLocations}, "disabled": {old.Disabled, now.Disabled},
	} {
		if v[0] != v[1] {
			diff[name] = v
		}
	}
	if !slices.Equal(old.Locations, now.Locations) {
		diff["locations"] = [2]any{old.Locations, now.Locations}
	}
	return diff
}

// SetPassword sets the hash of a user's password and ends the user's sessions
// but keep.
func (db *DB) SetPassword(ctx context.Context, by actnow.Actor, id actnow.UserID, hash string, keep actnow.SecretHash) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		if err := setPassword(tx, id, hash, keep); err != nil {
			return err
		}
		return db.audit(tx, by, "user.password", fmt.Sprintf("user:%d", id), struct{}{})
	})
	if err != nil {
		return fmt.Errorf("set password of user %d: %w", id, err)
	}
	return nil
}

func setPassword(tx *sql.Tx, id actnow.UserID, hash string, keep actnow.SecretHash) error {
	res, err := tx.Exec(`UPDATE users SET password = ? WHERE id = ?`, hash, id)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return noRows(orNoRows(err))
	}
	_, err = tx.Exec(`DELETE FROM sessions WHERE user_id = ? AND hash <> ?`, id, keep)
	return err
}

// orNoRows returns err, or sql.ErrNoRows without one.
func orNoRows(err error) error {
	if err != nil {
		return err
	}
	return sql.ErrNoRows
}
