package insights

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"math/bits"
)

// records tells apart the records of a delimited file that is written to it:
// line breaks within quotes are part of a record, blank lines are none. It sums
// their hashes, so that a file with the same records in another order is known
// to be the same.
type records struct {
	n      int64
	record hash.Hash
	sum    [4]uint64 // modulo 2^256, the lowest first
	quoted bool
	filled bool // the record so far is not blank
}

func newRecords() *records { return &records{record: sha256.New()} }

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
		var buf [sha256.Size]byte
		var carry uint64
		h := k.record.Sum(buf[:0])
		for i := range k.sum {
			k.sum[i], carry = bits.Add64(k.sum[i], binary.LittleEndian.Uint64(h[8*i:]), carry)
		}
	}
	k.record.Reset()
	k.filled = false
}

// content is the sum of the hashes, in hex.
func (k *records) content() string {
	var b []byte
	for _, word := range k.sum {
		b = binary.LittleEndian.AppendUint64(b, word)
	}
	return hex.EncodeToString(b)
}
