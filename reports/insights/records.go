package insights

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"math/big"
)

// records tells apart the records of a delimited file that is written to it:
// line breaks within quotes are part of a record, blank lines are none. It sums
// their hashes, so that a file with the same records in another order is known
// to be the same.
type records struct {
	n      int64
	record hash.Hash
	sum    *big.Int
	quoted bool
	filled bool // the record so far is not blank
}

func newRecords() *records { return &records{record: sha256.New(), sum: new(big.Int)} }

func (k *records) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		n := bytes.IndexByte(rest, '\n') + 1
		if n == 0 {
			n = len(rest)
		}
		line := rest[:n]
		rest = rest[n:]
		k.quoted = k.quoted != (bytes.Count(line, []byte{'"'})%2 == 1)
		k.filled = k.filled || len(bytes.TrimSpace(line)) > 0
		k.record.Write(line) // never fails
		if line[n-1] == '\n' && !k.quoted {
			k.end()
		}
	}
	return len(p), nil
}

// end ends the record that was being written.
func (k *records) end() {
	if k.filled {
		k.n++
		k.sum.Add(k.sum, new(big.Int).SetBytes(k.record.Sum(nil)))
	}
	k.record.Reset()
	k.filled = false
}

// content is the sum of the hashes, in hex.
func (k *records) content() string {
	sum := sha256.Sum256(k.sum.Bytes())
	return hex.EncodeToString(sum[:])
}
