package matcher

import (
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// TruePair is an account and the customer it is known to belong to.
type TruePair struct {
	Customer, Account string // keys
	Kind              string // how the two names differ, in any words; "" is unknown
	Evidence          string // what proves the pair; "" is unknown
}

// weak is the evidence of a pair that nothing in the two records proves.
const weak = "weak"

// provable reports whether something in the two records proves the pair.
func (p *TruePair) provable() bool { return p.Evidence != weak }

// truthFile is what errors call a file of true pairs.
const truthFile Side = "truth"

// truthColumns are the columns that ReadTruth knows; the first two must be there.
var truthColumns = [...]string{"customer_id", "crm_id", "kind", "evidence"}

// ReadTruth reads a CSV file of true pairs: a header row with the columns
// customer_id and crm_id and, if wanted, kind and evidence; the evidence "weak"
// says that nothing proves the pair. Order, case, other columns, delimiters and
// encodings are those of ReadRecords. Accounts that are not in the file belong
// to nobody.
//
// The error is a *actnow.InputError with the line if the file is not such a
// file, names a record that is not among the given ones, or an account twice;
// its Field is "truth".
func ReadTruth(r io.Reader, customers, accounts []Record) ([]TruePair, error) {
	cr := newCSVReader(r)
	header, err := cr.Read()
	if errors.Is(err, io.EOF) {
		return nil, badInput(truthFile, 1, "error.match.truth.empty")
	}
	if err != nil {
		return nil, readError(truthFile, err)
	}
	at, err := readTruthHeader(header)
	if err != nil {
		return nil, err
	}
	isCustomer, isAccount := keysOf(customers), keysOf(accounts)
	lines := make(map[string]int)
	var pairs []TruePair
	for {
		row, err := cr.Read()
		if errors.Is(err, io.EOF) {
			return pairs, nil
		}
		if err != nil {
			return nil, readError(truthFile, err)
		}
		line, _ := cr.FieldPos(0)
		if slices.ContainsFunc(row, func(cell string) bool { return !utf8.ValidString(cell) }) {
			return nil, badInput(truthFile, line, "error.match.utf8")
		}
		cell := func(column int) string {
			if at[column] < 0 {
				return ""
			}
			return strings.TrimSpace(row[at[column]])
		}
		p := TruePair{Customer: cell(0), Account: cell(1), Kind: cell(2), Evidence: strings.ToLower(cell(3))}
		switch first, twice := lines[p.Account]; {
		case !isCustomer[p.Customer]:
			return nil, badInput(truthFile, line, "error.match.truth.customer", p.Customer)
		case !isAccount[p.Account]:
			return nil, badInput(truthFile, line, "error.match.truth.account", p.Account)
		case twice:
			return nil, badInput(truthFile, line, "error.match.truth.twice", p.Account, first)
		}
		lines[p.Account] = line
		pairs = append(pairs, p)
	}
}

// readTruthHeader returns the place of each of truthColumns, -1 for those that
// are not there.
func readTruthHeader(header []string) ([len(truthColumns)]int, error) {
	at := [len(truthColumns)]int{-1, -1, -1, -1}
	for i, h := range header {
		c := slices.Index(truthColumns[:], strings.ToLower(strings.TrimSpace(h)))
		switch {
		case c < 0:
		case at[c] >= 0:
			return at, badInput(truthFile, 1, "error.match.twice", truthColumns[c])
		default:
			at[c] = i
		}
	}
	for c, name := range truthColumns[:2] {
		if at[c] < 0 {
			return at, badInput(truthFile, 1, "error.match.column", name)
		}
	}
	return at, nil
}

func keysOf(records []Record) map[string]bool {
	keys := make(map[string]bool, len(records))
	for i := range records {
		keys[records[i].Key] = true
	}
	return keys
}
