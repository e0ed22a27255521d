package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"modernc.org/sqlite"
)

// What differs between SQLite and PostgreSQL stands in this file.

// driverName is SQLite with our functions and with pragmas read back on every
// connection.
const driverName = "actnow-sqlite"

// pragma is a setting of a connection and the value it reads back as.
type pragma struct{ name, value, reads string }

// busy_timeout comes first, so that the others wait for a lock. FULL makes
// whatever is acknowledged durable.
var (
	pragmas = []pragma{
		{"busy_timeout", "10000", "10000"},
		{"journal_mode", "WAL", "wal"},
		{"synchronous", "FULL", "2"},
		{"foreign_keys", "ON", "1"},
		{"temp_store", "MEMORY", "2"},
		{"journal_size_limit", "67108864", "67108864"},
		{"trusted_schema", "OFF", "0"},
		{"secure_delete", "ON", "1"},
	}
	// Pages take twice the memory that SQLite counts for them, since the allocator
	// rounds up to powers of two. Readers see the first part of the file through the
	// memory that the system keeps of it anyway; more of it would be as quick, and count
	// as memory of the daemon.
	ofWriter  = []pragma{{"cache_size", "-32768", "-32768"}}
	queryOnly = pragma{"query_only", "ON", "1"}
	ofReaders = []pragma{{"cache_size", "-16384", "-16384"}, {"mmap_size", "134217728", "134217728"}, queryOnly}
	// A rehearsal writes temporary tables, which query_only forbids; the file itself is opened
	// for reading. What such a table refers to is not temporary, so references are not checked.
	ofRehearsals = []pragma{{"cache_size", "-16384", "-16384"}, {"mmap_size", "134217728", "134217728"}, {"foreign_keys", "OFF", "0"}}
)

func init() {
	d := &sqlite.Driver{}
	d.MustRegisterDeterministicScalarFunction("fold", 1, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		s, ok := args[0].(string)
		if !ok {
			return args[0], nil
		}
		return fold(s), nil
	})
	d.RegisterConnectionHook(checkPragmas)
	sql.Register(driverName, d)
}

// fold makes texts compare without regard to case, in every script. SQL calls it
// as fold(x); bound values are folded with it before they are bound.
func fold(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return cases.Fold().String(s)
		}
	}
	return strings.ToLower(s) // the same, and far quicker
}

// likePrefix and likeInside return the pattern for LIKE … ESCAPE '\' that finds
// s, folded, at the start of a text or anywhere in it.
func likePrefix(s string) string { return escapeLike(fold(s)) + "%" }
func likeInside(s string) string { return "%" + escapeLike(fold(s)) + "%" }

func escapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}

// jsonAt is the SQL for the text at place index of the JSON array in column.
func jsonAt(column string, index int) string {
	return fmt.Sprintf("json_extract(%s, '$[%d]')", column, index)
}

// jsonEach is the SQL for a table with a column value: the items of the JSON
// array that is bound in its place. It stands for long IN lists.
const jsonEach = "json_each(?)"

// referencesTo selects the table and column of every reference to the table
// whose name is bound.
const referencesTo = `SELECT m.name, f."from" FROM sqlite_schema m JOIN pragma_foreign_key_list(m.name) f
	WHERE m.type = 'table' AND f."table" = ? ORDER BY m.name, f."from"`

func writerDSN(path string) string {
	return dsn(path, slices.Concat(pragmas, ofWriter)) + "&_txlock=immediate"
}
func readerDSN(path string) string { return dsn(path, slices.Concat(pragmas, ofReaders)) }

// rehearsalMark tells a connection of rehearsals from others.
const rehearsalMark = "&mode=ro"

func rehearsalDSN(path string) string { return dsn(path, rehearsalPragmas()) + rehearsalMark }

func rehearsalPragmas() []pragma {
	all := slices.DeleteFunc(slices.Clone(pragmas), func(p pragma) bool { return p.name == "foreign_keys" })
	return append(all, ofRehearsals...)
}

func dsn(path string, ps []pragma) string {
	q := make([]string, len(ps))
	for i, p := range ps {
		q[i] = "_pragma=" + url.QueryEscape(p.name+"("+p.value+")")
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + strings.Join(q, "&") + "&_dqs=0"
}

// checkPragmas reads every pragma back: a typo in a DSN is silent otherwise.
func checkPragmas(conn sqlite.ExecQuerierContext, dsn string) error {
	want := slices.Concat(pragmas, ofWriter)
	switch {
	case strings.Contains(dsn, stagingMark):
		return nil
	case strings.Contains(dsn, queryOnly.name):
		want = slices.Concat(pragmas, ofReaders)
	case strings.Contains(dsn, rehearsalMark):
		want = rehearsalPragmas()
	}
	for _, p := range want {
		rows, err := conn.QueryContext(context.Background(), "PRAGMA "+p.name, nil)
		if err != nil {
			return err
		}
		got := make([]driver.Value, 1)
		err = rows.Next(got)
		rows.Close()
		if err != nil {
			return fmt.Errorf("read pragma %s back: %w", p.name, err)
		}
		if s := fmt.Sprint(got[0]); s != p.reads {
			return fmt.Errorf("pragma %s is %s, not %s", p.name, s, p.reads)
		}
	}
	return nil
}

// shadow makes an empty temporary table of the same shape and name as a table of the
// file, which a connection then finds in its place until the transaction ends.
func shadow(ctx context.Context, tx *sql.Tx, table string) error {
	var made string
	err := tx.QueryRowContext(ctx, `SELECT sql FROM main.sqlite_schema WHERE type = 'table' AND name = ?`, table).Scan(&made)
	if err != nil {
		return fmt.Errorf("shape of %s: %w", table, err)
	}
	if _, err := tx.ExecContext(ctx, strings.Replace(made, "CREATE TABLE", "CREATE TEMP TABLE", 1)); err != nil {
		return fmt.Errorf("shadow %s: %w", table, err)
	}
	return nil
}

// RawDSN is the data source name of a writing connection beside the store's
// own, for tests and for looking into a file by hand.
func RawDSN(path string) string { return writerDSN(path) }
