package storage

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"actnow"
)

// patternExamples is how many accounts stand for a pattern in the list.
const patternExamples = 3

// MatchPatterns groups the accounts in the scope that wait for a person by the
// pattern of their best candidate's evidence, the largest group first. ungrouped
// is how many have no pattern yet: the next match run gives them one.
func (db *DB) MatchPatterns(ctx context.Context, scope actnow.Scope) (list []actnow.MatchPattern, ungrouped int, err error) {
	err = db.read(ctx, func(tx *sql.Tx) error {
		at := map[string]int{}
		examples := map[actnow.AccountID]string{}
		from := reviewed(scope, actnow.ReviewQuery{Band: actnow.BandReview})
		err := each(tx, `SELECT a.id, COALESCE(`+bestPattern+`, ''), m.probability`+from.sql+` ORDER BY m.probability DESC, a.id`, from.args, func(rows *sql.Rows) error {
			var id actnow.AccountID
			var key string
			var probability float64
			if err := rows.Scan(&id, &key, &probability); err != nil {
				return err
			}
			if key == "" {
				ungrouped++
				return nil
			}
			i, known := at[key]
			if !known {
				i = len(list)
				at[key] = i
				list = append(list, actnow.MatchPattern{Key: key, High: probability})
			}
			p := &list[i]
			if p.Accounts < patternExamples {
				examples[id] = key
			}
			p.Accounts++
			p.Low = probability
			return nil
		})
		if err != nil {
			return err
		}
		from.sql += ` AND a.id IN (SELECT value FROM ` + jsonEach + `)`
		from.args = append(from.args, idList(slices.Collect(maps.Keys(examples))))
		rows, err := reviewRows(tx, from, 0, len(examples))
		for _, r := range rows {
			p := &list[at[examples[r.Account.ID]]]
			p.Examples = append(p.Examples, r)
		}
		if err != nil {
			return err
		}
		return patternWords(tx, scope, func(key string, yes, no int) {
			if i, waits := at[key]; waits {
				list[i].Yes, list[i].No = yes, no
			}
		})
	})
	if err != nil {
		return nil, 0, fmt.Errorf("list match patterns: %w", err)
	}
	slices.SortStableFunc(list, func(a, b actnow.MatchPattern) int {
		return cmp.Or(cmp.Compare(b.Accounts, a.Accounts), cmp.Compare(a.Key, b.Key))
	})
	return list, ungrouped, nil
}

// patternWords tells what people said of the pairs of each pattern one by one.
func patternWords(tx *sql.Tx, scope actnow.Scope, tell func(key string, yes, no int)) error {
	in := inScope(scope, "c.id")
	return each(tx, `SELECT d.pattern, sum(d.verdict = 'yes'), sum(d.verdict = 'no') FROM `+singleAnswers+`
		AND d.customer_key IN (SELECT c.key FROM customers c WHERE `+in.sql+`) GROUP BY d.pattern`, in.args, func(rows *sql.Rows) error {
		var key string
		var yes, no int
		err := rows.Scan(&key, &yes, &no)
		tell(key, yes, no)
		return err
	})
}

// BulkPreview returns what an answer to all of a pattern would touch, with up to
// examples of its accounts. A pattern of which nothing waits has no accounts.
func (db *DB) BulkPreview(ctx context.Context, scope actnow.Scope, pattern string, examples int) (actnow.BulkPreview, error) {
	p := actnow.BulkPreview{MatchPattern: actnow.MatchPattern{Key: pattern}}
	err := db.read(ctx, func(tx *sql.Tx) error {
		pairs, err := patternPairs(tx, scope, pattern)
		if err != nil || len(pairs) == 0 {
			return err
		}
		p.Accounts, p.Seen = len(pairs), seen(pairs)
		p.High, p.Low = pairs[0].probability, pairs[len(pairs)-1].probability
		p.Examples, err = reviewRows(tx, reviewed(scope, actnow.ReviewQuery{Band: actnow.BandReview, Pattern: pattern}), 0, examples)
		if err != nil {
			return err
		}
		return patternWords(tx, scope, func(key string, yes, no int) {
			if key == pattern {
				p.Yes, p.No = yes, no
			}
		})
	})
	if err != nil {
		return p, fmt.Errorf("preview pattern %s: %w", pattern, err)
	}
	return p, nil
}

// waitingPair is an account that waits and its best candidate.
type waitingPair struct {
	account                 actnow.AccountID
	customer                actnow.CustomerID
	accountKey, customerKey string
	probability             float64
}

// patternPairs returns the pairs that wait with a pattern, the likeliest first.
func patternPairs(tx *sql.Tx, scope actnow.Scope, pattern string) (pairs []waitingPair, err error) {
	if pattern == "" {
		return nil, nil
	}
	from := reviewed(scope, actnow.ReviewQuery{Band: actnow.BandReview, Pattern: pattern})
	err = each(tx, `SELECT a.id, c.id, `+accountKey+`, c.key, m.probability`+from.sql+` ORDER BY m.probability DESC, a.id`, from.args, func(rows *sql.Rows) error {
		var p waitingPair
		err := rows.Scan(&p.account, &p.customer, &p.accountKey, &p.customerKey, &p.probability)
		pairs = append(pairs, p)
		return err
	})
	return pairs, err
}

