package main_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestForeignSigner has the reference library of Standard Webhooks, under Node,
// sign and post deliveries.
func TestForeignSigner(t *testing.T) {
	modules := os.Getenv("ACTNOW_NODE_MODULES")
	if modules == "" {
		missing(t, "ACTNOW_NODE_MODULES does not name a folder with npm's standardwebhooks")
	}
	if _, err := os.Stat(filepath.Join(modules, "standardwebhooks")); err != nil {
		missing(t, "npm's standardwebhooks is not in "+modules)
	}
	node := peer(t, "node")
	s := newSite(t, "")
	s.start()
	h := s.addHook("foreign")

	type delivery struct {
		ID     string `json:"id"`
		Body   string `json:"body"`
		Secret string `json:"secret,omitempty"`
	}
	account := func(text string) string {
		return `{"type":"account.upserted","timestamp":"2026-05-26T10:00:00Z","data":{"id":"A-1","name":"` + text + `","version":7}}`
	}
	deliveries := []delivery{
		{ID: "msg_1", Body: account("Contoso Bygg AB")},
		{ID: "msg_1", Body: account("Contoso Bygg AB")},
		{ID: "msg_2", Body: account("Åäö – 株式会社 🌲")},
		{ID: "msg_3", Body: account("Contoso"), Secret: "whsec_bm90IHRoZSByaWdodCBrZXkgYXQgYWxsLCBzb3JyeSE="},
		{ID: "msg_4", Body: `{"type":"weather.changed","timestamp":"2026-05-26T10:00:00Z","data":{"id":"A-1"}}`},
		{ID: "msg_5", Body: "[]"},
	}
	want := []string{"202", "200", "202", "401", "422", "422"}
	order, err := json.Marshal(map[string]any{"modules": filepath.Dir(modules), "url": h.url, "secret": h.secret, "deliveries": deliveries})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node, filepath.Join("testdata", "sign.mjs"))
	cmd.Stdin = bytes.NewReader(order)
	cert := ""
	for _, v := range s.env {
		if after, ok := strings.CutPrefix(v, "ACTNOW_TLS_CERT="); ok {
			cert = after
		}
	}
	cmd.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+cert)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("sign.mjs: %v\n%s", err, stderrOf(err))
	}
	if got := strings.Fields(string(out)); !slices.Equal(got, want) {
		t.Errorf("answers %v, want %v", got, want)
	}
	s.awaitInbox("foreign", 2)
}

func stderrOf(err error) []byte {
	if exit, ok := err.(*exec.ExitError); ok {
		return exit.Stderr
	}
	return nil
}
