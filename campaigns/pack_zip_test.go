package campaigns_test

import (
	"bytes"
	"os"
	"testing"

	"actnow/campaigns"
)

func TestPackZipIsReadAsTheSamePack(t *testing.T) {
	t.Parallel()
	p, err := campaigns.ReadPack(os.DirFS("../sample/packs/azure-first-steps"))
	if err != nil {
		t.Fatal(err)
	}
	var zip, again bytes.Buffer
	if err := p.WriteZip(&zip); err != nil {
		t.Fatal(err)
	}
	q, err := campaigns.ReadPackZip(bytes.NewReader(zip.Bytes()), int64(zip.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if q.SHA256 != p.SHA256 || q.Name != p.Name || len(q.Files) != len(p.Files) {
		t.Errorf("read again it is %s (%s), %d files; want %s (%s), %d files", q.Name, q.SHA256, len(q.Files), p.Name, p.SHA256, len(p.Files))
	}
	if err := q.WriteZip(&again); err != nil || !bytes.Equal(zip.Bytes(), again.Bytes()) {
		t.Errorf("written again it differs: %v", err)
	}
}