// seen names the pairs: another pair, or one more or less, has another name.
func seen(pairs []waitingPair) string {
	h := sha256.New()
	for _, p := range pairs {
		fmt.Fprintf(h, "%d %d\n", p.account, p.customer)
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// AnswerPattern gives one word, yes or no, on all accounts of a pattern in the
// scope and their best candidates: a decision each, as Decide makes it, and one
// entry in the audit trail. confirmed is the Seen of the preview the person confirmed. The
// error matches actnow.ErrConflict, and nothing is done, if other pairs wait by
// now, and actnow.ErrNotFound if none does.
func (db *DB) AnswerPattern(ctx context.Context, scope actnow.Scope, by actnow.Actor, pattern, confirmed string, verdict actnow.Verdict, note string) (actnow.BulkAnswer, error) {
	answer := actnow.BulkAnswer{Verdict: verdict, Note: note, By: by.Name, At: db.now().Unix()}
	err := db.write(ctx, func(tx *sql.Tx) error {
		pairs, err := patternPairs(tx, scope, pattern)
		switch {
		case err != nil:
			return err
		case len(pairs) == 0:
			return actnow.ErrNotFound
		case seen(pairs) != confirmed:
			return &actnow.StateError{Noun: "pattern", Have: fmt.Sprintf("of %d accounts now", len(pairs)), Want: "as it was shown"}
		}
		if err := tx.QueryRow(`SELECT COALESCE(max(id), 0) + 1 FROM match_decisions`).Scan(&answer.Batch); err != nil {
			return err
		}
		answer.Accounts, answer.Stands = len(pairs), len(pairs)
		if err := db.decideAll(tx, pairs, answer); err != nil {
			return err
		}
		return db.audit(tx, by, "match.bulk", fmt.Sprintf("batch:%d", answer.Batch),
			map[string]any{"pattern": pattern, "verdict": verdict, "accounts": len(pairs), "note": note})
	})
	if err != nil {
		return actnow.BulkAnswer{}, fmt.Errorf("answer pattern %s: %w", pattern, err)
	}
	return answer, nil
}

// decideAll writes one decision a pair and lets it act.
func (db *DB) decideAll(tx *sql.Tx, pairs []waitingPair, answer actnow.BulkAnswer) error {
	for _, p := range pairs {
		_, err := tx.Exec(insertDecision, p.customerKey, p.accountKey, string(answer.Verdict), answer.Note, answer.By, answer.At, answer.Batch, p.account, p.customer)
		if err != nil {
			return err
		}
		if err := db.settleMatch(tx, p.account, p.accountKey); err != nil {
			return err
		}
	}
	return nil
}

// UndoBulk takes back what still stands of a bulk answer within the scope, all at
// once. The error matches actnow.ErrNotFound if there is no such answer, and
// actnow.ErrConflict if nothing of it stands.
func (db *DB) UndoBulk(ctx context.Context, scope actnow.Scope, by actnow.Actor, batch actnow.BatchID) (actnow.BulkAnswer, error) {
	undone := actnow.BulkAnswer{Batch: batch, Verdict: actnow.VerdictUndone, By: by.Name, At: db.now().Unix()}
	err := db.write(ctx, func(tx *sql.Tx) error {
		in := inScope(scope, "c.id")
		var pairs []waitingPair
		found := false
		err := each(tx, `SELECT a.id, c.id, d.account_key, d.customer_key, d.verdict <> 'undone' AND `+newestOfPair+`
			FROM match_decisions d JOIN customers c ON c.key = d.customer_key JOIN accounts a ON `+isDecided+`
			WHERE d.batch = ? AND a.deleted_at IS NULL AND `+in.sql+` ORDER BY d.id`, append([]any{batch}, in.args...), func(rows *sql.Rows) error {
			var p waitingPair
			var stands bool
			err := rows.Scan(&p.account, &p.customer, &p.accountKey, &p.customerKey, &stands)
			if stands {
				pairs = append(pairs, p)
			}
			found = true
			return err
		})
		switch {
		case err != nil:
			return err
		case !found:
			return actnow.ErrNotFound
		case len(pairs) == 0:
			return &actnow.StateError{Noun: "bulk answer", Have: "taken back", Want: "standing"}
		}
		undone.Accounts = len(pairs)
		if err := db.decideAll(tx, pairs, undone); err != nil {
			return err
		}
		return db.audit(tx, by, "match.bulk_undone", fmt.Sprintf("batch:%d", batch), map[string]any{"accounts": len(pairs)})
	})
	if err != nil {
		return actnow.BulkAnswer{}, fmt.Errorf("undo bulk answer %d: %w", batch, err)
	}
	return undone, nil
}

// newestOfPair says that no later decision is about the pair of decision d.
const newestOfPair = `d.id = (SELECT max(n.id) FROM match_decisions n WHERE n.account_key = d.account_key AND n.customer_key = d.customer_key)`

// BulkAnswers returns the newest bulk answers that touch the scope, newest first.
func (db *DB) BulkAnswers(ctx context.Context, scope actnow.Scope, limit int) ([]actnow.BulkAnswer, error) {
	var list []actnow.BulkAnswer
	err := db.read(ctx, func(tx *sql.Tx) error {
		in := inScope(scope, "c.id")
		return each(tx, `SELECT d.batch, min(d.verdict), count(*), sum(`+newestOfPair+`), min(d.note), min(d.decided_by), min(d.decided_at)
			FROM match_decisions d JOIN customers c ON c.key = d.customer_key
			WHERE d.batch IS NOT NULL AND d.verdict <> 'undone' AND `+in.sql+` GROUP BY d.batch ORDER BY d.batch DESC LIMIT ?`, append(in.args, limit),
			func(rows *sql.Rows) error {
				var b actnow.BulkAnswer
				err := rows.Scan(&b.Batch, &b.Verdict, &b.Accounts, &b.Stands, &b.Note, &b.By, &b.At)
				list = append(list, b)
				return err
			})
	})
	if err != nil {
		return nil, fmt.Errorf("list bulk answers: %w", err)
	}
	return list, nil
}
